import CouponRules
import CouponWire

/// What a daemon says of itself.
package struct ServerFacts: Sendable {
    /// Of the program, such as `0.1.0`.
    package var version: StaticString
    package var startedAt: Instant

    package init(version: StaticString, startedAt: Instant) {
        self.version = version
        self.startedAt = startedAt
    }
}

/// How the last work of a kind went.
struct LastRun {
    var finishedAt: Instant
    var milliseconds: Int64 = 0
    /// Of a snapshot.
    var byteCount = 0
    /// What was wrong, a line each; empty when it went well.
    var faults: [String] = []

    init(finishedAt: Instant) { self.finishedAt = finishedAt }
}

/// Counts since the start, for `server.stats`.
struct Statistics {
    var connections = 0
    var requests: UInt64 = 0
    var validated: UInt64 = 0
    var applied: UInt64 = 0
    var replayed: UInt64 = 0
    var conflicts: UInt64 = 0
    /// Replies that were errors.
    var faults: UInt64 = 0
    var catalogLoadedAt: Instant
    var lastReload: LastRun?
    var lastSnapshot: LastRun?

    init(catalogLoadedAt: Instant) { self.catalogLoadedAt = catalogLoadedAt }

    mutating func count(_ operation: Operation) {
        if operation == .validate { validated += 1 }
    }
}

extension Service {
    mutating func writePing() {
        reply.beginReply(to: parser.bytes(of: parser.request.id))
        reply.key("result")
        reply.beginObject()
        reply.key("name")
        reply.string("coupond")
        reply.key("version")
        reply.string(facts.version)
        reply.key("protocol")
        reply.integer(1)
        reply.key("ready")
        reply.boolean(!isDraining)
        reply.endObject()
        reply.endReply()
    }

    mutating func writeStatistics(at now: Instant) {
        reply.beginReply(to: parser.bytes(of: parser.request.id))
        reply.key("result")
        reply.beginObject()
        reply.key("version")
        reply.string(facts.version)
        reply.key("started_at")
        reply.instant(facts.startedAt)
        reply.member(
            "uptime_seconds",
            (now.millisecondsSinceEpoch - facts.startedAt.millisecondsSinceEpoch) / 1_000)
        reply.key("durability")
        reply.string("snapshot")
        writeCounts()
        writeCatalogFacts()
        if let snapshot = statistics.lastSnapshot { write(snapshot, as: "last_snapshot") }
        reply.endObject()
        reply.endReply()
    }

    private mutating func writeCounts() {
        reply.member("connections", Int64(statistics.connections))
        reply.member("requests", Int64(statistics.requests))
        reply.member("validated", Int64(statistics.validated))
        reply.member("applied", Int64(statistics.applied))
        reply.member("replayed", Int64(statistics.replayed))
        reply.member("conflicts", Int64(statistics.conflicts))
        reply.member("errors", Int64(statistics.faults))
        let totals = ledger.totals
        reply.member("orders", Int64(totals.orders))
        reply.member("orders_limit", Int64(limits.ordersMax))
        reply.member("uses_in_force", Int64(totals.usesInForce))
    }

    private mutating func writeCatalogFacts() {
        reply.key("catalog")
        reply.beginObject()
        reply.member("stores", Int64(catalog.storeCount))
        reply.member("coupons", Int64(catalog.couponCount))
        reply.member("codes", Int64(catalog.codeCount))
        reply.member("gift_cards", Int64(catalog.giftCardCount))
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
        if !run.faults.isEmpty {
            reply.key("errors")
            reply.beginArray()
            for fault in run.faults { reply.string(fault) }
            reply.endArray()
        }
        reply.endObject()
    }
}

extension ReplyWriter {
    mutating func member(_ name: StaticString, _ value: Int64) {
        key(name)
        integer(value)
    }
}
