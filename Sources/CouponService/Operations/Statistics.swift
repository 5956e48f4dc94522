import CouponRules
import CouponStore
import CouponWire

/// What a daemon says of itself.
package struct ServerFacts: Sendable {
    /// Of the program, such as `0.1.0`.
    package var version: StaticString
    package var startedAt: Instant
    /// Of the catalog that it starts with.
    package var catalogOrigin: CatalogOrigin
    /// How many warnings its definitions gave.
    package var catalogWarnings: Int

    package init(
        version: StaticString, startedAt: Instant, catalogOrigin: CatalogOrigin = .files,
        catalogWarnings: Int = 0
    ) {
        self.version = version
        self.startedAt = startedAt
        self.catalogOrigin = catalogOrigin
        self.catalogWarnings = catalogWarnings
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

    /// How many faults are listed one by one.
    private static let faultsMax = 100

    init(finishedAt: Instant) { self.finishedAt = finishedAt }

    init(_ outcome: SnapshotOutcome, at now: Instant) {
        self.init(finishedAt: now)
        switch outcome {
        case .written(let compacted, let milliseconds):
            byteCount = compacted.byteCount
            self.milliseconds = milliseconds
        case .failed(let message): keep([message])
        }
    }

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
    /// Of the definitions that are served.
    var catalogWarnings: Int
    var lastReload: LastRun?
    var lastSnapshot: LastRun?

    init(of facts: ServerFacts) {
        catalogLoadedAt = facts.startedAt
        catalogOrigin = facts.catalogOrigin
        catalogWarnings = facts.catalogWarnings
        if case .lastGood(let faults) = facts.catalogOrigin {
            // The failed first reading of the definitions is reported like any later one.
            var run = LastRun(finishedAt: facts.startedAt)
            run.keep(faults)
            lastReload = run
        }
    }

    mutating func count(_ outcome: RequestOutcome, of operation: Operation) {
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
