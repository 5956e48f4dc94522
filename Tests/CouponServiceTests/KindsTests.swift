// Each kind of discount once through the whole server: the request line and the reply line, byte for
// byte.

import Definitions
import CouponCatalog
import CouponRules
import CouponService
import CouponStore
import ServerSupport
import Testing

private let definitions = """
    currency: USD
    coupons:
    - id: even
      codes: [EVEN]
      discount: {kind: fixed_amount, amount: 900, spread: even}
    - id: dearest
      codes: [DEAREST]
      discount: {kind: percentage, percent: 10, spread: dearest}
    - id: best
      codes: [BEST3]
      discount: {kind: percentage, percent: 50, max_units: 3}
    - id: gift
      codes: [KEYRING]
      discount: {kind: gift_item, product: key-ring, quantity: 2}
    - id: tiers
      codes: [MORE]
      discount:
        kind: tiers
        tiers: [{min_subtotal: 5000, percent: 5}, {min_subtotal: 10000, amount: 1500}]
    - id: clauses
      codes: [PARTS]
      discounts:
      - {applies_to: {product: [album]}, kind: percentage, percent: 25}
      - {applies_to: {category: [prints]}, kind: fixed_per_item, amount: 100}
      cap: 2100
    - id: sets
      codes: [3FOR2]
      discount:
        kind: buy_x_get_y
        buy: {quantity: 2, applies_to: {category: [prints]}}
        get: {quantity: 1, applies_to: {category: [prints]}}
    """

/// The server on one connection, without an operating system.
private struct Counter: ~Copyable {
    private var server: PromptServer
    private var conversation: Conversation
    private let now = Instant(secondsSinceEpoch: 1_781_524_800)

    init() throws {
        let (file, faults) = CatalogReader.read(
            text: definitions, path: "kinds.yaml", format: .yaml)
        let catalog = try Catalog.compile(file.map { [$0] } ?? [], faults: faults)
        let limits = ResourceLimits()
        server = PromptServer(
            catalog: SharedCatalog(catalog),
            ledger: Ledger(seed: HashSeed(1), orderLimit: limits.ordersMax), limits: limits,
            facts: ServerFacts(version: "0.1.0", startedAt: now))
        conversation = Conversation(
            id: ConversationID(rawValue: 1), terms: ListenerTerms(role: .storefront),
            limits: limits)
    }

    /// The reply to trying `code` on `lines`.
    mutating func reply(_ code: String, _ lines: String) -> String {
        let request =
            #"{"op":"validate","code":"\#(code)","cart":{"currency":"USD","lines":[\#(lines)]}}"#
        _ = server.receive(Array((request + "\n").utf8).span, on: &conversation, at: now)
        defer { server.clearOutput() }
        let output = server.output.indices.map { server.output[$0] }
        return String(decoding: output.dropLast(), as: UTF8.self)
    }
}

@Suite struct `A request for each kind of discount` {
    private static let album = #"{"product":"album","quantity":1,"unit_price":6000}"#
    private static let prints =
        #"{"product":"p4","quantity":3,"unit_price":1000,"category":["prints"]},"#
        + #"{"product":"p3","quantity":2,"unit_price":300,"category":["prints"]}"#

    static let money: [(code: String, coupon: String, discount: Int, shares: String)] = [
        ("EVEN", "even", 900, "300,300,300"), ("DEAREST", "dearest", 960, "960,0,0"),
        ("BEST3", "best", 4_000, "3000,1000,0"), ("MORE", "tiers", 480, "300,150,30"),
        ("PARTS", "clauses", 2_000, "1500,300,200"), ("3FOR2", "sets", 300, "0,0,300"),
    ]

    @Test(arguments: money)
    func `is answered with its amounts`(
        code: String, coupon: String, discount: Int, shares: String
    ) throws {
        var counter = try Counter()
        let reply = counter.reply(code, "\(Self.album),\(Self.prints)")
        #expect(
            reply == """
                {"valid":true,"currency":"USD","subtotal":9600,"discount":\(discount),\
                "shipping_discount":0,"total":\(9_600 - discount),"line_discounts":[\(shares)],\
                "codes":[{"code":"\(code)","coupon":"\(coupon)","valid":true,\
                "discount":\(discount)}]}
                """)
    }

    @Test func `is answered with its gift`() throws {
        var counter = try Counter()
        let reply = counter.reply("KEYRING", Self.album)
        #expect(
            reply == """
                {"valid":true,"currency":"USD","subtotal":6000,"discount":0,"shipping_discount":0,\
                "total":6000,"line_discounts":[0],"codes":[{"code":"KEYRING","coupon":"gift",\
                "valid":true,"discount":0,"gift_items":[{"product":"key-ring","quantity":2}]}]}
                """)
    }

    @Test(arguments: [
        ("MORE", "below_minimum_amount", #""limit":5000,"actual":1000,"missing":4000"#),
        ("3FOR2", "below_minimum_quantity", #""limit":2,"actual":1,"missing":1"#),
    ])
    func `is answered with the missing amount`(code: String, reason: String, facts: String) throws {
        var counter = try Counter()
        let print = #"{"product":"p4","quantity":1,"unit_price":1000,"category":["prints"]}"#
        let reply = counter.reply(code, print)
        #expect(reply.hasPrefix(#"{"valid":false,"reason":"\#(reason)","#), "\(reply)")
        #expect(reply.hasSuffix(facts + "}]}"), "\(reply)")
    }

    @Test func `is answered with the missing attribute`() throws {
        var counter = try Counter()
        let reply = counter.reply("3FOR2", Self.album)
        #expect(reply.hasPrefix(#"{"valid":false,"reason":"required_items_missing","#), "\(reply)")
        #expect(reply.hasSuffix(#""scope":"category"}]}"#), "\(reply)")
    }
}
