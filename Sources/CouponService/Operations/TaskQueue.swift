// Work for other threads, and the conversations that wait for it. One run at a time of each kind; a
// request while one is under way waits for the next run, because the present one may have begun before
// the change that the request is about.

import CouponCatalog
import CouponStore

/// The state of one kind of work.
struct TaskQueue {
    private(set) var isRequested = false
    private(set) var isRunning = false
    /// Of the run that is under way, or else the last one: the longest turn of the loop from the one
    /// that began it to the one that ended it, in nanoseconds.
    private(set) var longestTurn: Int64 = 0
    /// The same of the run before, as long as its last turn is not over.
    private var longestTurnOfEnding: Int64?
    private var askers: [ConversationID] = []
    private var runAskers: [ConversationID] = []

    mutating func request(for asker: ConversationID? = nil) {
        isRequested = true
        if let asker { askers.append(asker) }
    }

    /// Begins a run, if one is requested and none is under way.
    mutating func begin() -> Bool {
        guard isRequested, !isRunning else { return false }
        isRequested = false
        isRunning = true
        longestTurn = 0
        runAskers = askers
        askers = []
        return true
    }

    /// Ends the run, and returns the conversations that waited for it.
    mutating func finish() -> [ConversationID] {
        precondition(isRunning, "only work that was begun can finish")
        isRunning = false
        longestTurnOfEnding = longestTurn
        defer { runAskers = [] }
        return runAskers
    }

    /// The loop's turn is over. Returns the longest turn of the run that ended in it, if one did.
    mutating func noteTurn(nanoseconds: Int64) -> Int64? {
        // One run may have ended and the next begun in the same turn.
        if isRunning { longestTurn = max(longestTurn, nanoseconds) }
        defer { longestTurnOfEnding = nil }
        return longestTurnOfEnding.map { max($0, nanoseconds) }
    }

    mutating func forget(_ id: ConversationID) {
        askers.removeAll { $0 == id }
        runAskers.removeAll { $0 == id }
    }
}

/// Work that a request or a signal asks for and the loop must not do itself.
package enum LongTask: UInt8, Sendable, CaseIterable, BitwiseCopyable {
    /// Read the definitions again and build the next catalog.
    case reload
    /// Write the present state to disk.
    case snapshot
}

/// Work for another thread, as it can be started.
package enum StartableTask: Equatable, Sendable {
    /// `isForced`: definitions that look as if a part were missing are taken, too.
    case reload(isForced: Bool)
    /// Make a snapshot of everything before the segment with this header.
    case compaction(continuedBy: SegmentHeader)
    /// Add these lines to the archive of orders, durably.
    case archive([UInt8])
}

/// How a reload went.
package enum ReloadOutcome: Sendable {
    /// `changes` are the derived ids that are gone, compared with the present catalog; `warnings` is
    /// how many the definitions gave; `limited` are coupons whose limit may be below what is used.
    case built(
        SharedCatalog, changes: [DerivedIDChange], warnings: Int = 0, limited: [CouponID] = [],
        milliseconds: Int64)
    /// The faults of the files, a line each; the old catalog stays.
    case refused([String])
}

/// How a snapshot went.
package enum SnapshotOutcome: Sendable {
    case written(Compacted, milliseconds: Int64)
    case failed(String)
}
