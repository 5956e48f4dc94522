import CouponRules
import FlatStorage
import Testing

@testable import CouponCatalog

@Suite struct `A coupon's offers` {
    @Test func `are compiled in order, with all that they say`() throws {
        let catalog = try compiled(
            """
            coupons:
            - {id: z, type: comp, offers: [{id: other}]}
            - id: a
              type: comp
              applies_to: {event: ["241", "242"]}
              offers:
              - {id: o1, limit: 100, counter: spring, ticket_limit: 4, taggable: true,
                 blackout: ["2026-07-04", "2026-12-24/2026-12-26"],
                 applies_to: [{event: ["241"], price_level: ["12"]}, {event: ["242"]}],
                 context: {seller: ["1"]}}
              - {id: o2, global: true, limit: 7}
            """)
        let offers = try catalog.offers("a")
        #expect(offers.map { string(catalog.text(of: $0.id)) } == ["o1", "o2"])
        #expect(offers.map(\.limit) == [100, 7])
        #expect(offers.map(\.ticketLimit) == [4, 0])
        #expect(offers.map { string(catalog.text(of: $0.counter)) } == ["spring", ""])
        let covers = offers.map { offer in
            offer.appliesTo.range.map { catalog.clauses(catalog.rules.maps[$0]) }
        }
        #expect(covers == [["event=241 price_level=12", "event=242"], []])
        #expect(offers.map { catalog.clauses($0.context) } == ["seller=1", ""])
        let days = offers[0].blackouts.range.map { catalog.rules.blackouts[$0] }
        #expect(days.map(\.first) == [try date(2026, 7, 4), try date(2026, 12, 24)])
        #expect(days.map(\.last) == [try date(2026, 7, 4), try date(2026, 12, 26)])
        #expect(offers[1].blackouts.isEmpty)

        let own = try catalog.coupon("a").appliesTo.range.map {
            catalog.clauses(catalog.rules.maps[$0])
        }
        #expect(own == ["event=241|242"])
        let others = try catalog.offers("z")
        #expect(others.map { string(catalog.text(of: $0.id)) } == ["other"])
    }

    @Test func `are none where none are written`() throws {
        let catalog = try compiled(tenPercent("id: a, offers: []"))
        #expect(try catalog.offers().isEmpty)
    }

    @Test(arguments: [
        ("presale", "{id: o1}", #","offer":"o1","unlocks":{"event":["e"]}"#),
        (
            "access", "{id: o1, ticket_limit: 4, applies_to: {event: [e], row: [\"1\", \"2\"]}}",
            #","offer":"o1","ticket_limit":4,"unlocks":{"event":["e"],"row":["1","2"]}"#
        ),
        (
            "invite", "{id: o1, applies_to: [{row: [a]}, {row: [b]}]}",
            #","offer":"o1","unlocks":[{"row":["a"]},{"row":["b"]}]"#
        ),
        ("reserve", "{id: o1, global: true}", #","offer":"o1","unlocks":{"event":["e"]}"#),
        (
            "comp", "{id: 'say \"hi\"', ticket_limit: 9, applies_to: {event: [e]}}",
            #","offer":"say \"hi\"","ticket_limit":9"#
        ),
    ])
    func `say what they add to a reply`(type: String, offer: String, facts: String) throws {
        let catalog = try compiled(
            """
            coupons:
            - {id: z, type: comp, offers: [{id: other}]}
            - {id: a, codes: [A], type: \(type), applies_to: {event: [e]}, offers: [\(offer)]}
            """)
        let first = try Int(catalog.coupon("a").offers.first)
        #expect(first == 1)
        let added = string(catalog.offerFacts(first))
        #expect(added == facts)
        let own = string(catalog.replyFacts(of: catalog.matches("A")[0]))
        #expect(own == #","type":"\#(type)""#)
    }

    @Test func `open what the coupon does where it opens something and has none`() throws {
        let catalog = try compiled("coupons: [{id: a, type: access, applies_to: {event: [e]}}]")
        let facts = string(catalog.replyFacts(of: CouponID(0)))
        #expect(facts == #","type":"access","unlocks":{"event":["e"]}"#)
    }
}

@Suite struct `A counter that offers share` {
    @Test func `is one symbol in all of them, and none of theirs that have their own`() throws {
        let catalog = try compiled([
            tenPercent(
                "id: a, offers: [{id: o1, limit: 5, counter: doors}, {id: o2, limit: 9}]"),
            tenPercent("id: b, offers: [{id: o1, limit: 5, counter: doors}]"),
        ])
        let counters = try (catalog.offers("a") + catalog.offers("b")).map(\.counter)
        let doors = catalog.symbol("doors")
        #expect(doors != .unmentioned)
        #expect(counters == [doors, .unmentioned, doors])
    }

    @Test func `is counted under its store and no coupon`() throws {
        let catalog = try compiled([
            tenPercent("id: a", head: "store: north"), tenPercent("id: a", head: "store: south"),
        ])
        for (place, name) in ["north", "south"].enumerated() {
            let store = catalog.store(of: CouponID(place))
            let key = string(catalog.sharedCounterKey(of: store))
            #expect(key == "\(name)\0")
            let hash = catalog.sharedCounterKeyHash(of: store)
            #expect(hash == durableHash64(key.utf8.span))
        }
    }

    @Test func `has one limit in its store`() {
        let faults = faultsCompiling(
            tenPercent(
                "id: a, offers: [{id: o1, limit: 5, counter: doors}]",
                "id: b, offers: [{id: o1, limit: 5, counter: doors}]"),
            """
            coupons:
            - id: c
              type: comp
              offers:
              - {id: o1, limit: 7, counter: other}
              - {id: o2, limit: 6, counter: doors}
            """)
        #expect(
            faults == [
                "2.yaml:6: coupons[0].offers[1].limit: The offers of the counter “doors” share one "
                    + "limit: it is 6 here, and 5 at 1.yaml:3."
            ])
    }

    @Test func `may have another limit in another store`() throws {
        let catalog = try compiled([
            tenPercent("id: a, offers: [{id: o1, limit: 5, counter: doors}]"),
            tenPercent("id: b, offers: [{id: o1, limit: 6, counter: doors}]", head: "store: south"),
        ])
        let limits = catalog.rules.offers.indices.map { catalog.rules.offers[$0].limit }
        #expect(limits == [5, 6])
    }

    @Test func `without a limit is reported once, where the limit is missing`() {
        let faults = faultsCompiling(
            tenPercent(
                "id: a, offers: [{id: o1, counter: doors}]",
                "id: b, offers: [{id: o1, limit: 5, counter: doors}]"))
        #expect(faults.count == 1)
        #expect(faults.first?.hasPrefix("1.yaml:3:") == true)
        #expect(faults.first?.contains(": coupons[0].offers[0].counter: ") == true)
    }
}

@Suite struct `Coupons without codes` {
    @Test func `are listed by store, by the bytes of their ids`() throws {
        let ten = "discount: {kind: percentage, percent: 10}"
        let catalog = try compiled([
            """
            coupons:
            - {id: b, type: auto, \(ten)}
            - {id: é, type: auto, \(ten)}
            - {id: c, codes: [X], \(ten)}
            - {id: aa, type: auto, status: inactive, \(ten)}
            """,
            "store: south\ncoupons: [{id: a, type: auto, \(ten)}]",
            "store: west\ncoupons: []",
            "coupons: [{id: B, type: auto, codes: [Y], \(ten)}, {id: a, type: auto, \(ten)}]",
        ])
        var listed: [[String]] = []
        for name in ["default", "south", "west"] {
            let found = catalog.store(named: name.utf8.span)
            let coupons = catalog.autoCoupons(in: try #require(found))
            var ids: [String] = []
            for index in coupons.indices { ids.append(string(catalog.id(of: coupons[index]))) }
            listed.append(ids)
        }
        #expect(listed == [["B", "a", "aa", "b", "é"], ["a"], []])
    }
}
