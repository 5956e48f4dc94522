// The shop's logic: one request line in, one reply line out. It owns what a request may touch (the
// catalog, the ledger, and scratch memory that is used again for each line) and nothing of the
// operating system. `Server` brings it the lines.

import CouponCatalog
import CouponRules
import CouponStore
import CouponWire
import FlatStorage

/// What became of a line.
enum Disposition {
    /// Its reply is in the output.
    case replied
    /// Its reply comes when other work is done; no later line of the same client may be answered
    /// before it.
    case awaits(LongTask)
}

/// Work that a request or a signal asks for and the loop must not do itself.
package enum LongTask: UInt8, Sendable, CaseIterable {
    /// Read the definitions anew and build the next catalog.
    case reload
    /// Write the present state to disk.
    case snapshot
}

/// Answers requests.
struct Service: ~Copyable {
    private(set) var sharedCatalog: SharedCatalog
    var ledger: Ledger
    let limits: Limits
    let facts: ServerFacts
    var statistics: Statistics
    var isDraining = false

    /// Replies, each ended by a line feed; whoever sends them empties it.
    var reply = ReplyWriter(appendingTo: ByteBuffer(capacity: 64 * 1_024))

    // Of the request being answered.
    var parser: RequestParser
    var purchase: Purchase
    var judge = Judge()
    var codeText = CodeText()
    /// The detail of the code's counter.
    var codeKey = ByteBuffer(capacity: CodeText.bytesMax)
    /// The request as it is compared with a repeat of it.
    var canonicalRequest = ByteBuffer(capacity: 1_024)
    var image = OrderImageWriter()

    init(
        catalog: SharedCatalog, ledger: consuming Ledger, limits: Limits, facts: ServerFacts
    ) {
        sharedCatalog = catalog
        self.ledger = ledger
        self.limits = limits
        self.facts = facts
        statistics = Statistics(catalogLoadedAt: facts.startedAt)
        parser = RequestParser(lineBytesMax: limits.lineBytesMax)
        purchase = Purchase()
    }

    var catalog: Catalog {
        _read { yield sharedCatalog.catalog }
    }

    /// Judges by another catalog from now on, if there is one. Counters stay; returns the old one.
    mutating func adopt(_ outcome: ReloadOutcome, at now: Instant) -> SharedCatalog? {
        var run = LastRun(finishedAt: now)
        defer { statistics.lastReload = run }
        switch outcome {
        case .refused(let faults):
            run.faults = faults
            return nil
        case .built(let next, let milliseconds):
            run.milliseconds = milliseconds
            statistics.catalogLoadedAt = now
            let old = sharedCatalog
            sharedCatalog = next
            return old
        }
    }

    /// Answers one line, given without its end and at most `limits.lineBytesMax` long.
    mutating func answer(
        _ line: Span<UInt8>, under terms: borrowing ListenerTerms, at now: Instant
    ) -> Disposition {
        statistics.requests += 1
        switch parser.parse(line) {
        case .request: return dispatch(terms, now)
        case .fault(let fault):
            if let operation = fault.operation, !terms.role.allows(operation) {
                writeForbidden()
            } else {
                writeFault(fault)
            }
            return .replied
        }
    }

    private mutating func dispatch(
        _ terms: borrowing ListenerTerms, _ now: Instant
    ) -> Disposition {
        let operation = parser.request.operation
        statistics.count(operation)
        guard terms.role.allows(operation) else {
            writeForbidden()
            return .replied
        }
        guard terms.allows(store: storeName) else {
            writeForbidden(field: "store")
            return .replied
        }
        if isDraining && operation != .ping {
            writeError(.shuttingDown, "The daemon is shutting down.")
            return .replied
        }

        switch operation {
        case .ping: writePing()
        case .validate: validate(at: now)
        case .apply: apply(at: now)
        case .usage: reportUsage(at: now)
        case .serverStats: writeStatistics(at: now)
        case .serverReload: return .awaits(.reload)
        case .serverSnapshot: return .awaits(.snapshot)
        default:
            writeError(
                .unprocessable, field: "op",
                "This operation is not served by this version of the daemon.")
        }
        return .replied
    }

    /// The id of the request, for a reply that comes later.
    var requestID: [UInt8] {
        let id = parser.bytes(of: parser.request.id)
        return id.indices.map { id[$0] }
    }

    /// The store that the request names, or the one that it means by naming none.
    var storeName: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            parser.request.store.isEmpty
                ? Service.defaultStore.span : parser.bytes(of: parser.request.store)
        }
    }

    private static let defaultStore = Array("default".utf8)
}
