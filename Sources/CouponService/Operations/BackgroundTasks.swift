import CouponStore

/// The work for other threads: what is requested, what is under way, and which conversations wait.
struct BackgroundTasks {
    private var reload = TaskQueue()
    /// Whether one of the requests for the next reload forces it.
    private var isReloadForced = false
    private var snapshot = TaskQueue()
    private var plan: SnapshotPlan
    /// The header of the segment behind all that the next snapshot is made of.
    private var compactable: SegmentHeader?
    private var isRolling = false
    /// Conversations whose awaited reply can be written.
    private var answerable: [ConversationID] = []

    init(_ plan: SnapshotPlan) { self.plan = plan }

    /// Asks for work, for a conversation that waits for it, or for a signal or a timer.
    mutating func request(
        _ task: LongTask, for asker: ConversationID? = nil, isForced: Bool = false
    ) {
        switch task {
        case .reload:
            reload.request(for: asker)
            if isForced { isReloadForced = true }
        case .snapshot: snapshot.request(for: asker)
        }
    }

    /// The next step towards what is asked for.
    enum NextStep {
        case start(StartableTask)
        /// The journal must go on in another segment first.
        case roll
    }

    mutating func next(_ report: JournalReport, at steady: Int64) -> NextStep? {
        if reload.begin() {
            defer { isReloadForced = false }
            return .start(.reload(isForced: isReloadForced))
        }
        if !snapshot.isRunning, let due = plan.due(report), due <= steady { snapshot.request() }
        guard snapshot.isRequested, !snapshot.isRunning else { return nil }
        if let header = compactable {
            compactable = nil
            _ = snapshot.begin()
            return .start(.compaction(continuedBy: header))
        }
        if isRolling { return nil }
        isRolling = true
        return .roll
    }

    /// The journal goes on in the segment with this header: all before it stands still.
    mutating func rolled(to header: SegmentHeader) {
        isRolling = false
        compactable = header
    }

    /// Ends a reload. Returns the longest turn of the loop meanwhile, in nanoseconds.
    mutating func finishReload() -> Int64 {
        answerable += reload.finish()
        return reload.longestTurn
    }

    /// Ends a snapshot. Returns the longest turn of the loop meanwhile, in nanoseconds.
    mutating func finishSnapshot(
        _ outcome: SnapshotOutcome, _ report: JournalReport, at steady: Int64
    ) -> Int64 {
        answerable += snapshot.finish()
        plan.ended(outcome, report, at: steady)
        return snapshot.longestTurn
    }

    /// Follows other settings from the next snapshot on.
    mutating func adopt(_ settings: SnapshotSettings) { plan.settings = settings }

    /// When the next snapshot starts though nothing happens; nil when one is under way or requested:
    /// that waits for an event, not for a time.
    func snapshotDue(_ report: JournalReport) -> Int64? {
        snapshot.isRunning || snapshot.isRequested ? nil : plan.due(report)
    }

    /// A turn of the loop is over. Notes its length for each run that it began or ended.
    mutating func noteTurn(nanoseconds: Int64, in statistics: inout Statistics) {
        if let longest = reload.noteTurn(nanoseconds: nanoseconds) {
            statistics.lastReload?.longestTurn = longest
        }
        if let longest = snapshot.noteTurn(nanoseconds: nanoseconds) {
            statistics.lastSnapshot?.longestTurn = longest
        }
    }

    // MARK: Conversations

    /// The next conversation whose awaited reply can be written.
    mutating func nextAnswerable() -> ConversationID? {
        answerable.isEmpty ? nil : answerable.removeFirst()
    }

    /// A conversation has ended, and waits no longer.
    mutating func forget(_ id: ConversationID) {
        reload.forget(id)
        snapshot.forget(id)
        answerable.removeAll { $0 == id }
    }
}
