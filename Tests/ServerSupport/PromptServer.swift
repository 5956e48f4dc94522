import CouponRules
import CouponService
import CouponStore

/// A server whose journal is never late: every reply is there at once. Its steady clock is the time
/// of day.
package struct PromptServer: ~Copyable {
    package var server: ConversationServer
    private var journal: MemoryJournal

    package init(
        catalog: SharedCatalog, ledger: consuming Ledger, limits: ResourceLimits = ResourceLimits(),
        facts: ServerFacts
    ) {
        journal = MemoryJournal(after: ledger.sequence)
        var settings = ServerSettings()
        settings.limits = limits
        settings.start.snapshotSequence = ledger.sequence
        server = ConversationServer(
            catalog: catalog, ledger: ledger, journal: journal.start, settings: settings,
            facts: facts, at: TurnTime(facts.startedAt))
    }

    package var output: Span<UInt8> {
        @_lifetime(borrow self) get { server.output }
    }

    package mutating func clearOutput() { server.clearOutput() }

    package mutating func receive(
        _ bytes: Span<UInt8>, on conversation: inout Conversation, at now: Instant
    ) -> AfterRead {
        let after = server.receive(bytes, on: &conversation, at: TurnTime(now))
        flush(&conversation, at: now)
        return after
    }

    package mutating func resume(
        _ conversation: inout Conversation, at now: Instant
    ) -> AfterRead {
        receive(Span(), on: &conversation, at: now)
    }

    package mutating func deliverAnswer(
        on conversation: inout Conversation, at now: Instant
    ) -> AfterRead {
        let after = server.deliverAnswer(on: &conversation, at: TurnTime(now))
        flush(&conversation, at: now)
        return after
    }

    private mutating func flush(_ conversation: inout Conversation, at now: Instant) {
        journal.keepUp(with: &server, at: TurnTime(now))
        while server.nextReleasable(at: TurnTime(now)) != nil {
            server.releaseReplies(of: &conversation, at: TurnTime(now))
        }
    }

    package mutating func nextTask(at now: Instant) -> StartableTask? {
        if let task = server.nextTask(at: TurnTime(now)) { return task }
        journal.keepUp(with: &server, at: TurnTime(now))
        return server.nextTask(at: TurnTime(now))
    }

    package mutating func finishReload(
        _ outcome: ReloadOutcome, at now: Instant
    ) -> SharedCatalog? {
        server.finishReload(outcome, at: TurnTime(now))
    }

    package mutating func finishSnapshot(_ outcome: SnapshotOutcome, at now: Instant) {
        server.finishSnapshot(outcome, at: TurnTime(now))
    }

    package mutating func noteTurn(nanoseconds: Int64) {
        server.noteTurn(nanoseconds: nanoseconds)
    }
}

extension TurnTime {
    /// Clocks that agree.
    package init(_ wall: Instant) {
        self.init(wall: wall, steady: wall.millisecondsSinceEpoch)
    }
}
