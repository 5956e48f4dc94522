import CouponCatalog
import CouponService
import Testing

// A ticket seller assigns coupons to offers: each with its dates, its limit, its limit on tickets,
// its blackout dates, its events, price levels, bundles and sellers; the coupons of a group share
// one limit.

private let definitions = """
    currency: USD
    timezone: UTC
    coupons:
    - id: "1"
      codes: [my-code]
      discount: {kind: percentage, percent: 10}
      offers:
      - id: spring
        starts_at: 2026-05-01
        ends_at: 2026-06-01
        timezone: America/New_York
        limit: 2
        ticket_limit: 3
        blackout: ["2026-05-31"]
        applies_to: {event: ["241"], price_level: ["12", "13"]}
      - {id: bundles, ends_at: 2026-08-31, limit: 5, applies_to: {bundle: ["8"]}}
      - {id: seller, ends_at: 2026-08-31, context: {seller: ["1"]}, applies_to: {event: ["300"]}}
    - id: "2"
      codes: [A2]
      discount: {kind: percentage, percent: 20}
      offers: [{id: g, limit: 3, counter: group-7, applies_to: {event: ["241"]}}]
    - id: "3"
      codes: [A3]
      discount: {kind: percentage, percent: 30}
      offers: [{id: g, limit: 3, counter: group-7, applies_to: {event: ["241", "242"]}}]
    - id: "4"
      codes: [EVERYWHERE]
      discount: {kind: percentage, percent: 50}
      offers: [{id: all, limit: 1, global: true, ends_at: 2026-08-31, taggable: true}]
    - id: "5"
      type: presale
      codes: [FANCLUB]
      offers:
      - {id: first, ticket_limit: 4, ends_at: 2026-06-10, applies_to: {event: ["241"]}}
      - {id: second, ticket_limit: 6, starts_at: 2026-06-10, applies_to: {event: ["242"]}}
    """

/// Tickets of 10.00.
private func tickets(_ count: Int64, event: String, level: String = "12") -> String {
    item("t\(event)", 1_000, times: count, field("event", event), field("price_level", level))
}

@Suite struct `A ticket seller's offer` {
    @Test func `is reported with its limit on tickets`() throws {
        let shop = try Shop(definitions)
        let reply = try shop.reply(
            checkout("validate", "my-code", basket(tickets(2, event: "241"))))
        #expect(reply["discount"] == 200)
        #expect(reply["codes"][0]["offer"] == "spring")
        #expect(reply["codes"][0]["ticket_limit"] == 3)
        #expect(reply["codes"][0]["remaining"] == 1)
        #expect(reply["codes"][0]["unlocks"] == .absent)
    }

    @Test func `discounts at most as many tickets as it allows in an order`() throws {
        let shop = try Shop(definitions)
        let reply = try shop.reply(
            checkout("apply", "my-code", order: "r1", basket(tickets(10, event: "241"))))
        #expect(reply["applied"] == true)
        #expect(reply["subtotal"] == 10_000)
        #expect(reply["discount"] == 300)
    }

    @Test func `is for its events and price levels`() throws {
        let shop = try Shop(definitions)
        for other in [tickets(1, event: "242"), tickets(1, event: "241", level: "14")] {
            let reply = try shop.reply(checkout("validate", "my-code", basket(other)))
            #expect(reply["reason"] == "no_eligible_items")
        }
        let mixed = basket(tickets(1, event: "241", level: "13"), tickets(1, event: "242"))
        let reply = try shop.reply(checkout("validate", "my-code", mixed))
        #expect(reply["line_discounts"] == [100, 0])
    }

    @Test func `is judged with the others of its coupon, and the first that passes is used`() throws
    {
        let shop = try Shop(definitions)
        func verdict(_ line: String, _ context: String = "") throws -> JSON {
            try shop.reply(checkout("validate", "my-code", context, basket(line)))["codes"][0]
        }
        #expect(try verdict(item("b", 4_000, times: 1, #""bundle":"8""#))["offer"] == "bundles")
        let other = tickets(1, event: "300")
        #expect(try verdict(other, #""context":{"seller":1}"#)["offer"] == "seller")
        let elsewhere = try verdict(other, #""context":{"seller":2}"#)
        #expect(elsewhere["valid"] == false)
        // Of the three refusals this one is furthest down the ladder.
        #expect(elsewhere["reason"] == "no_eligible_items")
    }

    @Test(
        arguments: zip(
            [
                "2026-05-01T03:59:59Z", "2026-05-01T04:00:00Z", "2026-05-31T03:59:59Z",
                "2026-05-31T04:00:00Z", "2026-06-01T04:00:00Z", "2026-06-02T03:59:59Z",
                "2026-06-02T04:00:00Z",
            ],
            [
                "not_started", .absent, .absent, "blackout_date", .absent, .absent, "expired",
            ] as [JSON]))
    func `has dates and blackout dates in its own time zone`(time: String, reason: JSON) throws {
        let alone = definitions.split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !$0.contains("id: bundles") && !$0.contains("id: seller") }
            .joined(separator: "\n")
        let shop = try Shop(alone)
        try shop.travel(to: time)
        let reply = try shop.reply(
            checkout("validate", "my-code", basket(tickets(1, event: "241"))))
        #expect(reply["reason"] == reason)
    }

    @Test func `of its own has a limit of its own`() throws {
        let shop = try Shop(definitions)
        let bought = basket(tickets(1, event: "241"))
        for order in ["r1", "r2"] {
            let used = try shop.reply(checkout("apply", "my-code", order: order, bought))
            #expect(used["applied"] == true)
        }
        let third = try shop.reply(checkout("apply", "my-code", order: "r3", bought))
        // Its other offers cover nothing here, which is further down the ladder.
        #expect(third["reason"] == "no_eligible_items")
        let bundle = basket(item("b", 4_000, times: 1, #""bundle":"8""#))
        #expect(
            try shop.reply(checkout("apply", "my-code", order: "r3", bundle))["applied"] == true)
    }

    @Test func `of a group shares one limit with the other coupons`() throws {
        let shop = try Shop(definitions)
        let bought = basket(tickets(1, event: "241"))
        let codes = ["A2", "A3", "A2"]
        for (place, code) in codes.enumerated() {
            let used = try shop.reply(checkout("apply", code, order: "r\(place)", bought))
            #expect(used["applied"] == true)
            #expect(used["codes"][0]["remaining"] == .integer(Int64(2 - place)))
        }
        for code in ["A2", "A3"] {
            let refused = try shop.reply(checkout("apply", code, order: "r9", bought))
            #expect(refused["reason"] == "usage_limit_reached")
            #expect(refused["codes"][0]["scope"] == "offer")
            #expect(refused["codes"][0]["limit"] == 3)
            #expect(refused["codes"][0]["actual"] == 3)
        }
        // What is given back is there for all of them.
        _ = shop.ask(giveBack("r0"))
        #expect(try shop.reply(checkout("apply", "A3", order: "r9", bought))["applied"] == true)
    }

    @Test func `of a group counts both coupons when one order uses both`() throws {
        let shop = try Shop(definitions)
        let bought = basket(tickets(1, event: "241"))
        let both = try shop.reply(checkout("apply", codes: ["A2", "A3"], order: "r1", bought))
        #expect(both["applied"] == true)
        #expect(try shop.limits(of: "A2")["offer"]?["used"] == 2)
        // One use is left, and two codes cannot both have it.
        let again = try shop.reply(checkout("apply", codes: ["A2", "A3"], order: "r2", bought))
        #expect(again["applied"] == false)
        #expect(again["reason"] == "usage_limit_reached")
        let part = try shop.reply(
            checkout("apply", codes: ["A2", "A3"], order: "r2", #""mode":"partial""#, bought))
        #expect(part["applied"] == true)
        #expect(try shop.limits(of: "A3")["offer"]?["remaining"] == 0)
    }

    @Test func `that is global covers everything`() throws {
        let shop = try Shop(definitions)
        let everything = basket(
            tickets(1, event: "999"), item("b", 400, times: 1, #""bundle":"8""#), item("hat", 100))
        let reply = try shop.reply(checkout("apply", "EVERYWHERE", order: "r1", everything))
        #expect(reply["line_discounts"] == [500, 200, 50])
        #expect(reply["codes"][0]["offer"] == "all")
        #expect(try shop.limits(of: "EVERYWHERE")["offer"]?["used"] == 1)
        #expect(reply["codes"][0]["ticket_limit"] == .absent)
        let narrowed = definitions.replacing(
            "global: true,", with: "global: true, applies_to: {event: [\"1\"]},")
        #expect(throws: CatalogFaults.self) { try Shop(narrowed) }
    }

    @Test func `opens its events when its coupon opens access`() throws {
        let shop = try Shop(definitions)
        func entry() throws -> JSON { try shop.reply(checkout("validate", "FANCLUB"))["codes"][0] }
        let first = try entry()
        #expect(first["offer"] == "first")
        #expect(first["unlocks"] == ["event": ["241"]])
        #expect(first["ticket_limit"] == 4)
        try shop.travel(to: "2026-06-11T00:00:00Z")
        let second = try entry()
        #expect(second["offer"] == "second")
        #expect(second["unlocks"] == ["event": ["242"]])
        #expect(second["ticket_limit"] == 6)
    }

    @Test func `allows no more tickets than its limit where it opens access`() throws {
        let shop = try Shop(definitions)
        let allowed = try shop.reply(
            checkout("apply", "FANCLUB", order: "r1", basket(tickets(4, event: "241"))))
        #expect(allowed["applied"] == true)
        let more = try shop.reply(
            checkout("apply", "FANCLUB", order: "r2", basket(tickets(5, event: "241"))))
        #expect(more["reason"] == "above_maximum_quantity")
        #expect(more["codes"][0]["limit"] == 4)
        #expect(more["codes"][0]["actual"] == 5)
    }

    @Test(arguments: [
        // Offers that share a counter share its limit.
        #"{id: g, limit: 4, counter: group-7}"#,
        // Only discount and comp coupons may cover bundles.
        #"{id: h, limit: 4, applies_to: {bundle: ["1"]}}"#,
        #"{id: h, limit: 0}"#, #"{id: h, ticket_limit: 0}"#,
        #"{id: h, starts_at: 2026-06-02, ends_at: 2026-06-01}"#,
    ])
    func `is refused at load when it can never be right`(offer: String) {
        let one = "- {id: \"9\", type: presale, codes: [NINE], offers: [\(offer)]}"
        #expect(throws: CatalogFaults.self) { try Shop(definitions + "\n" + one) }
    }
}
