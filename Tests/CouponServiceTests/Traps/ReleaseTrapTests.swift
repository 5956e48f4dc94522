import CouponService
import Testing

// The traps of releases: one code of several, uses that are not returned, gift cards that are used
// twice or have expired, and codes that several coupons own.

private let definitions = """
    currency: USD
    coupons:
    - {id: ten, codes: [TEN], discount: {kind: percentage, percent: 10}, limits: {total: 1}}
    - {id: also, codes: [ALSO], discount: {kind: fixed_amount, amount: 300}, limits: {total: 5}}
    - id: kept
      codes: [KEPT]
      discount: {kind: fixed_amount, amount: 300}
      reusable_after_release: false
      limits: {total: 1, budget: {USD: 1000}}
    gift_cards:
    - {id: gc_1, code: CARD, amount: 1000, expires_at: "2026-06-01T12:10:00Z"}
    """

extension `The traps of the field` {
    @Test func `a code that is given back alone leaves the others used`() throws {
        let shop = try Shop(definitions)
        let both = checkout("apply", codes: ["TEN", "ALSO"], order: "o1", cart(2_000))
        let first = try shop.reply(both)
        #expect(first["codes"][0]["discount"] == 200)
        #expect(first["codes"][1]["discount"] == 300)

        let back = try shop.reply(giveBack("o1", field("code", " also")))
        #expect(back["released"] == true)
        #expect(back["codes"].count == 1)
        #expect(back["codes"][0]["code"] == "ALSO")
        #expect(back["codes"][0]["was"] == "applied")
        #expect(try shop.counts(of: "ALSO") == [0, 0])
        #expect(try shop.counts(of: "TEN") == [1, 0])
        let again = try shop.reply(giveBack("o1", field("code", "ALSO")))
        #expect(again["replayed"] == true)
        #expect(again["codes"] == back["codes"])
        let strange = try shop.reply(giveBack("o1", field("code", "KEPT")))
        #expect(strange["error"]["code"] == "not_found")
    }

    @Test func `an order released in part takes no other request until it is released completely`()
        throws
    {
        let shop = try Shop(definitions)
        let both = checkout("apply", codes: ["TEN", "ALSO"], order: "o1", cart(2_000))
        let first = try shop.reply(both)
        _ = shop.ask(giveBack("o1", field("coupon", "also")))
        let before = shop.snapshot()
        for line in [
            both, checkout("apply", "TEN", order: "o1", cart(2_000)),
            checkout("apply", "ALSO", order: "o1", cart(2_000)),
            checkout("reserve", "ALSO", order: "o1", cart(2_000)),
        ] {
            #expect(try shop.reply(line)["error"]["code"] == "idempotency_conflict", "\(line)")
        }
        #expect(shop.snapshot() == before)

        let rest = try shop.reply(giveBack("o1"))
        #expect(rest["codes"].count == 1)
        #expect(rest["codes"][0]["code"] == "TEN")
        let second = try shop.reply(both)
        #expect(second["applied"] == true)
        #expect(second["replayed"] == .absent)
        for place in 0...1 {
            #expect(
                second["codes"][place]["redemption"] != first["codes"][place]["redemption"])
        }
        #expect(try shop.counts(of: "TEN") == [1, 0])
        #expect(try shop.counts(of: "ALSO") == [1, 0])
    }

    @Test func `an applied order is not reserved`() throws {
        let shop = try Shop(definitions)
        _ = shop.ask(checkout("apply", "TEN", order: "o1", cart(2_000)))
        for code in ["TEN", "ALSO"] {
            let reply = try shop.reply(checkout("reserve", code, order: "o1", cart(2_000)))
            #expect(reply["error"]["code"] == "idempotency_conflict")
        }
        #expect(try shop.reply(giveBack("unheard"))["error"]["code"] == "not_found")
    }

    @Test func `a use that does not come back is gone for its own order, too`() throws {
        let shop = try Shop(definitions)
        let asked = checkout("apply", "KEPT", order: "o1", cart(2_000))
        #expect(try shop.reply(asked)["applied"] == true)
        #expect(try shop.counts(of: "KEPT", "budget") == [300, 0])
        let back = try shop.reply(giveBack("o1"))
        #expect(back["released"] == true)
        #expect(back["codes"][0]["was"] == "applied")
        #expect(back["codes"][0]["use_returned"] == false)
        // The money comes back, the use does not.
        #expect(try shop.counts(of: "KEPT") == [1, 0])
        #expect(try shop.counts(of: "KEPT", "budget") == [0, 0])
        let again = try shop.reply(asked)
        #expect(again["applied"] == false)
        #expect(again["reason"] == "usage_limit_reached")
        try shop.restart(definitions)
        #expect(try shop.counts(of: "KEPT") == [1, 0])
    }

    @Test func `a hold is given back even if its use would not be`() throws {
        let shop = try Shop(definitions)
        _ = shop.ask(checkout("reserve", "KEPT", order: "o1", cart(2_000)))
        #expect(try shop.counts(of: "KEPT", "budget") == [0, 300])
        let back = try shop.reply(giveBack("o1"))
        #expect(back["codes"][0]["was"] == "reserved")
        #expect(back["codes"][0]["use_returned"] == .absent)
        #expect(try shop.counts(of: "KEPT") == [0, 0])
        #expect(try shop.counts(of: "KEPT", "budget") == [0, 0])
    }

    @Test func `a gift card pays an order once, in any spelling`() throws {
        let shop = try Shop(definitions)
        let twice = checkout("apply", codes: ["CARD", "card "], order: "o1", cart(1_500))
        let reply = try shop.reply(twice)
        #expect(reply["applied"] == false)
        #expect(reply["reason"] == "not_combinable")
        #expect(reply["codes"][0]["valid"] == true)
        #expect(reply["codes"][1]["conflicts_with"] == "CARD")
        let part = try shop.reply(
            checkout(
                "apply", codes: ["CARD", "card "], order: "o1", #""mode":"partial""#, cart(1_500)))
        #expect(part["gift_card_amount"] == 1_000)
        #expect(part["amount_due"] == 500)
    }

    @Test func `a gift card is not spent twice during a payment`() throws {
        let shop = try Shop(definitions)
        let part = #"{"code":"CARD","amount":400}"#
        _ = shop.ask(checkout("reserve", codes: [part], order: "o1", cart(900)))
        let other = try shop.reply(checkout("reserve", "CARD", order: "o2", cart(900)))
        #expect(other["gift_card_amount"] == 600)
        #expect(other["amount_due"] == 300)
        let third = try shop.reply(checkout("validate", "CARD", cart(900)))
        #expect(third["reason"] == "gift_card_empty")
        #expect(third["codes"][0]["held"] == 1_000)
        _ = shop.ask(giveBack("o2"))
        let paid = try shop.reply(checkout("apply", codes: [part], order: "o1", cart(900)))
        #expect(paid["gift_card_amount"] == 400)
        let rest = try shop.reply(checkout("validate", "CARD", cart(900)))
        #expect(rest["gift_card_amount"] == 600)
    }

    @Test func `an expired gift card still gets its money back`() throws {
        let shop = try Shop(definitions)
        _ = shop.ask(checkout("apply", "CARD", order: "o1", cart(700)))
        shop.advance(seconds: 3_600)
        #expect(try shop.reason(for: checkout("validate", "CARD", cart(500))) == "expired")
        let back = try shop.reply(giveBack("o1"))
        #expect(back["released"] == true)
        #expect(back["codes"][0]["code"] == "CARD")
        #expect(back["codes"][0]["was"] == "applied")
        let then = #""at":"2026-06-01T12:05:00Z""#
        let whole = try shop.reply(checkout("validate", "CARD", then, cart(1_200)))
        #expect(whole["gift_card_amount"] == 1_000)
        #expect(
            try shop.reason(for: checkout("apply", "CARD", order: "o2", cart(500))) == "expired")
    }

    @Test func `a hold fixes which of two coupons a code is`() throws {
        let shop = try Shop(
            """
            currency: USD
            code_scope: coupon
            coupons:
            - {id: small, codes: [X], discount: {kind: fixed_amount, amount: 300}}
            - {id: large, codes: [X], discount: {kind: percentage, percent: 10}, limits: {total: 2}}
            """)
        let held = try shop.reply(checkout("reserve", "X", order: "o1", cart(2_000)))
        #expect(held["codes"][0]["coupon"] == "small")
        // The cart has grown: for all other orders the other coupon is worth more now.
        #expect(
            try shop.reply(checkout("validate", "X", cart(9_000)))["codes"][0]["coupon"] == "large")
        for operation in ["validate", "reserve", "apply"] {
            let own = try shop.reply(checkout(operation, "X", order: "o1", cart(9_000)))
            #expect(own["codes"][0]["coupon"] == "small", "\(operation)")
            #expect(own["discount"] == 300)
        }
        let other = try shop.reply(checkout("apply", "X", order: "o2", cart(9_000)))
        #expect(other["codes"][0]["coupon"] == "large")
        #expect(other["codes"][0]["remaining"] == 1)
    }
}
