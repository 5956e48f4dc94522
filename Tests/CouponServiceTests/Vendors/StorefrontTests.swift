import CouponCatalog
import CouponService
import Testing

// The documented checkout codes of a web shop: case-sensitive and unique in their shop, a
// percentage or a fixed amount with amounts for other currencies, dates, uses, product counts,
// products.

private let definitions = """
    currency: USD
    case_sensitive: true
    coupons:
    - id: spring
      codes: [Spring10]
      discount: {kind: percentage, percent: 10}
      starts_at: "2026-06-10T00:00:00+02:00"
      ends_at: "2026-06-20T00:00:00+02:00"
    - id: fixed
      codes: [FIXED]
      discount: {kind: fixed_amount, amount: {USD: 1000, EUR: 900, JPY: 1500}}
    - {id: two, codes: [TWO], limits: {total: 2}, discount: {kind: percentage, percent: 10}}
    - id: counted
      codes: [COUNTED]
      discount: {kind: percentage, percent: 10}
      requires: {min_items: 3, max_items: 5}
    - id: shoes
      codes: [SHOES]
      discount: {kind: percentage, percent: 50}
      applies_to: {product: [0b9e1a6c-shoe, 77aa0f31-boot]}
      requires: {min_items: 2}
    - id: everything
      codes: [ALL]
      discount: {kind: percentage, percent: 10}
      applies_to: {product: []}
    """

@Suite struct `A web shop's code` {
    @Test func `is case-sensitive`() throws {
        let shop = try Shop(definitions)
        try shop.travel(to: "2026-06-15T00:00:00Z")
        #expect(try shop.reply(checkout("validate", "Spring10", cart(1_000)))["valid"] == true)
        for other in ["SPRING10", "spring10", "sPRING10"] {
            let reply = try shop.reply(checkout("validate", other, cart(1_000)))
            #expect(reply["reason"] == "code_unknown", "\(other)")
        }
    }

    @Test func `stands beside another that differs in case only`() throws {
        let shop = try Shop(
            definitions
                + "\n- {id: shout, codes: [SHOUT, Fixed], discount: {kind: percentage, percent: 1}}"
        )
        let loud = try shop.reply(checkout("validate", "FIXED", cart(2_000)))
        #expect(loud["codes"][0]["coupon"] == "fixed")
        let quiet = try shop.reply(checkout("validate", "Fixed", cart(2_000)))
        #expect(quiet["codes"][0]["coupon"] == "shout")
    }

    @Test func `is unique in its shop, and free in another`() throws {
        let second = "- {id: again, codes: [TWO], discount: {kind: percentage, percent: 1}}"
        #expect(throws: CatalogFaults.self) { try Shop(definitions + "\n" + second) }
        let shop = try Shop(definitions, "store: other\ncoupons:\n" + second)
        let elsewhere = checkout("validate", "TWO", field("store", "other"), cart(1_000))
        #expect(try shop.reply(elsewhere)["discount"] == 10)
        #expect(try shop.reply(checkout("validate", "TWO", cart(1_000)))["discount"] == 100)
    }

    @Test(
        arguments: zip(
            [
                "2026-06-09T21:59:59Z", "2026-06-09T22:00:00Z", "2026-06-19T21:59:59Z",
                "2026-06-19T22:00:00Z",
            ],
            ["not_started", .absent, .absent, "expired"] as [JSON]))
    func `is valid from its start date and until its end date`(time: String, reason: JSON) throws {
        let shop = try Shop(definitions)
        try shop.travel(to: time)
        #expect(try shop.reply(checkout("validate", "Spring10", cart(100)))["reason"] == reason)
    }

    @Test(
        arguments: zip(["USD", "EUR", "eur", "JPY"], [1_000, 900, 900, 1_500] as [JSON]))
    func `takes off the amount of the cart's currency`(currency: String, discount: JSON) throws {
        let shop = try Shop(definitions)
        let line = checkout("validate", "FIXED", basket(item("p1", 9_000), currency: currency))
        #expect(try shop.reply(line)["discount"] == discount)
    }

    @Test func `has no amount in a currency that is not named, and needs none for a percentage`()
        throws
    {
        let shop = try Shop(definitions)
        let krone = basket(item("p1", 9_000), currency: "NOK")
        let fixed = try shop.reply(checkout("validate", "FIXED", krone))
        #expect(fixed["reason"] == "currency_not_supported")
        #expect(fixed["total"] == 9_000)
        let share = try shop.reply(checkout("validate", "TWO", krone))
        #expect(share["discount"] == 900)
        #expect(share["currency"] == "NOK")
    }

    @Test func `has a maximum of uses across all customers`() throws {
        let shop = try Shop(definitions)
        func use(_ order: String, _ customer: String) throws -> JSON {
            try shop.reply(checkout("apply", "TWO", order: order, shopper(customer), cart(1_000)))
        }
        #expect(try use("o1", "ann")["applied"] == true)
        #expect(try use("o2", "ann")["applied"] == true)
        #expect(try use("o3", "bob")["reason"] == "usage_limit_reached")
    }

    @Test(
        arguments: zip(
            [2, 3, 5, 6] as [Int64],
            ["below_minimum_quantity", .absent, .absent, "above_maximum_quantity"] as [JSON]))
    func `has a minimum and a maximum product count`(quantity: Int64, reason: JSON) throws {
        let shop = try Shop(definitions)
        // Products are counted over all lines of the cart.
        for basket in [
            basket(item("p1", 500, times: quantity)),
            basket(item("p1", 500), item("p2", 100, times: quantity - 1)),
        ] {
            let reply = try shop.reply(checkout("validate", "COUNTED", basket))
            #expect(reply["reason"] == reason)
        }
    }

    @Test func `shows how many products are missing, and how many are the most`() throws {
        let shop = try Shop(definitions)
        let few = try shop.reply(checkout("validate", "COUNTED", cart(500)))["codes"][0]
        #expect(few["limit"] == 3)
        #expect(few["actual"] == 1)
        #expect(few["missing"] == 2)
        let many = try shop.reply(
            checkout("validate", "COUNTED", basket(item("p1", 500, times: 9))))["codes"][0]
        #expect(many["limit"] == 5)
        #expect(many["actual"] == 9)
        #expect(many["missing"] == .absent)
    }

    @Test func `is restricted to its products`() throws {
        let shop = try Shop(definitions)
        let mixed = basket(item("0b9e1a6c-shoe", 4_000), item("hat", 1_000, times: 3))
        let reply = try shop.reply(checkout("validate", "SHOES", mixed))
        #expect(reply["line_discounts"] == [2_000, 0])
        let none = try shop.reply(
            checkout("validate", "SHOES", basket(item("hat", 1_000, times: 3))))
        #expect(none["reason"] == "no_eligible_items")
    }

    @Test func `counts the products of the whole cart, not only its own`() throws {
        let shop = try Shop(definitions)
        let alone = basket(item("77aa0f31-boot", 4_000))
        #expect(
            try shop.reply(checkout("validate", "SHOES", alone))["reason"]
                == "below_minimum_quantity")
        let accompanied = basket(item("77aa0f31-boot", 4_000), item("hat", 10))
        #expect(try shop.reply(checkout("validate", "SHOES", accompanied))["discount"] == 2_000)
    }

    @Test func `is for all products when it names none`() throws {
        let shop = try Shop(definitions)
        let reply = try shop.reply(checkout("validate", "ALL", cart(1_000, 500)))
        #expect(reply["line_discounts"] == [100, 50])
    }

    @Test func `takes the fields that replace its own`() throws {
        let shop = try Shop(definitions)
        _ = shop.ask(checkout("apply", "TWO", order: "o1", cart(1_000)))
        let replaced = definitions.replacing(
            "codes: [TWO], limits: {total: 2}, discount: {kind: percentage, percent: 10}",
            with: "codes: [DEUX], discount: {kind: fixed_amount, amount: 300}")
        #expect(shop.reload(replaced).isEmpty)
        #expect(try shop.reply(checkout("validate", "DEUX", cart(1_000)))["discount"] == 300)
        #expect(
            try shop.reply(checkout("validate", "TWO", cart(1_000)))["reason"] == "code_unknown")
    }

    @Test func `is not renamed onto a code that another coupon owns`() throws {
        let shop = try Shop(definitions)
        let renamed = definitions.replacing("codes: [TWO]", with: "codes: [FIXED]")
        #expect(!shop.reload(renamed).isEmpty)
        #expect(try shop.reply(checkout("validate", "TWO", cart(1_000)))["discount"] == 100)
    }

    @Test func `is free for another coupon once it is deleted`() throws {
        let shop = try Shop(definitions)
        for order in ["o1", "o2"] {
            _ = shop.ask(checkout("apply", "TWO", order: order, cart(1_000)))
        }
        let next = definitions.replacing("id: two,", with: "id: new_two,")
        #expect(shop.reload(next).isEmpty)
        let reply = try shop.reply(checkout("apply", "TWO", order: "o3", cart(1_000)))
        #expect(reply["applied"] == true)
        #expect(reply["codes"][0]["coupon"] == "new_two")
        #expect(reply["codes"][0]["remaining"] == 1)
    }
}
