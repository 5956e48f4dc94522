// Blackout dates and weekday/hour windows over the wire: what a shop asks, and the whole reply.
// It is Monday, 2026-06-15T12:00:00Z: 08:00 in New York, and midnight in Auckland.

import Definitions
import CouponCatalog
import CouponRules
import CouponService
import CouponStore
import CouponWire
import ServerSupport
import Testing

/// A server that serves one catalog to one storefront.
private struct Counter: ~Copyable {
    private var server: PromptServer
    private var storefront: Conversation
    var now = Instant(secondsSinceEpoch: 1_781_524_800)

    init(serving definitions: String) throws {
        let (file, faults) = CatalogReader.read(
            text: definitions, path: "shop.yaml", format: .yaml)
        let catalog = try Catalog.compile(file.map { [$0] } ?? [], faults: faults)
        let limits = ResourceLimits()
        server = PromptServer(
            catalog: SharedCatalog(catalog),
            ledger: Ledger(seed: HashSeed(7), orderLimit: 100), limits: limits,
            facts: ServerFacts(version: "0", startedAt: now))
        storefront = Conversation(
            id: ConversationID(rawValue: 1), terms: ListenerTerms(role: .storefront),
            limits: limits)
    }

    /// The reply to a line, without its line end.
    mutating func reply(to line: String) -> String {
        let bytes = Array((line + "\n").utf8)
        let after = server.receive(bytes.span, on: &storefront, at: now)
        #expect(after == .keepReading)
        defer { server.clearOutput() }
        let output = server.output.indices.map { server.output[$0] }
        return String(decoding: output.dropLast(), as: UTF8.self)
    }

    /// Why `code` is refused, by the reply to a validate with `members` besides.
    mutating func reason(of code: String, _ members: String = "") -> String? {
        let reply = reply(to: #"{"op":"validate","code":"\#(code)"\#(members)}"#)
        if reply.hasPrefix(#"{"valid":true,"#) { return nil }
        let parts = reply.split(separator: "\"", maxSplits: 6, omittingEmptySubsequences: false)
        #expect(parts[3] == "reason")
        return String(parts[5])
    }
}

private let definitions = """
    currency: USD
    coupons:
    - id: cou_late
      codes: [LATE]
      discount: {kind: percentage, percent: 10}
      timezone: America/New_York
      windows: [{days: [sun], from: "23:00", to: "02:00"}, {days: [wed], from: "09:00", to: "17:00"}]
      blackout: ["2026-07-04", "2026-12-24/2026-12-26"]
    - id: cou_kiwi
      codes: [KIWI]
      discount: {kind: percentage, percent: 10}
      timezone: Pacific/Auckland
      blackout: [2026-06-16]
    - id: cou_old
      codes: [{code: OLD, max_uses: 1, used: 1}]
      discount: {kind: percentage, percent: 10}
      ends_at: 2026-06-01
      windows: [{days: [tue]}]
      blackout: [2026-06-15]
    - id: cou_used
      codes: [{code: USED, max_uses: 1, used: 1}]
      discount: {kind: percentage, percent: 10}
      windows: [{days: [tue]}]
    """

@Suite struct `A code with dates` {
    @Test(arguments: [
        (#","booking_date":"2026-06-14T22:59""#, "outside_time_window"),
        (#","booking_date":"2026-06-14T23:00""#, nil),
        (#","booking_date":"2026-06-15T01:59""#, nil),
        (#","booking_date":"2026-06-15T02:00""#, "outside_time_window"),
        (#","booking_date":"2026-06-15T05:30:00Z""#, nil),
        (#","booking_date":1781501400"#, nil),
        (#","booking_date":"2026-06-14""#, nil),
        (#","booking_date":"2026-06-15""#, "outside_time_window"),
        (#","booking_date":"2026-12-23""#, nil),
        (#","booking_date":"2026-12-24""#, "blackout_date"),
        (#","booking_date":"2026-12-26""#, "blackout_date"),
        (#","booking_date":"2026-12-27""#, nil),
        // Without a date of booking it is `at`, and without that now.
        (#","at":"2026-06-17T09:00""#, nil),
        (#","at":"2026-06-17T17:00""#, "outside_time_window"),
        (#","at":"2026-07-04T12:00""#, "blackout_date"),
        (#","at":"2026-07-04T12:00","booking_date":"2026-06-17""#, nil),
        ("", "outside_time_window"), (#","booking_date":null"#, "outside_time_window"),
    ])
    func `is judged on the date of booking, in its own zone`(
        members: String, expected: String?
    ) throws {
        var counter = try Counter(serving: definitions)
        #expect(counter.reason(of: "LATE", members) == expected)
    }

    @Test func `begins and ends its days in its zone`() throws {
        var counter = try Counter(serving: definitions)
        #expect(counter.reason(of: "KIWI") == "blackout_date")
        counter.now = Instant(millisecondsSinceEpoch: counter.now.millisecondsSinceEpoch - 1)
        #expect(counter.reason(of: "KIWI") == nil)
    }

    @Test func `gives the earliest reason, and all with explain`() throws {
        var counter = try Counter(serving: definitions)
        #expect(counter.reason(of: "USED") == "outside_time_window")
        #expect(
            counter.reason(of: "USED", #","booking_date":"2026-06-16""#) == "usage_limit_reached")
        #expect(counter.reason(of: "OLD") == "expired")
        #expect(
            counter.reply(to: #"{"id":1,"op":"validate","code":"OLD","explain":true}"#) == """
                {"id":1,"valid":false,"reason":"expired","codes":[{"code":"OLD","coupon":"cou_old",\
                "valid":false,"reason":"expired",\
                "message":"This code has expired; it ended 2026-06-02T00:00:00Z.",\
                "ended_at":"2026-06-02T00:00:00Z","failures":[{"reason":"expired",\
                "message":"This code has expired; it ended 2026-06-02T00:00:00Z.",\
                "ended_at":"2026-06-02T00:00:00Z"},{"reason":"blackout_date",\
                "message":"This code cannot be used on this date."},\
                {"reason":"outside_time_window",\
                "message":"This code cannot be used at this time."},\
                {"reason":"usage_limit_reached",\
                "message":"The usage limit of this code is reached.","scope":"code",\
                "limit":1,"actual":1}]}]}
                """)
    }

    @Test func `is used up for the date of booking, once`() throws {
        var counter = try Counter(serving: definitions)
        func apply(on date: String) -> String {
            """
            {"op":"apply","code":"LATE","order":"o1","booking_date":"\(date)",\
            "cart":{"currency":"USD","lines":[{"product":"p1","quantity":1,"unit_price":1000}]}}
            """
        }
        let refused = """
            {"valid":false,"applied":false,"order":"o1","reason":"blackout_date","currency":"USD",\
            "subtotal":1000,"discount":0,"shipping_discount":0,"total":1000,"line_discounts":[0],\
            "codes":[{"code":"LATE","coupon":"cou_late","valid":false,"reason":"blackout_date",\
            "message":"This code cannot be used on this date."}]}
            """
        #expect(counter.reply(to: apply(on: "2026-12-25")) == refused)
        #expect(
            counter.reply(to: apply(on: "2026-06-17")).hasPrefix(
                #"{"valid":true,"applied":true,"order":"o1","currency":"USD","subtotal":1000,"discount":100,"#
            ))
        // A repeat is answered from the record; another date is another request.
        #expect(counter.reply(to: apply(on: "2026-06-17")).contains(#""replayed":true"#))
        #expect(counter.reply(to: apply(on: "2026-06-24")).contains("idempotency_conflict"))
    }
}
