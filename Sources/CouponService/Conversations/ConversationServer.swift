// The daemon without an operating system: bytes and events go in, bytes and tasks come out. It has no
// clock, no socket and no disk, so a whole day can be run in a test.
//
// A task (`nextTask`) is work for another thread. When it is done the shell reports it, and the
// conversations that asked for it get their replies: until then they are not read, which keeps their
// replies in order.
//
// Records of what was decided go to the journal in turns, one at a time (`beginJournalTurn`,
// `endJournalTurn`). Replies that speak of what the journal does not have yet wait in their
// conversation, and all replies behind them; when a turn has ended, `nextReleasable` names the
// conversations whose replies may leave.

import CouponCatalog
import CouponRules
import CouponStore
import CouponWire
import FlatStorage

/// The conversation side: brings the lines of all clients to the request handler, and its replies back
/// in their order. Single-threaded; one for each process.
package struct ConversationServer: ~Copyable {
    private var handler: RequestHandler
    private var books: JournalledLedger
    private var tasks: BackgroundTasks
    /// Conversations whose replies wait for the journal.
    private var waiters = Waiters()
    /// Replies, each ended by a line feed, of the call just made.
    private var reply = JSONWriter(appendingTo: ByteBuffer(capacity: 64 * 1_024))
    private let limits: ResourceLimits
    private var fullness: OrderFullness

    /// `ledger` is what recovery read, and `report` how the journal stands that goes on from there.
    package init(
        catalog: SharedCatalog, ledger: consuming Ledger, journal report: JournalReport,
        settings: ServerSettings, facts: ServerFacts, at time: TurnTime
    ) {
        handler = RequestHandler(catalog: catalog, limits: settings.limits, facts: facts)
        books = JournalledLedger(
            ledger, GroupCommit(settings.durability, report, at: time.steady), settings.orders,
            at: time)
        fullness = OrderFullness(limit: settings.limits.ordersMax)
        tasks = BackgroundTasks(
            SnapshotPlan(settings.snapshots, after: settings.start, at: time.steady))
        limits = settings.limits
    }
}

// MARK: Conversations

extension ConversationServer {
    /// The replies of the call just made, for the conversation that it was about.
    package var output: Span<UInt8> {
        @_lifetime(borrow self) get { reply.bytes.bytes }
    }

    /// Forgets the output, once it has been sent.
    package mutating func clearOutput() { reply.bytes.removeAll() }

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
            let start = reply.bytes.count
            var disposition = Disposition.replied
            switch found {
            case .needsMore: return .keepReading
            case .lineTooLong:
                ErrorReply.writeLineTooLong(limit: limits.lineBytesMax, &reply)
                handler.statistics.errors += 1
            case .line(let range):
                disposition = handler.answer(
                    bytes.extracting(range), under: conversation.terms, at: time, &books, &reply)
            case .heldLine:
                disposition = handler.answer(
                    conversation.lines.heldLine, under: conversation.terms, at: time, &books,
                    &reply)
            }
            conversation.lineCount &+= 1
            if case .awaits(let task) = disposition {
                conversation.awaited = Conversation.Awaited(task: task, replyID: handler.requestID)
                tasks.request(task, for: conversation.id, isForced: handler.isForced)
            } else {
                holdBack(disposition, writtenFrom: start, of: &conversation, at: time)
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

    /// Holds the reply that begins at `start` back until the journal has what it speaks of, and until
    /// the replies before it have left; otherwise leaves it in the output.
    private mutating func holdBack(
        _ disposition: Disposition, writtenFrom start: Int, of conversation: inout Conversation,
        at time: TurnTime
    ) {
        var needed: UInt64 = 0
        if case .repliedOnceDurable = disposition { needed = books.ledger.sequence }
        let isFree = conversation.heldReplyByteCount == 0
        if isFree && needed <= books.commit.acknowledged(at: time.steady) { return }
        if conversation.held.take(&reply.bytes, from: start, until: needed) {
            waiters.append(conversation.id, until: needed)
        }
    }

    /// The next conversation whose awaited reply can be written: call ``deliverAnswer(on:at:)``.
    package mutating func nextAnswer() -> ConversationID? { tasks.nextAnswerable() }

    /// Writes the awaited reply, and goes on with what the client sent after its request.
    package mutating func deliverAnswer(
        on conversation: inout Conversation, at time: TurnTime
    ) -> AfterRead {
        guard let awaited = conversation.awaited else {
            preconditionFailure("an answer is delivered to a conversation that awaits it")
        }
        conversation.awaited = nil
        let start = reply.bytes.count
        handler.writeOutcome(of: awaited.task, to: awaited.replyID, &reply)
        holdBack(.replied, writtenFrom: start, of: &conversation, at: time)
        return resume(&conversation, at: time)
    }

    /// A conversation has ended, and waits for nothing.
    package mutating func forget(_ id: ConversationID) { tasks.forget(id) }

    /// Writes the one line that a client gets that is not let in.
    package mutating func turnAway(_ reason: TurnAwayReason) { ErrorReply.write(reason, &reply) }

    /// From now on requests are answered with `shutting_down`.
    package mutating func beginDrain() { handler.beginDrain() }

    /// Notes how many clients are connected, for the statistics.
    package mutating func noteConnections(_ count: Int) { handler.statistics.connections = count }
}

// MARK: Work for other threads

extension ConversationServer {
    /// Asks for work, as a signal or a timer does.
    package mutating func request(_ task: LongTask) { tasks.request(task) }

    /// The next work to start. It is under way until it is reported as finished; meanwhile the same
    /// work is not named again.
    package mutating func nextTask(at time: TurnTime) -> StartableTask? {
        if let lines = books.nextLinesToArchive() { return .archive(lines) }
        switch tasks.next(books.commit.report, at: time.steady) {
        case nil: return nil
        case .start(let task): return task
        case .roll:
            books.roll()
            return nil
        }
    }

    /// The catalog by which requests are evaluated now.
    package var catalog: SharedCatalog { handler.shared }

    /// Ends a reload. Returns the catalog that is no longer needed, so that it can be freed where that
    /// delays nothing.
    package mutating func finishReload(
        _ outcome: ReloadOutcome, at time: TurnTime
    ) -> SharedCatalog? {
        let longestTurn = tasks.finishReload()
        return handler.adopt(outcome, longestTurn: longestTurn, books.ledger, at: time.wall)
    }

    /// Ends a compaction.
    package mutating func finishSnapshot(_ outcome: SnapshotOutcome, at time: TurnTime) {
        var run = LastRun(outcome, at: time.wall)
        run.longestTurn = tasks.finishSnapshot(outcome, books.commit.report, at: time.steady)
        handler.statistics.lastSnapshot = run
    }

    /// The lines of ``StartableTask/archive(_:)`` are durable in a file, or could not be written.
    package mutating func finishArchiving(isDurable: Bool, at time: TurnTime) {
        books.finishArchiving(isDurable: isDurable, at: time)
    }

    /// Follows other settings from the next snapshot on.
    package mutating func adopt(_ settings: SnapshotSettings) { tasks.adopt(settings) }

    /// Keeps orders for other times from now on.
    package mutating func adopt(_ settings: OrderSettings) { books.adopt(settings) }

    /// The present state as the bytes of a snapshot, to compare it with the one on disk.
    package func encodedState() -> ByteBuffer { books.ledger.encodeSnapshot() }

    /// A turn of the loop is over, which kept it busy for so long. The turn counts for the tasks that
    /// it began or ended.
    package mutating func noteTurn(nanoseconds: Int64) {
        handler.statistics.turns += 1
        handler.statistics.longestTurn = max(handler.statistics.longestTurn, nanoseconds)
        tasks.noteTurn(nanoseconds: nanoseconds, in: &handler.statistics)
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

    /// How many warnings the definitions gave that are served.
    package var catalogWarnings: Int { handler.statistics.catalogWarnings }

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
        books.beginTurn(into: &records, at: time.steady)
    }

    /// The turn that was begun last has ended so. Look at ``journalFault`` before anything else.
    package mutating func endJournalTurn(_ report: JournalReport, at time: TurnTime) {
        if books.endTurn(report, at: time.steady) { tasks.rolled(to: report.segment) }
    }

    /// What broke the journal: nothing more may be acknowledged, and the daemon ends.
    package var journalFault: DiskFault? { books.commit.fault }

    /// Why nothing can be recorded at the moment; validate goes on.
    package var spaceFault: DiskFault? { books.commit.spaceFault }

    /// The next conversation some of whose replies need not wait any longer.
    package mutating func nextReleasable(at time: TurnTime) -> ConversationID? {
        waiters.next(upTo: books.commit.acknowledged(at: time.steady))
    }

    /// Puts the replies of a conversation that may leave now into the output.
    package mutating func releaseReplies(of conversation: inout Conversation, at time: TurnTime) {
        conversation.held.leave(
            upTo: books.commit.acknowledged(at: time.steady), into: &reply.bytes)
    }

    /// From now on everything is made durable as soon as it can be.
    package mutating func beginFinish(at time: TurnTime) { books.finish(at: time) }

    /// Whether everything that was decided is durable, and known to be.
    package var isDurable: Bool { books.isDurable }

    /// When something must be done though nothing happens, in steady milliseconds: call
    /// ``endOrders(at:)``, ``beginJournalTurn(into:at:)`` and ``nextTask(at:)`` then.
    package func deadline(at time: TurnTime) -> Int64? {
        if journalFault != nil { return nil }
        let next = min(
            tasks.snapshotDue(books.commit.report) ?? .max, books.commit.deadline ?? .max,
            books.orderDeadline(at: time) ?? .max)
        return next == .max ? nil : next
    }
}

// MARK: The end of orders

extension ConversationServer {
    /// Ends a piece of the orders whose time has come: in each turn, before the journal's turn begins.
    package mutating func endOrders(at time: TurnTime) {
        if journalFault != nil { return }
        handler.statistics.lapsed += UInt64(books.endOrders(at: time))
    }

    /// Whether freed memory should be returned to the system now, because many orders have left: once
    /// for each time.
    package mutating func takeMemoryReturn(at time: TurnTime) -> Bool {
        books.takeMemoryReturn(at: time)
    }

    /// The share of the orders that may be kept, in percent, when it passes one that operators should
    /// know of; nil otherwise.
    package mutating func nextFullness() -> Int? {
        fullness.next(kept: books.ledger.totals.orders - books.ledger.totals.byState.unused)
    }
}
