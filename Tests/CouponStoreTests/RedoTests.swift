import CouponStore
import FlatStorage
import StoreSupport
import Testing

/// A history, the records that it made, and snapshots from between them.
private struct RecordedHistory: ~Copyable {
    var history: History
    var records: [[UInt8]] = []
    /// Each with the number of records that it holds.
    var snapshots: [(after: Int, bytes: [UInt8])] = []

    init(for test: String, steps: Int, snapshotEvery interval: Int) throws {
        history = History(SeededGenerator(for: test))
        history.state.ledger.isCapturing = true
        for step in 0..<steps {
            if step % interval == 0 {
                let encoded = history.state.ledger.encodeSnapshot()
                snapshots.append((after: records.count, bytes: array(encoded.bytes)))
            }
            try history.step()
            records += history.state.changes()
        }
    }

    /// Compares a ledger with the history's: images, uses, holds, and what lapses next.
    func expectSame(_ ledger: borrowing Ledger, _ comment: String) {
        let expected = canonicalBytes(of: history.state.ledger), found = canonicalBytes(of: ledger)
        #expect(found == expected, "\(comment)")
        // Counters that count nothing are not in a snapshot.
        var totals = ledger.totals, expectedTotals = history.state.ledger.totals
        totals.counters = 0
        expectedTotals.counters = 0
        #expect(totals == expectedTotals, "\(comment)")
        let sequence = ledger.sequence, expectedSequence = history.state.ledger.sequence
        #expect(sequence == expectedSequence, "\(comment)")
        // With this the holds are what the images say, which are the same.
        let contradiction = ledger.firstContradiction()
        #expect(contradiction == nil, "\(comment)")
    }

    /// Lets all holds of a ledger lapse, each at its time: the history knows which they are.
    func expectLapses(like ledger: consuming Ledger) {
        var state = SketchLedger()
        state.ledger = ledger
        for reserve in history.reserves() {
            state.expectLapse(at: reserve.expiresAt, "\(reserve.order)")
        }
        state.expectLapse(at: nil)
    }

    func ledger(fromSnapshot index: Int) throws -> Ledger {
        let snapshot = snapshots[index].bytes
        return try Ledger.decoded(from: snapshot.span, seed: HashSeed(5), orderLimit: 1_000)
    }
}

@Suite struct `Redoing records` {
    private func redo(_ records: [[UInt8]], from start: Int, in ledger: inout Ledger) throws {
        for (index, record) in records.enumerated().dropFirst(start) {
            try ledger.redo(record.span, UInt64(index) + 1)
        }
    }

    /// From no state at all, and from every snapshot, also with records that it holds already.
    @Test func `leads to the same state from any snapshot before the last record`() throws {
        var recorded = try RecordedHistory(for: "redo", steps: 7_000, snapshotEvery: 700)
        #expect(recorded.records.count > 1_500)
        for (index, snapshot) in recorded.snapshots.enumerated() {
            for start in [0, snapshot.after / 3, snapshot.after - snapshot.after / 50] {
                var ledger = try recorded.ledger(fromSnapshot: index)
                try redo(recorded.records, from: start, in: &ledger)
                recorded.expectSame(ledger, "snapshot \(index), from record \(start)")
                recorded.expectLapses(like: ledger)
            }
        }
        // The history's own account of what there must be holds for the last of these, too.
        recorded.history.state.ledger = try recorded.ledger(fromSnapshot: 0)
        try recorded.history.state.redo(recorded.records)
        try recorded.history.check()
    }

    @Test func `goes on as the original does`() throws {
        var recorded = try RecordedHistory(for: "redo and go on", steps: 500, snapshotEvery: 200)
        var ledger = try recorded.ledger(fromSnapshot: 1)
        try redo(recorded.records, from: 0, in: &ledger)
        ledger.isCapturing = true
        recorded.history.state.ledger = ledger
        for _ in 0..<500 { try recorded.history.step() }
        try recorded.history.check()
    }

    /// Through batches and segments of random lengths, with a snapshot from the middle of a batch.
    @Test func `reads all of it from segments`() throws {
        let recorded = try RecordedHistory(for: "journal", steps: 600, snapshotEvery: 150)
        var generator = SeededGenerator(for: "segments")
        var segments = [SegmentSketch()]
        var rest = recorded.records[...]
        while !rest.isEmpty {
            let last = segments.count - 1
            let mark = segments[last].lastSequence
            segments[last].append(
                Array(rest.prefix(.random(in: 0..<9, using: &generator))), mark: mark)
            rest = recorded.records[Int(segments[last].lastSequence)...]
            if Int.random(in: 0..<12, using: &generator) == 0 {
                segments.append(SegmentSketch(after: segments[last], salt: generator.next()))
                segments[last].seal()
            }
        }
        for (index, snapshot) in recorded.snapshots.enumerated() {
            let history = try judge(segments, after: UInt64(snapshot.after)).get()
            #expect(history.lastSequence == UInt64(recorded.records.count))
            var ledger = try recorded.ledger(fromSnapshot: index)
            for (place, segment) in segments.enumerated() {
                try history.redo(place, from: segment.content.span, in: &ledger)
            }
            recorded.expectSame(ledger, "snapshot \(index)")
        }
    }

    @Test func `says which record cannot be read, and where`() throws {
        var segment = SegmentSketch()
        var state = SketchLedger()
        state.ledger.isCapturing = true
        state.record(.order(.applied), order: "o1")
        let record = try #require(state.changes().first)
        segment.append([record, [9, 9]], mark: 0)
        let history = try judge([segment]).get()
        var ledger = Ledger(seed: HashSeed(1), orderLimit: 10)
        var found: JournalCorruption?
        do throws(JournalCorruption) {
            try history.redo(0, from: segment.content.span, in: &ledger)
        } catch {
            found = error
        }
        let corruption = try #require(found)
        #expect(corruption.segment == segment.header.name && corruption.sequence == 2)
        #expect(corruption.offset == segment.batches[0].contentEnd - 2)
        guard case .record(let fault) = corruption.reason else {
            Issue.record("\(corruption)")
            return
        }
        #expect(fault.part == .kind)
        // A snapshot that holds both needs neither.
        let later = try judge([segment], after: 2).get()
        #expect(throws: Never.self) {
            try later.redo(0, from: segment.content.span, in: &ledger)
        }
    }
}
