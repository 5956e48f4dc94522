import CouponService
import Testing

private let limited = """
    currency: USD
    coupons:
    - id: three
      codes: [THREE]
      discount: {kind: percentage, percent: 10}
      limits: {total: 3}
    - id: single
      codes: [{code: ONCE, max_uses: 1}]
      discount: {kind: fixed_amount, amount: 100}
    """

/// One code of five coupons: worth 10 %, 300, 300 again, nothing below 90.00, and over.
private let shared = """
    currency: USD
    code_scope: coupon
    coupons:
    - {id: tenth, codes: [SAVE], discount: {kind: percentage, percent: 10}}
    - {id: three, codes: [SAVE], discount: {kind: fixed_amount, amount: 300}}
    - {id: other_three, codes: [save], discount: {kind: fixed_amount, amount: 300}}
    - {id: rich, codes: [SAVE], discount: {kind: percentage, percent: 90}, requires: {min_subtotal: 9000}}
    - {id: past, codes: [SAVE], discount: {kind: percentage, percent: 99}, ends_at: 2026-01-01}
    """

@Suite struct `Validating` {
    @Test func `changes nothing, for any request and number of requests`() throws {
        let shop = try Shop(limited)
        _ = shop.ask(apply("THREE", order: "o1"))
        let before = shop.snapshot()
        let lines = [
            validate("THREE"), validate("once"), validate("none"), validate("THREE", ""),
            validate("THREE", field("order", "o1") + "," + cart(500)),
            validate("THREE", field("order", "o9") + "," + cart(500)),
            validate("THREE", field("hold_of", "o1") + "," + cart(0)),
            validate("THREE", #""explain":true,"at":"2030-01-01","# + cart(1)),
            validate("THREE", field("customer", "cus_new") + "," + cart(5)),
            validate("THREE", #""mode":"partial","# + cart(5)),
            validate("THREE", field("store", "elsewhere") + "," + cart(5)),
            usage("THREE"), "{", request("ping"),
        ]
        for round in 0..<3 {
            for line in lines {
                _ = shop.ask(line)
                shop.advance(seconds: 1)
                #expect(shop.snapshot() == before, "round \(round): \(line)")
            }
        }
    }

    @Test func `does not count an applied order's own uses`() throws {
        let shop = try Shop(limited)
        for order in ["o1", "o2", "o3"] {
            #expect(try shop.reply(apply("THREE", order: order))["applied"] == true)
        }
        _ = shop.ask(apply("ONCE", order: "o4"))

        func verdict(_ code: String, editing order: String) throws -> JSON {
            try shop.reply(validate(code, field("order", order) + "," + cart(9_000)))
        }
        let edited = try verdict("THREE", editing: "o2")
        #expect(edited["valid"] == true)
        // Two are used by others, and this operation's own use is the third.
        #expect(edited["codes"][0]["remaining"] == 0)
        #expect(try verdict("ONCE", editing: "o4")["valid"] == true)
        #expect(try verdict("THREE", editing: "o4")["reason"] == "usage_limit_reached")
        #expect(try verdict("ONCE", editing: "o1")["reason"] == "usage_limit_reached")
        #expect(try verdict("THREE", editing: "unknown")["reason"] == "usage_limit_reached")
        let elsewhere = request(
            "validate", field("store", "b"), field("order", "o2"), field("code", "THREE"))
        #expect(try shop.reply(elsewhere)["reason"] == "code_unknown")
    }

    @Test func `reports what remains after its own use`() throws {
        let shop = try Shop(limited)
        #expect(try shop.reply(validate("THREE"))["codes"][0]["remaining"] == 2)
        #expect(try shop.reply(validate("THREE"))["codes"][0]["remaining"] == 2)
        #expect(try shop.reply(apply("THREE", order: "o1"))["codes"][0]["remaining"] == 2)
        #expect(try shop.reply(validate("THREE"))["codes"][0]["remaining"] == 1)
        #expect(try shop.reply(validate("ONCE"))["codes"][0]["remaining"] == 0)
    }

    @Test func `judges another time, but with the present counters`() throws {
        let shop = try Shop(
            """
            currency: USD
            coupons:
            - {id: july, codes: [JULY], discount: {kind: percentage, percent: 10}, limits: {total: 1},
               starts_at: 2026-07-01, ends_at: 2026-07-31, timezone: America/New_York}
            """)
        func reason(_ at: String) throws -> JSON {
            try shop.reply(validate("JULY", #""at":\#(at),"# + cart(1_000)))["reason"]
        }
        #expect(try shop.reply(validate("JULY"))["reason"] == "not_started")
        // Without an offset it is the coupon's local time.
        #expect(try reason(#""2026-07-01""#) == .absent)
        #expect(try reason(#""2026-06-30T23:59:59""#) == "not_started")
        #expect(try reason(#""2026-07-01T03:59:59Z""#) == "not_started")
        #expect(try reason(#""2026-07-01T04:00:00Z""#) == .absent)
        // A bare date as the end is the end of that day.
        #expect(try reason(#""2026-07-31T23:59:59.999""#) == .absent)
        #expect(try reason(#""2026-08-01T00:00:00""#) == "expired")
        #expect(try reason("1785556800") == "expired")

        shop.advance(seconds: 40 * 86_400)
        _ = shop.ask(apply("JULY", order: "o1"))
        #expect(try reason(#""2026-07-02""#) == "usage_limit_reached")
    }

    @Test(arguments: ["explain", "at"])
    func `rejects on apply the fields of validate alone`(name: String) throws {
        let shop = try Shop(limited)
        let value = name == "at" ? "1785556800" : "true"
        let reply = try shop.reply(
            apply("THREE", order: "o", "\"\(name)\":\(value)," + cart(1_000)))
        #expect((reply["error"]["field"] == "at") == (name == "at"))
    }
}

@Suite struct `A code of several coupons` {
    private func chosen(_ shop: Shop, _ members: String) throws -> JSON {
        let reply = try shop.reply(request("validate", members))
        #expect(reply["codes"].count == 1)
        return reply["codes"][0]["coupon"]
    }

    @Test(
        arguments: zip(
            [2_000, 3_000, 3_001, 4_000, 8_999, 9_000] as [Int64],
            // 10 % of 30.00 is 3.00: then the first defined is taken.
            ["three", "tenth", "tenth", "tenth", "tenth", "rich"] as [JSON]))
    func `takes the coupon that gives most, then the first defined`(price: Int64, coupon: JSON)
        throws
    {
        let shop = try Shop(shared)
        #expect(try chosen(shop, field("code", "Save") + "," + cart(price)) == coupon)
    }

    @Test(arguments: ["tenth", "three", "other_three", "rich", "past"])
    func `takes the requested coupon`(coupon: String) throws {
        let shop = try Shop(shared)
        let picked = #""code":{"code":"SAVE","coupon":"\#(coupon)"},\#(cart(2_000))"#
        #expect(try chosen(shop, picked) == .text(coupon))
    }

    @Test func `is unknown with a coupon that does not own it`() throws {
        let shop = try Shop(shared)
        for coupon in ["missing", "TENTH", "tenth "] {
            let entry = #""codes":[{"code":"SAVE","coupon":"\#(coupon)"}]"#
            let reply = try shop.reply(request("validate", entry, cart(2_000)))
            #expect(reply["reason"] == "code_unknown")
            #expect(reply["codes"][0]["coupon"] == .absent)
        }
    }

    @Test func `is refused with the reason that is furthest down the ladder`() throws {
        let shop = try Shop(
            """
            currency: USD
            code_scope: coupon
            coupons:
            - {id: off, status: inactive, codes: [X], discount: {kind: percentage, percent: 10}}
            - {id: poor, codes: [X], discount: {kind: percentage, percent: 10}, requires: {min_subtotal: 5000}}
            - {id: poorer, codes: [X], discount: {kind: percentage, percent: 20}, requires: {min_subtotal: 9000}}
            - {id: past, codes: [X], discount: {kind: percentage, percent: 10}, ends_at: 2026-01-01}
            """)
        let reply = try shop.reply(validate("X"))
        #expect(reply["reason"] == "below_minimum_amount")
        #expect(reply["codes"][0]["coupon"] == "poor")
        #expect(reply["codes"][0]["missing"] == 3_000)
        #expect(reply["total"] == 2_000)
    }

    @Test func `uses the best one up, then the next best`() throws {
        let shop = try Shop(
            """
            currency: USD
            code_scope: coupon
            coupons:
            - {id: less, codes: [X], discount: {kind: percentage, percent: 10}, limits: {total: 1}}
            - {id: more, codes: [X], discount: {kind: percentage, percent: 50}, limits: {total: 1}}
            """)
        let coupons = try (1...3).map {
            try shop.reply(apply("X", order: "o\($0)"))["codes"][0]
        }
        #expect(coupons.map { $0["coupon"] } == ["more", "less", "less"])
        #expect(coupons.map { $0["valid"] } == [true, true, false])
        #expect(coupons[2]["reason"] == "usage_limit_reached")
        // Each of them is replayed by the request that used it, though it would now be refused.
        #expect(try shop.reply(apply("x", order: "o1"))["codes"][0]["coupon"] == "more")
        #expect(try shop.reply(apply("x", order: "o2"))["codes"][0]["coupon"] == "less")
    }

    @Test func `reports the usage of the one that validate would take`() throws {
        let shop = try Shop(
            """
            currency: USD
            code_scope: coupon
            coupons:
            - {id: over, codes: [X], discount: {kind: percentage, percent: 10}, limits: {total: 7}, ends_at: 2026-01-01}
            - {id: live, codes: [X], discount: {kind: percentage, percent: 50}, limits: {total: 9}}
            """)
        #expect(try shop.reply(usage("X"))["result"]["limits"][0]["limit"] == 9)
    }
}

@Suite struct `A code that opens access` {
    private let definitions = """
        coupons:
        - {id: pre, type: presale, codes: [PRE], applies_to: {event: ["241"]}}
        - id: gate
          type: access
          codes: [GATE]
          offers:
          - {id: o1, limit: 1, applies_to: {event: ["241"]}}
          - {id: o2, applies_to: {event: ["242"]}}
        """
    private let cartOfOther =
        #""cart":{"currency":"USD","lines":[{"product":"p","quantity":1,"unit_price":5,"event":"242"}]}"#

    @Test func `can be tried before its tickets are in the cart`() throws {
        let shop = try Shop(definitions)
        #expect(try shop.reply(validate("PRE", ""))["valid"] == true)
        #expect(
            try shop.reply(validate("PRE", #""cart":{"currency":"USD","lines":[]}"#))["valid"]
                == true)
        #expect(try shop.reply(validate("PRE", cartOfOther))["valid"] == true)
        let applied = try shop.reply(apply("PRE", order: "o", cartOfOther))
        #expect(applied["reason"] == "no_eligible_items")
    }

    @Test func `is refused for another event`() throws {
        let shop = try Shop(definitions)
        for operation in ["validate", "reserve"] {
            let order = operation == "validate" ? "" : field("order", "o")
            let line = request(
                operation, field("code", "PRE"), order, #""context":{"event":"999"}"#)
            #expect(try shop.reply(line)["reason"] == "no_eligible_items", "\(operation)")
        }
        #expect(
            try shop.reply(validate("PRE", #""context":{"event":"241"}"#))["valid"] == true)
    }

    @Test func `takes the offer that covers something before one that does not`() throws {
        let shop = try Shop(definitions)
        for members in [cartOfOther, #""context":{"event":"242"}"#] {
            let entry = try shop.reply(validate("GATE", members))["codes"][0]
            #expect(entry["offer"] == "o2")
            #expect(entry["unlocks"] == ["event": ["242"]])
        }
        // Without an event, the first offer that passes is taken.
        #expect(try shop.reply(validate("GATE", ""))["codes"][0]["offer"] == "o1")
    }
}
