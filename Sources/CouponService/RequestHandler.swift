// One request line in, one reply line out: who may ask what, and who answers it. `ConversationServer` brings
// the lines; nothing here knows an operating system.

import Definitions
import CouponCatalog
import CouponRules
import CouponStore
import CouponWire
import FlatStorage

/// What became of a line.
enum Disposition: BitwiseCopyable {
    /// Its reply is written.
    case replied
    /// Its reply is written, and leaves when the journal has everything that was decided before it:
    /// nobody may learn of a use that a power cut could still take back.
    case repliedOnceDurable
    /// Its reply comes when other work is done; no later line of the same client may be answered
    /// before it.
    case awaits(LongTask)
}

/// Answers requests.
struct RequestHandler: ~Copyable {
    private(set) var shared: SharedCatalog
    private(set) var ledger: Ledger
    private(set) var journal: GroupCommit
    private var parser: RequestParser
    private var checkout = Checkout()
    let limits: ResourceLimits
    let facts: ServerFacts
    var statistics: Statistics
    var isDraining = false
    /// Replies, each ended by a line feed; whoever sends them empties it.
    var reply = JSONWriter(appendingTo: ByteBuffer(capacity: 64 * 1_024))

    init(
        catalog: SharedCatalog, ledger: consuming Ledger, journal: GroupCommit,
        limits: ResourceLimits,
        facts: ServerFacts
    ) {
        shared = catalog
        self.ledger = ledger
        self.ledger.isCapturing = true
        self.journal = journal
        self.ledger.recordRoom = journal.recordRoom
        parser = RequestParser(lineBytesMax: limits.lineBytesMax)
        self.limits = limits
        self.facts = facts
        statistics = Statistics(of: facts)
    }

    /// The id of the last request, for a reply that comes later.
    var requestID: [UInt8] {
        let id = parser.bytes(of: parser.request.id)
        return id.indices.map { id[$0] }
    }

    /// Answers one line, given without its end and at most `limits.lineBytesMax` long.
    mutating func answer(
        _ line: Span<UInt8>, under terms: borrowing ListenerTerms, at time: TurnTime
    ) -> Disposition {
        statistics.requests += 1
        switch parser.parse(line) {
        case .request: return dispatch(terms, at: time)
        case .fault(let fault):
            statistics.errors += 1
            if let operation = fault.operation, !terms.role.allows(operation) {
                reply.forbidden(to: parser)
            } else {
                ErrorReply.write(fault, to: parser.bytes(of: parser.request.id), &reply)
            }
            return .replied
        }
    }

    private mutating func dispatch(
        _ terms: borrowing ListenerTerms, at time: TurnTime
    ) -> Disposition {
        let now = time.wall
        let operation = parser.request.operation
        checkout.begin(parser)
        if let refused = refuse(operation, under: terms) { return refused }
        lapse(at: time)

        switch operation {
        case .ping: reply.pong(facts, isReady: !isDraining, to: parser)
        case .validate:
            let outcome = checkout.validate(shared.catalog, parser, ledger, at: now, &reply)
            statistics.count(outcome, of: operation)
        case .reserve:
            let outcome = checkout.commit(
                .reserve, shared.catalog, parser, &ledger, at: now, &reply)
            statistics.count(outcome, of: operation)
            return .repliedOnceDurable
        case .apply:
            let outcome = checkout.commit(
                .apply, shared.catalog, parser, &ledger, at: now, &reply)
            statistics.count(outcome, of: operation)
            return .repliedOnceDurable
        case .release:
            let outcome = checkout.release(parser, &ledger, at: now, &reply)
            statistics.count(outcome, of: operation)
            return .repliedOnceDurable
        case .usage:
            let outcome = checkout.reportUsage(shared.catalog, parser, ledger, at: now, &reply)
            statistics.count(outcome, of: operation)
        case .codeDiscounts:
            let outcome = checkout.tellDiscounts(shared.catalog, parser, at: now, &reply)
            statistics.count(outcome, of: operation)
        case .serverStats: writeStatistics(at: now)
        case .serverReload: return .awaits(.reload)
        case .serverSnapshot: return .awaits(.snapshot)
        default:
            return fail(
                .unprocessable, field: "op",
                "This operation is not served by this version of the daemon.")
        }
        return .replied
    }

    /// Lets go of holds whose time has passed, before anything relies on what is left. A great many
    /// are let go of in pieces, so that no request waits for all of them; until then they still
    /// hold, which never lets a limit pass.
    private mutating func lapse(at time: TurnTime) {
        ledger.lapseClock = time.lapseClock
        for _ in 0..<RequestHandler.lapsesPerRequestMax {
            guard ledger.lapseNext(until: time.steady) else { return }
            statistics.lapsed += 1
        }
    }

    private static let lapsesPerRequestMax = 1_024

    /// What the socket or the hour does not allow.
    private mutating func refuse(
        _ operation: Operation, under terms: borrowing ListenerTerms
    ) -> Disposition? {
        if !terms.role.allows(operation) {
            return fail(.forbidden, field: "op", "This socket does not allow that.")
        }
        if operation.namesStore && !terms.allows(store: checkout.storeName.bytes) {
            return fail(.forbidden, field: "store", "This socket does not allow that.")
        }
        if isDraining && operation != .ping {
            return fail(.shuttingDown, "The daemon is shutting down.")
        }
        if operation.changesState && !ledger.hasRoomForRecords {
            return fail(
                .storageUnavailable,
                "There is no space to record this at the moment; nothing was changed.")
        }
        return nil
    }

    private mutating func fail(
        _ code: ErrorCode, field: StaticString? = nil, _ message: StaticString
    ) -> Disposition {
        statistics.errors += 1
        reply.error(code, field: field, message, to: parser)
        return .replied
    }
}

// MARK: Definitions

extension RequestHandler {
    /// Judges by another catalog from now on, if there is one and it loses no count. Counters stay.
    /// Returns the catalog that is not needed any more.
    mutating func adopt(_ outcome: ReloadOutcome, at now: Instant) -> SharedCatalog? {
        var run = LastRun(finishedAt: now)
        defer { statistics.lastReload = run }
        switch outcome {
        case .refused(let faults):
            run.keep(faults)
            return nil
        case .built(let next, let changes, let milliseconds):
            run.milliseconds = milliseconds
            run.keep(
                changes.filter { ledger.hasUses(ofCoupon: $0.oldKey.span) }
                    .map { DefinitionFault($0).description })
            if !run.faults.isEmpty { return next }
            statistics.catalogLoadedAt = now
            statistics.catalogOrigin = .files
            let old = shared
            shared = next
            return old
        }
    }
}

// MARK: The journal

extension RequestHandler {
    /// Hands over the records of what was decided, where the journal is to do something.
    mutating func beginJournalTurn(
        into records: inout RecordLog, at time: TurnTime
    ) -> JournalTurn? {
        let turn = journal.beginTurn(
            pendingByteCount: ledger.untakenByteCount, at: time.steady)
        if turn != nil { ledger.takeChanges(into: &records) }
        ledger.recordRoom = journal.recordRoom
        return turn
    }

    /// Returns whether the journal goes on in another segment because that was wanted.
    mutating func endJournalTurn(_ report: JournalReport, at time: TurnTime) -> Bool {
        let hasRolled = journal.endTurn(report, at: time.steady)
        ledger.recordRoom = journal.recordRoom
        return hasRolled
    }

    mutating func wantRoll() { journal.wantRoll() }

    mutating func finishJournal() { journal.finish() }
}

extension Operation {
    /// Whether it may use up, hold or give back something.
    fileprivate var changesState: Bool {
        switch self {
        case .reserve, .apply, .release: true
        default: false
        }
    }

    /// Whether it is about one store; naming none means the default one.
    fileprivate var namesStore: Bool {
        switch self {
        case .ping, .serverStats, .serverMetrics, .serverReload, .serverSnapshot: false
        default: true
        }
    }
}
