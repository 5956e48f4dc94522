import CouponService
import Testing

// The documented coupons and gift cards of a photographer's studio: percentages and fixed amounts,
// one limit on uses, one expiry, a minimum order, four statuses, and cards that are paid with.

private let definitions = """
    currency: USD
    coupons:
    - id: cou_COU001ABC123DEF456GHI789JKL01
      description: Summer promotion - 20% off all sessions
      codes: [SUMMER20]
      discount: {kind: percentage, percent: 20}
      limits: {total: 100}
      used: 15
      requires: {min_subtotal: 5000}
      ends_at: "2026-08-31T23:59:59.000000Z"
    - id: cou_newclient
      codes: [NEWCLIENT15]
      discount: {kind: percentage, percent: 15}
      limits: {total: 2}
      requires: {min_subtotal: 10000}
    - id: cou_fifteen
      codes: [FIFTEEN]
      discount: {kind: fixed_amount, amount: 1500}
      limits: {total: null}
    """

private let summer = "SUMMER20"

@Suite struct `A photographer's coupon` {
    @Test func `takes a percentage off the order total`() throws {
        let shop = try Shop(definitions)
        let reply = try shop.reply(checkout("validate", summer, cart(10_000)))
        #expect(reply["discount"] == 2_000)
        #expect(reply["total"] == 8_000)
    }

    @Test func `takes a fixed amount off, in the smallest currency unit`() throws {
        let shop = try Shop(definitions)
        #expect(try shop.reply(checkout("validate", "FIFTEEN", cart(4_000)))["discount"] == 1_500)
        // Never more than there is to pay.
        let small = try shop.reply(checkout("validate", "FIFTEEN", cart(900)))
        #expect(small["discount"] == 900)
        #expect(small["total"] == 0)
    }

    @Test func `cannot be used below its minimum order amount, and can at it`() throws {
        let shop = try Shop(definitions)
        let below = try shop.reply(checkout("validate", "NEWCLIENT15", cart(9_999)))
        #expect(below["reason"] == "below_minimum_amount")
        #expect(below["codes"][0]["limit"] == 10_000)
        #expect(below["codes"][0]["actual"] == 9_999)
        #expect(below["codes"][0]["missing"] == 1)
        #expect(try shop.reply(checkout("validate", "NEWCLIENT15", cart(10_000)))["valid"] == true)
    }

    @Test func `has a usage limit that counts the uses from before`() throws {
        let shop = try Shop(definitions)
        _ = shop.ask(checkout("apply", summer, order: "in_1", cart(10_000)))
        let total = try shop.limits(of: summer)["total"]
        #expect(total == ["kind": "total", "limit": 100, "used": 16, "held": 0, "remaining": 84])
    }

    @Test func `is exhausted when its usage limit is reached`() throws {
        let shop = try Shop(definitions)
        for order in ["in_1", "in_2"] {
            let used = try shop.reply(checkout("apply", "NEWCLIENT15", order: order, cart(20_000)))
            #expect(used["applied"] == true)
        }
        let third = try shop.reply(checkout("apply", "NEWCLIENT15", order: "in_3", cart(20_000)))
        #expect(third["applied"] == false)
        #expect(third["reason"] == "usage_limit_reached")
        #expect(third["codes"][0]["scope"] == "coupon")
        #expect(third["codes"][0]["limit"] == 2)
        #expect(third["codes"][0]["actual"] == 2)
    }

    @Test func `is unlimited without a usage limit`() throws {
        let shop = try Shop(definitions)
        #expect(try shop.reply(left(of: "FIFTEEN"))["result"] == nil)
        for order in 1...30 {
            let used = try shop.reply(
                checkout("apply", "FIFTEEN", order: "in_\(order)", cart(4_000)))
            #expect(used["applied"] == true)
            #expect(used["codes"][0]["remaining"] == .absent)
        }
    }

    @Test func `is expired once it has passed its expiration date`() throws {
        let shop = try Shop(definitions)
        try shop.travel(to: "2026-08-31T23:59:58Z")
        #expect(try shop.reply(checkout("validate", summer, cart(5_000)))["valid"] == true)
        shop.advance(seconds: 1)
        let late = try shop.reply(checkout("apply", summer, order: "in_1", cart(5_000)))
        #expect(late["reason"] == "expired")
        #expect(late["codes"][0]["ended_at"] == "2026-08-31T23:59:59Z")
    }

    @Test func `never shows its internal description`() throws {
        let shop = try Shop(definitions)
        let reply = shop.ask(checkout("apply", summer, order: "in_1", cart(10_000)))
        #expect(reply.contains(#""applied":true"#))
        #expect(!reply.contains("promotion"))
    }

    @Test func `cannot be used while it is disabled, and keeps its usage history`() throws {
        let shop = try Shop(definitions)
        let asked = checkout("apply", summer, order: "in_1", cart(10_000))
        let first = try shop.reply(asked)
        let disabled = definitions.replacing(
            "codes: [SUMMER20]", with: "codes: [SUMMER20]\n  status: inactive")
        #expect(shop.reload(disabled).isEmpty)

        #expect(
            try shop.reply(checkout("validate", summer, cart(10_000)))["reason"]
                == "coupon_inactive")
        let again = try shop.reply(asked)
        #expect(again["replayed"] == true)
        #expect(again["codes"][0]["redemption"] == first["codes"][0]["redemption"])

        #expect(shop.reload(definitions).isEmpty)
        #expect(try shop.limits(of: summer)["total"]?["used"] == 16)
    }

    @Test func `is updated without losing its count`() throws {
        let shop = try Shop(definitions)
        _ = shop.ask(checkout("apply", summer, order: "in_1", cart(10_000)))
        let updated = definitions.replacing("percent: 20", with: "percent: 25")
            .replacing("total: 100", with: "total: 150")
            .replacing("2026-08-31", with: "2026-09-30")
        #expect(shop.reload(updated).isEmpty)
        try shop.travel(to: "2026-09-01T22:00:00Z")
        #expect(try shop.reply(checkout("validate", summer, cart(10_000)))["discount"] == 2_500)
        let total = try shop.limits(of: summer)["total"]
        #expect(total?["used"] == 16)
        #expect(total?["limit"] == 150)
    }

    @Test func `is unknown once it is deleted, and its orders stand`() throws {
        let shop = try Shop(definitions)
        let asked = checkout("apply", summer, order: "in_1", cart(10_000))
        _ = shop.ask(asked)
        #expect(shop.reload("coupons: []").isEmpty)
        #expect(
            try shop.reply(checkout("validate", summer, cart(10_000)))["reason"] == "code_unknown")
        #expect(try shop.reply(asked)["replayed"] == true)
        let back = try shop.reply(giveBack("in_1"))
        #expect(back["released"] == true)
        #expect(back["codes"][0]["was"] == "applied")
    }

    @Test func `has a code that no other coupon has already taken`() throws {
        let shop = try Shop(definitions)
        let faults = shop.reload(
            definitions
                + "\n- {id: other, codes: [summer20], discount: {kind: percentage, percent: 1}}")
        #expect(faults.count == 1)
        #expect(faults.first?.contains("summer20") == true)
        #expect(try shop.reply(checkout("validate", summer, cart(10_000)))["discount"] == 2_000)
    }
}

private let cards = """
    currency: USD
    coupons:
    - {id: ten, codes: [TEN], discount: {kind: percentage, percent: 10}}
    gift_cards:
    - id: gc_xyz789abc123def456ghi789
      code: GC-2025-001
      amount: 15000
      balance: 15000
      currency: USD
      status: active
      expires_at: "2026-08-07T23:59:59.000000Z"
      purchased_by: {first_name: Jane, last_name: Smith, email: jane.smith@example.com}
      created_at: "2025-08-01T10:00:00.000000Z"
    - {id: gc_part, code: GC-PART, amount: 15000, balance: 4000}
    - {id: gc_spent, code: GC-SPENT, amount: 15000, balance: 0}
    - {id: gc_off, code: GC-OFF, amount: 500, status: inactive}
    """

private let card = "GC-2025-001"

@Suite struct `A photographer's gift card` {
    @Test func `pays one order, and keeps what it has left for the next`() throws {
        let shop = try Shop(cards)
        let first = try shop.reply(checkout("apply", card, order: "in_1", cart(10_000)))
        #expect(first["applied"] == true)
        #expect(first["total"] == 10_000)
        #expect(first["gift_card_amount"] == 10_000)
        #expect(first["amount_due"] == 0)
        #expect(first["codes"][0]["gift_card"] == "gc_xyz789abc123def456ghi789")
        #expect(first["codes"][0]["amount"] == 10_000)
        #expect(first["codes"][0]["balance"] == 5_000)

        // A partial payment: amount_due is the rest.
        let second = try shop.reply(checkout("apply", card, order: "in_2", cart(7_000)))
        #expect(second["gift_card_amount"] == 5_000)
        #expect(second["amount_due"] == 2_000)
        #expect(second["codes"][0]["balance"] == 0)
    }

    @Test func `is redeemed when nothing is left on it`() throws {
        let shop = try Shop(cards)
        _ = shop.ask(checkout("apply", card, order: "in_1", cart(15_000)))
        for code in [card, "GC-SPENT"] {
            let reply = try shop.reply(checkout("apply", code, order: "in_2", cart(100)))
            #expect(reply["applied"] == false)
            #expect(reply["reason"] == "gift_card_empty")
        }
    }

    @Test func `begins with the balance that it is defined with`() throws {
        let shop = try Shop(cards)
        let reply = try shop.reply(checkout("validate", "gc-part", cart(10_000)))
        #expect(reply["gift_card_amount"] == 4_000)
        #expect(reply["amount_due"] == 6_000)
    }

    @Test func `is not a discount`() throws {
        let shop = try Shop(cards)
        let reply = try shop.reply(checkout("validate", card, cart(of: [4_000], shipping: 500)))
        #expect(reply["discount"] == 0)
        #expect(reply["total"] == 4_500)
        // What it pays includes the shipping.
        #expect(reply["gift_card_amount"] == 4_500)
    }

    @Test func `pays what a coupon leaves to be paid`() throws {
        let shop = try Shop(cards)
        let reply = try shop.reply(
            checkout("apply", codes: [card, "TEN"], order: "in_1", cart(10_000)))
        #expect(reply["discount"] == 1_000)
        #expect(reply["total"] == 9_000)
        #expect(reply["gift_card_amount"] == 9_000)
        #expect(reply["codes"][0]["balance"] == 6_000)
        #expect(reply["codes"][1]["discount"] == 1_000)
    }

    @Test func `pays no more than the client chooses`() throws {
        let shop = try Shop(cards)
        let chosen = #"{"code":"\#(card)","amount":2500}"#
        let reply = try shop.reply(
            checkout("apply", codes: [chosen], order: "in_1", cart(10_000)))
        #expect(reply["gift_card_amount"] == 2_500)
        #expect(reply["amount_due"] == 7_500)
        #expect(reply["codes"][0]["balance"] == 12_500)
    }

    @Test func `is paid with together with another, the earliest expiry first`() throws {
        let shop = try Shop(cards)
        let reply = try shop.reply(
            checkout("validate", codes: ["GC-PART", card], cart(17_000)))
        #expect(reply["codes"][0]["amount"] == 2_000)
        #expect(reply["codes"][1]["amount"] == 15_000)
        #expect(reply["amount_due"] == 0)
    }

    @Test func `is expired once it has passed its expiration date`() throws {
        let shop = try Shop(cards)
        try shop.travel(to: "2026-08-07T23:59:58Z")
        #expect(try shop.reply(checkout("validate", card, cart(100)))["valid"] == true)
        shop.advance(seconds: 1)
        let reply = try shop.reply(checkout("validate", card, cart(100)))
        #expect(reply["reason"] == "expired")
        #expect(reply["codes"][0]["ended_at"] == "2026-08-07T23:59:59Z")
    }

    @Test func `is refused when it is disabled, in another currency and without a cart`() throws {
        let shop = try Shop(cards)
        func reason(_ line: String) throws -> JSON { try shop.reply(line)["reason"] }
        #expect(try reason(checkout("validate", "GC-OFF", cart(100))) == "coupon_inactive")
        let euros = basket(item("p1", 100), currency: "EUR")
        #expect(try reason(checkout("validate", card, euros)) == "currency_not_supported")
        #expect(try reason(checkout("apply", card, order: "in_1")) == "cart_required")
        #expect(try reason(checkout("validate", card, cart(0))) == "no_effect")
    }

    @Test func `gets back what a cancelled order paid with it`() throws {
        let shop = try Shop(cards)
        _ = shop.ask(checkout("apply", card, order: "in_1", cart(10_000)))
        let back = try shop.reply(giveBack("in_1"))
        #expect(back["released"] == true)
        #expect(back["codes"].count == 1)
        let next = try shop.reply(checkout("apply", card, order: "in_2", cart(15_000)))
        #expect(next["amount_due"] == 0)
        #expect(next["codes"][0]["balance"] == 0)
    }

    @Test func `never shows who purchased it`() throws {
        let shop = try Shop(cards)
        let reply = shop.ask(checkout("apply", card, order: "in_1", cart(10_000)))
        #expect(reply.contains(#""applied":true"#))
        #expect(!reply.contains("Jane") && !reply.contains("jane"))
    }
}
