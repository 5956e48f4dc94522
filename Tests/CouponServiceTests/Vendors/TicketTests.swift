import CouponCatalog
import CouponService
import Testing

// The documented coupon kinds of a ticket seller, and what becomes of them in a reservation: each
// code is for one event of several, may be capped, and says what it discounts or opens.

private let definitions = """
    currency: USD
    coupons:
    - {id: "1", name: My Coupon, codes: [my-code], discount: {kind: percentage, percent: 10}}
    - id: half
      name: Test Discount Code
      codes: [50off]
      discount: {kind: percentage, percent: 50}
      applies_to: {event: ["241", "242"]}
    - {id: early, type: presale, codes: [FANCLUB], applies_to: {event: ["241"]}, limits: {total: 2}}
    - id: "2"
      name: Reserved Coupon
      type: reserve
      codes: [reserved-1]
      applies_to: {event: ["241"], price_level: ["12", "13"]}
    - {id: comp, type: comp, codes: [PRESS], applies_to: {event: ["241"]}}
    - id: auto
      type: auto
      discount: {kind: fixed_per_item, amount: 100}
      applies_to: {event: ["241"]}
      requires: {min_items: 4}
    - id: invite
      type: invite
      codes: [INVITED]
      applies_to: {event: ["243"]}
      requires: {customers: [Ann@Example.com, cus_7]}
    - {id: access, type: access, codes: [HIDDEN], applies_to: {listing: ["77"]}}
    - id: listed
      codes: [LISTED]
      discount: {kind: percentage, percent: 10}
      applies_to: {event: ["241"], listing: ["77", "78"]}
      limits: {total: 1}
    """

/// Tickets of an event at 50.00 each.
private func tickets(_ count: Int64, event: String, level: String = "12") -> String {
    item(
        "ticket-\(event)-\(level)", 5_000, times: count, field("event", event),
        field("price_level", level))
}

/// A code that a reservation uses for one of its events.
private func usage(of code: String, event: String, _ rest: String = "") -> String {
    #"{"code":"\#(code)","context":{"event":"\#(event)"}\#(rest)}"#
}

@Suite struct `A ticket seller's coupon type` {
    @Test func `discount takes money off`() throws {
        let shop = try Shop(definitions)
        let entry = try shop.reply(checkout("validate", "MY-CODE", cart(5_000)))["codes"][0]
        #expect(entry["discount"] == 500)
        #expect(entry["coupon"] == "1")
        #expect(entry["type"] == .absent)
    }

    @Test(
        arguments: zip(
            ["FANCLUB", "reserved-1", "HIDDEN"],
            [
                ["type": "presale", "unlocks": ["event": ["241"]]],
                [
                    "type": "reserve",
                    "unlocks": ["event": ["241"], "price_level": ["12", "13"]],
                ],
                ["type": "access", "unlocks": ["listing": ["77"]]],
            ] as [JSON]))
    func `of presale, reserve and access shows what it opens before the cart has lines`(
        code: String, facts: JSON
    ) throws {
        let shop = try Shop(definitions)
        for cart in ["", basket()] {
            let reply = try shop.reply(checkout("validate", code, cart))
            #expect(reply["valid"] == true)
            #expect(reply["codes"][0]["type"] == facts["type"])
            #expect(reply["codes"][0]["unlocks"] == facts["unlocks"])
        }
    }

    @Test func `presale gives no money, and its uses are limited`() throws {
        let shop = try Shop(definitions)
        let bought = basket(tickets(2, event: "241"))
        let first = try shop.reply(checkout("apply", "FANCLUB", order: "r1", bought))
        #expect(first["applied"] == true)
        #expect(first["discount"] == 0)
        #expect(first["codes"][0]["remaining"] == 1)
        _ = shop.ask(checkout("apply", "FANCLUB", order: "r2", bought))
        let third = try shop.reply(checkout("apply", "FANCLUB", order: "r3", bought))
        #expect(third["reason"] == "usage_limit_reached")
    }

    @Test func `reserve is not used up for tickets of another event or price level`() throws {
        let shop = try Shop(definitions)
        for bought in [
            basket(tickets(1, event: "242")), basket(tickets(1, event: "241", level: "14")),
        ] {
            let reply = try shop.reply(checkout("apply", "reserved-1", order: "r1", bought))
            #expect(reply["reason"] == "no_eligible_items")
        }
        let bought = basket(tickets(1, event: "241", level: "13"))
        #expect(
            try shop.reply(checkout("apply", "reserved-1", order: "r1", bought))["applied"] == true)
    }

    @Test func `comp makes its tickets free`() throws {
        let shop = try Shop(definitions)
        let bought = basket(tickets(2, event: "241"), tickets(1, event: "242"))
        let reply = try shop.reply(checkout("apply", "PRESS", order: "r1", bought))
        #expect(reply["line_discounts"] == [10_000, 0])
        #expect(reply["codes"][0]["type"] == "comp")
        // Free tickets are given, too.
        let free = basket(item("t", 0, times: 1, field("event", "241")))
        #expect(try shop.reply(checkout("apply", "PRESS", order: "r2", free))["applied"] == true)
    }

    @Test func `auto needs no code`() throws {
        let shop = try Shop(definitions)
        let automatic = #""auto":true"#
        let order = field("order", "r1")
        let reply = try shop.reply(
            request("apply", automatic, order, basket(tickets(4, event: "241"))))
        #expect(reply["applied"] == true)
        #expect(reply["discount"] == 400)
        #expect(reply["codes"].count == 1)
        #expect(reply["codes"][0]["code"] == nil)
        #expect(reply["codes"][0]["coupon"] == "auto")
        #expect(reply["codes"][0]["type"] == "auto")

        let few = try shop.reply(
            request("validate", automatic, basket(tickets(3, event: "241"))))
        #expect(few["valid"] == true)
        #expect(few["discount"] == 0)
        #expect(few["codes"] == [])
    }

    @Test func `auto is considered beside a code, and only when it is asked for`() throws {
        let shop = try Shop(definitions)
        let bought = basket(tickets(4, event: "241"))
        let both = try shop.reply(checkout("validate", "50off", #""auto":true"#, bought))
        #expect(both["codes"].count == 2)
        #expect(both["codes"][0]["code"] == "50off")
        // 100 off each ticket first, then half of what is left.
        #expect(both["codes"][1]["discount"] == 400)
        #expect(both["codes"][0]["discount"] == 9_800)
        #expect(both["discount"] == 10_200)
        let alone = try shop.reply(checkout("validate", "50off", bought))
        #expect(alone["discount"] == 10_000)
    }

    @Test func `auto left out is explained when that is asked for`() throws {
        let shop = try Shop(definitions)
        let reply = try shop.reply(
            request(
                "validate", #""auto":true"#, #""explain":true"#, basket(tickets(1, event: "241"))))
        #expect(reply["valid"] == true)
        let left = reply["codes"][0]
        #expect(left["code"] == nil)
        #expect(left["coupon"] == "auto")
        #expect(left["valid"] == false)
        #expect(left["reason"] == "below_minimum_quantity")
    }

    @Test func `invite is for those who are invited`() throws {
        let shop = try Shop(definitions)
        func verdict(_ customer: String) throws -> JSON {
            try shop.reply(checkout("validate", "INVITED", customer))
        }
        for customer in [guest(" ANN@example.com "), shopper("cus_7")] {
            let reply = try verdict(customer)
            #expect(reply["valid"] == true)
            #expect(reply["codes"][0]["type"] == "invite")
            #expect(reply["codes"][0]["unlocks"] == ["event": ["243"]])
        }
        #expect(try verdict(guest("bob@example.com"))["reason"] == "customer_not_eligible")
        #expect(try verdict("")["reason"] == "customer_required")
    }

    @Test(arguments: ["presale", "reserve", "auto", "invite", "access"])
    func `is never applied to bundles unless it is discount or comp`(type: String) throws {
        func bundled(_ type: String) -> String {
            """
            currency: USD
            coupons:
            - id: b
              type: \(type)
              codes: [BUNDLED]
              discount: {kind: percentage, percent: 10}
              applies_to: {bundle: ["5"]}
            """
        }
        #expect(throws: CatalogFaults.self) { try Shop(bundled(type)) }
        #expect(throws: Never.self) {
            try Shop(bundled(type).replacing("bundle:", with: "event:"))
        }
        let bundle = basket(item("t", 1_000, times: 1, #""bundle":"5""#))
        for allowed in ["discount", "comp"] {
            let reply = try Shop(bundled(allowed)).reply(checkout("validate", "BUNDLED", bundle))
            #expect(reply["discount"] == 100)
        }
    }
}

@Suite struct `A ticket seller's validation` {
    private func verdict(_ shop: Shop, _ event: String, _ listing: String, _ rest: String = "")
        throws -> JSON
    {
        let context = #""context":{"event":\#(event),"listing":\#(listing)}"#
        return try shop.reply(checkout("validate", "LISTED", context, rest))
    }

    @Test func `is of an event and a listing`() throws {
        let shop = try Shop(definitions)
        #expect(try verdict(shop, "241", "77")["valid"] == true)
        #expect(try verdict(shop, "241", "79")["reason"] == "no_eligible_items")
        #expect(try verdict(shop, "999", "77")["reason"] == "no_eligible_items")
        #expect(try verdict(shop, "241", "77")["total"] == .absent)
    }

    @Test func `with a reservation's token does not count what it holds itself`() throws {
        let shop = try Shop(definitions)
        let ticket = item("t", 5_000, times: 1, field("event", "241"), field("listing", "77"))
        let held = try shop.reply(checkout("reserve", "LISTED", order: "r436", basket(ticket)))
        #expect(held["reserved"] == true)
        #expect(try verdict(shop, "241", "77", field("order", "r436"))["valid"] == true)
        let others = try verdict(shop, "241", "77")
        #expect(others["reason"] == "usage_limit_reached")
        #expect(others["codes"][0]["held"] == 1)
    }
}

@Suite struct `A ticket seller's reservation of several events` {
    private let bought = basket(
        tickets(2, event: "241"), tickets(1, event: "242"), tickets(1, event: "243"))

    @Test func `uses a code for the tickets of its event only`() throws {
        let shop = try Shop(definitions)
        let reply = try shop.reply(
            checkout("apply", codes: [usage(of: "50off", event: "241")], order: "r436", bought))
        #expect(reply["applied"] == true)
        #expect(reply["line_discounts"] == [5_000, 0, 0])
        #expect(reply["order"] == "r436")
    }

    @Test func `may have a code for each of them`() throws {
        let shop = try Shop(definitions)
        let codes = [usage(of: "my-code", event: "243"), usage(of: "50off", event: "242")]
        let reply = try shop.reply(checkout("apply", codes: codes, order: "r436", bought))
        #expect(reply["line_discounts"] == [0, 2_500, 500])
        #expect(reply["codes"][0]["line_discounts"] == [0, 0, 500])
        #expect(reply["codes"][1]["line_discounts"] == [0, 2_500, 0])
        #expect(reply["discount"] == 3_000)
    }

    @Test func `uses no code for an event that it is not for`() throws {
        let shop = try Shop(definitions)
        for event in ["243", "244"] {
            let reply = try shop.reply(
                checkout("apply", codes: [usage(of: "50off", event: event)], order: "r436", bought))
            #expect(reply["reason"] == "no_eligible_items", "\(event)")
        }
    }

    @Test func `uses one coupon once, even for two events`() throws {
        let shop = try Shop(definitions)
        let codes = ["241", "242"].map { usage(of: "50off", event: $0) }
        let reply = try shop.reply(checkout("apply", codes: codes, order: "r436", bought))
        #expect(reply["reason"] == "not_combinable")
        #expect(reply["codes"][1]["conflicts_with"] == "50off")
    }

    @Test func `may name the amount that a code takes off, or none`() throws {
        let shop = try Shop(definitions)
        func discount(_ amount: String) throws -> JSON {
            let code = usage(of: "50off", event: "241", #","amount":\#(amount)"#)
            return try shop.reply(checkout("validate", codes: [code], bought))["discount"]
        }
        #expect(try discount("null") == 5_000)
        #expect(try discount("500") == 500)
        #expect(try discount("9000") == 5_000)
    }
}
