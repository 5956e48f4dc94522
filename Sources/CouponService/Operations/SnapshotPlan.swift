// Schedules snapshots. The journal is the truth; a snapshot only makes the next start quick and the
// journal short, so one that fails can wait, and waits longer each time.

import CouponStore

/// How often snapshots are written.
package struct SnapshotSettings: Equatable, Sendable {
    /// So long after the last one, if anything changed since.
    package var intervalSeconds: Int64 = 3_600
    /// Sooner when the journal has grown by this percentage of the last snapshot's size, and by
    /// ``growthBytesMin``.
    package var growthPercent: Int64 = 100
    package var growthBytesMin = 16 * 1_024 * 1_024

    package init() {}
}

/// The sizes of the state that the daemon started from.
package struct RecoveredFacts: Equatable, Sendable {
    /// The journal's last record that the newest snapshot holds.
    package var snapshotSequence: UInt64 = 0
    package var snapshotByteCount = 0
    /// Of the segments that are left, as long as their files are.
    package var journalByteCount = 0

    package init() {}
}

struct SnapshotPlan {
    var settings: SnapshotSettings
    /// The last record that the newest snapshot holds.
    private var sequence: UInt64
    private var byteCount = 0
    /// Of the journal, when that snapshot was made; below 0 for what earlier daemons left.
    private var journalByteCount: Int
    /// When the last attempt ended, and how many in a row have failed.
    private var endedAt: Int64
    private var failureCount = 0

    private static let retryDelayMin: Int64 = 10_000
    private static let retryDelayMax: Int64 = 3_600_000

    init(_ settings: SnapshotSettings, after start: RecoveredFacts, at steady: Int64) {
        self.settings = settings
        sequence = start.snapshotSequence
        byteCount = start.snapshotByteCount
        journalByteCount = -start.journalByteCount
        endedAt = steady
    }

    /// When the next snapshot starts, as long as nothing happens; nil when there is nothing to save.
    func due(_ report: JournalReport) -> Int64? {
        if report.written <= sequence { return nil }
        if failureCount > 0 { return endedAt + retryDelay }
        let growth = report.byteCount - journalByteCount
        let share = byteCount / 100 * Int(settings.growthPercent)
        if growth >= max(settings.growthBytesMin, share) { return endedAt }
        return endedAt + settings.intervalSeconds * 1_000
    }

    /// Grows with each failure: the cause is seldom gone in a moment, and each attempt costs the disk.
    private var retryDelay: Int64 {
        min(Self.retryDelayMin << min(failureCount - 1, 20), Self.retryDelayMax)
    }

    mutating func ended(_ outcome: SnapshotOutcome, _ report: JournalReport, at steady: Int64) {
        endedAt = steady
        switch outcome {
        case .written(let written, _):
            failureCount = 0
            sequence = written.sequence
            journalByteCount = report.byteCount
            if written.byteCount > 0 { byteCount = written.byteCount }
        case .failed: failureCount += 1
        }
    }
}
