import CouponService
import Testing

// What this version cannot judge is loaded, found, and answered by an error that names it. Money is
// never given instead: nor is a refusal, nor a use. Who serves a feature takes its row out.

private struct Feature: CustomTestStringConvertible {
    /// Members of a coupon with the code X.
    let coupon: String
    let name: String
    var testDescription: String { name }

    init(_ name: String, _ coupon: String) {
        self.name = name
        self.coupon = coupon
    }

    var definitions: String {
        """
        currency: USD
        timezone: UTC
        coupons:
        - {id: c, \(coupon)}
        - {id: plain, codes: [PLAIN], discount: {kind: percentage, percent: 10}}
        """
    }
}

private let ten = "discount: {kind: percentage, percent: 10}"

private let features = [
    Feature("offers", "codes: [X], \(ten), offers: [{id: o1, limit: 5}]"),
    Feature("limits.per_customer", "codes: [X], \(ten), limits: {per_customer: 1}"),
    Feature(
        "limits per day, week, month and booking date", "codes: [X], \(ten), limits: {per_day: 1}"),
    Feature(
        "limits per day, week, month and booking date", "codes: [X], \(ten), limits: {per_week: 1}"),
    Feature(
        "limits per day, week, month and booking date", "codes: [X], \(ten), limits: {per_month: 1}"
    ),
    Feature(
        "limits per day, week, month and booking date",
        "codes: [X], \(ten), limits: {per_booking_date: 1}"),
    Feature("limits.budget", "codes: [X], \(ten), limits: {budget: {USD: 5000}}"),
    Feature("multi_use", "codes: [{code: X, multi_use: true}], \(ten)"),
]

@Suite struct `What is not judged yet` {
    private func check(_ shop: Shop, _ line: String, names name: String) throws {
        let reply = try shop.reply(line)
        #expect(reply["error"]["code"] == "unprocessable", "\(line)")
        #expect(reply["error"]["field"] == "code")
        #expect(
            reply["error"]["message"]
                == .text("This version does not judge coupons with \(name) yet."))
        #expect(reply["discount"] == .absent)
        #expect(reply["codes"] == .absent)
        #expect(reply["valid"] == .absent)
    }

    @Test(arguments: features)
    private func `names itself and gives nothing`(feature: Feature) throws {
        let shop = try Shop(feature.definitions)
        let before = shop.snapshot()
        for line in [
            validate("X"), validate("x", ""), apply("X", order: "o"), usage("X"),
            validate("X", #""at":"2000-01-01","# + cart(500)),
        ] {
            try check(shop, line, names: feature.name)
        }
        #expect(shop.snapshot() == before)
        // Its neighbours are judged.
        #expect(try shop.reply(apply("PLAIN", order: "o"))["discount"] == 200)
    }

    @Test(arguments: features)
    private func `keeps all other owners of its code from being judged`(feature: Feature) throws {
        let shop = try Shop(
            feature.definitions.replacing("coupons:", with: "code_scope: coupon\ncoupons:")
                .replacing("[PLAIN]", with: "[X]"))
        // It might have been the better one.
        try check(shop, validate("X"), names: feature.name)
        // Not where it is left out by name.
        let picked = request("validate", #""code":{"code":"X","coupon":"plain"}"#, cart(2_000))
        #expect(try shop.reply(picked)["discount"] == 200)
    }

    @Test func `is also a gift card`() throws {
        let shop = try Shop(
            """
            currency: USD
            gift_cards:
            - {id: gc_1, code: GC-1, amount: 15000, balance: 15000, currency: USD}
            """)
        for line in [validate("gc-1"), apply("GC-1", order: "o"), usage("GC-1")] {
            try check(shop, line, names: "gift cards")
        }
    }

    @Test func `does not undo what was applied before`() throws {
        let plain = "currency: USD\ncoupons:\n- {id: c, codes: [X], \(ten)}"
        let shop = try Shop(plain)
        let first = try shop.reply(apply("X", order: "o"))
        for feature in features {
            #expect(shop.reload(feature.definitions).isEmpty)
            let again = try shop.reply(apply("X", order: "o"))
            #expect(again["replayed"] == true, "\(feature.name)")
            #expect(again["codes"][0]["redemption"] == first["codes"][0]["redemption"])
        }
    }

    /// Members that a request has beside its cart, the field that the error names, the operations.
    @Test(arguments: [
        (#""code":"X","auto":true"#, "auto"), (#""auto":true"#, "auto"),
        (#""codes":["X","PLAIN"]"#, "codes"), (#""codes":["X","X"],"mode":"partial""#, "codes"),
        (#""code":{"code":"X","context":{"event":"1"}}"#, "codes[0].context"),
        (#""codes":[{"code":"X","context":{"event":[]}}]"#, "codes[0].context"),
    ])
    func `are these parts of a request`(members: String, name: String) throws {
        let shop = try Shop("currency: USD\ncoupons:\n- {id: c, codes: [X], \(ten)}")
        let before = shop.snapshot()
        for line in [
            request("validate", members, cart(2_000)),
            request("apply", members, field("order", "o"), cart(2_000)),
        ] {
            let reply = try shop.reply(line)
            #expect(reply["error"]["code"] == "unprocessable")
            #expect(reply["error"]["field"] == .text(name))
            #expect(reply["valid"] == .absent)
        }
        #expect(shop.snapshot() == before)
    }

    @Test func `is not what is written and says nothing`() throws {
        let shop = try Shop("currency: USD\ncoupons:\n- {id: c, codes: [X], \(ten)}")
        for members in [
            #""code":"X","auto":false"#, #""codes":["X"]"#, #""code":{"code":"X","context":{}}"#,
            #""code":{"code":"X","context":[]}"#, #""code":{"code":"X","context":null}"#,
        ] {
            #expect(try shop.reply(request("validate", members, cart(2_000)))["discount"] == 200)
        }
    }

    @Test func `are these operations`() throws {
        let shop = try Shop("currency: USD\ncoupons:\n- {id: c, codes: [X], \(ten)}")
        _ = shop.ask(apply("X", order: "o"))
        let before = shop.snapshot()
        for line in [
            request("reserve", field("code", "X"), field("order", "o2"), cart(1_000)),
            request("release", field("order", "o")), request("release", field("order", "o9")),
            request("code.discounts", field("code", "X")),
        ] {
            let error = try shop.reply(line)["error"]
            #expect(error["code"] == "unprocessable", "\(line)")
            #expect(error["field"] == "op", "\(line)")
        }
        #expect(shop.snapshot() == before)
    }
}
