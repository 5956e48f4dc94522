import CouponService
import Testing

// Known mistakes between a cart and its payment: uses that are lost or taken twice, orders that block
// themselves, retries, cancellations, dates at midnight, owners that change.

private let definitions = """
    currency: USD
    coupons:
    - {id: one, codes: [ONE], discount: {kind: percentage, percent: 10}, limits: {total: 1}}
    - {id: also, codes: [ALSO], discount: {kind: fixed_amount, amount: 300}, limits: {total: 5}}
    - id: dear
      codes: [DEAR]
      discount: {kind: percentage, percent: 50}
      requires: {min_subtotal: 90000}
    - id: shared
      codes: [S1, S2, {code: S3, max_uses: 9}]
      discount: {kind: percentage, percent: 10}
      limits: {total: 2}
    - id: own
      codes: [WELCOME]
      discount: {kind: percentage, percent: 10}
      limits: {per_customer: 1}
    - {id: brief, codes: [BRIEF], discount: {kind: percentage, percent: 10},
       ends_at: "2026-06-01T12:10:00Z"}
    """

/// How long a hold lasts.
private func seconds(_ count: Int) -> String { "\"ttl\":\(count)" }

@Suite struct `The traps of the field` {
    @Test func `no use is lost when a payment fails`() throws {
        let shop = try Shop(definitions)
        let held = try shop.reply(checkout("reserve", "ONE", order: "o1", cart(2_000)))
        #expect(held["valid"] == true)
        #expect(held["reserved"] == true)
        #expect(held["expires_at"] == "2026-06-01T12:15:00Z")
        #expect(held["applied"] == .absent)
        let waiting = try shop.reply(checkout("apply", "ONE", order: "o2", cart(2_000)))
        #expect(waiting["reason"] == "usage_limit_reached")
        #expect(waiting["codes"][0]["held"] == 1)

        let back = try shop.reply(giveBack("o1"))
        #expect(back["released"] == true)
        #expect(back["codes"].count == 1)
        #expect(back["codes"][0]["code"] == "ONE")
        #expect(back["codes"][0]["coupon"] == "one")
        #expect(back["codes"][0]["was"] == "reserved")
        let other = try shop.reply(checkout("apply", "ONE", order: "o2", cart(2_000)))
        #expect(other["applied"] == true)
        #expect(try shop.counts(of: "ONE") == [1, 0])
    }

    @Test func `no use is lost when a failed payment is not released`() throws {
        let shop = try Shop(definitions)
        _ = shop.ask(checkout("reserve", "ONE", order: "o1", seconds(60), cart(2_000)))
        shop.advance(seconds: 59)
        #expect(try shop.counts(of: "ONE") == [0, 1])
        #expect(
            try shop.reason(for: checkout("validate", "ONE", cart(2_000))) == "usage_limit_reached")
        shop.advance(seconds: 1)
        #expect(try shop.counts(of: "ONE") == [0, 0])
        #expect(
            try shop.reply(checkout("apply", "ONE", order: "o2", cart(2_000)))["applied"] == true)
    }

    @Test func `no use is lost when the daemon restarts in between`() throws {
        let shop = try Shop(definitions)
        _ = shop.ask(checkout("reserve", "ONE", order: "o1", seconds(60), cart(2_000)))
        try shop.restart(definitions)
        #expect(try shop.counts(of: "ONE") == [0, 1])
        shop.advance(seconds: 60)
        #expect(try shop.counts(of: "ONE") == [0, 0])
    }

    @Test func `an order is never blocked by its own hold`() throws {
        let shop = try Shop(definitions)
        _ = shop.ask(checkout("reserve", "ONE", order: "o1", cart(2_000)))
        let own = field("order", "o1")
        let tried = try shop.reply(checkout("validate", "ONE", own, cart(2_000)))
        #expect(tried["valid"] == true)
        #expect(tried["codes"][0]["remaining"] == 0)
        // Another cart of the same order, and more time for it.
        shop.advance(seconds: 600)
        let renewed = try shop.reply(checkout("reserve", "ONE", order: "o1", cart(4_000)))
        #expect(renewed["reserved"] == true)
        #expect(renewed["expires_at"] == "2026-06-01T12:25:00Z")
        #expect(renewed["discount"] == 400)
        #expect(try shop.counts(of: "ONE") == [0, 1])
        let paid = try shop.reply(checkout("apply", "ONE", order: "o1", cart(4_000)))
        #expect(paid["applied"] == true)
        #expect(try shop.counts(of: "ONE") == [1, 0])
        // Another order was blocked all the time, and still is.
        #expect(
            try shop.reason(for: checkout("validate", "ONE", cart(2_000))) == "usage_limit_reached")
    }

    @Test func `a refused reserve leaves the old holds`() throws {
        let shop = try Shop(definitions)
        _ = shop.ask(checkout("reserve", "ONE", order: "o1", cart(2_000)))
        let refused = try shop.reply(checkout("reserve", "DEAR", order: "o1", cart(2_000)))
        #expect(refused["reserved"] == false)
        #expect(refused["reason"] == "below_minimum_amount")
        #expect(refused["expires_at"] == .absent)
        #expect(try shop.counts(of: "ONE") == [0, 1])
        // A good one replaces them.
        _ = shop.ask(checkout("reserve", "ALSO", order: "o1", cart(2_000)))
        #expect(try shop.counts(of: "ONE") == [0, 0])
        #expect(try shop.counts(of: "ALSO") == [0, 1])
    }

    @Test func `a retry after a timeout takes nothing twice`() throws {
        let shop = try Shop(definitions)
        let line = """
            {"product":"p1","quantity":1,"unit_price":2000,"size":["m","l"],"color":"red"}
            """
        let turned = """
            {"color":["red"],"size":["l","m"],"unit_price":2000,"quantity":1,"product":"p1"}
            """
        let first = try shop.reply(checkout("apply", "ALSO", order: "o1", basket(line)))
        #expect(first["applied"] == true)
        let before = shop.snapshot()
        for (code, cart) in [("ALSO", line), ("also", line), (" aLsO ", turned)] {
            let again = try shop.reply(checkout("apply", code, order: "o1", basket(cart)))
            #expect(again["replayed"] == true)
            #expect(again["applied"] == true)
            #expect(again["discount"] == 300)
            #expect(again["codes"][0]["redemption"] == first["codes"][0]["redemption"])
        }
        #expect(shop.snapshot() == before)
        #expect(try shop.counts(of: "ALSO") == [1, 0])
    }

    @Test func `a retry with the codes in another order takes nothing twice`() throws {
        let shop = try Shop(definitions)
        let first = try shop.reply(
            checkout("apply", codes: ["ONE", "ALSO"], order: "o1", cart(2_000)))
        #expect(first["applied"] == true)
        let again = try shop.reply(
            checkout("apply", codes: ["also", "one"], order: "o1", cart(2_000)))
        #expect(again["replayed"] == true)
        #expect(again["discount"] == first["discount"])
        #expect(try shop.counts(of: "ALSO") == [1, 0])
        let fewer = try shop.reply(checkout("apply", "ONE", order: "o1", cart(2_000)))
        #expect(fewer["error"]["code"] == "idempotency_conflict")
        #expect(fewer["error"]["details"]["codes"].count == 2)
    }

    @Test func `a cancelled order may be applied again`() throws {
        let shop = try Shop(definitions)
        let asked = checkout("apply", "ONE", order: "o1", cart(2_000))
        let first = try shop.reply(asked)
        let back = try shop.reply(giveBack("o1"))
        #expect(back["codes"][0]["was"] == "applied")
        let repeated = try shop.reply(giveBack("o1"))
        #expect(repeated["released"] == true)
        #expect(repeated["replayed"] == true)
        #expect(repeated["codes"] == back["codes"])
        #expect(try shop.counts(of: "ONE") == [0, 0])

        let second = try shop.reply(asked)
        #expect(second["applied"] == true)
        #expect(second["replayed"] == .absent)
        #expect(second["codes"][0]["redemption"] != first["codes"][0]["redemption"])
        #expect(try shop.counts(of: "ONE") == [1, 0])
        // And it may be cancelled again.
        #expect(try shop.reply(giveBack("o1"))["replayed"] == .absent)
        #expect(try shop.counts(of: "ONE") == [0, 0])
    }

    @Test func `a campaign's limit is shared by its codes`() throws {
        let shop = try Shop(definitions)
        #expect(
            try shop.reply(checkout("apply", "S1", order: "o1", cart(2_000)))["applied"] == true)
        #expect(
            try shop.reply(checkout("reserve", "S2", order: "o2", cart(2_000)))["reserved"] == true)
        let third = try shop.reply(checkout("apply", "S3", order: "o3", cart(2_000)))
        #expect(third["reason"] == "usage_limit_reached")
        #expect(third["codes"][0]["scope"] == "coupon")
        #expect(third["codes"][0]["limit"] == 2)
        #expect(third["codes"][0]["held"] == 1)
        #expect(try shop.counts(of: "S3") == [1, 1])
        #expect(try shop.counts(of: "S3", "code") == [0, 0])
    }

    @Test func `a guest with another spelling of an e-mail is the same customer`() throws {
        let shop = try Shop(definitions)
        func use(_ order: String, _ customer: String) throws -> JSON {
            try shop.reply(checkout("apply", "WELCOME", order: order, customer, cart(2_000)))
        }
        #expect(try use("o1", guest("Ann@Example.com "))["applied"] == true)
        for email in ["ann@example.com", "  ANN@EXAMPLE.COM"] {
            let again = try use("o2", guest(email))
            #expect(again["reason"] == "customer_limit_reached")
            #expect(again["codes"][0]["limit"] == 1)
            #expect(again["codes"][0]["actual"] == 1)
        }
        // An account does not change this, and an empty id is not an account.
        let account = try use("o2", shopper("cus_7", field("email", "ann@example.com")))
        #expect(account["reason"] == "customer_limit_reached")
        #expect(try use("o2", shopper("", field("email", "")))["reason"] == "customer_required")
        #expect(try use("o2", guest("bob@example.com"))["applied"] == true)
    }

    @Test(
        arguments: [
            ("America/New_York", "2026-09-01T03:59:59Z", "2026-09-01T04:00:00Z"),
            ("Pacific/Auckland", "2026-08-31T11:59:59Z", "2026-08-31T12:00:00Z"),
        ])
    func `the last valid day ends at midnight where the coupon is`(
        zone: String, last: String, end: String
    ) throws {
        let shop = try Shop(
            """
            coupons:
            - {id: c, codes: [X], discount: {kind: percentage, percent: 10}, ends_at: 2026-08-31,
               timezone: \(zone)}
            """)
        try shop.travel(to: last)
        #expect(try shop.reply(checkout("apply", "X", order: "o1", cart(500)))["applied"] == true)
        shop.advance(seconds: 1)
        let late = try shop.reply(checkout("apply", "X", order: "o2", cart(500)))
        #expect(late["reason"] == "expired")
        #expect(late["codes"][0]["ended_at"] == .text(end))
    }

    @Test func `a hold that lapses becomes free for another order`() throws {
        let shop = try Shop(definitions)
        _ = shop.ask(checkout("reserve", "ONE", order: "slow", seconds(60), cart(2_000)))
        let wait = checkout("reserve", "ONE", order: "quick", cart(2_000))
        #expect(try shop.reason(for: wait) == "usage_limit_reached")
        shop.advance(seconds: 60)
        #expect(try shop.reply(wait)["reserved"] == true)

        // The late order does not get the use, and has nothing to give back.
        let late = try shop.reply(checkout("apply", "ONE", order: "slow", cart(2_000)))
        #expect(late["applied"] == false)
        #expect(late["reason"] == "usage_limit_reached")
        #expect(late["codes"][0]["held"] == 1)
        #expect(try shop.reply(giveBack("slow"))["error"]["code"] == "not_found")
        #expect(try shop.counts(of: "ONE") == [0, 1])
    }

    @Test(arguments: ["reserve", "apply"])
    func `an order takes over what its session held`(operation: String) throws {
        let shop = try Shop(definitions)
        _ = shop.ask(checkout("reserve", "ONE", order: "session-9", cart(2_000)))
        let alone = checkout(operation, "ONE", order: "o1", cart(2_000))
        #expect(try shop.reason(for: alone) == "usage_limit_reached")
        let taken = try shop.reply(
            checkout(operation, "ONE", order: "o1", field("hold_of", "session-9"), cart(2_000)))
        #expect(taken["valid"] == true)
        #expect(try shop.counts(of: "ONE") == (operation == "apply" ? [1, 0] : [0, 1]))
        // The session holds nothing that could lapse.
        shop.advance(seconds: 899)
        #expect(try shop.counts(of: "ONE") == (operation == "apply" ? [1, 0] : [0, 1]))
        #expect(
            try shop.reason(for: checkout("apply", "ONE", order: "session-9", cart(2_000)))
                == "usage_limit_reached")
    }

    @Test func `neither of two codes is used if one is refused`() throws {
        let shop = try Shop(definitions)
        let before = shop.snapshot()
        let reply = try shop.reply(
            checkout("apply", codes: ["ALSO", "DEAR"], order: "o1", cart(2_000)))
        #expect(reply["valid"] == false)
        #expect(reply["applied"] == false)
        #expect(reply["reason"] == "below_minimum_amount")
        #expect(reply["discount"] == 0)
        #expect(reply["total"] == 2_000)
        #expect(reply["line_discounts"] == [0])
        #expect(reply["codes"][0]["valid"] == true)
        #expect(reply["codes"][0]["discount"] == .absent)
        #expect(reply["codes"][0]["redemption"] == .absent)
        #expect(reply["codes"][1]["valid"] == false)
        #expect(reply["codes"][1]["missing"] == 88_000)
        #expect(shop.snapshot() == before)
    }

    @Test func `in mode partial the good one of two codes is used`() throws {
        let shop = try Shop(definitions)
        let part = #""mode":"partial""#
        let reply = try shop.reply(
            checkout("apply", codes: ["DEAR", "ALSO"], order: "o1", part, cart(2_000)))
        #expect(reply["valid"] == true)
        #expect(reply["applied"] == true)
        #expect(reply["reason"] == .absent)
        #expect(reply["discount"] == 300)
        #expect(reply["codes"][0]["reason"] == "below_minimum_amount")
        #expect(reply["codes"][1]["discount"] == 300)
        #expect(try shop.counts(of: "ALSO") == [1, 0])
        let none = try shop.reply(
            checkout("apply", codes: ["DEAR"], order: "o2", part, cart(2_000)))
        #expect(none["valid"] == false)
        #expect(none["applied"] == false)
    }

    @Test func `an order that holds a code may use it after the coupon has ended`() throws {
        let shop = try Shop(definitions)
        _ = shop.ask(checkout("reserve", "BRIEF", order: "o1", seconds(3_600), cart(2_000)))
        _ = shop.ask(checkout("reserve", "BRIEF", order: "o2", seconds(3_600), cart(2_000)))
        shop.advance(seconds: 3_599)
        #expect(try shop.reason(for: checkout("validate", "BRIEF", cart(2_000))) == "expired")
        let own = field("order", "o1")
        #expect(
            try shop.reply(checkout("validate", "BRIEF", own, cart(2_000)))["valid"] == true)
        // A renewal is judged as of now.
        #expect(
            try shop.reason(for: checkout("reserve", "BRIEF", order: "o1", cart(2_000)))
                == "expired")
        #expect(
            try shop.reply(checkout("apply", "BRIEF", order: "o1", cart(2_000)))["applied"] == true)
        // Nothing is left of a hold that has lapsed.
        shop.advance(seconds: 1)
        #expect(
            try shop.reason(for: checkout("apply", "BRIEF", order: "o2", cart(2_000))) == "expired")
    }

    @Test func `a hold ends when its coupon is disabled`() throws {
        let shop = try Shop(definitions)
        _ = shop.ask(checkout("reserve", "ONE", order: "o1", cart(2_000)))
        shop.reload(definitions.replacing("{id: one,", with: "{id: one, status: inactive,"))
        #expect(
            try shop.reason(for: checkout("apply", "ONE", order: "o1", cart(2_000)))
                == "coupon_inactive")
    }
}
