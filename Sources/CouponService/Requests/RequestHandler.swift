// One request line in, one reply line out: checks who may ask, and calls the operation. The
// conversation side (`ConversationServer`) brings the lines; nothing here knows an operating system.

import CouponCatalog
import CouponRules
import CouponStore
import CouponWire
import Definitions
import FlatStorage

/// What became of a line.
enum Disposition: BitwiseCopyable {
    /// Its reply is written.
    case replied
    /// Its reply is written, and leaves when the journal has everything that was decided before it: a
    /// reply must not speak of a use that a power cut could still take back.
    case repliedOnceDurable
    /// Its reply comes when other work is done; no later line of the same client may be answered
    /// before it.
    case awaits(LongTask)
}

/// Answers requests.
struct RequestHandler: ~Copyable {
    /// The catalog by which requests are evaluated.
    private(set) var shared: SharedCatalog
    /// Not private: the conversation side counts connections and turns of the loop.
    var statistics: Statistics
    private var request: IncomingRequest
    private var operations = StorefrontOperations()
    private let ordersMax: Int
    private let facts: ServerFacts
    private var isDraining = false

    init(catalog: SharedCatalog, limits: ResourceLimits, facts: ServerFacts) {
        shared = catalog
        statistics = Statistics(of: facts)
        request = IncomingRequest(lineBytesMax: limits.lineBytesMax)
        ordersMax = limits.ordersMax
        self.facts = facts
    }

    /// The id of the last request, for a reply that comes later.
    var requestID: [UInt8] {
        let id = request.id
        return id.indices.map { id[$0] }
    }

    /// Whether the last request forces the work that it asks for.
    var isForced: Bool { request.fields.isForced }

    /// From now on requests are answered with `shutting_down`.
    mutating func beginDrain() { isDraining = true }

    /// Answers one line, given without its end and at most `limits.lineBytesMax` long.
    mutating func answer(
        _ line: Span<UInt8>, under terms: borrowing ListenerTerms, at time: TurnTime,
        _ books: inout JournalledLedger, _ reply: inout JSONWriter
    ) -> Disposition {
        statistics.requests += 1
        switch request.parse(line, at: time.wall) {
        case .request: return dispatch(terms, at: time, &books, &reply)
        case .fault(let fault):
            statistics.errors += 1
            if let operation = fault.operation, !terms.role.allows(operation) {
                ErrorReply.writeForbidden(to: request.id, &reply)
            } else {
                ErrorReply.write(fault, to: request.id, &reply)
            }
            return .replied
        }
    }

    private mutating func dispatch(
        _ terms: borrowing ListenerTerms, at time: TurnTime, _ books: inout JournalledLedger,
        _ reply: inout JSONWriter
    ) -> Disposition {
        let operation = request.fields.operation
        if isRefused(operation, under: terms, books.ledger, &reply) { return .replied }
        statistics.lapsed += UInt64(books.lapse(Self.lapsesPerRequestMax, at: time))

        let outcome: RequestOutcome
        switch operation {
        case .ping:
            StatisticsReply.writePong(facts, isReady: !isDraining, to: request.id, &reply)
            return .replied
        case .validate:
            outcome = operations.validate(shared.catalog, &request, books.ledger, &reply)
        case .reserve:
            outcome = operations.commit(.reserve, shared.catalog, &request, &books.ledger, &reply)
        case .apply:
            outcome = operations.commit(.apply, shared.catalog, &request, &books.ledger, &reply)
        case .release: outcome = operations.release(request, &books.ledger, &reply)
        case .usage:
            outcome = operations.reportUsage(shared.catalog, &request, books.ledger, &reply)
        case .codeDiscounts:
            outcome = operations.showDiscounts(shared.catalog, request, &reply)
        case .serverStats:
            StatisticsReply.write(
                statistics, facts, books, ordersMax: ordersMax, shared.catalog, request, at: time,
                &reply)
            return .replied
        case .serverReload: return .awaits(.reload)
        case .serverSnapshot: return .awaits(.snapshot)
        default:
            fail(
                .unprocessable, field: "op",
                "This operation is not served by this version of the daemon.", &reply)
            return .replied
        }
        statistics.count(outcome, of: operation)
        return operation.changesState ? .repliedOnceDurable : .replied
    }

    /// Holds whose time is over end before anything relies on what is left. A great many end in pieces,
    /// here and at the end of each turn, so that no request waits for all of them; until then they still
    /// hold, which never lets a limit pass.
    private static let lapsesPerRequestMax = 64

    /// Refuses what the socket's role, its stores, draining or a full journal forbids.
    private mutating func isRefused(
        _ operation: Operation, under terms: borrowing ListenerTerms, _ ledger: borrowing Ledger,
        _ reply: inout JSONWriter
    ) -> Bool {
        if !terms.role.allows(operation) {
            fail(.forbidden, field: "op", "This socket does not allow that.", &reply)
        } else if operation.namesStore && !terms.allows(store: request.storeName) {
            fail(.forbidden, field: "store", "This socket does not allow that.", &reply)
        } else if isDraining && operation != .ping {
            fail(.shuttingDown, "The daemon is shutting down.", &reply)
        } else if operation.changesState && !ledger.hasRoomForRecords {
            statistics.errors += 1
            ErrorReply.writeNoSpace(to: request.id, &reply)
        } else {
            return false
        }
        return true
    }

    private mutating func fail(
        _ code: ErrorCode, field: StaticString? = nil, _ message: StaticString,
        _ reply: inout JSONWriter
    ) {
        statistics.errors += 1
        ErrorReply.write(code, message: message, field: field, to: request.id, &reply)
    }
}

// MARK: Work of other threads

extension RequestHandler {
    /// Evaluates by another catalog from now on, if there is one and it loses no count. Counters stay.
    /// Returns the catalog that is no longer needed.
    mutating func adopt(
        _ outcome: ReloadOutcome, longestTurn: Int64, _ ledger: borrowing Ledger, at now: Instant
    ) -> SharedCatalog? {
        var run = LastRun(finishedAt: now)
        run.longestTurn = longestTurn
        defer { statistics.lastReload = run }
        switch outcome {
        case .refused(let faults):
            run.keep(faults)
            return nil
        case .built(let next, let changes, let warnings, let limited, let milliseconds):
            run.milliseconds = milliseconds
            var lost: [String] = []
            for change in changes where ledger.hasUses(ofCoupon: change.oldKey.span) {
                lost.append(DefinitionFault(change).description)
            }
            run.keep(lost)
            if !run.faults.isEmpty { return next }
            statistics.catalogLoadedAt = now
            statistics.catalogOrigin = .files
            let limits = next.catalog.limitsBelowUse(limited, in: ledger)
            statistics.catalogWarnings = warnings + limits.count
            let old = shared
            shared = next
            return old
        }
    }

    /// Writes the reply to a request that waited for `task`.
    mutating func writeOutcome(of task: LongTask, to id: [UInt8], _ reply: inout JSONWriter) {
        switch task {
        case .reload:
            guard let run = statistics.lastReload else { return }
            if !run.faults.isEmpty { statistics.errors += 1 }
            TaskReplies.write(
                run, of: shared.catalog, warnings: statistics.catalogWarnings, to: id.span, &reply)
        case .snapshot:
            guard let run = statistics.lastSnapshot else { return }
            if !run.faults.isEmpty { statistics.errors += 1 }
            TaskReplies.write(run, to: id.span, &reply)
        }
    }
}

extension Operation {
    /// Whether it may use, hold or give back something.
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
