import CouponCatalog
import CouponService
import Testing

// The documented coupons of a payment platform: templates from which promotion codes are made, with
// a duration for subscriptions, a cap, a minimum, Unix timestamps, and a number of redemptions.

private let definitions = """
    coupons:
    - id: 535a401b-1057-4e28-b2c5-03792eb96c3d
      name: SpecialPrice657665
      description: null
      codes: [SUMMER2024, SUMMER-A1, {code: SUMMER-B2, max_uses: 1}]
      discount: {kind: percentage, percent: "20.0", cap: {usd: 1000}}
      duration: once
      duration_in_months: null
      status: active
      applies_to: null
      limits: {total: 3}
      requires: {min_subtotal: {usd: 2500}}
      starts_at: 1781115871
      ends_at: 1783707871
    - id: fixed
      codes: [TENOFF]
      discount: {kind: fixed_amount, amount: {usd: 1000}}
      duration: repeating
      duration_in_months: 3
      limits: {total: null}
      requires: {min_subtotal: {usd: 0}}
    - {id: forever, codes: [LIFELONG], discount: {kind: percentage, percent: 5}, duration: forever}
    - {id: off, status: inactive, codes: [OFF], discount: {kind: percentage, percent: 5}}
    - {id: old, status: archived, codes: [OLD], discount: {kind: percentage, percent: 5}}
    - id: one
      codes: [ONEPRODUCT]
      discount: {kind: percentage, percent: 100}
      applies_to: {product: [prod_1]}
    """

private let summer = "SUMMER2024"
private let opening = "2026-06-10T18:24:31Z"

@Suite struct `A payment platform's coupon` {
    private func shop() throws -> Shop {
        let shop = try Shop(definitions)
        try shop.travel(to: opening)
        return shop
    }

    @Test(
        arguments: zip(
            ["2026-06-10T18:24:30Z", opening, "2026-07-10T18:24:30Z", "2026-07-10T18:24:31Z"],
            ["not_started", .absent, .absent, "expired"] as [JSON]))
    func `is valid from and until Unix timestamps`(time: String, reason: JSON) throws {
        let shop = try shop()
        try shop.travel(to: time)
        #expect(try shop.reply(checkout("validate", summer, cart(3_000)))["reason"] == reason)
    }

    @Test func `takes off a percentage, and at most its discount cap`() throws {
        let shop = try shop()
        func discount(_ price: Int64) throws -> JSON {
            try shop.reply(checkout("validate", summer, cart(price)))["discount"]
        }
        #expect(try discount(4_999) == 1_000)
        #expect(try discount(4_000) == 800)
        #expect(try discount(90_000) == 1_000)
    }

    @Test func `takes off a fixed amount in its currency`() throws {
        let shop = try shop()
        #expect(try shop.reply(checkout("validate", "TENOFF", cart(3_000)))["discount"] == 1_000)
        let euros = basket(item("p", 3_000), currency: "EUR")
        #expect(
            try shop.reply(checkout("validate", "TENOFF", euros))["reason"]
                == "currency_not_supported")
        // A cap or a minimum in one currency binds a percentage to it, too.
        #expect(
            try shop.reply(checkout("validate", summer, euros))["reason"]
                == "currency_not_supported")
        #expect(try shop.reply(checkout("validate", "LIFELONG", euros))["discount"] == 150)
    }

    @Test func `has a minimum order amount`() throws {
        let shop = try shop()
        let below = try shop.reply(checkout("validate", summer, cart(2_499)))
        #expect(below["reason"] == "below_minimum_amount")
        #expect(below["codes"][0]["missing"] == 1)
        #expect(try shop.reply(checkout("validate", summer, cart(2_500)))["discount"] == 500)
        // A minimum of nothing is none.
        #expect(try shop.reply(checkout("validate", "TENOFF", cart(1)))["discount"] == 1)
    }

    @Test func `shows its duration, and for how many months it repeats`() throws {
        let shop = try shop()
        func entry(_ code: String) throws -> JSON {
            try shop.reply(checkout("validate", code, cart(3_000)))["codes"][0]
        }
        #expect(try entry(summer)["duration"] == "once")
        #expect(try entry(summer)["duration_in_months"] == .absent)
        #expect(try entry("TENOFF")["duration"] == "repeating")
        #expect(try entry("TENOFF")["duration_in_months"] == 3)
        #expect(try entry("LIFELONG")["duration"] == "forever")
    }

    @Test(arguments: [
        ("duration: once", "duration: repeating"),
        ("duration: once\n  duration_in_months: null", "duration: once\n  duration_in_months: 3"),
        (#"percent: "20.0""#, #"percent: "100.1""#), (#"percent: "20.0""#, "percent: 0"),
        ("cap: {usd: 1000}", "cap: {eur: 1000}"), ("ends_at: 1783707871", "ends_at: 1781115871"),
        ("ends_at: 1783707871", "ends_at: 1783707871000"), ("status: active", "status: deleted"),
        ("total: 3", "total: 0"),
    ])
    func `is refused at load when a field is wrong`(right: String, wrong: String) {
        #expect(definitions.contains(right))
        #expect(throws: CatalogFaults.self) {
            try Shop(definitions.replacing(right, with: wrong))
        }
    }

    @Test(
        arguments: zip(
            ["OFF", "OLD", "DELETED", "LIFELONG"],
            ["coupon_inactive", "coupon_archived", "code_unknown", .absent] as [JSON]))
    func `is judged by its status`(code: String, reason: JSON) throws {
        let shop = try shop()
        #expect(try shop.reply(checkout("validate", code, cart(3_000)))["reason"] == reason)
        let used = try shop.reply(checkout("apply", code, order: "o1", cart(3_000)))
        #expect(used["reason"] == reason)
        #expect(used["applied"] == .boolean(reason == .absent))
    }

    @Test func `is applicable to all products, or to a specific one`() throws {
        let shop = try shop()
        let both = basket(item("prod_1", 900), item("prod_2", 2_100))
        #expect(
            try shop.reply(checkout("validate", "ONEPRODUCT", both))["line_discounts"] == [900, 0])
        #expect(
            try shop.reply(checkout("validate", summer, both))["line_discounts"] == [180, 420])
        let other = try shop.reply(
            checkout("validate", "ONEPRODUCT", basket(item("prod_2", 100))))
        #expect(other["reason"] == "no_eligible_items")
    }

    @Test func `is maxed out by the redemptions of all its promotion codes`() throws {
        let shop = try shop()
        let codes = ["SUMMER2024", "summer-a1", "SUMMER-B2"]
        for (place, code) in codes.enumerated() {
            let used = try shop.reply(checkout("apply", code, order: "o\(place)", cart(3_000)))
            #expect(used["applied"] == true)
        }
        for code in codes {
            let refused = try shop.reply(checkout("validate", code, cart(3_000)))
            #expect(refused["reason"] == "usage_limit_reached")
            #expect(refused["codes"][0]["scope"] == "coupon")
        }
        #expect(
            try shop.limits(of: summer)["total"]
                == ["kind": "total", "limit": 3, "used": 3, "held": 0, "remaining": 0])
    }

    @Test func `has promotion codes with limits of their own`() throws {
        let shop = try shop()
        _ = shop.ask(checkout("apply", "SUMMER-B2", order: "o1", cart(3_000)))
        let second = try shop.reply(checkout("apply", "SUMMER-B2", order: "o2", cart(3_000)))
        #expect(second["reason"] == "usage_limit_reached")
        #expect(second["codes"][0]["scope"] == "code")
        #expect(
            try shop.reply(checkout("apply", summer, order: "o2", cart(3_000)))["applied"] == true)
    }

    @Test func `gets more redemptions, or fewer, by an update`() throws {
        let shop = try shop()
        for order in ["o1", "o2", "o3"] {
            _ = shop.ask(checkout("apply", summer, order: order, cart(3_000)))
        }
        #expect(shop.reload(definitions.replacing("total: 3", with: "total: 4")).isEmpty)
        let fourth = try shop.reply(checkout("apply", summer, order: "o4", cart(3_000)))
        #expect(fourth["applied"] == true)
        #expect(fourth["codes"][0]["remaining"] == 0)
        // Fewer than are used: nothing is taken back, and nothing more is given.
        #expect(shop.reload(definitions.replacing("total: 3", with: "total: 2")).isEmpty)
        let fifth = try shop.reply(checkout("apply", summer, order: "o5", cart(3_000)))
        #expect(fifth["reason"] == "usage_limit_reached")
        #expect(fifth["codes"][0]["limit"] == 2)
        #expect(fifth["codes"][0]["actual"] == 4)
        #expect(try shop.limits(of: summer)["total"]?["remaining"] == 0)
    }

    @Test func `has no limit on redemptions when it names none`() throws {
        let shop = try shop()
        #expect(try shop.reply(left(of: "TENOFF"))["result"] == nil)
        #expect(try shop.reply(left(of: "LIFELONG"))["result"] == nil)
    }
}
