import CouponStore

/// A state that was saved, and how much of it there is.
package struct SalvagedState: ~Copyable {
    package var ledger: Ledger
    package let report: SalvageReport
}

/// The account of a salvage: what was found, kept and lost.
package struct SalvageReport: Sendable {
    /// The snapshot that was taken.
    package var snapshot: (path: String, sequence: UInt64)?
    /// Snapshots that could not be read.
    package var damagedSnapshots: [SnapshotFault] = []
    /// Whether a snapshot should exist and none can be read: its content is lost.
    package var lacksSnapshot = false
    package var segments: [Segment] = []
    /// Files whose names are almost those of segments. They were not read.
    package var ignoredFiles: [String] = []
    /// Records that were redone.
    package var keptCount = 0
    /// Whole records after the first damage that were left out.
    package var leftOutCount = 0
    package var faults: [JournalSurvey.Fault] = []
    /// What was being written when the daemon ended. It was never acknowledged, so it is not a loss.
    package var tail: (segment: SegmentName, damage: SegmentSurvey.Damage)?
    package var repairs: [CounterRepair] = []
    /// Records up to here are known to have been durable.
    package var promised: UInt64 = 0
    /// The new state goes on after this sequence, the highest that was seen.
    package var sequence: UInt64 = 0

    package struct Segment: Sendable {
        package var name: SegmentName
        package var byteCount: Int
        /// Records of it that were redone; the others are in the snapshot, dead or lost.
        package var keptCount: Int
    }

    /// Whether everything that was acknowledged is in the new state.
    package var isComplete: Bool {
        !lacksSnapshot && faults.allSatisfy { $0.lost == .nothing && $0.reason != .otherHistory }
    }
}

/// Why nothing was saved.
package enum SalvageFault: Error, Equatable {
    case disk(DiskFault)
    /// The directory contains neither a snapshot nor a segment.
    case nothingThere
    /// A later version of the daemon wrote the file; that version can read it.
    case laterVersion(path: String, UInt32)
    /// No snapshot can be read, or there is none, and the journal begins after `sequence`.
    case noSnapshot([SnapshotFault], after: UInt64)
    /// A file names a sequence that no journal reaches.
    case senselessSequence(UInt64)
    /// The written state cannot be read back.
    case unproven(RecoveryFault)
}
