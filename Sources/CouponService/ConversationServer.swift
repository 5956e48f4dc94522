// The daemon without an operating system: bytes and events go in, bytes and wishes come out. It has
// no clock, no socket and no disk, so a whole day can be run in a test.
//
// A wish (`nextTask`) is work for another thread. When it is done the shell reports it, and whoever
// asked for it over the wire gets a reply: until then that conversation is not read, which keeps its
// replies in order.
//
// Records of what was decided go to the journal in turns, one at a time (`beginJournalTurn`,
// `endJournalTurn`). Replies that speak of what the journal does not have yet wait in their
// conversation, and all replies behind them; when a turn has ended, `nextSettled` says whose may
// leave.

import CouponCatalog
import CouponRules
import CouponStore
import CouponWire
import FlatStorage

/// Single-threaded; one for each process.
package struct ConversationServer: ~Copyable {
    private var handler: RequestHandler
    private let limits: ResourceLimits
    private var reload = TaskLine()
    private var snapshot = TaskLine()
    /// Conversations whose awaited answer can be given.
    private var answerable: [ConversationID] = []
    /// Conversations whose replies wait for the journal.
    private var waiters = Waiters()
    private var plan: SnapshotPlan
    /// What the next snapshot will be made of, once everything before it stands still.
    private var compactable: SegmentHeader?
    private var isRolling = false

    /// `ledger` is what recovery read, and `report` how the journal stands that goes on from there.
    package init(
        catalog: SharedCatalog, ledger: consuming Ledger, journal report: JournalReport,
        settings: ServerSettings, facts: ServerFacts, at time: TurnTime
    ) {
        limits = settings.limits
        plan = SnapshotPlan(
            settings.snapshots, after: settings.start, at: time.steady)
        handler = RequestHandler(
            catalog: catalog, ledger: ledger,
            journal: GroupCommit(settings.durability, report, at: time.steady),
            limits: settings.limits, facts: facts)
    }
}

// MARK: Conversations

extension ConversationServer {
    /// The replies of the call just made, for the conversation that it was about.
    package var output: Span<UInt8> {
        @_lifetime(borrow self) get { handler.reply.bytes.bytes }
    }

    /// Forgets the output, once it has been sent.
    package mutating func clearOutput() { handler.reply.bytes.removeAll() }

    /// A client sent `bytes`.
    package mutating func receive(
        _ bytes: Span<UInt8>, on conversation: inout Conversation, at time: TurnTime
    ) -> AfterRead {
        var position = 0
        var linesLeft = limits.linesPerTurnMax
        while conversation.awaited == nil {
            if linesLeft == 0 {
                conversation.lines.keepRest(of: bytes, from: &position)
                return conversation.lines.heldByteCount > 0 ? .yieldTurn : .keepReading
            }
            linesLeft -= 1
            let found = conversation.lines.next(in: bytes, from: &position)
            let start = handler.reply.bytes.count
            var disposition = Disposition.replied
            switch found {
            case .needsMore: return .keepReading
            case .lineTooLong:
                handler.reply.lineTooLong(limit: limits.lineBytesMax)
                handler.statistics.errors += 1
            case .line(let range):
                disposition = handler.answer(
                    bytes.extracting(range), under: conversation.terms, at: time)
            case .heldLine:
                disposition = handler.answer(
                    conversation.lines.heldLine, under: conversation.terms, at: time)
            }
            if case .awaits(let task) = disposition {
                hold(&conversation, until: task)
            } else {
                settle(disposition, writtenFrom: start, of: &conversation, at: time)
            }
        }
        conversation.lines.keepRest(of: bytes, from: &position)
        return .awaitAnswer
    }

    /// Goes on with what a conversation sent before: in the turn after ``AfterRead/yieldTurn``.
    package mutating func resume(
        _ conversation: inout Conversation, at time: TurnTime
    ) -> AfterRead {
        receive(Span(), on: &conversation, at: time)
    }

    /// Lets the reply that begins at `start` leave, or keeps it until the journal is as far as it
    /// must be, or as a reply before it waits for.
    private mutating func settle(
        _ disposition: Disposition, writtenFrom start: Int, of conversation: inout Conversation,
        at time: TurnTime
    ) {
        var needed: UInt64 = 0
        if case .repliedOnceDurable = disposition { needed = handler.ledger.sequence }
        let isFree = conversation.heldReplyByteCount == 0
        if isFree && needed <= handler.journal.acknowledged(at: time.steady) { return }
        if conversation.held.take(&handler.reply.bytes, from: start, until: needed) {
            waiters.append(conversation.id, until: needed)
        }
    }

    private mutating func hold(_ conversation: inout Conversation, until task: LongTask) {
        conversation.awaited = Conversation.Awaited(task: task, replyID: handler.requestID)
        switch task {
        case .reload: reload.wish(for: conversation.id)
        case .snapshot: snapshot.wish(for: conversation.id)
        }
    }

    /// The next conversation whose awaited answer is there: deliver it.
    package mutating func nextAnswer() -> ConversationID? {
        answerable.isEmpty ? nil : answerable.removeFirst()
    }

    /// Writes the awaited answer, and goes on with what the client sent behind its question.
    package mutating func deliverAnswer(
        on conversation: inout Conversation, at time: TurnTime
    ) -> AfterRead {
        guard let awaited = conversation.awaited else {
            preconditionFailure("an answer is delivered to who awaits it")
        }
        conversation.awaited = nil
        let start = handler.reply.bytes.count
        handler.writeOutcome(of: awaited.task, to: awaited.replyID)
        settle(.replied, writtenFrom: start, of: &conversation, at: time)
        return resume(&conversation, at: time)
    }

    /// A conversation ended; nobody waits for its answer any more.
    package mutating func forget(_ id: ConversationID) {
        reload.forget(id)
        snapshot.forget(id)
        answerable.removeAll { $0 == id }
    }

    /// Puts the one line into the output that a client gets who may not come in.
    package mutating func turnAway(_ reason: TurnAwayReason) { handler.reply.turnAway(reason) }

    /// From now on requests are answered with `shutting_down`.
    package mutating func beginDrain() { handler.isDraining = true }

    /// Says how many clients are connected, for the statistics.
    package mutating func noteConnections(_ count: Int) { handler.statistics.connections = count }
}

/// Why a client is not let in.
package enum TurnAwayReason: Sendable {
    case tooManyConnections
    case notOnTheList
}

// MARK: Work for other threads

extension ConversationServer {
    /// Asks for work, as a signal or a timer does.
    package mutating func wish(_ task: LongTask) {
        switch task {
        case .reload: reload.wish()
        case .snapshot: snapshot.wish()
        }
    }

    /// The next work to start. It is under way until it is reported as finished; meanwhile the same
    /// work is not named again.
    package mutating func nextTask(at time: TurnTime) -> StartableTask? {
        if reload.begin() { return .reload }
        if !snapshot.isRunning, let due = plan.due(handler.journal.report), due <= time.steady {
            snapshot.wish()
        }
        guard snapshot.isWished, !snapshot.isRunning else { return nil }
        if let header = compactable {
            compactable = nil
            _ = snapshot.begin()
            return .compaction(continuedBy: header)
        }
        if !isRolling {
            isRolling = true
            handler.wantRoll()
        }
        return nil
    }

    /// The catalog by which requests are judged now.
    package var catalog: SharedCatalog { handler.shared }

    /// Ends a reload. Returns the catalog that is not needed any more, so that it can be let go
    /// where its freeing delays nobody.
    package mutating func finishReload(
        _ outcome: ReloadOutcome, at time: TurnTime
    ) -> SharedCatalog? {
        answerable += reload.finish()
        let unneeded = handler.adopt(outcome, at: time.wall)
        handler.statistics.lastReload?.longestTurn = reload.longestTurn
        return unneeded
    }

    /// Ends a compaction.
    package mutating func finishSnapshot(_ outcome: SnapshotOutcome, at time: TurnTime) {
        answerable += snapshot.finish()
        plan.ended(outcome, handler.journal.report, at: time.steady)
        handler.note(outcome, at: time.wall)
        handler.statistics.lastSnapshot?.longestTurn = snapshot.longestTurn
    }

    /// Follows other settings from the next snapshot on.
    package mutating func adopt(_ settings: SnapshotSettings) { plan.settings = settings }

    /// The present state as the bytes of a snapshot, to compare it with what is on disk.
    package func encodedState() -> ByteBuffer { handler.ledger.encodeSnapshot() }

    /// A turn of the loop is over, which kept it busy for so long: whoever sent something meanwhile
    /// had to wait. Its work for the tasks that it began or ended counts for those.
    package mutating func noteTurn(nanoseconds: Int64) {
        handler.statistics.turns += 1
        handler.statistics.longestTurn = max(handler.statistics.longestTurn, nanoseconds)
        if let longest = reload.noteTurn(nanoseconds: nanoseconds) {
            handler.statistics.lastReload?.longestTurn = longest
        }
        if let longest = snapshot.noteTurn(nanoseconds: nanoseconds) {
            handler.statistics.lastSnapshot?.longestTurn = longest
        }
    }

    /// The longest turn of the loop while the newest run of `task` was under way, in nanoseconds;
    /// 0 before the first. Known when the turn that ended the run is over.
    package func longestTurn(of task: LongTask) -> Int64 {
        let run =
            switch task {
            case .reload: handler.statistics.lastReload
            case .snapshot: handler.statistics.lastSnapshot
            }
        return run?.longestTurn ?? 0
    }

    /// Why the newest reload was refused, a line each; empty when it was not.
    package var reloadFaults: [String] { handler.statistics.lastReload?.faults ?? [] }
}

// MARK: The journal

extension ConversationServer {
    /// What the journal's thread does next, if there is anything and it does nothing at the moment.
    /// What was decided since the last turn is added to `records`, which are empty.
    package mutating func beginJournalTurn(
        into records: inout RecordLog, at time: TurnTime
    ) -> JournalTurn? {
        handler.beginJournalTurn(into: &records, at: time)
    }

    /// The turn that was begun last has ended so. Ask ``journalFault`` before anything else.
    package mutating func endJournalTurn(_ report: JournalReport, at time: TurnTime) {
        if handler.endJournalTurn(report, at: time) {
            isRolling = false
            compactable = report.segment
        }
    }

    /// What broke the journal: nothing may be acknowledged any more, and the daemon ends.
    package var journalFault: DiskFault? { handler.journal.fault }

    /// Why nothing can be recorded at the moment; validate goes on.
    package var spaceFault: DiskFault? { handler.journal.spaceFault }

    /// The next conversation some of whose replies need not wait any more.
    package mutating func nextSettled(at time: TurnTime) -> ConversationID? {
        waiters.next(upTo: handler.journal.acknowledged(at: time.steady))
    }

    /// Puts into the output what of a conversation's replies may leave now.
    package mutating func releaseReplies(
        of conversation: inout Conversation, at time: TurnTime
    ) {
        conversation.held.leave(
            upTo: handler.journal.acknowledged(at: time.steady), into: &handler.reply.bytes)
    }

    /// From now on everything is made durable as soon as it can be.
    package mutating func beginFinish() { handler.finishJournal() }

    /// Whether everything that was decided is durable, and known to be.
    package var isSettled: Bool {
        handler.journal.isSettled(upTo: handler.ledger.sequence)
    }

    /// When something is due though nothing happens, in steady milliseconds: ask
    /// ``beginJournalTurn(into:at:)`` and ``nextTask(at:)`` then.
    package var deadline: Int64? {
        if journalFault != nil { return nil }
        // One that is wished for, or under way, waits for an event and not for a time.
        let isOnItsWay = snapshot.isRunning || snapshot.isWished
        let snapshotDue = isOnItsWay ? nil : plan.due(handler.journal.report)
        guard let turnDue = handler.journal.deadline else { return snapshotDue }
        return min(turnDue, snapshotDue ?? .max)
    }
}
