import CouponService
import Testing

private let most: Int64 = 9_007_199_254_740_991

private let definitions = """
    currency: USD
    coupons:
    - {id: all, codes: [ALL], discount: {kind: percentage, percent: 100}}
    - {id: half, codes: [HALF], discount: {kind: percentage, percent: 50}}
    - {id: least, codes: [LEAST], discount: {kind: percentage, percent: 0.0001}}
    - {id: fixed, codes: [FIXED], discount: {kind: fixed_amount, amount: 9007199254740991}}
    - {id: item, codes: [ITEM], discount: {kind: fixed_per_item, amount: 9007199254740991}}
    - {id: ship, codes: [SHIP], discount: {kind: shipping, amount: 9007199254740991}}
    """

private func line(_ quantity: Int64, at price: Int64) -> String {
    #"{"product":"p","quantity":\#(quantity),"unit_price":\#(price)}"#
}

private func cart(_ lines: [String], shipping: Int64? = nil) -> String {
    let rest = shipping.map { #","shipping":\#($0)"# } ?? ""
    return #""cart":{"currency":"USD","lines":[\#(lines.joined(separator: ","))]\#(rest)}"#
}

@Suite struct `Money at its edge` {
    @Test(
        arguments: zip(
            ["ALL", "HALF", "LEAST", "FIXED", "ITEM"],
            // Half of an odd number is rounded up; 0.0001 % is a millionth.
            [most, 4_503_599_627_370_496, 9_007_199_255, most, most]))
    func `is exact at the largest amount`(code: String, discount: Int64) throws {
        let shop = try Shop(definitions)
        for lines in [
            [line(1, at: most)], [line(most, at: 1)], [line(most - 9, at: 1), line(3, at: 3)],
        ] {
            let reply = try shop.reply(validate(code, cart(lines, shipping: 0)))
            #expect(reply["subtotal"] == .integer(most))
            #expect(reply["discount"] == .integer(discount))
            #expect(reply["total"] == .integer(most - discount))
            let shares = (0..<lines.count).map { place -> Int64 in
                guard case .integer(let share) = reply["line_discounts"][place] else { return -1 }
                return share
            }
            #expect(shares.reduce(0, +) == discount)
        }
    }

    @Test func `is kept exactly by an order`() throws {
        let shop = try Shop(definitions)
        let largest = apply("HALF", order: "o", cart([line(1, at: most)]))
        let first = try shop.reply(largest)
        try shop.restart(definitions)
        let again = try shop.reply(largest)
        #expect(again["replayed"] == true)
        #expect(again["total"] == .integer(4_503_599_627_370_495))
        #expect(again["line_discounts"] == first["line_discounts"])
    }

    @Test(
        arguments: [
            // A line's own value.
            ([line(2, at: 4_503_599_627_370_496)], nil, "cart.lines[0]"),
            ([line(1, at: 5), line(most, at: most)], nil, "cart.lines[1]"),
            ([line(most, at: 2)], 0, "cart.lines[0]"),
            // The sum of the lines.
            ([line(1, at: most), line(1, at: 1)], nil, "cart.lines[1]"),
            (
                [line(1, at: most - 2), line(1, at: 2), line(1, at: 0), line(1, at: 1)], 3,
                "cart.lines[3]"
            ),
            // The sum with shipping.
            ([line(1, at: most)], 1, "cart.shipping"),
            ([line(1, at: 1)], most, "cart.shipping"),
        ] as [([String], Int64?, String)])
    func `is an error that names the field beyond it`(
        lines: [String], shipping: Int64?, name: String
    ) throws {
        let shop = try Shop(definitions)
        let before = shop.snapshot()
        for code in ["ALL", "none"] {
            for request in [
                validate(code, cart(lines, shipping: shipping)),
                apply(code, order: "o", cart(lines, shipping: shipping)),
            ] {
                let reply = try shop.reply(request)
                #expect(reply["error"]["code"] == "bad_request", "\(request)")
                #expect(reply["error"]["field"] == .text(name), "\(request)")
                #expect(reply["valid"] == .absent)
            }
        }
        #expect(shop.snapshot() == before)
    }

    @Test(arguments: [
        (line(1, at: most + 1), "cart.lines[0].unit_price"),
        (line(most + 1, at: 1), "cart.lines[0].quantity"),
        (line(0, at: 1), "cart.lines[0].quantity"),
        (line(1, at: -1), "cart.lines[0].unit_price"),
        (
            #"{"product":"p","quantity":1,"unit_price":9223372036854775808}"#,
            "cart.lines[0].unit_price"
        ),
        (#"{"product":"p","quantity":1,"unit_price":1.0}"#, "cart.lines[0].unit_price"),
        (#"{"product":"p","quantity":1e2,"unit_price":1}"#, "cart.lines[0].quantity"),
    ])
    func `is the only kind of number in a request`(line: String, name: String) throws {
        let error = try Shop(definitions).reply(validate("ALL", cart([line])))["error"]
        #expect(error["code"] == "bad_request")
        #expect(error["field"] == .text(name))
    }

    @Test func `counts a million units`() throws {
        let shop = try Shop(definitions)
        let reply = try shop.reply(validate("LEAST", cart([line(1_000_000, at: 1_999)])))
        #expect(reply["subtotal"] == 1_999_000_000)
        #expect(reply["discount"] == 1_999)
        #expect(try shop.reply(validate("ITEM", cart([line(1_000_000, at: 7)])))["total"] == 0)
    }

    @Test func `gives no share to lines that cost nothing`() throws {
        let shop = try Shop(definitions)
        let reply = try shop.reply(
            validate("HALF", cart([line(5, at: 0), line(1, at: 101), line(most, at: 0)])))
        #expect(reply["line_discounts"] == [0, 51, 0])
        #expect(try shop.reply(validate("HALF", cart([line(1, at: 0)])))["reason"] == "no_effect")
        #expect(try shop.reply(validate("HALF", cart([])))["reason"] == "no_eligible_items")
        #expect(try shop.reply(validate("HALF", cart([line(1, at: 1)])))["discount"] == 1)
        #expect(
            try shop.reply(validate("LEAST", cart([line(1, at: 499_999)])))["reason"] == "no_effect"
        )
    }

    @Test func `leaves nothing to pay at 100 percent`() throws {
        let shop = try Shop(definitions)
        let reply = try shop.reply(
            validate(
                "ALL", cart([line(3, at: 333), line(1, at: 0), line(7, at: 1)], shipping: 500)))
        #expect(reply["line_discounts"] == [999, 0, 7])
        #expect(reply["total"] == 500)
    }

    @Test func `takes off at most the shipping`() throws {
        let shop = try Shop(definitions)
        let reply = try shop.reply(validate("SHIP", cart([line(1, at: 0)], shipping: most)))
        #expect(reply["shipping_discount"] == .integer(most))
        #expect(reply["discount"] == 0)
        #expect(reply["total"] == 0)
        let none = try shop.reply(validate("SHIP", cart([line(1, at: 9)], shipping: 0)))
        #expect(none["reason"] == "no_effect")
    }

    @Test func `is capped by what the request allows a code`() throws {
        let shop = try Shop(definitions)
        func discount(_ amount: Int64) throws -> JSON {
            let code = #""code":{"code":"HALF","amount":\#(amount)}"#
            return try shop.reply(request("validate", code, cart([line(1, at: 1_000)])))
        }
        #expect(try discount(499)["discount"] == 499)
        #expect(try discount(501)["discount"] == 500)
        #expect(try discount(most)["discount"] == 500)
        #expect(try discount(0)["reason"] == "no_effect")
    }
}
