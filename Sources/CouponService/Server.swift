// The daemon without an operating system: bytes and events go in, bytes and wishes come out. It has
// no clock, no socket and no disk, so a whole day can be run in a test.
//
// A wish (`nextTask`) is work for another thread. When it is done the shell reports it, and whoever
// asked for it over the wire gets a reply: until then that conversation is not read, which keeps its
// replies in order.

import CouponCatalog
import CouponRules
import CouponStore
import CouponWire
import FlatStorage

/// Single-threaded; one for each process.
package struct Server: ~Copyable {
    private var service: Service
    private let limits: Limits
    private var reload = TaskLine()
    private var snapshot = TaskLine()
    /// Conversations whose awaited answer can be given.
    private var answerable: [ConversationID] = []
    /// Changes on record when the newest snapshot, and the one being written, were encoded.
    private var changesInSnapshot: UInt64 = 0
    private var changesInNextSnapshot: UInt64 = 0

    package init(
        catalog: SharedCatalog, ledger: consuming Ledger, limits: Limits, facts: ServerFacts
    ) {
        self.limits = limits
        service = Service(catalog: catalog, ledger: ledger, limits: limits, facts: facts)
    }
}

// MARK: Conversations

extension Server {
    /// The replies of the call just made, for the conversation that it was about.
    package var output: Span<UInt8> {
        @_lifetime(borrow self) get { service.reply.bytes.bytes }
    }

    /// Forgets the output, once it has been sent.
    package mutating func clearOutput() { service.reply.bytes.removeAll() }

    /// A client sent `bytes`.
    package mutating func receive(
        _ bytes: Span<UInt8>, on conversation: inout Conversation, at now: Instant
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
            let disposition: Disposition
            switch found {
            case .needsMore: return .keepReading
            case .lineTooLong:
                service.reply.lineTooLong(limit: limits.lineBytesMax)
                service.statistics.errors += 1
                continue
            case .line(let range):
                disposition = service.answer(
                    bytes.extracting(range), under: conversation.terms, at: now)
            case .heldLine:
                disposition = service.answer(
                    conversation.lines.heldLine, under: conversation.terms, at: now)
            }
            if case .awaits(let task) = disposition { hold(&conversation, until: task) }
        }
        conversation.lines.keepRest(of: bytes, from: &position)
        return .awaitAnswer
    }

    /// Goes on with what a conversation sent before: in the turn after ``AfterRead/yieldTurn``.
    package mutating func resume(
        _ conversation: inout Conversation, at now: Instant
    ) -> AfterRead {
        receive(Span(), on: &conversation, at: now)
    }

    private mutating func hold(_ conversation: inout Conversation, until task: LongTask) {
        conversation.awaited = Conversation.Awaited(task: task, replyID: service.requestID)
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
        on conversation: inout Conversation, at now: Instant
    ) -> AfterRead {
        guard let awaited = conversation.awaited else {
            preconditionFailure("an answer is delivered to who awaits it")
        }
        conversation.awaited = nil
        service.writeOutcome(of: awaited.task, to: awaited.replyID)
        return resume(&conversation, at: now)
    }

    /// A conversation ended; nobody waits for its answer any more.
    package mutating func forget(_ id: ConversationID) {
        reload.forget(id)
        snapshot.forget(id)
        answerable.removeAll { $0 == id }
    }

    /// Puts the one line into the output that a client gets who may not come in.
    package mutating func turnAway(_ reason: TurnAwayReason) { service.reply.turnAway(reason) }

    /// From now on requests are answered with `shutting_down`.
    package mutating func beginDrain() { service.isDraining = true }

    /// Says how many clients are connected, for the statistics.
    package mutating func noteConnections(_ count: Int) { service.statistics.connections = count }
}

/// Why a client is not let in.
package enum TurnAwayReason: Sendable {
    case tooManyConnections
    case notOnTheList
}

// MARK: Work for other threads

extension Server {
    /// Asks for work, as a signal or a timer does.
    package mutating func wish(_ task: LongTask) {
        switch task {
        case .reload: reload.wish()
        case .snapshot: snapshot.wish()
        }
    }

    /// The next work to start. It is under way until it is reported as finished; meanwhile the same
    /// work is not named again.
    package mutating func nextTask() -> LongTask? {
        if reload.begin() { return .reload }
        if snapshot.begin() { return .snapshot }
        return nil
    }

    /// The catalog by which requests are judged now.
    package var catalog: SharedCatalog { service.shared }

    /// Ends a reload. Returns the catalog that is not needed any more, so that it can be let go
    /// where its freeing delays nobody.
    package mutating func finishReload(
        _ outcome: ReloadOutcome, at now: Instant
    ) -> SharedCatalog? {
        answerable += reload.finish()
        return service.adopt(outcome, at: now)
    }

    /// The present state as a snapshot holds it.
    package mutating func encodeSnapshot() -> ByteBuffer {
        changesInNextSnapshot = service.statistics.changes
        return service.ledger.encodeSnapshot()
    }

    /// Ends a snapshot that ``encodeSnapshot()`` began.
    package mutating func finishSnapshot(_ outcome: SnapshotOutcome, at now: Instant) {
        answerable += snapshot.finish()
        if case .written = outcome { changesInSnapshot = changesInNextSnapshot }
        service.note(outcome, at: now)
    }

    /// Why the newest reload was refused, a line each; empty when it was not.
    package var reloadFaults: [String] { service.statistics.lastReload?.faults ?? [] }

    /// Whether something was recorded that no snapshot holds.
    package var hasUnsavedChanges: Bool { service.statistics.changes != changesInSnapshot }
}
