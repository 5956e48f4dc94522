import Definitions
import CouponCatalog
import CouponRules
import CouponService
import CouponStore
import CouponWire
import FlatStorage
import Glibc
import ServerSupport

/// A server and a journal whose every turn is done by hand.
struct JournalledShop: ~Copyable {
    var server: ConversationServer
    private var records = RecordLog()
    private(set) var report: JournalReport
    /// The turn that is under way.
    private(set) var turn: JournalTurn?
    private(set) var recordCount = 0
    var time = TurnTime(Shop.opening)
    private var clientCount: UInt64 = 0

    private static func definitions(total: Int) -> String {
        """
        currency: USD
        coupons:
        - {id: ten, codes: [TEN], discount: {kind: percentage, percent: 10}, limits: {total: \(total)}}
        """
    }

    init(
        _ durability: DurabilityMode = .always, room: Int = 1 << 20,
        snapshots: SnapshotSettings = SnapshotSettings(), start: RecoveredFacts = RecoveredFacts(),
        orders: OrderSettings = OrderSettings(), ordersMax: Int = 100, total: Int = 3
    ) throws {
        try self.init(
            durability, room: room, snapshots: snapshots, start: start, orders: orders,
            ordersMax: ordersMax, total: total,
            ledger: Ledger(seed: HashSeed(7), orderLimit: ordersMax))
    }

    /// Goes on from a state.
    init(
        _ durability: DurabilityMode = .always, room: Int = 1 << 20,
        snapshots: SnapshotSettings = SnapshotSettings(), start: RecoveredFacts = RecoveredFacts(),
        orders: OrderSettings = OrderSettings(), ordersMax: Int = 100, total: Int = 3,
        ledger: consuming Ledger
    ) throws {
        let (file, faults) = CatalogReader.read(
            text: Self.definitions(total: total), path: "shop.yaml", format: .yaml)
        let catalog = SharedCatalog(try Catalog.compile(file.map { [$0] } ?? [], faults: faults))
        var settings = ServerSettings()
        settings.durability = durability
        settings.snapshots = snapshots
        settings.start = start
        settings.orders = orders
        settings.limits.ordersMax = ordersMax
        report = JournalReport(
            written: ledger.sequence, synchronized: ledger.sequence, marked: ledger.sequence,
            room: room, condition: .ready,
            segment: SegmentHeader(
                generation: 1, salt: 1, continuesAfter: 0, previousChecksum: 0),
            byteCount: 0)
        server = ConversationServer(
            catalog: catalog, ledger: ledger, journal: report,
            settings: settings, facts: ServerFacts(version: "0", startedAt: Shop.opening),
            at: time)
    }

    final class Client {
        var conversation: Conversation

        init(_ id: UInt64) {
            conversation = Conversation(
                id: ConversationID(rawValue: id), terms: ListenerTerms(role: .admin),
                limits: ResourceLimits())
        }
    }

    mutating func connect() -> Client {
        clientCount += 1
        return Client(clientCount)
    }

    /// Both clocks go on.
    mutating func pass(milliseconds: Int64) {
        time.steady += milliseconds
        jump(milliseconds: milliseconds)
    }

    /// The time of day alone changes.
    mutating func jump(milliseconds: Int64) {
        time.wall = Instant(
            millisecondsSinceEpoch: time.wall.millisecondsSinceEpoch + milliseconds)
    }

    /// The ids of the replies that leave at once.
    mutating func send(_ lines: String..., from client: Client) -> [String] {
        let bytes = Array(lines.map { $0 + "\n" }.joined().utf8)
        _ = server.receive(bytes.span, on: &client.conversation, at: time)
        return takeIDs()
    }

    /// The whole reply to one line that waits for nothing.
    mutating func ask(_ line: String, from client: Client) throws -> JSON {
        let bytes = Array((line + "\n").utf8)
        _ = server.receive(bytes.span, on: &client.conversation, at: time)
        return try JSON(reading: takeText())
    }

    /// The lines that the server wants archived now.
    mutating func archiveText() -> String? {
        guard case .archive(let lines) = server.nextTask(at: time) else { return nil }
        return String(decoding: lines, as: UTF8.self)
    }

    mutating func takeText() -> String {
        defer { server.clearOutput() }
        let output = server.output.indices.map { server.output[$0] }
        return String(decoding: output, as: UTF8.self)
    }

    private mutating func takeIDs() -> [String] {
        takeText().split(separator: "\n").map { line in
            String(line.dropFirst(6).prefix { $0 != "," })
        }
    }

    // MARK: The journal's thread

    /// Begins the turn that the server wants now, if it wants one.
    mutating func begin() -> JournalTurn? {
        guard let next = server.beginJournalTurn(into: &records, at: time) else { return nil }
        turn = next
        recordCount = records.count
        return next
    }

    /// Ends the turn that is under way, well or as `change` has it.
    mutating func end(_ change: (inout JournalReport) -> Void = { _ in }) {
        guard let turn else { return }
        let byteCount = records.bytes.count
        report.written += UInt64(records.count)
        report.byteCount += byteCount
        if turn.synchronizes { report.synchronized = report.written }
        if turn.marks { report.marked = report.synchronized }
        if turn.rolls {
            report.segment.generation += 1
            report.segment.continuesAfter = report.written
            report.synchronized = report.written
            report.marked = report.written
        }
        records.removeAll()
        change(&report)
        self.turn = nil
        server.endJournalTurn(report, at: time)
    }

    /// The ids of the replies that may leave by now.
    mutating func released(among clients: Client...) -> [String] {
        var ids: [String] = []
        while let id = server.nextReleasable(at: time) {
            for client in clients where client.conversation.id == id {
                server.releaseReplies(of: &client.conversation, at: time)
                ids += takeIDs()
            }
        }
        return ids
    }
}

/// Requests with their ids.
enum Line {
    private static let cart =
        #""cart":{"currency":"USD","lines":[{"product":"p","quantity":1,"unit_price":1000}]}"#

    static func validate(_ id: Int) -> String {
        #"{"id":\#(id),"op":"validate","code":"TEN",\#(cart)}"#
    }

    static func apply(_ id: Int, _ order: String, code: String = "TEN") -> String {
        #"{"id":\#(id),"op":"apply","order":"\#(order)","code":"\#(code)",\#(cart)}"#
    }

    static func reserve(_ id: Int, _ order: String, seconds: Int = 60) -> String {
        #"{"id":\#(id),"op":"reserve","order":"\#(order)","code":"TEN","ttl":\#(seconds),\#(cart)}"#
    }

    static func release(_ id: Int, _ order: String) -> String {
        #"{"id":\#(id),"op":"release","order":"\#(order)"}"#
    }

    static func usage(_ id: Int) -> String { #"{"id":\#(id),"op":"usage","code":"TEN"}"# }
}
