import CouponService
import Testing

// The traps of money: lines and carts worth nothing, currencies without cents and with three
// digits, very many units, lines in another order, and the last cent of a budget.

private let definitions = """
    currency: USD
    coupons:
    - {id: third, codes: [THIRD], discount: {kind: percentage, percent: 33}, limits: {total: 9}}
    - {id: all, codes: [ALL], discount: {kind: percentage, percent: 100}, limits: {total: 9}}
    - {id: item, codes: [ITEM], discount: {kind: fixed_per_item, amount: 7}}
    - {id: even, codes: [EVEN], discount: {kind: fixed_amount, amount: 1001, spread: even}}
    - {id: last, codes: [LAST], discount: {kind: percentage, percent: 5, spread: cheapest}}
    - {id: some, codes: [SOME], discount: {kind: percentage, percent: 50, max_units: 3}}
    - {id: free, type: comp, codes: [FREE]}
    - id: sets
      codes: [3FOR2]
      discount: {kind: buy_x_get_y, buy: {quantity: 2}, get: {quantity: 1}}
    - id: parts
      codes: [PARTS]
      discounts:
      - {applies_to: {product: [a, c]}, kind: percentage, percent: 25}
      - {kind: fixed_amount, amount: 100}
    - id: world
      codes: [WORLD]
      discount: {kind: fixed_amount, amount: {JPY: 1500, KWD: 1500}}
      requires: {min_subtotal: {JPY: 5000, KWD: 5000}, max_subtotal: {JPY: 90000, KWD: 90000}}
    - id: purse
      codes: [PURSE]
      discount: {kind: percentage, percent: 10}
      limits: {budget: {USD: 1000}}
    - id: coins
      codes: [COINS]
      discount: {kind: percentage, percent: 10}
      limits: {budget: {USD: 1000}, on_budget: partial}
    gift_cards:
    - {id: gc_1, code: CARD, amount: 1000}
    """

private func orders<Element>(of elements: [Element]) -> [[Element]] {
    if elements.count < 2 { return [elements] }
    return elements.indices.flatMap { place in
        var rest = elements
        let first = rest.remove(at: place)
        return orders(of: rest).map { [first] + $0 }
    }
}

extension `The traps of the field` {
    @Test func `a line that costs nothing gets nothing and changes no other line`() throws {
        let shop = try Shop(definitions)
        func shares(_ code: String) throws -> JSON {
            try shop.reply(checkout("validate", code, cart(0, 1_000, 0)))["line_discounts"]
        }
        #expect(try shares("THIRD") == [0, 330, 0])
        #expect(try shares("ITEM") == [0, 7, 0])
        #expect(try shares("EVEN") == [0, 1_000, 0])
        #expect(try shares("ALL") == [0, 1_000, 0])
    }

    @Test func `a cart that costs nothing uses nothing up`() throws {
        let shop = try Shop(definitions)
        for code in ["THIRD", "ALL", "ITEM", "CARD"] {
            let reply = try shop.reply(checkout("apply", code, order: "o1", cart(0, 0)))
            #expect(reply["applied"] == false)
            #expect(reply["reason"] == "no_effect", "\(code)")
        }
        #expect(try shop.counts(of: "THIRD") == [0, 0])
        // Except coupons that are valid for any amount.
        #expect(try shop.reply(checkout("apply", "FREE", order: "o1", cart(0)))["applied"] == true)
    }

    @Test func `a code for everything leaves only the shipping`() throws {
        let shop = try Shop(definitions)
        let cart = cart(of: [1_999, 1], shipping: 500)
        let reply = try shop.reply(checkout("apply", "ALL", order: "o1", cart))
        #expect(reply["line_discounts"] == [1_999, 1])
        #expect(reply["total"] == 500)
        #expect(reply["codes"][0]["remaining"] == 8)

        let two = try shop.reply(checkout("apply", codes: ["THIRD", "ALL"], order: "o2", cart))
        #expect(two["applied"] == false)
        #expect(two["reason"] == "no_effect")
        let part = try shop.reply(
            checkout("apply", codes: ["THIRD", "ALL"], order: "o2", #""mode":"partial""#, cart))
        #expect(part["discount"] == 2_000)
        #expect(try shop.counts(of: "THIRD") == [0, 0])
        #expect(try shop.counts(of: "ALL") == [2, 0])
    }

    @Test func `a gift card has nothing to pay if a code left nothing`() throws {
        let shop = try Shop(definitions)
        let reply = try shop.reply(
            checkout("apply", codes: ["CARD", "ALL"], order: "o1", cart(2_000)))
        #expect(reply["applied"] == false)
        #expect(reply["codes"][0]["reason"] == "no_effect")
        #expect(reply["codes"][1]["valid"] == true)
    }

    @Test(
        arguments: [
            ("JPY", "Spend 500 JPY more to use this code.", "90000 JPY"),
            ("KWD", "Spend 0.500 KWD more to use this code.", "90.000 KWD"),
        ])
    func `a currency keeps its own number of digits`(
        currency: String, missing: String, most: String
    ) throws {
        let shop = try Shop(definitions)
        func verdict(_ price: Int64) throws -> JSON {
            try shop.reply(
                checkout("validate", "WORLD", basket(item("p", price), currency: currency)))
        }
        let below = try verdict(4_500)["codes"][0]
        #expect(below["message"] == .text(missing))
        #expect(below["missing"] == 500)
        #expect(
            try verdict(90_001)["codes"][0]["message"]
                == .text("This code is for carts of at most \(most)."))
        let good = try verdict(5_000)
        #expect(good["discount"] == 1_500)
        #expect(good["total"] == 3_500)
        // A percentage is rounded to the currency's own smallest unit.
        let third = basket(item("p", 101), currency: currency)
        #expect(try shop.reply(checkout("validate", "THIRD", third))["discount"] == 33)
    }

    @Test(
        arguments: zip(
            ["THIRD", "ITEM", "EVEN", "SOME", "3FOR2", "ALL"],
            [659_670_000, 7_000_000, 1_001, 2_999, 666_332_667, 1_999_000_000] as [Int64]))
    func `a million units are counted exactly`(code: String, discount: Int64) throws {
        let shop = try Shop(definitions)
        let line = checkout(
            "apply", code, order: "o1", basket(item("p", 1_999, times: 1_000_000)))
        let reply = try shop.reply(line)
        #expect(reply["discount"] == .integer(discount))
        #expect(reply["total"] == .integer(1_999_000_000 - discount))
        try shop.restart(definitions)
        let again = try shop.reply(line)
        #expect(again["replayed"] == true)
        #expect(again["line_discounts"] == [.integer(discount)])
    }

    @Test(arguments: ["THIRD", "ITEM", "EVEN", "LAST", "SOME", "3FOR2", "PARTS"])
    func `lines in another order cost the same`(code: String) throws {
        let shop = try Shop(definitions)
        let lines = [("a", 1_999, 2), ("b", 333, 3), ("c", 4_501, 1), ("d", 77, 1)]
            .map { (product: $0.0, price: Int64($0.1), count: Int64($0.2)) }
        var shares: Set<[Int64]> = []
        for order in orders(of: lines) {
            let cart = basket(of: order.map { item($0.product, $0.price, times: $0.count) })
            let reply = try shop.reply(checkout("validate", code, cart))
            var byProduct: [String: Int64] = [:]
            for (place, line) in order.enumerated() {
                guard case .integer(let share) = reply["line_discounts"][place] else { continue }
                byProduct[line.product] = share
            }
            shares.insert(lines.compactMap { byProduct[$0.product] })
        }
        #expect(shares.count == 1)
        #expect(shares.first?.count == 4)
        #expect(shares.first?.reduce(0, +) ?? 0 > 0)
    }

    @Test func `the last cent of a budget is given, and no more`() throws {
        let shop = try Shop(definitions)
        func spend(_ order: String, _ price: Int64) throws -> JSON {
            try shop.reply(checkout("apply", "PURSE", order: order, cart(price)))
        }
        #expect(try spend("o1", 9_990)["discount"] == 999)
        let row = try #require(try shop.limits(of: "PURSE")["budget"])
        #expect(row["currency"] == "USD")
        #expect(row["limit"] == 1_000)
        #expect(row["used"] == 999)
        #expect(row["remaining"] == 1)

        let over = try spend("o2", 20)
        #expect(over["reason"] == "budget_exhausted")
        #expect(over["codes"][0]["limit"] == 1_000)
        #expect(over["codes"][0]["actual"] == 999)
        let last = try spend("o2", 10)
        #expect(last["discount"] == 1)
        #expect(last["codes"][0]["remaining"] == .absent)
        let none = try spend("o3", 10)
        #expect(none["reason"] == "budget_exhausted")
        #expect(none["codes"][0]["actual"] == 1_000)
        let krone = basket(item("p", 10), currency: "NOK")
        #expect(
            try shop.reason(for: checkout("validate", "PURSE", krone)) == "currency_not_supported")
    }

    @Test func `the rest of a budget is given in part with on_budget partial`() throws {
        let shop = try Shop(definitions)
        func spend(_ order: String, _ prices: Int64...) throws -> JSON {
            try shop.reply(checkout("apply", "COINS", order: order, cart(of: prices)))
        }
        #expect(try spend("o1", 9_000)["discount"] == 900)
        let cut = try spend("o2", 2_000, 3_000)
        #expect(cut["discount"] == 100)
        #expect(cut["line_discounts"] == [40, 60])
        #expect(try spend("o3", 5_000)["reason"] == "budget_exhausted")
        _ = shop.ask(giveBack("o2"))
        #expect(try spend("o3", 500)["discount"] == 50)
    }

    @Test func `money of a budget that others hold is not given`() throws {
        let shop = try Shop(definitions)
        _ = shop.ask(checkout("reserve", "PURSE", order: "o1", cart(6_000)))
        #expect(try shop.counts(of: "PURSE", "budget") == [0, 600])
        let other = try shop.reply(checkout("apply", "PURSE", order: "o2", cart(5_000)))
        #expect(other["reason"] == "budget_exhausted")
        #expect(other["codes"][0]["actual"] == 600)
        // The order that holds it is measured against all of it.
        let own = try shop.reply(checkout("apply", "PURSE", order: "o1", cart(10_000)))
        #expect(own["discount"] == 1_000)
        #expect(try shop.counts(of: "PURSE", "budget") == [1_000, 0])
    }
}
