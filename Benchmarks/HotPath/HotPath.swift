// What a request costs between its bytes and its reply, without a socket: counted, not timed, so
// that a shared machine gives the same answer twice.
//
//   hot-path count    allocations and retains over 10,000 requests of a mix; fails when there are any
//   hot-path run KIND N
//                     answers a validate (the README's), a refuse or an apply N times, for callgrind to
//                     count instructions

import Definitions
import CHeapCount
import CouponCatalog
import CouponRules
import CouponService
import CouponStore
import CouponWire
import FlatStorage
import Glibc
import ServerSupport

@main
struct HotPath {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        let kind = arguments.dropFirst().first.flatMap { Kind(rawValue: $0) }
        let count = arguments.dropFirst(2).first.flatMap { Int($0) }
        switch (arguments.first, kind, count) {
        case ("count", nil, nil): try countHeapUse()
        case ("run", let kind?, let count?): try answer(kind, count)
        default:
            print("usage: hot-path count | hot-path run validate|refuse|apply N")
            exit(EXIT_FAILURE)
        }
    }

    /// The requests of the mix: a plain success, one that reads attributes, customers and bounds,
    /// ones with dates in a zone, kinds that choose units, refusals that write every kind of extra,
    /// several codes with a gift card and automatic coupons, an apply with its repeat
    /// and a conflict, a hold that is renewed, and one that is given back. (The first of each, which
    /// makes room for an order, falls into the warm-up.)
    static let mix = [
        plain,
        """
        {"id":"a-2","op":"validate","code":"shoes10","customer":{"id":"cus_7","email":"Ann@Example.com",\
        "groups":["vip","staff"],"orders":3},"context":{"country":"US","channel":["web"]},\
        "cart":{"currency":"USD","lines":[{"product":"p1","quantity":1,"unit_price":4999,\
        "category":["shoes","sale"]},{"product":"p2","quantity":3,"unit_price":1250,"on_sale":true}]}}
        """,
        """
        {"id":3,"op":"validate","code":"shoes10","explain":true,"cart":{"currency":"USD",\
        "lines":[{"product":"p3","quantity":1,"unit_price":100}]}}
        """,
        #"{"id":4,"op":"validate","code":"no-such-code","cart":{"currency":"EUR","lines":[]}}"#,
        #"{"id":5,"op":"validate","code":"OVER"}"#,
        #"{"id":6,"op":"usage","code":"SUMMER20"}"#,
        #"{"id":8,"op":"validate","code":"DINNER","booking_date":"2026-11-22T01:00:00Z"}"#,
        #"{"id":9,"op":"validate","code":"DINNER"}"#,
        #"{"id":7,"op":"ping"}"#,
        request(10, "validate", "3FOR2"),
        request(11, "validate", "SPENDMORE"),
        request(12, "validate", "PARTS"),
        request(13, "validate", "BEST2"),
        request(14, "apply", "EVENLY", order: "o-1"),
        request(15, "apply", "BEST2", order: "o-1"),
        several(16, "validate"),
        several(17, "reserve", order: "o-2"),
        several(18, "reserve", order: "o-3") + "\n" + #"{"id":19,"op":"release","order":"o-3"}"#,
        #"{"id":20,"op":"usage","code":"LIMITED","customer":{"id":"cus_7","email":"a@example.com"}}"#,
        #"{"id":21,"op":"code.discounts","code":"PARTS"}"#,
    ]

    /// A request with several codes, one of them a gift card's, by a customer whose uses are counted.
    static func several(_ id: Int, _ operation: String, order: String? = nil) -> String {
        let order = order.map { #""order":"\#($0)","# } ?? ""
        return """
            {"id":\(id),"op":"\(operation)",\(order)"codes":["LIMITED","BEST2",\
            {"code":"GATE","context":{"event":"241"}},"CARD"],"auto":true,\
            "customer":{"id":"cus_7","email":"a@example.com"},\
            "cart":{"currency":"USD","shipping":500,"lines":[\
            {"product":"p1","quantity":2,"unit_price":1999,"event":"241"},\
            {"product":"p2","quantity":1,"unit_price":4500}]}}
            """
    }

    /// A request for a cart of three lines.
    static func request(
        _ id: Int, _ operation: String, _ code: String, order: String? = nil
    ) -> String {
        let order = order.map { #""order":"\#($0)","# } ?? ""
        return """
            {"id":\(id),"op":"\(operation)","code":"\(code)",\(order)\
            "cart":{"currency":"USD","lines":[{"product":"p1","quantity":2,"unit_price":1999},\
            {"product":"p2","quantity":1,"unit_price":4500},\
            {"product":"p3","quantity":4,"unit_price":333}]}}
            """
    }

    static let plain = """
        {"id":1,"op":"validate","code":"SUMMER20",\
        "customer":{"id":"cus_7","groups":["vip"],"orders":0},\
        "cart":{"currency":"USD","shipping":500,"lines":[\
        {"product":"p1","quantity":2,"unit_price":2500,"category":["shoes"]}]}}
        """

    static let catalog = """
        currency: USD
        coupons:
        - codes: [SUMMER20]
          discount: {kind: percentage, percent: 20}
          limits: {total: 100}
          requires: {min_subtotal: {USD: 5000}}
        - codes: [SHOES10]
          discount: {kind: percentage, percent: 10, cap: {USD: 5000}}
          applies_to: {category: [shoes]}
          excludes: {product: [p9]}
          exclude_sale_items: true
          requires: {groups: [vip], context: {country: [US, CA]}, min_items: 2, contains: {product: [p1]}}
        - codes: [OVER]
          discount: {kind: fixed_amount, amount: {USD: 500}}
          ends_at: 2020-01-01
        - codes: [DINNER]
          discount: {kind: percentage, percent: 10}
          timezone: America/New_York
          windows: [{days: [fri, sat], from: "18:00", to: "01:00"}]
          blackout: [2026-07-04, 2026-12-24/2026-12-26]
        - codes: [3FOR2]
          discount: {kind: buy_x_get_y, buy: {quantity: 2}, get: {quantity: 1, percent: 100}}
        - codes: [SPENDMORE]
          discount: {kind: tiers, tiers: [{min_subtotal: 1000, percent: 5}, {min_subtotal: 5000, percent: 10}]}
        - codes: [PARTS]
          discounts:
          - {applies_to: {product: [p1]}, kind: percentage, percent: 10}
          - {applies_to: {product: [p2]}, kind: fixed_amount, amount: 500}
        - codes: [BEST2]
          discount: {kind: percentage, percent: 50, max_units: 2}
        - codes: [EVENLY]
          discount: {kind: fixed_amount, amount: 1000, spread: even}
        - codes: [LIMITED]
          discount: {kind: fixed_amount, amount: 300}
          limits: {total: 1000000, per_customer: 100000, per_day: 1000000, per_week: 1000000,
                   per_month: 1000000, per_booking_date: 1000000, budget: {USD: 100000000}, on_budget: partial}
        - codes: [GATE]
          type: presale
          offers:
          - {id: o1, limit: 1000000, counter: spring, ticket_limit: 4, applies_to: {event: ["241"]}}
          - {id: o2, limit: 1000000, applies_to: {event: ["242"]}}
        - id: welcome
          type: auto
          discount: {kind: percentage, percent: 5}
        gift_cards:
        - {id: gc_1, code: CARD, amount: 900000, balance: 900000, currency: USD}
        """

    static func makeServer() throws -> PromptServer {
        let (file, faults) = CatalogReader.read(
            text: catalog, path: "hot-path.yaml", format: .yaml)
        let files = file.map { [$0] } ?? []
        let shared = SharedCatalog(try Catalog.compile(files, faults: faults))
        return PromptServer(
            catalog: shared, ledger: Ledger(seed: HashSeed(1), orderLimit: 10_000),
            facts: ServerFacts(version: "0", startedAt: now))
    }

    /// 2026-11-21T00:00:00Z.
    static let now = Instant(secondsSinceEpoch: 1_795_219_200)

    /// What instructions are counted of.
    enum Kind: String {
        case validate, refuse, apply
    }

    static func answer(_ kind: Kind, _ count: Int) throws {
        var server = try makeServer()
        var conversation = makeConversation()
        var line = bytes(of: [kind == .refuse ? request(2, "validate", "OVER") : plain])
        for number in 0..<count {
            if kind == .apply { write(order: number, to: &line) }
            receive(line, &server, &conversation)
        }
    }

    /// Writes an apply of an order of its own; so few instructions that they may be counted along.
    static func write(order number: Int, to line: inout ByteBuffer) {
        line.removeAll()
        line.append(#"{"id":3,"op":"apply","code":"LIMITED","order":"o-"#)
        line.append(digits: UInt64(number))
        line.append(#"","customer":{"id":"cus_7"},"cart":{"currency":"USD","lines":["#)
        line.append(#"{"product":"p1","quantity":2,"unit_price":2500}]}}"#)
        line.append(UInt8(ascii: "\n"))
    }

    static func makeConversation() -> Conversation {
        Conversation(
            id: ConversationID(rawValue: 1), terms: ListenerTerms(role: .storefront),
            limits: ResourceLimits())
    }

    static func bytes(of lines: [String]) -> ByteBuffer {
        var bytes = ByteBuffer()
        for line in lines { bytes.append((line + "\n").utf8.span) }
        return bytes
    }

    @inline(never)
    static func receive(
        _ bytes: borrowing ByteBuffer, _ server: inout PromptServer,
        _ conversation: inout Conversation
    ) {
        let after = server.receive(bytes.bytes, on: &conversation, at: now)
        precondition(after == .keepReading && server.output.count > 0, "every line is answered")
        server.clearOutput()
    }

    /// Counts each request of the mix by itself, 10,000 in all.
    static func countHeapUse() throws {
        var server = try makeServer()
        var conversation = makeConversation()
        let rounds = 10_000 / mix.count
        // Warm-up: scratch memory grows to what this mix needs.
        receive(bytes(of: mix), &server, &conversation)

        var total = heap_counts()
        for request in mix {
            let line = bytes(of: [request])
            heap_count_begin()
            for _ in 0..<rounds { receive(line, &server, &conversation) }
            let counts = heap_count_end()
            print("\(counts.allocations) allocations, \(counts.retains) retains: \(request)")
            total.allocations += counts.allocations
            total.retains += counts.retains
        }
        exit(total.allocations == 0 && total.retains == 0 ? EXIT_SUCCESS : EXIT_FAILURE)
    }
}
