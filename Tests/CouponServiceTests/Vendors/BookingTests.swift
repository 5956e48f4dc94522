import CouponCatalog
import CouponService
import Testing

// The documented codes of a seller of bookable offerings: unique in their coupon, good for a time
// of their own, single-use or once for each customer, allocated to one customer, counted by the
// date that is booked; and coupons with a discount of its own for each offering.

private let definitions = """
    currency: USD
    timezone: Europe/Amsterdam
    code_scope: coupon
    coupons:
    - id: tours
      revenue: 900
      codes:
      - TOURS
      - {code: JUNE, starts_at: "2026-06-01T00:00:00Z", ends_at: "2026-06-30T12:00:00Z"}
      - {code: OPEN, starts_at: null, ends_at: null, multi_use: true}
      - {code: SINGLE, multi_use: false}
      - {code: CREDIT, customer: cus_7, customer_credit: cc_1, revenue: 450, max_uses: 1}
      - {code: EARLY, starts_at: 2026-01-01}
      discount: {kind: percentage, percent: 10}
      starts_at: 2026-03-01
      ends_at: 2026-12-31
    - id: welcome
      codes: [TOURS]
      discount: {kind: fixed_amount, amount: 500}
    - id: canal
      codes: [CANAL]
      discount: {kind: percentage, percent: 20}
      applies_to: {offering: ["9", "10"]}
      requires: {context: {site: ["1"]}}
      limits: {per_booking_date: 2, total: 50}
      blackout: ["2026-07-04", "2026-12-24/2026-12-26"]
      windows: [{days: [mon, tue, wed, thu, fri, sat], from: "09:00", to: "17:00"}]
    - id: offerings
      codes: [PARTS]
      discounts:
      - {applies_to: {offering: ["9"]}, kind: percentage, percent: 25}
      - {applies_to: {offering: ["9", "10"]}, kind: fixed_amount, amount: 300}
    """

private let tour = item("t1", 2_000, #""offering":9"#)

@Suite struct `A booking code` {
    @Test func `is unique in its coupon, not beyond it`() throws {
        let shop = try Shop(definitions)
        // Where two coupons own it, the one that gives more stands.
        let small = try shop.reply(checkout("validate", "TOURS", cart(2_000)))
        #expect(small["codes"][0]["coupon"] == "welcome")
        let large = try shop.reply(checkout("validate", "TOURS", cart(6_000)))
        #expect(large["codes"][0]["coupon"] == "tours")

        let twice = definitions.replacing("  - TOURS", with: "  - TOURS\n  - tours")
        #expect(throws: CatalogFaults.self) { try Shop(twice) }
    }

    @Test func `is picked from several by the coupon that staff name`() throws {
        let shop = try Shop(definitions)
        let named = #"{"code":"TOURS","coupon":"welcome"}"#
        let reply = try shop.reply(checkout("apply", codes: [named], order: "b1", cart(6_000)))
        #expect(reply["discount"] == 500)
    }

    @Test(
        arguments: zip(
            [
                "2026-05-31T23:59:59Z", "2026-06-01T00:00:00Z", "2026-06-30T11:59:59Z",
                "2026-06-30T12:00:00Z",
            ],
            ["not_started", .absent, .absent, "expired"] as [JSON]))
    func `is redeemable from its own start until its own end`(time: String, reason: JSON) throws {
        let shop = try Shop(definitions)
        try shop.travel(to: time)
        let reply = try shop.reply(checkout("validate", "JUNE", cart(2_000)))
        #expect(reply["reason"] == reason)
        #expect(
            try shop.reply(checkout("validate", "OPEN", shopper("c"), cart(2_000)))["valid"] == true
        )
    }

    @Test func `is never redeemable before or after its coupon`() throws {
        let shop = try Shop(definitions)
        try shop.travel(to: "2026-02-28T22:59:59Z")
        let early = try shop.reply(checkout("validate", "EARLY", cart(2_000)))
        #expect(early["reason"] == "not_started")
        #expect(early["codes"][0]["starts_at"] == "2026-02-28T23:00:00Z")
        try shop.travel(to: "2026-12-31T23:00:00Z")
        let late = try shop.reply(checkout("validate", "EARLY", cart(2_000)))
        #expect(late["codes"][0]["ended_at"] == "2026-12-31T23:00:00Z")
    }

    @Test(arguments: [
        // It ends before it starts.
        #"{code: BAD, starts_at: "2026-06-02T00:00:00Z", ends_at: "2026-06-01T00:00:00Z"}"#,
        // A credit belongs to a customer.
        "{code: BAD, customer_credit: cc_1}",
        // A single use is not two.
        "{code: BAD, multi_use: false, max_uses: 2}",
        // It would end before its coupon starts.
        "{code: BAD, ends_at: 2026-02-01}",
    ])
    func `is refused at load when it can never be right`(code: String) {
        #expect(throws: CatalogFaults.self) {
            try Shop(definitions.replacing("  - TOURS", with: "  - " + code))
        }
    }

    @Test func `is used once by each customer when it is for multiple use`() throws {
        let shop = try Shop(definitions)
        func use(_ order: String, _ members: String) throws -> JSON {
            try shop.reply(checkout("apply", "OPEN", order: order, members, cart(2_000)))
        }
        #expect(try use("b1", shopper("ann"))["applied"] == true)
        #expect(try use("b2", shopper("bob"))["applied"] == true)
        let again = try use("b3", shopper("ann"))
        #expect(again["reason"] == "customer_limit_reached")
        #expect(again["codes"][0]["limit"] == 1)
        #expect(again["codes"][0]["actual"] == 1)
        let anonymous = try use("b4", "")
        #expect(anonymous["reason"] == "customer_required")
        #expect(anonymous["codes"][0]["scope"] == "per_customer")
        // Another code of the same coupon has nothing to do with it.
        #expect(
            try shop.reply(checkout("apply", "JUNE", order: "b5", shopper("ann"), cart(2_000)))[
                "applied"] == true)
    }

    @Test func `is single-use when it is not for multiple use`() throws {
        let shop = try Shop(definitions)
        _ = shop.ask(checkout("apply", "SINGLE", order: "b1", shopper("ann"), cart(2_000)))
        let second = try shop.reply(
            checkout("apply", "SINGLE", order: "b2", shopper("bob"), cart(2_000)))
        #expect(second["reason"] == "usage_limit_reached")
        #expect(second["codes"][0]["scope"] == "code")
        #expect(try shop.limits(of: "SINGLE")["code"]?["remaining"] == 0)
    }

    @Test func `is for the customer whom it is allocated to`() throws {
        let shop = try Shop(definitions)
        func verdict(_ members: String) throws -> JSON {
            try shop.reply(checkout("validate", "CREDIT", members, cart(2_000)))
        }
        #expect(try verdict(shopper("cus_8"))["reason"] == "customer_not_eligible")
        let anonymous = try verdict("")
        #expect(anonymous["reason"] == "customer_required")
        #expect(anonymous["codes"][0]["scope"] == "customers")
        let entry = try verdict(shopper("cus_7"))["codes"][0]
        #expect(entry["valid"] == true)
        #expect(entry["customer_credit"] == "cc_1")
    }

    @Test func `has the revenue of its coupon, or its own instead`() throws {
        let shop = try Shop(definitions)
        let own = try shop.reply(checkout("validate", "CREDIT", shopper("cus_7"), cart(2_000)))
        #expect(own["codes"][0]["revenue"] == 450)
        let coupons = try shop.reply(checkout("validate", "JUNE", cart(2_000)))
        #expect(coupons["codes"][0]["revenue"] == 900)
    }

    @Test func `is unknown once it is removed, and its past redemptions are unaffected`() throws {
        let shop = try Shop(definitions)
        let asked = checkout("apply", "SINGLE", order: "b1", cart(2_000))
        let first = try shop.reply(asked)
        #expect(
            shop.reload(definitions.replacing("  - {code: SINGLE, multi_use: false}\n", with: ""))
                .isEmpty)
        let replay = try shop.reply(asked)
        #expect(replay["replayed"] == true)
        #expect(replay["codes"][0]["redemption"] == first["codes"][0]["redemption"])
        let future = try shop.reply(checkout("apply", "SINGLE", order: "b2", cart(2_000)))
        #expect(future["reason"] == "code_unknown")
        #expect(try shop.reply(left(of: "SINGLE"))["error"]["code"] == "not_found")
    }

    @Test func `of another organisation does not exist`() throws {
        let shop = try Shop(definitions, "store: other\ncoupons: []")
        let store = field("store", "other")
        #expect(
            try shop.reply(checkout("validate", "JUNE", store, cart(2_000)))["reason"]
                == "code_unknown")
        #expect(try shop.reply(left(of: "JUNE", store))["error"]["code"] == "not_found")
    }
}

@Suite struct `A coupon for booking dates` {
    private let site = #""context":{"site":"1"}"#

    private func book(_ shop: Shop, _ order: String, on date: String) throws -> JSON {
        try shop.reply(
            checkout(
                "apply", "CANAL", order: order, field("booking_date", date), site, basket(tour)))
    }

    @Test func `is limited for each date that is booked`() throws {
        let shop = try Shop(definitions)
        #expect(try book(shop, "b1", on: "2026-07-01")["codes"][0]["remaining"] == 1)
        #expect(try book(shop, "b2", on: "2026-07-01")["codes"][0]["remaining"] == 0)
        let full = try book(shop, "b3", on: "2026-07-01")
        #expect(full["reason"] == "period_limit_reached")
        #expect(full["codes"][0]["scope"] == "booking_date")
        #expect(full["codes"][0]["limit"] == 2)
        #expect(full["codes"][0]["actual"] == 2)
        #expect(try book(shop, "b3", on: "2026-07-02")["applied"] == true)
        // An hour belongs to the date where the coupon is.
        #expect(
            try book(shop, "b4", on: "2026-07-01T13:00:00Z")["reason"] == "period_limit_reached")
    }

    @Test func `reports its usage at a booking date`() throws {
        let shop = try Shop(definitions)
        _ = try book(shop, "b1", on: "2026-07-01")
        func usage(on date: String) throws -> [String: JSON] {
            try shop.limits(of: "CANAL", field("booking_date", date), site)
        }
        let first = try usage(on: "2026-07-01")
        #expect(
            first["booking_date"] == [
                "kind": "booking_date", "limit": 2, "used": 1, "held": 0, "remaining": 1,
            ])
        #expect(first["total"]?["used"] == 1)
        let second = try usage(on: "2026-07-02")
        #expect(second["booking_date"]?["used"] == 0)
        #expect(second["total"]?["used"] == 1)
        #expect(try usage(on: "2026-07-01T10:00:00+02:00")["booking_date"]?["used"] == 1)
    }

    @Test func `reports no usage without limits or for an offering that it does not cover`() throws
    {
        let shop = try Shop(definitions)
        #expect(try shop.reply(left(of: "PARTS"))["result"] == nil)
        func usage(_ offering: String) throws -> JSON {
            let context = #""context":{"site":"1","offering":"\#(offering)"}"#
            let date = field("booking_date", "2026-07-01")
            return try shop.reply(left(of: "CANAL", date, context))["result"]
        }
        #expect(try usage("9")["limits"].count == 2)
        #expect(try usage("11") == nil)
    }

    @Test func `is only for its site`() throws {
        let shop = try Shop(definitions)
        let day = field("booking_date", "2026-07-01")
        let elsewhere = try shop.reply(
            checkout("validate", "CANAL", day, #""context":{"site":"2"}"#, basket(tour)))
        #expect(elsewhere["reason"] == "context_not_eligible")
        #expect(elsewhere["codes"][0]["scope"] == "site")
    }

    @Test(
        arguments: zip(
            [
                "2026-07-03", "2026-07-04", "2026-12-26", "2026-07-05", "2026-07-01T08:59",
                "2026-07-01T09:00", "2026-07-01T17:00",
            ],
            [
                .absent, "blackout_date", "blackout_date", "outside_time_window",
                "outside_time_window", .absent, "outside_time_window",
            ] as [JSON]))
    func `is judged on the date that is booked, not on today`(date: String, reason: JSON) throws {
        let shop = try Shop(definitions)
        let reply = try shop.reply(
            checkout("validate", "CANAL", field("booking_date", date), site, basket(tour)))
        #expect(reply["reason"] == reason)
    }

    @Test func `is judged on today, where it is, when no date is booked`() throws {
        let shop = try Shop(definitions)
        // Noon in UTC of a Monday is 14:00 in Amsterdam.
        #expect(
            try shop.reply(checkout("apply", "CANAL", order: "b1", site, basket(tour)))["applied"]
                == true)
        let today = try shop.limits(of: "CANAL", field("booking_date", "2026-06-01"), site)
        #expect(today["booking_date"]?["used"] == 1)
        // Another hour, and it is 17:00 there.
        shop.advance(seconds: 3 * 3_600)
        #expect(
            try shop.reply(checkout("validate", "CANAL", site, basket(tour)))["reason"]
                == "outside_time_window")
    }
}

@Suite struct `A coupon with offering discounts` {
    @Test func `gives each offering the first discount that covers it`() throws {
        let shop = try Shop(definitions)
        let boat = item("b1", 1_000, #""offering":["10"]"#)
        let reply = try shop.reply(
            checkout("validate", "PARTS", basket(tour, boat, item("hat", 700))))
        #expect(reply["line_discounts"] == [500, 300, 0])
        let none = try shop.reply(checkout("validate", "PARTS", cart(700)))
        #expect(none["reason"] == "no_eligible_items")
    }

    @Test func `is previewed for an offering before there is a basket`() throws {
        let shop = try Shop(definitions)
        func verdict(_ offering: String) throws -> JSON {
            try shop.reply(checkout("validate", "PARTS", #""context":{"offering":\#(offering)}"#))
        }
        #expect(try verdict("10")["valid"] == true)
        #expect(try verdict("11")["reason"] == "no_eligible_items")
    }
}
