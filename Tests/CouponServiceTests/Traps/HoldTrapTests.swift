import CouponService
import Testing

// The traps of holding: midnight between a hold and its payment, sessions that hold several codes,
// customers who are known by more than one name, codes that go away while they are held, and
// coupons that the request did not ask for.

private let definitions = """
    currency: USD
    timezone: America/New_York
    coupons:
    - {id: ten, codes: [TEN], discount: {kind: percentage, percent: 10}, limits: {total: 2}}
    - {id: also, codes: [ALSO], discount: {kind: fixed_amount, amount: 300}, limits: {total: 5}}
    - id: daily
      codes: [DAILY]
      discount: {kind: percentage, percent: 10}
      limits: {per_day: 1, per_month: 5}
    - {id: own, codes: [OWN], discount: {kind: percentage, percent: 10}, limits: {per_customer: 1}}
    - id: brief
      codes: [BRIEF]
      discount: {kind: percentage, percent: 10}
      ends_at: "2026-06-01T12:10:00Z"
    - id: table
      codes: [TABLE]
      discount: {kind: percentage, percent: 10}
      limits: {per_booking_date: 1}
      blackout: ["2026-07-04"]
    gift_cards:
    - {id: gc_1, code: CARD, amount: 1000}
    """

/// Requested codes, and automatic coupons that would come first: one takes everything, one shares
/// the other's last use, one is of the same group.
private let automatic = """
    currency: USD
    coupons:
    - {id: ten, codes: [TEN], discount: {kind: percentage, percent: 10}}
    - id: pool
      codes: [POOL]
      discount: {kind: percentage, percent: 10}
      offers: [{id: o1, limit: 1, counter: shared}]
    - id: group
      codes: [GROUP]
      discount: {kind: percentage, percent: 10}
      stacking: {group: g}
    - id: everything
      type: auto
      discount: {kind: percentage, percent: 100}
      stacking: {priority: 1}
      requires: {context: {case: [TEN]}}
    - id: last_use
      type: auto
      discount: {kind: percentage, percent: 5}
      stacking: {priority: 1}
      requires: {context: {case: [POOL]}}
      offers: [{id: o1, limit: 1, counter: shared}]
    - id: same_group
      type: auto
      discount: {kind: percentage, percent: 5}
      stacking: {group: g, priority: 1}
      requires: {context: {case: [GROUP]}}
    """

extension `The traps of the field` {
    @Test func `a hold from before midnight counts for the day before`() throws {
        let shop = try Shop(definitions)
        try shop.travel(to: "2026-06-02T03:59:00Z")
        _ = shop.ask(checkout("reserve", "DAILY", order: "late", cart(2_000)))
        #expect(try shop.counts(of: "DAILY", "day") == [0, 1])
        try shop.travel(to: "2026-06-02T04:00:30Z")
        #expect(try shop.counts(of: "DAILY", "day") == [0, 0])
        let today = try shop.reply(checkout("apply", "DAILY", order: "early", cart(2_000)))
        #expect(today["applied"] == true)

        // Today is full, and the hold does not count for today.
        let late = try shop.reply(checkout("apply", "DAILY", order: "late", cart(2_000)))
        #expect(late["applied"] == true)
        #expect(try shop.counts(of: "DAILY", "day") == [1, 0])
        #expect(try shop.counts(of: "DAILY", "month") == [2, 0])
        _ = shop.ask(giveBack("late"))
        #expect(try shop.counts(of: "DAILY", "day") == [1, 0])
        #expect(try shop.counts(of: "DAILY", "month") == [1, 0])
    }

    @Test func `a use that is given back on another day leaves the count of that day`() throws {
        let shop = try Shop(definitions)
        _ = shop.ask(checkout("apply", "DAILY", order: "o1", cart(2_000)))
        shop.advance(seconds: 86_400)
        _ = shop.ask(checkout("apply", "DAILY", order: "o2", cart(2_000)))
        _ = shop.ask(giveBack("o1"))
        #expect(try shop.counts(of: "DAILY", "day") == [1, 0])
        #expect(
            try shop.reason(for: checkout("apply", "DAILY", order: "o3", cart(2_000)))
                == "period_limit_reached")
    }

    @Test func `an order takes over all holds of a session`() throws {
        let shop = try Shop(definitions)
        let session = field("hold_of", "session")
        _ = shop.ask(
            checkout("reserve", codes: ["TEN", "ALSO", "CARD"], order: "session", cart(2_000)))
        let refused = try shop.reply(
            checkout("apply", "OWN", order: "o1", session, cart(2_000)))
        #expect(refused["reason"] == "customer_required")
        #expect(try shop.counts(of: "ALSO") == [0, 1])
        let taken = try shop.reply(
            checkout("apply", codes: ["TEN", "CARD"], order: "o1", session, cart(2_000)))
        #expect(taken["applied"] == true)
        #expect(taken["gift_card_amount"] == 1_000)
        #expect(try shop.counts(of: "TEN") == [1, 0])
        #expect(try shop.counts(of: "ALSO") == [0, 0])
        // The retry need not name the session any more.
        let again = try shop.reply(
            checkout("apply", codes: ["TEN", "CARD"], order: "o1", cart(2_000)))
        #expect(again["replayed"] == true)
        #expect(again["gift_card_amount"] == 1_000)
    }

    @Test func `the uses of an applied order cannot be taken over`() throws {
        let shop = try Shop(definitions)
        let other = field("hold_of", "o1")
        _ = shop.ask(checkout("apply", "TEN", order: "o1", cart(2_000)))
        _ = shop.ask(checkout("apply", "TEN", order: "o2", other, cart(2_000)))
        #expect(try shop.counts(of: "TEN") == [2, 0])
        #expect(
            try shop.reason(for: checkout("apply", "TEN", order: "o3", other, cart(2_000)))
                == "usage_limit_reached")
        #expect(try shop.reply(giveBack("o1"))["codes"][0]["was"] == "applied")
    }

    @Test func `a customer is known by an id and by an e-mail`() throws {
        let shop = try Shop(definitions)
        func verdict(_ customer: String) throws -> JSON {
            try shop.reason(for: checkout("validate", "OWN", customer, cart(2_000)))
        }
        // A guest who signs in between the hold and the payment is not blocked by it.
        _ = shop.ask(checkout("reserve", "OWN", order: "o1", guest("ann@x.org"), cart(2_000)))
        #expect(try verdict(guest("ANN@x.org")) == "customer_limit_reached")
        let ann = shopper("ann", field("email", "Ann@X.org"))
        let paid = try shop.reply(checkout("apply", "OWN", order: "o1", ann, cart(2_000)))
        #expect(paid["applied"] == true)

        #expect(try verdict(shopper("ann")) == "customer_limit_reached")
        #expect(
            try verdict(shopper("bob", field("email", "ann@x.org"))) == "customer_limit_reached")
        #expect(try verdict(shopper("bob")) == .absent)
        _ = shop.ask(giveBack("o1"))
        #expect(try verdict(ann) == .absent)
    }

    @Test func `a hold does not pass the limit of another customer`() throws {
        let shop = try Shop(definitions)
        func use(_ operation: String, _ order: String, _ customer: String) throws -> JSON {
            try shop.reply(checkout(operation, "OWN", order: order, customer, cart(2_000)))
        }
        _ = try use("apply", "o1", shopper("bob"))
        #expect(try use("reserve", "o2", shopper("ann"))["reserved"] == true)
        #expect(try use("apply", "o2", shopper("bob"))["reason"] == "customer_limit_reached")
        #expect(try use("apply", "o2", "")["reason"] == "customer_required")
        // The order that pays has used it, not the one that validated.
        #expect(try use("apply", "o2", shopper("cid"))["applied"] == true)
        #expect(try use("apply", "o3", shopper("ann"))["applied"] == true)
    }

    @Test func `a hold for one booking date does not count for another`() throws {
        let shop = try Shop(definitions)
        func use(_ operation: String, _ order: String, on date: String) throws -> JSON {
            try shop.reply(
                checkout(
                    operation, "TABLE", order: order, field("booking_date", date), cart(2_000)))
        }
        _ = try use("reserve", "o1", on: "2026-07-01")
        _ = try use("apply", "o2", on: "2026-07-02")
        #expect(try use("apply", "o1", on: "2026-07-02")["reason"] == "period_limit_reached")
        #expect(try use("apply", "o1", on: "2026-07-04")["reason"] == "blackout_date")
        #expect(try use("apply", "o1", on: "2026-07-03")["applied"] == true)
        // The date that was held is free again.
        #expect(try use("apply", "o3", on: "2026-07-01")["applied"] == true)
        #expect(try use("apply", "o4", on: "2026-07-03")["reason"] == "period_limit_reached")
    }

    @Test func `a retry in mode partial repeats what was refused`() throws {
        let shop = try Shop(definitions)
        let part = #""mode":"partial""#
        shop.advance(seconds: 600)
        let first = try shop.reply(
            checkout("apply", codes: ["BRIEF", "ALSO"], order: "o1", part, cart(2_000)))
        #expect(first["codes"][0]["reason"] == "expired")
        let again = try shop.reply(
            checkout("apply", codes: ["also", "brief"], order: "o1", part, cart(2_000)))
        #expect(again["replayed"] == true)
        #expect(again["codes"].count == 2)
        let refused = [again["codes"][0], again["codes"][1]].filter { $0["valid"] == false }
        #expect(refused.map { $0["reason"] } == ["expired"])
        let less = try shop.reply(checkout("apply", "ALSO", order: "o1", part, cart(2_000)))
        #expect(less["error"]["code"] == "idempotency_conflict")
        let strange = try shop.reply(giveBack("o1", field("code", "BRIEF")))
        #expect(strange["error"]["code"] == "not_found")
    }

    @Test func `a code that is removed while it is held gives its hold back`() throws {
        let shop = try Shop(definitions)
        _ = shop.ask(checkout("reserve", codes: ["TEN", "ALSO"], order: "o1", cart(2_000)))
        shop.reload(definitions.replacing("codes: [ALSO]", with: "codes: [OTHER]"))
        let late = try shop.reply(
            checkout("apply", codes: ["TEN", "ALSO"], order: "o1", cart(2_000)))
        #expect(late["reason"] == "code_unknown")
        #expect(late["codes"][0]["valid"] == true)
        #expect(try shop.counts(of: "OTHER") == [0, 1])
        #expect(try shop.reply(giveBack("o1"))["codes"].count == 2)
        #expect(try shop.counts(of: "OTHER") == [0, 0])
        #expect(try shop.counts(of: "TEN") == [0, 0])
    }

    @Test(arguments: ["TEN", "POOL", "GROUP"])
    func `an automatic coupon yields to a requested code`(
        code: String
    ) throws {
        let shop = try Shop(automatic)
        let context = #""context":{"case":"\#(code)"}"#
        let auto = #""auto":true"#
        // Alone it would be used.
        let alone = try shop.reply(request("validate", auto, context, cart(2_000)))
        #expect(alone["codes"].count == 1)
        let reply = try shop.reply(
            checkout("apply", code, order: "o1", auto, context, cart(2_000)))
        #expect(reply["applied"] == true)
        #expect(reply["discount"] == 200)
        #expect(reply["codes"].count == 1)
        #expect(reply["codes"][0]["code"] == .text(code))
    }
}
