import CouponStore
import FlatStorage
import StoreSupport
import Synchronization
import Testing

// A daemon that decides at random, beside a model of what a merged snapshot must hold: the newest image
// of every order, in the order in which they changed last.

/// Random orders, records and segments on a disk.
private struct RandomDaemon: ~Copyable {
    var history: History
    var journal: JournalWriter
    let disk: SimulatedDisk
    /// Orders by the bytes of their names, and their images, those first that changed first.
    var model: [(name: [UInt8], image: [UInt8])] = []
    var forgottenCount = 0

    init(_ generator: consuming SeededGenerator, on disk: SimulatedDisk) throws {
        self.disk = disk
        history = History(generator)
        history.state.ledger.isCapturing = true
        let empty = try SketchDaemon.recover(from: disk)
        journal = try JournalWriter.begin(
            on: disk, directory: "state", segmentByteCount: SketchDaemon.segmentByteCount,
            after: empty.continuation)
    }

    mutating func step() throws {
        try history.step()
        if Int.random(in: 0..<8, using: &history.generator) == 0 { try forgetAnOrder() }
        if Int.random(in: 0..<40, using: &history.generator) == 0 {
            // A minute for each millisecond, so that orders are dated, too.
            history.state.ledger.purgeDate = history.now * 60_000
            history.state.ledger.recordCalendar()
        }
        if Int.random(in: 0..<3, using: &history.generator) == 0 { try write() }
    }

    private mutating func forgetAnOrder() throws {
        let candidates = history.names.filter { name in
            history.orders[name].map { $0.facts.state != .reserved } ?? false
        }
        guard let name = candidates.randomElement(using: &history.generator) else { return }
        history.state.ledger.forget(try history.state.id(of: name))
        history.orders[name] = nil
        history.names.removeAll { $0 == name }
        forgottenCount += 1
    }

    /// Writes what was decided, as one batch.
    mutating func write(rolls: Bool = false) throws {
        var log = RecordLog()
        history.state.ledger.takeChanges(into: &log)
        var records = log.records
        while let record = records.next() {
            guard case .orders(let changed) = try JournalRecord(record) else { continue }
            var orders = changed.orders
            while let order = orders.next() {
                let name = array(order.store) + [0] + array(order.order)
                model.removeAll { $0.name == name }
                if !changed.forgets { model.append((name, array(order.image))) }
            }
        }
        let report = journal.perform(JournalTurn(synchronizes: true, rolls: rolls), log)
        #expect(report.condition == .ready)
    }

    mutating func compact(_ budget: Compaction.Budget) throws -> Compacted {
        try write(rolls: true)
        return try Compaction.run(
            on: disk, directory: "state", continuedBy: journal.report.segment, budget: budget)
    }
}

/// The orders of a snapshot in the order of the file.
private func orders(inFileOrderOf snapshot: [UInt8]) -> [(name: [UInt8], image: [UInt8])] {
    var found: [(name: [UInt8], image: [UInt8])] = []
    for piece in SnapshotPieces(snapshot).contents where piece.kind == 2 {
        var items = ByteReader(piece.bytes.span)
        for _ in 0..<piece.itemCount {
            guard let store = items.counted(), let order = items.counted(),
                let image = items.counted()
            else { break }
            found.append((array(store) + [0] + array(order), array(image)))
        }
    }
    return found
}

@Suite struct `A merged snapshot` {
    private static let snapshot = "state/snapshot"

    /// What a start would make of everything before it, and what the live state is.
    private func check(
        _ daemon: borrowing RandomDaemon, _ expected: [UInt8], _ comment: Comment
    ) throws {
        let written = try #require(daemon.disk[Self.snapshot])
        #expect(daemon.disk.state(of: Self.snapshot) == expected, comment)
        let live = canonicalBytes(of: daemon.history.state.ledger)
        #expect(live == expected, comment)
        let found = orders(inFileOrderOf: written)
        #expect(found.map(\.name) == daemon.model.map(\.name), comment)
        #expect(found.map(\.image) == daemon.model.map(\.image), comment)
    }

    @Test(arguments: [true, false])
    func `is the state that all records lead to, its orders by their last change`(
        inRounds: Bool
    ) throws {
        var budget = Compaction.Budget()
        if inRounds {
            budget.byteCount = 0
            budget.percentOfSnapshot = 0
        }
        let generator = SeededGenerator(for: "merged snapshots")
        let disk = SimulatedDisk()
        var daemon = try RandomDaemon(generator, on: disk)
        var rounds = 0
        for compaction in 0..<25 {
            for _ in 0..<Int.random(in: 0..<150, using: &daemon.history.generator) {
                try daemon.step()
            }
            try daemon.write(rolls: true)
            let next = daemon.journal.report.segment
            let whole = try SketchDaemon.recover(from: disk, continuedBy: next)
            let expected = canonicalBytes(of: whole.ledger)
            let result = try daemon.compact(budget)
            try check(daemon, expected, "compaction \(compaction)")
            rounds = max(rounds, result.roundCount)
            #expect(try RecoveredSketch(from: disk).encoded == expected)
        }
        #expect(daemon.forgottenCount > 20)
        #expect(inRounds ? rounds > 2 : rounds == 1)
    }

    /// A round that ended elsewhere would lose the newest image of an order that changes later in the
    /// same segment.
    @Test func `ends a round behind a segment, and names the segment's last record`() throws {
        var budget = Compaction.Budget()
        budget.byteCount = 0
        budget.percentOfSnapshot = 0
        let disk = SimulatedDisk()
        var daemon = try SketchDaemon(on: disk)
        for _ in 0..<30 {
            try daemon.decide(2)
            daemon.perform(synchronizes: true)
        }
        daemon.perform(rolls: true)
        let ends = try JournalFiles.segments(on: disk, directory: "state").dropFirst()
            .map { $0.firstSequence - 1 }
        let observer = SnapshotObserver(disk)
        let result = try Compaction.run(
            on: observer, directory: "state", continuedBy: daemon.report.segment, budget: budget)
        #expect(ends.count > 3 && observer.sequences == ends)
        #expect(result.roundCount == ends.count && result.sequence == 60)
    }

    /// At any size of the state, with all of it changed.
    @Test func `takes memory for its tables and a few pieces`() throws {
        var budget = Compaction.Budget()
        budget.byteCount = 300 * 1_024
        var peaks: [Int] = []
        for orderCount in [4_000, 16_000] {
            let disk = SimulatedDisk()
            var state = SketchLedger()
            state.ledger.isCapturing = true
            let empty = try SketchDaemon.recover(from: disk)
            var journal = try JournalWriter.begin(
                on: disk, directory: "state", segmentByteCount: 256 * 1_024,
                after: empty.continuation)
            for pass in 0..<2 {
                for number in 0..<orderCount {
                    var order = ImageSketch.order(
                        pass == 0 ? .reserved : .applied, code: "C\(number)")
                    order.metadata = [["note", String(repeating: "x", count: 500)]]
                    state.record(order, order: "o\(number)")
                    guard number % 100 == 99 else { continue }
                    var log = RecordLog()
                    state.ledger.takeChanges(into: &log)
                    _ = journal.perform(JournalTurn(synchronizes: true), log)
                }
            }
            _ = journal.perform(JournalTurn(synchronizes: true, rolls: true), RecordLog())
            let result = try Compaction.run(
                on: disk, directory: "state", continuedBy: journal.report.segment, budget: budget)
            let expected = canonicalBytes(of: state.ledger)
            #expect(disk.state(of: Self.snapshot) == expected)
            #expect(result.orderCount == orderCount && result.roundCount > 1)
            let tables = budget.byteCount + result.byteCount / 10
            // A segment, what a segment adds to the tables, pieces that are read, and those written.
            let buffers = 2 * 256 * 1_024 + 3 << 20 + 8 << 20
            #expect(result.memoryPeak < tables + buffers, "\(result)")
            peaks.append(result.memoryPeak - result.byteCount / 10)
        }
        #expect(peaks[1] < peaks[0] + 8 << 20)
    }
}

/// Notes how far each snapshot goes that is put in place.
private final class SnapshotObserver: WrappedDisk {
    let disk: SimulatedDisk
    private let seen = Mutex<[UInt64]>([])

    init(_ disk: SimulatedDisk) { self.disk = disk }

    var sequences: [UInt64] { seen.withLock { $0 } }

    func rename(_ path: String, to newPath: String) throws(DiskFault) {
        if path.hasSuffix(".new"), let bytes = disk[path],
            let header = try? SnapshotHeader(beginning: bytes.span)
        {
            seen.withLock { $0.append(header.sequence) }
        }
        try disk.rename(path, to: newPath)
    }
}

@Suite struct `A snapshot that contradicts itself` {
    private static let path = "state/snapshot"

    /// Checksums hold, and a counter counts one use too many.
    private func tampered(_ disk: SimulatedDisk) throws -> [UInt8] {
        var pieces = SnapshotPieces(try #require(disk[Self.path]))
        // The first counter: kind, coupon, key and detail before its uses, each length in one byte.
        let counter = pieces.contents[0].bytes
        let detailAt = 3 + Int(counter[2])
        pieces.contents[0].bytes[detailAt + 1 + Int(counter[detailAt])] ^= 1
        return pieces.bytes
    }

    @Test func `is moved aside by a compaction where the older one is good`() throws {
        var states = ScriptStates()
        let disk = SimulatedDisk()
        var daemon = try SketchDaemon(on: disk)
        for _ in 0..<2 {
            try daemon.decide(8)
            try daemon.compact()
        }
        let bad = try tampered(disk)
        disk[Self.path] = bad
        // An order without codes: no record repeats what the counter counts.
        try daemon.decide(1)
        let result = try daemon.compact()
        let isMoved = disk["state/snapshot.damaged-1"] == bad
        #expect(result.sequence == 17 && isMoved)
        #expect(try disk.state(of: Self.path) == states[17])
        #expect(try RecoveredSketch(from: disk).isScript(after: 17, &states))
    }

    @Test func `is refused by a compaction where it is the only one`() throws {
        let disk = SimulatedDisk()
        var daemon = try SketchDaemon(on: disk)
        try daemon.decide(8)
        try daemon.compact()
        let bad = try tampered(disk)
        disk[Self.path] = bad
        try daemon.decide(1)
        daemon.perform(rolls: true)
        let before = disk.contents
        do throws(CompactionFault) {
            try daemon.compact()
            Issue.record("a compaction of a snapshot that contradicts itself")
        } catch {
            guard case .unreadable(.snapshot(let fault)) = error,
                case .contradiction = fault.problem
            else {
                Issue.record("\(error)")
                return
            }
        }
        let isUnchanged = disk.contents == before
        #expect(isUnchanged)
    }
}
