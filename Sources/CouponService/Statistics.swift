import CouponRules
import CouponStore
import CouponWire
import FlatStorage

/// What a daemon says of itself.
package struct ServerFacts: Sendable {
    /// Of the program, such as `0.1.0`.
    package var version: StaticString
    package var startedAt: Instant
    /// Of the catalog that it starts with.
    package var catalogOrigin: CatalogOrigin

    package init(
        version: StaticString, startedAt: Instant, catalogOrigin: CatalogOrigin = .files
    ) {
        self.version = version
        self.startedAt = startedAt
        self.catalogOrigin = catalogOrigin
    }
}

/// Where a catalog comes from.
package enum CatalogOrigin: Sendable {
    /// The definitions.
    case files
    /// The cache, which was made from the same definitions.
    case cache
    /// The cache, because the definitions were refused when the daemon started: why, a line each.
    case lastGood(faults: [String])

    /// As statistics and logs say it.
    package var name: StaticString {
        switch self {
        case .files: "files"
        case .cache: "cache"
        case .lastGood: "last_good"
        }
    }
}

/// How the last work of a kind went.
struct LastRun {
    var finishedAt: Instant
    var milliseconds: Int64 = 0
    /// The longest turn of the loop meanwhile, in nanoseconds.
    var longestTurn: Int64 = 0
    /// Of a snapshot.
    var byteCount = 0
    /// What was wrong, a line each; empty when it went well. Bounded: it goes into replies and logs.
    private(set) var faults: [String] = []

    /// How many faults are told one by one.
    private static let faultsMax = 100

    init(finishedAt: Instant) { self.finishedAt = finishedAt }

    /// Keeps the first of `all` faults, and how many more there are.
    mutating func keep(_ all: [String]) {
        faults = Array(all.prefix(LastRun.faultsMax))
        let rest = all.count - faults.count
        if rest > 0 { faults.append("… and \(rest) more.") }
    }
}

/// Counts since the start, for `server.stats`.
struct Statistics {
    var connections = 0
    var requests: UInt64 = 0
    var validated: UInt64 = 0
    var reserved: UInt64 = 0
    var applied: UInt64 = 0
    var released: UInt64 = 0
    /// Holds whose time passed.
    var lapsed: UInt64 = 0
    var refused: UInt64 = 0
    var replayed: UInt64 = 0
    var conflicted: UInt64 = 0
    var errors: UInt64 = 0
    /// Of the loop; the longest in nanoseconds.
    var turns: UInt64 = 0
    var longestTurn: Int64 = 0
    var catalogLoadedAt: Instant
    var catalogOrigin: CatalogOrigin
    var lastReload: LastRun?
    var lastSnapshot: LastRun?

    init(of facts: ServerFacts) {
        catalogLoadedAt = facts.startedAt
        catalogOrigin = facts.catalogOrigin
        if case .lastGood(let faults) = facts.catalogOrigin {
            // What failed is the first reading of the definitions, told like any later one.
            var run = LastRun(finishedAt: facts.startedAt)
            run.keep(faults)
            lastReload = run
        }
    }

    mutating func count(_ outcome: CheckoutOutcome, of operation: Operation) {
        switch outcome {
        case .accepted where operation == .validate: validated += 1
        case .accepted where operation == .reserve: reserved += 1
        case .accepted where operation == .apply: applied += 1
        case .accepted where operation == .release: released += 1
        case .accepted: break
        case .refused: refused += 1
        case .replayed: replayed += 1
        case .conflicted:
            conflicted += 1
            errors += 1
        case .faulted: errors += 1
        }
    }
}

extension JSONWriter {
    mutating func pong(_ facts: ServerFacts, isReady: Bool, to parser: borrowing RequestParser) {
        ReplyEnvelope.begin(to: parser.bytes(of: parser.request.id), &self)
        key("result")
        beginObject()
        key("name")
        string("coupond")
        key("version")
        string(facts.version)
        key("protocol")
        integer(1)
        key("ready")
        boolean(isReady)
        endObject()
        ReplyEnvelope.end(&self)
    }
}

extension RequestHandler {
    mutating func writeStatistics(at now: Instant) {
        ReplyEnvelope.begin(to: requestID.span, &reply)
        reply.key("result")
        reply.beginObject()
        reply.key("version")
        reply.string(facts.version)
        reply.key("started_at")
        reply.instant(facts.startedAt)
        reply.member(
            "uptime_seconds",
            (now.millisecondsSinceEpoch - facts.startedAt.millisecondsSinceEpoch) / 1_000)
        writeJournalFacts()
        reply.key("requests")
        write(statistics)
        writeLoopFacts()
        reply.key("ledger")
        write(ledger.totals)
        writeCatalogFacts()
        if let snapshot = statistics.lastSnapshot { write(snapshot, as: "last_snapshot") }
        reply.endObject()
        ReplyEnvelope.end(&reply)
    }

    private mutating func write(_ counts: Statistics) {
        reply.beginObject()
        reply.member("connections", Int64(counts.connections))
        reply.member("lines", Int64(counts.requests))
        reply.member("validated", Int64(counts.validated))
        reply.member("reserved", Int64(counts.reserved))
        reply.member("applied", Int64(counts.applied))
        reply.member("released", Int64(counts.released))
        reply.member("lapsed", Int64(counts.lapsed))
        reply.member("refused", Int64(counts.refused))
        reply.member("replayed", Int64(counts.replayed))
        reply.member("conflicts", Int64(counts.conflicted))
        reply.member("errors", Int64(counts.errors))
        reply.endObject()
    }

    private mutating func writeLoopFacts() {
        reply.key("loop")
        reply.beginObject()
        reply.member("turns", Int64(clamping: statistics.turns))
        writeLongestTurn(statistics.longestTurn)
        reply.endObject()
    }

    private mutating func writeLongestTurn(_ nanoseconds: Int64) {
        reply.member("longest_turn_us", nanoseconds / 1_000)
    }

    private mutating func write(_ totals: LedgerTotals) {
        reply.beginObject()
        reply.member("orders", Int64(totals.orders))
        reply.member("orders_limit", Int64(limits.ordersMax))
        reply.member("uses_in_force", Int64(totals.usesInForce))
        reply.member("coupons_used", Int64(totals.couponsUsed))
        reply.endObject()
    }

    private mutating func writeJournalFacts() {
        reply.key("durability")
        reply.string(copying: journal.mode.rawValue)
        reply.key("journal")
        reply.beginObject()
        reply.member("sequence", Int64(clamping: ledger.sequence))
        reply.member("written", Int64(clamping: journal.report.written))
        reply.member("synchronized", Int64(clamping: journal.report.synchronized))
        reply.member("segment", Int64(clamping: journal.report.segment.generation))
        reply.member("bytes", Int64(journal.report.byteCount))
        reply.key("has_space")
        reply.boolean(journal.spaceFault == nil)
        reply.endObject()
    }

    private mutating func writeCatalogFacts() {
        reply.key("catalog")
        reply.beginObject()
        reply.member("stores", Int64(shared.catalog.storeCount))
        reply.member("coupons", Int64(shared.catalog.couponCount))
        reply.member("codes", Int64(shared.catalog.codeCount))
        reply.member("gift_cards", Int64(shared.catalog.giftCardCount))
        reply.member("code_bytes", Int64(shared.catalog.codeByteCount))
        reply.key("source")
        reply.string(statistics.catalogOrigin.name)
        reply.key("loaded_at")
        reply.instant(statistics.catalogLoadedAt)
        if let reload = statistics.lastReload { write(reload, as: "last_reload") }
        reply.endObject()
    }

    private mutating func write(_ run: LastRun, as key: StaticString) {
        reply.key(key)
        reply.beginObject()
        reply.key("ok")
        reply.boolean(run.faults.isEmpty)
        reply.key("at")
        reply.instant(run.finishedAt)
        reply.member("milliseconds", run.milliseconds)
        writeLongestTurn(run.longestTurn)
        if !run.faults.isEmpty {
            reply.key("errors")
            reply.beginArray()
            for fault in run.faults { reply.string(copying: fault) }
            reply.endArray()
        }
        reply.endObject()
    }
}
