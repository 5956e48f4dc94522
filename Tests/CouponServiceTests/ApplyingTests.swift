import CouponService
import Testing

@Suite struct `Applying` {
    @Test func `counts down to the limit and not below`() throws {
        let shop = try Shop(
            """
            currency: USD
            coupons:
            - {id: c, codes: [FIVE], discount: {kind: percentage, percent: 10}, limits: {total: 5}}
            """)
        for (place, remaining) in ([4, 3, 2, 1, 0] as [Int64]).enumerated() {
            let reply = try shop.reply(apply("FIVE", order: "o\(place)"))
            #expect(reply["applied"] == true)
            #expect(reply["codes"][0]["remaining"] == .integer(remaining))
        }
        for order in ["o5", "o6"] {
            let reply = try shop.reply(apply("FIVE", order: order))
            #expect(reply["applied"] == false)
            #expect(reply["valid"] == false)
            let entry = reply["codes"][0]
            #expect(entry["reason"] == "usage_limit_reached")
            #expect(entry["scope"] == "coupon")
            #expect(entry["limit"] == 5)
            #expect(entry["actual"] == 5)
            #expect(entry["redemption"] == .absent)
        }
        #expect(try used(shop, "FIVE") == ["total": 5])
    }

    @Test func `names the coupon's limit before the code's`() throws {
        let shop = try Shop(
            """
            currency: USD
            coupons:
            - id: c
              codes: [{code: ONE, max_uses: 1}, TWO]
              discount: {kind: percentage, percent: 10}
              limits: {total: 3, per_code: 2}
            """)
        func attempt(_ code: String, _ order: String) throws -> JSON {
            try shop.reply(apply(code, order: order))["codes"][0]
        }
        #expect(try attempt("ONE", "o1")["remaining"] == 0)
        let second = try attempt("ONE", "o2")
        #expect(second["scope"] == "code")
        #expect(second["limit"] == 1)
        #expect(try attempt("TWO", "o3")["remaining"] == 1)
        #expect(try attempt("TWO", "o4")["remaining"] == 0)
        #expect(try attempt("TWO", "o5")["scope"] == "coupon")
        #expect(try attempt("ONE", "o6")["scope"] == "coupon")
        #expect(try used(shop, "TWO") == ["total": 3, "code": 2])
        #expect(try used(shop, "ONE") == ["total": 3, "code": 1])
    }

    @Test func `counts all cases of a code together`() throws {
        let shop = try Shop(
            """
            currency: USD
            coupons:
            - id: c
              codes: [{code: Straße, max_uses: 2}]
              discount: {kind: percentage, percent: 10}
            """)
        let codes = ["STRASSE", " straße ", "STRAẞE"]
        let replies = try codes.enumerated().map { place, code in
            try shop.reply(apply(code, order: "o\(place)"))["codes"][0]
        }
        #expect(replies.map { $0["valid"] } == [true, true, false])
        #expect(replies.allSatisfy { $0["code"] == "Straße" })
    }

    @Test func `counts case-sensitive codes separately`() throws {
        let shop = try Shop(
            """
            currency: USD
            case_sensitive: true
            coupons:
            - id: c
              codes: [{code: Save, max_uses: 1}, {code: SAVE, max_uses: 1}, {code: save, max_uses: 1}]
              discount: {kind: percentage, percent: 10}
              limits: {total: 9}
            """)
        #expect(try shop.reply(apply("Save", order: "o1"))["valid"] == true)
        #expect(try shop.reply(apply("Save", order: "o2"))["valid"] == false)
        #expect(try shop.reply(apply("SAVE", order: "o3"))["valid"] == true)
        #expect(try shop.reply(apply("save", order: "o4"))["valid"] == true)
        #expect(try shop.reply(apply("sAVE", order: "o5"))["reason"] == "code_unknown")
        #expect(try used(shop, "SAVE") == ["total": 3, "code": 1])
    }

    @Test func `starts with the earlier uses and continues with its own`() throws {
        func definitions(coupon: Int, code: Int) -> String {
            """
            currency: USD
            coupons:
            - id: c
              codes: [{code: A, max_uses: 5, used: \(code)}, B]
              discount: {kind: percentage, percent: 10}
              limits: {total: 10}
              used: \(coupon)
            """
        }
        let shop = try Shop(definitions(coupon: 6, code: 3))
        #expect(try used(shop, "A") == ["total": 6, "code": 3])
        // Until a use is recorded, the definitions give the count.
        shop.reload(definitions(coupon: 7, code: 2))
        #expect(try used(shop, "A") == ["total": 7, "code": 2])
        #expect(try shop.reply(apply("A", order: "o1"))["codes"][0]["remaining"] == 2)
        #expect(try used(shop, "A") == ["total": 8, "code": 3])
        // After that they do not.
        shop.reload(definitions(coupon: 0, code: 5))
        #expect(try used(shop, "A") == ["total": 8, "code": 3])
        #expect(try shop.reply(apply("B", order: "o2"))["codes"][0]["remaining"] == 1)
        #expect(try shop.reply(apply("A", order: "o3"))["codes"][0]["remaining"] == 0)
        #expect(try shop.reply(apply("A", order: "o4"))["codes"][0]["scope"] == "coupon")
        try shop.restart(definitions(coupon: 0, code: 0))
        #expect(try used(shop, "A") == ["total": 10, "code": 4])
    }

    @Test func `is refused from the start if the earlier uses reach the limit`() throws {
        let shop = try Shop(
            """
            currency: USD
            coupons:
            - id: c
              codes: [A, {code: B, max_uses: 1, used: 1}]
              discount: {kind: percentage, percent: 10}
            - {id: d, codes: [D], discount: {kind: percentage, percent: 10}, limits: {total: 2}, used: 3}
            """)
        #expect(try shop.reply(apply("B", order: "o1"))["codes"][0]["scope"] == "code")
        let over = try shop.reply(apply("D", order: "o1"))["codes"][0]
        #expect(over["scope"] == "coupon")
        #expect(over["actual"] == 3)
        #expect(try shop.reply(usage("D"))["result"]["limits"][0]["remaining"] == 0)
        #expect(try shop.reply(apply("A", order: "o1"))["applied"] == true)
    }

    @Test func `counts each store separately`() throws {
        func definitions(_ store: String) -> String {
            """
            store: \(store)
            currency: USD
            coupons:
            - {id: c, codes: [X], discount: {kind: percentage, percent: 10}, limits: {total: 1}}
            """
        }
        let shop = try Shop(definitions("a"), definitions("b"))
        func attempt(_ store: String, _ order: String) throws -> JSON {
            try shop.reply(
                request(
                    "apply", field("store", store), field("code", "X"), field("order", order),
                    cart(1_000)))
        }
        #expect(try attempt("a", "o1")["applied"] == true)
        #expect(try attempt("b", "o1")["applied"] == true)
        #expect(try attempt("b", "o1")["replayed"] == true)
        #expect(try attempt("a", "o2")["reason"] == "usage_limit_reached")
        #expect(try attempt("default", "o3")["reason"] == "code_unknown")
        #expect(try shop.reply(apply("X", order: "o1"))["reason"] == "code_unknown")
    }

    @Test func `uses nothing when the limit of orders is reached`() throws {
        var limits = ResourceLimits()
        limits.ordersMax = 2
        let shop = try Shop(
            """
            currency: USD
            coupons:
            - {id: c, codes: [X], discount: {kind: percentage, percent: 10}, limits: {total: 9}}
            """, limits: limits)
        _ = shop.ask(apply("X", order: "o1"))
        _ = shop.ask(apply("X", order: "o2"))
        let before = shop.snapshot()
        let reply = try shop.reply(apply("X", order: "o3"))
        #expect(reply["error"]["code"] == "overloaded")
        #expect(shop.snapshot() == before)
        // Repeats of known orders and refusals are still answered.
        #expect(try shop.reply(apply("X", order: "o2"))["replayed"] == true)
        #expect(try shop.reply(apply("none", order: "o3"))["reason"] == "code_unknown")
        #expect(try shop.reply(validate("X"))["valid"] == true)
    }

    @Test(arguments: ["none", "BIG", "GONE"])
    func `leaves no record when it is refused`(code: String) throws {
        let shop = try Shop(
            """
            currency: USD
            coupons:
            - {id: big, codes: [BIG], discount: {kind: percentage, percent: 10}, requires: {min_subtotal: 9000}}
            - {id: gone, codes: [GONE], discount: {kind: percentage, percent: 10}, ends_at: 2026-01-01}
            - {id: ok, codes: [OK], discount: {kind: percentage, percent: 10}}
            """)
        let before = shop.snapshot()
        #expect(try shop.reply(apply(code, order: "o"))["applied"] == false)
        #expect(try shop.reply(apply(code, order: "o"))["replayed"] == .absent)
        #expect(shop.snapshot() == before)
        // The order is free for another request.
        #expect(try shop.reply(apply("OK", order: "o"))["applied"] == true)
        #expect(shop.snapshot() != before)
    }

    @Test func `never uses a code whose discount is 0`() throws {
        let shop = try Shop(
            """
            currency: USD
            coupons:
            - {id: ship, codes: [SHIP], discount: {kind: shipping, percent: 100}, limits: {total: 1}}
            - {id: ten, codes: [TEN], discount: {kind: percentage, percent: 10}, limits: {total: 1}}
            - {id: comp, type: comp, codes: [COMP], limits: {total: 1}}
            """)
        let before = shop.snapshot()
        // A shipping coupon passes before shipping is known, but it cannot be used.
        #expect(try shop.reply(validate("SHIP"))["valid"] == true)
        #expect(try shop.reply(apply("SHIP", order: "o1"))["reason"] == "no_effect")
        #expect(try shop.reply(apply("TEN", order: "o1", cart(0, 0)))["reason"] == "no_effect")
        #expect(try shop.reply(validate("TEN", cart(4)))["reason"] == "no_effect")
        #expect(shop.snapshot() == before)
        // A comp is good even if there is nothing to pay.
        #expect(try shop.reply(apply("COMP", order: "o1", cart(0)))["applied"] == true)
    }

    private func used(_ shop: Shop, _ code: String) throws -> [String: Int64] {
        guard case .list(let limits) = try shop.reply(usage(code))["result"]["limits"] else {
            return [:]
        }
        var counts: [String: Int64] = [:]
        for limit in limits {
            if case .integer(let used) = limit["used"] { counts[limit["kind"].string] = used }
        }
        return counts
    }
}
