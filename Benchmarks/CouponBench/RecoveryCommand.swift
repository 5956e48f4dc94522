import Definitions
import ArgumentParser
import CouponCatalog
import CouponRules
import CouponService
import CouponStore
import CouponWire
import FlatStorage
import Foundation
import Posix

/// Fills a state directory with orders as a daemon does, and reads it as a start does.
struct RecoveryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recovery",
        abstract: "Measures how fast a state is read from its journal and from a snapshot.",
        discussion: """
            Every order is one apply of a coupon with limits in all and for each customer, by a \
            customer of its own; its figures are those of the machine at the time, so compare them \
            only within one run.
            """)

    @Option(name: .long, help: "Orders in the state.")
    var orders = 500_000

    @Option(name: .long, help: "An existing directory to work in, on the disk in question.")
    var scratch = FileManager.default.temporaryDirectory.path

    private static let segmentByteCount = 16 * 1_024 * 1_024

    func run() throws {
        let directory = "\(scratch)/coupon-bench-\(ProcessInfo.processInfo.processIdentifier)"
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        print("\(orders) applied orders")
        let segment = try fill(directory)
        try measureRecovery(of: directory, "from the journal")
        let start = ContinuousClock.now
        let compacted = try Compaction.run(
            on: PosixDisk(), directory: directory, continuedBy: segment)
        Self.report("a compaction", since: start, orders: orders, "orders")
        print("  a snapshot of \(compacted.byteCount / max(orders, 1)) bytes per order")
        try measureRecovery(of: directory, "from the snapshot")
    }

    private func measureRecovery(of directory: String, _ source: String) throws {
        let start = ContinuousClock.now
        let state = try Recovery.recover(
            from: PosixDisk(), directory: directory, seed: .random(), orderLimit: orders + 1)
        Self.report("a recovery \(source)", since: start, orders: orders, "applies")
        let (found, allocated) = (state.ledger.totals.orders, state.ledger.allocatedBytes)
        guard found == orders else { throw CleanExit.message("only \(found) orders are there") }
        print("  \(allocated / max(orders, 1)) bytes of memory per order")
    }

    private static func report(
        _ what: String, since start: ContinuousClock.Instant, orders: Int, _ unit: String
    ) {
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        print(
            "\(what): \(Int(seconds * 1_000)) ms, \(Int(Double(orders) / seconds)) \(unit)"
                + " per second")
    }
}

extension RecoveryCommand {
    private static let definitions = """
        currency: USD
        coupons:
        - codes: [SUMMER20]
          discount: {kind: percentage, percent: 20}
          limits: {total: 1000000000, per_customer: 10}
        """

    /// Applies the orders, and returns the header of a segment that follows all of them.
    private func fill(_ directory: String) throws -> SegmentHeader {
        let empty = try Recovery.recover(
            from: PosixDisk(), directory: directory, seed: .random(), orderLimit: orders + 1)
        var journal = try JournalWriter.begin(
            on: PosixDisk(), directory: directory, segmentByteCount: Self.segmentByteCount,
            after: empty.continuation)
        var server = try server(empty.takeLedger(), journal.report)
        var conversation = Conversation(
            id: ConversationID(rawValue: 1), terms: ListenerTerms(role: .storefront),
            limits: ResourceLimits())
        var records = RecordLog()
        let start = ContinuousClock.now
        for number in 1...max(orders, 1) {
            let line = Array((Self.request(number) + "\n").utf8)
            _ = server.receive(line.span, on: &conversation, at: Self.time)
            guard number % 256 == 0 || number == orders else { continue }
            guard let turn = server.beginJournalTurn(into: &records, at: Self.time) else {
                continue
            }
            server.endJournalTurn(journal.perform(turn, records), at: Self.time)
            records.removeAll()
            while server.nextReleasable(at: Self.time) != nil {
                server.releaseReplies(of: &conversation, at: Self.time)
            }
            server.clearOutput()
        }
        let report = journal.perform(
            JournalTurn(synchronizes: true, rolls: true), records)
        Self.report("applying them", since: start, orders: orders, "applies")
        print("  \(report.byteCount / max(orders, 1)) bytes of journal per order")
        try journal.close()
        return report.segment
    }

    private func server(_ ledger: consuming Ledger, _ report: JournalReport) throws
        -> ConversationServer
    {
        let (file, faults) = CatalogReader.read(
            text: Self.definitions, path: "bench.yaml", format: .yaml)
        let catalog = try Catalog.compile(file.map { [$0] } ?? [], faults: faults)
        var settings = ServerSettings()
        settings.durability = .no
        return ConversationServer(
            catalog: SharedCatalog(catalog), ledger: ledger, journal: report, settings: settings,
            facts: ServerFacts(version: "0", startedAt: Self.time.wall), at: Self.time)
    }

    /// 2026-11-21T00:00:00Z.
    private static let time = TurnTime(
        wall: Instant(secondsSinceEpoch: 1_795_219_200), steady: 0)

    private static func request(_ number: Int) -> String {
        #"{"id":1,"op":"apply","code":"SUMMER20","order":"order-\#(number)","#
            + #""customer":{"id":"cus_\#(number)"},"cart":{"currency":"USD","lines":["#
            + #"{"product":"p1","quantity":2,"unit_price":2500}]}}"#
    }
}
