import FlatStorage

// A snapshot is made of what is on disk, never of the live state: the last snapshot and the segments
// that are no longer written, read by the very code that a start uses. It stops no request, and a
// recovery that would fail is noticed while the daemon still runs and has everything.

/// What a compaction did.
package struct Compacted: Equatable, Sendable {
    /// The snapshot holds the journal up to this record.
    package var sequence: UInt64
    /// Of the snapshot, which is the last one when nothing has changed since.
    package var byteCount: Int
    package var orderCount: Int
    /// Why segments that are not needed any more are still there. It harms nothing.
    package var leftBehind: DiskFault?

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
}

package enum Compaction {
    /// Writes the next snapshot of `directory` and removes the segments that neither it nor the
    /// snapshot before it needs. On a thread of its own, which waits for the disk, while the journal
    /// goes on in the segment of the header `next`.
    package static func run(
        on disk: any Disk, directory: String, continuedBy next: SegmentHeader
    ) throws(CompactionFault) -> Compacted {
        let state = try checkedState(of: disk, directory, continuedBy: next)
        let sequence = state.ledger.sequence
        var result = Compacted(
            sequence: sequence, byteCount: 0, orderCount: state.ledger.orders.count)
        if state.standing == .whole && sequence == state.snapshotSequence {
            result.byteCount = try byteCount(on: disk, directory)
            return result
        }
        let encoded = state.ledger.encodeSnapshot()
        result.byteCount = encoded.count
        do {
            try Snapshot.write(encoded, over: state.standing, to: disk, directory: directory)
        } catch {
            throw .disk(error)
        }
        // The snapshot that was read is the older one now, and what it lacks is kept.
        do {
            try JournalFiles.removeSegments(
                before: state.snapshotSequence + 1, olderThan: next.name, on: disk,
                directory: directory)
        } catch {
            result.leftBehind = error
        }
        return result
    }

    private static func byteCount(
        on disk: any Disk, _ directory: String
    ) throws(CompactionFault) -> Int {
        do {
            return try disk.size(of: Snapshot.path(Snapshot.name, in: directory)) ?? 0
        } catch {
            throw .disk(error)
        }
    }

    private static func checkedState(
        of disk: any Disk, _ directory: String, continuedBy next: SegmentHeader
    ) throws(CompactionFault) -> RecoveredState {
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
}
