// The loop's view of the journal. The journal's thread does one turn at a time; the records decided
// meanwhile gather and go into the next (group commit). Replies that speak of them leave when the
// journal has them; the mode says what that means:
//
//   always     synchronized in the same turn: it survives a power cut
//   everysec   written; a synchronization begins half a second later at the latest. While one is
//              under way nothing is written, so nothing new is acknowledged; when it takes longer
//              than a second, nothing that rests on it is
//   no         written; the system decides when the disk has it
//
// In each mode acknowledged work survives the end of the process.
//
// Once a second, and once more at the end, a turn makes sure that the files still have their names,
// also while nothing is decided: a daemon that has lost them must not look as if it were well.

import CouponStore

/// When records must be on disk before a reply may speak of them.
package enum DurabilityMode: String, CaseIterable, Sendable {
    case always
    case everysec
    case no
}

/// Decides what the journal's thread does next, and which replies may leave.
struct GroupCommit {
    let mode: DurabilityMode
    /// How the journal stood after its last turn.
    private(set) var report: JournalReport
    /// Whether a turn is under way.
    private(set) var isBusy = false
    /// Bytes of records in that turn.
    private var inFlightByteCount = 0
    /// When the oldest record was written that is not synchronized; nil when all are.
    private var unsynchronizedSince: Int64?
    private var lastTurnEndedAt: Int64
    /// Whether the next turn begins another segment.
    private var isRollRequested = false
    private var turnRolls = false
    /// Whether the daemon is ending, so that nothing waits for a better moment.
    private var isFinishing = false
    /// When the last turn ended that checked the names of the files.
    private var checkedAt: Int64
    private var turnChecks = false
    /// Whether the turn that is under way is the last check, and whether that has ended.
    private var turnChecksFinally = false
    private var isFinallyChecked = false

    static let synchronizationDelay: Int64 = 500
    static let unsynchronizedMax: Int64 = 1_000
    static let idleDelay: Int64 = 20
    static let healDelay: Int64 = 1_000
    static let checkDelay: Int64 = 1_000

    init(_ mode: DurabilityMode, _ report: JournalReport, at steady: Int64) {
        self.mode = mode
        self.report = report
        lastTurnEndedAt = steady
        checkedAt = steady
    }

    /// Bytes of records that may be decided before the next turn.
    var recordRoom: Int {
        guard report.condition.isReady else { return 0 }
        return max(0, report.room - inFlightByteCount)
    }

    /// What broke the journal for good.
    var fault: DiskFault? {
        if case .broken(let fault) = report.condition { fault } else { nil }
    }

    /// Why nothing can be recorded at the moment.
    var spaceFault: DiskFault? {
        if case .noSpace(let fault) = report.condition { fault } else { nil }
    }

    // MARK: - Turns

    /// Begins the next turn, if there is anything to do and none is under way. `pendingByteCount` is
    /// of the records that were decided since the last one, and go along.
    mutating func beginTurn(pendingByteCount: Int, at steady: Int64) -> JournalTurn? {
        if isBusy || fault != nil { return nil }
        let hasRecords = pendingByteCount > 0
        var turn = JournalTurn(rolls: isRollRequested)
        turn.synchronizes = synchronizes(hasRecords, at: steady)
        turn.marks = !hasRecords && isMarkDue && isIdle(at: steady)
        turn.checks =
            isFinishing ? !isFinallyChecked : steady - checkedAt >= Self.checkDelay
        let heals = spaceFault != nil && steady - lastTurnEndedAt >= Self.healDelay
        guard hasRecords || heals || turn != JournalTurn() else { return nil }
        isBusy = true
        isRollRequested = false
        turnRolls = turn.rolls
        turnChecks = turn.checks
        turnChecksFinally = turn.checks && isFinishing
        inFlightByteCount = pendingByteCount
        return turn
    }

    private func synchronizes(_ hasRecords: Bool, at steady: Int64) -> Bool {
        let isBehind = hasRecords || report.synchronized < report.written
        if mode == .always || isFinishing { return isBehind }
        guard mode == .everysec, let since = unsynchronizedSince else { return false }
        return steady - since >= Self.synchronizationDelay
    }

    private func isIdle(at steady: Int64) -> Bool {
        isFinishing || steady - lastTurnEndedAt >= Self.idleDelay
    }

    /// Ends the turn that was under way. Returns whether a requested roll is done.
    mutating func endTurn(_ next: JournalReport, at steady: Int64) -> Bool {
        precondition(isBusy, "only a turn that was begun ends")
        isBusy = false
        inFlightByteCount = 0
        lastTurnEndedAt = steady
        report = next
        if fault != nil { return false }
        if turnChecks { checkedAt = steady }
        isFinallyChecked = isFinallyChecked || turnChecksFinally
        if next.synchronized == next.written {
            unsynchronizedSince = nil
        } else if unsynchronizedSince == nil {
            unsynchronizedSince = steady
        }
        defer { turnRolls = false }
        return turnRolls
    }

    /// The last record that replies may speak of.
    func acknowledged(at steady: Int64) -> UInt64 {
        switch mode {
        case .always: return report.synchronized
        case .no: return report.written
        case .everysec:
            let isLate = unsynchronizedSince.map { steady - $0 >= Self.unsynchronizedMax } ?? false
            return isLate ? report.synchronized : report.written
        }
    }

    mutating func requestRoll() { isRollRequested = true }

    /// From now on everything is synchronized and marked as soon as it can be.
    mutating func finish() { isFinishing = true }

    /// Whether everything up to `sequence` is synchronized and marked, and the end may come.
    func isDurable(upTo sequence: UInt64) -> Bool {
        !isBusy && report.synchronized >= sequence && !isMarkDue
            && (!isFinishing || isFinallyChecked)
    }

    /// Whether the durable mark lags behind. Without a spare segment there may be no room for one.
    private var isMarkDue: Bool { spaceFault == nil && report.marked < report.synchronized }

    /// When ``beginTurn(pendingByteCount:at:)`` has something to do though nothing happens.
    var deadline: Int64? {
        if isBusy || fault != nil { return nil }
        var next = checkedAt + Self.checkDelay
        if mode == .everysec, let since = unsynchronizedSince {
            next = min(next, since + Self.synchronizationDelay)
        }
        if isMarkDue { next = min(next, lastTurnEndedAt + Self.idleDelay) }
        if spaceFault != nil { next = min(next, lastTurnEndedAt + Self.healDelay) }
        return next
    }
}
