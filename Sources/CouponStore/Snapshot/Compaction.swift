import FlatStorage

// A snapshot is made of what is on disk, never of the live state: the last snapshot and the segments
// that are no longer written. It stops no request, and a recovery that would fail is noticed while
// the daemon still runs and has everything.
//
// Neither of the two is in memory as a whole. What the segments change is gathered in tables of
// hashes, then the last snapshot is copied with these changes, in pieces, and what was written is
// read back in pieces and proved. The tables are bounded: where the segments change more than fits, the
// compaction ends at the end of a segment, and another one follows. Each such round is complete
// in itself.
//
// A snapshot of an earlier version is read whole once, and written in pieces.

/// What a compaction did.
package struct Compacted: Equatable, Sendable {
    /// The snapshot holds the journal up to this record.
    package var sequence: UInt64
    /// Of the snapshot, which is the last one when nothing has changed since.
    package var byteCount: Int
    package var orderCount: Int
    /// Why segments that are not needed any more are still there. It harms nothing.
    package var leftBehind: DiskFault?
    /// Snapshots that were written, one after the other.
    package var roundCount = 0
    /// The most bytes of tables and buffers at a time.
    package var memoryPeak = 0

    package init(sequence: UInt64, byteCount: Int, orderCount: Int, leftBehind: DiskFault? = nil) {
        self.sequence = sequence
        self.byteCount = byteCount
        self.orderCount = orderCount
        self.leftBehind = leftBehind
    }
}

package enum CompactionFault: Error, Equatable {
    /// What is on disk cannot be read: a start would end here.
    case unreadable(RecoveryFault)
    case disk(DiskFault)
    /// What was written contradicts itself, but not what it was made of: a bug. Nothing was replaced.
    case unproven
}

package enum Compaction {
    /// Bytes for the tables of changes: a fixed part and a share of the last snapshot.
    package struct Budget: Equatable, Sendable {
        package var byteCount = 32 * 1_024 * 1_024
        package var percentOfSnapshot = 10

        package init() {}

        /// For changes to a snapshot of that size. A merge holds some bytes for each of its coupons,
        /// too, which come out of the same budget.
        func forTables(after byteCount: Int, couponCount: Int) -> Int {
            let whole = self.byteCount + byteCount / 100 * percentOfSnapshot
            return max(
                self.byteCount / 4, whole - couponCount * SnapshotMerge.bytesPerCoupon)
        }
    }

    /// Writes the next snapshot of `directory` and removes the segments that neither it nor the
    /// snapshot before it needs. On a thread of its own, which waits for the disk, while the journal
    /// goes on in the segment of the header `next`.
    package static func run(
        on disk: any Disk, directory: String, continuedBy next: SegmentHeader,
        budget: Budget = Budget()
    ) throws(CompactionFault) -> Compacted {
        var rounds = 0, peak = 0
        while true {
            let round = try CompactionRound(
                on: disk, directory: directory, continuedBy: next, budget: budget
            ).run()
            rounds += round.isWritten ? 1 : 0
            peak = max(peak, round.result.memoryPeak)
            guard round.isLast else { continue }
            var result = round.result
            result.roundCount = rounds
            result.memoryPeak = peak
            return result
        }
    }
}

/// One snapshot of a compaction.
private struct CompactionRound {
    struct Outcome {
        var result: Compacted
        var isWritten: Bool
        /// Whether nothing is left to do before the segment that is written.
        var isLast: Bool
    }

    private let disk: any Disk
    private let directory: String
    private let next: SegmentHeader
    private let budget: Compaction.Budget

    init(
        on disk: any Disk, directory: String, continuedBy next: SegmentHeader,
        budget: Compaction.Budget
    ) {
        self.disk = disk
        self.directory = directory
        self.next = next
        self.budget = budget
    }

    func run() throws(CompactionFault) -> Outcome {
        let last = try lastSnapshot()
        if let header = last.header, !header.isInPieces { return try convert(checkedState()) }
        let base = last.header?.sequence ?? 0
        var segments = SegmentPassage(
            try segments(after: base), after: base, continuedBy: next, on: disk,
            directory: directory)
        try segments.checkEmpty()
        var changes = JournalChanges(after: last.header)
        let limit = budget.forTables(
            after: last.byteCount, couponCount: last.content?.coupons ?? 0)
        var end = 0
        var memory = MemoryWatch()
        // A round ends behind a whole segment, and never without anything new.
        while end < segments.count, segments.sequence == base || changes.allocatedBytes < limit {
            try segments.read(end) { record, sequence throws(RecordVisitFault) in
                do throws(JournalRecordFault) {
                    try changes.note(record, sequence)
                } catch {
                    throw RecordVisitFault.record(error)
                }
            }
            end += 1
            memory.note(changes.allocatedBytes + segments.allocatedBytes)
        }
        let isLast = end == segments.count
        try segments.checkNext()
        if isLast && last.standing == .whole && segments.sequence == base {
            return Outcome(
                result: Compacted(
                    sequence: base, byteCount: last.byteCount,
                    orderCount: last.content?.orders ?? 0),
                isWritten: false, isLast: true)
        }
        var merge = SnapshotMerge(changes, memory: memory)
        let written: WrittenSnapshot
        do {
            written = try write(&merge, from: last, &segments, upTo: end)
        } catch .unproven {
            // Read as a start would, which names the counter, or takes the older snapshot because the
            // newer one contradicts itself.
            let state = try checkedState()
            guard state.report.damagedSnapshot != nil else { throw .unproven }
            return try convert(state)
        }
        var result = Compacted(
            sequence: merge.header.sequence, byteCount: written.byteCount,
            orderCount: written.totals.orders)
        result.memoryPeak = merge.memory.peak
        removeSegments(before: base + 1, &result)
        return Outcome(result: result, isWritten: true, isLast: isLast)
    }

    /// Finds the snapshot to go on from, and reads all of it.
    private func lastSnapshot() throws(CompactionFault) -> FoundSnapshot<SnapshotTotals> {
        do {
            return try Snapshot.find(on: disk, directory: directory) {
                (reader) throws(SnapshotProblem) in
                guard reader.header.isInPieces else { return SnapshotTotals() }
                while try reader.next() != nil {}
                return reader.totals
            }
        } catch {
            throw .unreadable(.snapshot(error))
        }
    }

    private func segments(after base: UInt64) throws(CompactionFault) -> [SegmentName] {
        do {
            return try Recovery.segments(on: disk, directory: directory, before: next.name)
                .needed(after: base)
        } catch {
            throw .unreadable(error)
        }
    }

    private func write(
        _ merge: inout SnapshotMerge, from last: borrowing FoundSnapshot<SnapshotTotals>,
        _ segments: inout SegmentPassage, upTo end: Int
    ) throws(CompactionFault) -> WrittenSnapshot {
        let path = last.path
        var reader = try reader(of: last)
        return try Snapshot.write(
            merge.header, over: last.standing, to: disk, directory: directory
        ) { writer throws(CompactionFault) in
            try merge.write(from: &reader, at: path, &segments, upTo: end, to: &writer)
        }
    }

    /// At the first piece; of an empty snapshot where there is none.
    private func reader(
        of last: borrowing FoundSnapshot<SnapshotTotals>
    ) throws(CompactionFault) -> SnapshotReader {
        do {
            if last.header != nil, let reader = try SnapshotReader.open(last.path, on: disk) {
                return reader
            }
            let empty = Ledger(seed: HashSeed(0), orderLimit: 1).encodeSnapshot()
            return try SnapshotReader(empty.bytes)
        } catch {
            throw .unreadable(.snapshot(SnapshotFault(path: last.path, problem: error)))
        }
    }

    /// Writes a state that was read whole, in pieces.
    private func convert(
        _ state: borrowing RecoveredState
    ) throws(CompactionFault) -> Outcome {
        let written = try Snapshot.write(
            state.ledger.snapshotHeader, over: state.standing, to: disk, directory: directory
        ) { writer throws(CompactionFault) in try Snapshot.fill(&writer, with: state.ledger) }
        var result = Compacted(
            sequence: state.ledger.sequence, byteCount: written.byteCount,
            orderCount: written.totals.orders)
        removeSegments(before: state.snapshotSequence + 1, &result)
        return Outcome(result: result, isWritten: true, isLast: true)
    }

    private func checkedState() throws(CompactionFault) -> RecoveredState {
        do {
            let state = try Recovery.recover(
                from: disk, directory: directory, seed: .random(), orderLimit: OrderTable.countMax,
                continuedBy: next)
            try state.check()
            return state
        } catch {
            throw .unreadable(error)
        }
    }

    /// The snapshot that was read is the older one now, and what it lacks is kept.
    private func removeSegments(before sequence: UInt64, _ result: inout Compacted) {
        do {
            try JournalFiles.removeSegments(
                before: sequence, olderThan: next.name, on: disk, directory: directory)
        } catch {
            result.leftBehind = error
        }
    }
}
