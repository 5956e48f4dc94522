import Definitions
import CouponCatalog
import CouponRules
import CouponService
import CouponStore
import CouponWire
import FlatStorage
import Foundation
import ServerSupport

/// What the benchmarks work on: a catalog with a coupon of many codes, and a server of it.
final class Bench {
    private static let codeCount = 100_000
    /// 2026-11-21T00:00:00Z.
    private static let now = Instant(secondsSinceEpoch: 1_795_219_200)

    let validate = ByteBuffer(
        line: """
            {"id":1,"op":"validate","code":"SUMMER20",\
            "customer":{"id":"cus_7","groups":["vip"],"orders":0},\
            "cart":{"currency":"USD","shipping":500,"lines":[\
            {"product":"p1","quantity":2,"unit_price":2500,"category":["shoes"]}]}}
            """)
    let refused = ByteBuffer(
        line: #"{"id":2,"op":"validate","code":"SUMMER20","cart":{"currency":"USD","lines":["#
            + #"{"product":"p1","quantity":1,"unit_price":2500}]}}"#)

    private let shared: SharedCatalog
    private var server: PromptServer
    private var conversation: Conversation
    private var parser = RequestParser(lineBytesMax: 65_536)
    private var code = CodeText()
    private var judge = Judge()
    private var purchase = Purchase()
    private let candidate: Candidate
    private var reply = JSONWriter(appendingTo: ByteBuffer(capacity: 4_096))
    private var line = ByteBuffer(capacity: 512)
    private var orderCount: UInt64 = 0
    private var random: UInt64 = 1

    init() throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("coupond-micro-\(ProcessInfo.processInfo.processIdentifier)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let codes = (0..<Self.codeCount).map { "CODE\($0)" }
        try Data("code\n\(codes.joined(separator: "\n"))\n".utf8)
            .write(to: folder.appendingPathComponent("codes.csv"))
        let (file, faults) = CatalogReader.read(
            text: Self.definitions, path: folder.appendingPathComponent("c.yaml").path,
            format: .yaml)
        shared = SharedCatalog(try Catalog.compile(file.map { [$0] } ?? [], faults: faults))
        server = PromptServer(
            catalog: shared, ledger: Ledger(seed: HashSeed(1), orderLimit: 10_000_000),
            facts: ServerFacts(version: "0", startedAt: Self.now))
        conversation = Conversation(
            id: ConversationID(rawValue: 1), terms: ListenerTerms(role: .storefront),
            limits: ResourceLimits())
        candidate = Self.firstCandidate(in: shared.catalog)
        purchase.hasCart = true
        guard let dollars = Currency("USD".utf8.span),
            purchase.addLine(
                quantity: 2, unitPrice: Money(minorUnits: 2_500), isOnSale: false,
                attributes: .empty)
        else { preconditionFailure("a small cart in dollars can be counted") }
        purchase.currency = dollars
    }

    private static func firstCandidate(in catalog: borrowing Catalog) -> Candidate {
        Candidate(coupon: catalog.coupons[0], terms: CodeTerms())
    }

    private static let definitions = """
        currency: USD
        coupons:
        - codes: [SUMMER20]
          discount: {kind: percentage, percent: 20}
          limits: {total: 1000000000}
          requires: {min_subtotal: {USD: 5000}}
        - id: many
          codes_file: codes.csv
          discount: {kind: percentage, percent: 10}
        """

    // MARK: Steps

    // What lends spans of itself is passed on as a parameter: a property of a class cannot.

    func parse() { Self.parse(validate, &parser) }

    private static func parse(_ line: borrowing ByteBuffer, _ parser: inout RequestParser) {
        guard case .request = parser.parse(line.bytes(in: 0..<line.count - 1)) else {
            preconditionFailure("the request is one")
        }
    }

    /// Reads a code's text and finds whose it is.
    func lookUp() {
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        line.removeAll()
        line.append("code")
        line.append(digits: (random >> 33) % UInt64(Self.codeCount))
        Self.find(line, &code, in: shared.catalog)
    }

    private static func find(
        _ text: borrowing ByteBuffer, _ code: inout CodeText, in catalog: borrowing Catalog
    ) {
        guard let store = catalog.store(named: "default".utf8.span),
            (try? code.read(text.bytes)) != nil
        else { preconditionFailure("the bench has a store, and its codes are codes") }
        var walk = catalog.findCodes(
            in: store, matching: code, foldedHash: code.foldedHash)
        precondition(catalog.nextCode(&walk, matching: code) != nil, "the code is there")
    }

    func judgeCandidate() { Self.judge(candidate, on: purchase, &judge, by: shared.catalog) }

    private static func judge(
        _ candidate: Candidate, on purchase: borrowing Purchase, _ judge: inout Judge,
        by catalog: borrowing Catalog
    ) {
        judge.begin(purchase)
        judge.judge(
            candidate, on: purchase, by: catalog.tables,
            EvaluationContext(purpose: .validate, instant: now))
        precondition(judge.discount == Money(minorUnits: 1_000), "20 % of 50.00 is 10.00")
    }

    /// Writes a verdict's members, as many as the plainest has.
    func encode() {
        reply.bytes.removeAll()
        ReplyEnvelope.begin(to: "1".utf8.span, &reply)
        reply.key("valid")
        reply.boolean(true)
        for number in 0..<5 {
            reply.key("subtotal")
            reply.integer(5_000 + Int64(number))
        }
        reply.key("codes")
        reply.beginArray()
        reply.beginObject()
        reply.key("code")
        reply.string("SUMMER20".utf8.span)
        reply.key("coupon")
        reply.string("cou_COU001ABC123DEF456GHI789JKL01".utf8.span)
        reply.endObject()
        reply.endArray()
        ReplyEnvelope.end(&reply)
    }

    func answer(_ request: borrowing ByteBuffer) {
        Self.answer(request, &server, &conversation)
    }

    private static func answer(
        _ request: borrowing ByteBuffer, _ server: inout PromptServer,
        _ conversation: inout Conversation
    ) {
        let after = server.receive(request.bytes, on: &conversation, at: now)
        precondition(after == .keepReading && server.output.count > 0, "every line is answered")
        server.clearOutput()
    }

    /// Applies for an order of its own.
    func apply() {
        orderCount += 1
        line.removeAll()
        line.append(#"{"id":3,"op":"apply","code":"SUMMER20","order":"order-"#)
        line.append(digits: orderCount)
        line.append(#"","cart":{"currency":"USD","lines":["#)
        line.append(#"{"product":"p1","quantity":2,"unit_price":2500}]}}"#)
        line.append(UInt8(ascii: "\n"))
        Self.answer(line, &server, &conversation)
    }
}

extension ByteBuffer {
    fileprivate init(line: String) {
        self.init(capacity: line.utf8.count + 1)
        append(line.utf8.span)
        append(UInt8(ascii: "\n"))
    }
}
