import CouponStore
import FlatStorage
import Glibc
import StoreSupport
import Testing

// The budget by which a daemon decides: everything decided and not yet written fits into the room
// that the journal reported last. The journal keeps that promise with and without the spare, or
// the daemon would have to unsay what it decided.

/// Makes records of any length.
private struct RecordMaker: ~Copyable {
    private var state = SketchLedger()
    /// For lengths in bytes, framed, the length of the text that makes a record so long.
    private var texts: [Int: Int] = [:]
    static let byteCountMax = 1_200
    let byteCountMin: Int

    init() {
        state.ledger.isCapturing = true
        var log = RecordLog()
        for length in 0..<Self.byteCountMax {
            log.removeAll()
            Self.append(text: length, to: &log, &state)
            texts[log.bytes.count] = length
        }
        byteCountMin = texts.keys.min() ?? 0
    }

    private static func append(
        text length: Int, to log: inout RecordLog, _ state: inout SketchLedger
    ) {
        var sketch = ImageSketch(state: .reserved)
        sketch.metadata = [["n", String(repeating: "x", count: length)]]
        state.record(sketch, order: "o")
        state.ledger.takeChanges(into: &log)
    }

    /// Appends records of `byteCount` bytes together, or a few less where none are so short.
    mutating func append(_ byteCount: Int, to log: inout RecordLog) {
        var rest = byteCount
        while rest >= byteCountMin {
            // What is left in the end is long enough for one more.
            let most = rest < 1_000 ? rest : min(rest - byteCountMin, 800)
            guard let length = (byteCountMin...most).last(where: { texts[$0] != nil }) else {
                return
            }
            Self.append(text: texts[length] ?? 0, to: &log, &state)
            rest -= length
        }
    }
}

/// A loop and a journal's thread: while one turn is under way, the next records gather.
private struct BudgetedLoop: ~Copyable {
    var journal: JournalWriter
    var report: JournalReport
    var inFlight = RecordLog()
    var pending = RecordLog()
    var given: UInt64 = 0

    init(on disk: any Disk, segmentByteCount: Int) throws {
        let recovered = try SketchDaemon.recover(from: disk)
        journal = try JournalWriter.begin(
            on: disk, directory: "state", segmentByteCount: segmentByteCount,
            after: recovered.continuation, salts: CountedSalts(last: 0))
        report = journal.report
    }

    /// Bytes that may be decided now.
    var budget: Int { report.room - inFlight.bytes.count - pending.bytes.count }

    /// The journal's thread begins with what gathered.
    mutating func begin() {
        inFlight.removeAll()
        pending.move(to: &inFlight)
    }

    mutating func end(_ turn: JournalTurn) {
        report = journal.perform(turn, inFlight)
        given += UInt64(inFlight.count)
        inFlight.removeAll()
        let written = report.written, given = given
        #expect(written == given)
    }
}

@Suite struct `The room that the journal promises` {
    private static let all = JournalTurn(synchronizes: true, marks: true)

    /// Random sequences of records and turns on a disk that is full at times: everything that the
    /// budget allowed is written, in segments in which little fits.
    @Test func `holds everything decided within it, with or without space`() throws {
        var generator = SeededGenerator(for: "the journal's room")
        var records = RecordMaker()
        var withoutSpace = 0, refused = 0
        for _ in 0..<60 {
            let disk = FullDisk()
            let blockCount = Int.random(in: 8...24, using: &generator)
            var loop = try BudgetedLoop(on: disk, segmentByteCount: blockCount * 512)
            let fullPercent = [0, 50, 95].randomElement(using: &generator) ?? 50
            for _ in 0..<60 {
                // Decisions before the turn, and decisions while it is under way.
                for part in 0..<2 {
                    for _ in 0..<Int.random(in: 0..<4, using: &generator) {
                        let asked = Int.random(in: records.byteCountMin...3_000, using: &generator)
                        if asked > loop.budget { refused += 1 }
                        records.append(min(asked, loop.budget), to: &loop.pending)
                    }
                    if part == 0 { loop.begin() }
                }
                disk.isFull = Int.random(in: 0..<100, using: &generator) < fullPercent
                loop.end(
                    JournalTurn(
                        synchronizes: Bool.random(using: &generator),
                        marks: Bool.random(using: &generator),
                        rolls: Int.random(in: 0..<4, using: &generator) == 0))
                if loop.report.condition != .ready { withoutSpace += 1 }
            }
            let scans = try disk.disk.segments.map { path in
                let name = try #require(SegmentName(String(path.dropFirst(6))))
                let content = try #require(disk.disk[path])
                return try SegmentScan(content.span, named: name)
            }
            let history = try JournalHistory(
                scans, after: 0, anchor: FoundAnchor(in: "state", on: disk.disk))
            let given = loop.given
            #expect(history.lastSequence == given)
        }
        #expect(withoutSpace > 200 && refused > 200)
    }

    /// The worst there is, with blocks filled as badly as can be: a batch that begins the next
    /// segment and a mark; no spare; and meanwhile as much was decided as was allowed.
    @Test func `holds two batches and a mark in one segment`() throws {
        var records = RecordMaker()
        var remainders: Set<Int> = []
        for byteCount in 1_200..<1_712 {
            let disk = FullDisk()
            var loop = try BudgetedLoop(on: disk, segmentByteCount: 16 * 512)
            records.append(loop.budget, to: &loop.pending)
            loop.begin()
            loop.end(Self.all)
            #expect(loop.report.segment.generation == 1)
            records.append(byteCount, to: &loop.pending)
            loop.begin()
            records.append(loop.budget, to: &loop.pending)
            #expect(loop.budget < records.byteCountMin)
            remainders.insert(loop.budget)
            disk.isFull = true
            loop.end(Self.all)
            #expect(loop.report.segment.generation == 2)
            loop.begin()
            loop.end(Self.all)
            guard case .noSpace = loop.report.condition else {
                Issue.record("there is a spare on a full disk")
                return
            }
        }
        // To the last byte: nothing is promised beyond.
        #expect(remainders.contains(0))
    }
}
