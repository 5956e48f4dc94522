import CouponCatalog
import CouponRules
import CouponStore
import CouponWire
import FlatStorage

/// The replies to ping and server.stats.
enum StatisticsReply {
    static func writePong(
        _ facts: ServerFacts, isReady: Bool, to id: Span<UInt8>, _ reply: inout JSONWriter
    ) {
        ReplyEnvelope.begin(to: id, &reply)
        reply.key("result")
        reply.beginObject()
        reply.key("name")
        reply.string("coupond")
        reply.key("version")
        reply.string(facts.version)
        reply.member("protocol", 1)
        reply.key("ready")
        reply.boolean(isReady)
        reply.endObject()
        ReplyEnvelope.end(&reply)
    }

    static func write(
        _ statistics: Statistics, _ facts: ServerFacts, _ books: borrowing JournalledLedger,
        ordersMax: Int, _ catalog: borrowing Catalog, _ request: borrowing IncomingRequest,
        at time: TurnTime, _ reply: inout JSONWriter
    ) {
        let uptime = request.now.millisecondsSinceEpoch - facts.startedAt.millisecondsSinceEpoch
        ReplyEnvelope.begin(to: request.id, &reply)
        reply.key("result")
        reply.beginObject()
        reply.key("version")
        reply.string(facts.version)
        reply.key("started_at")
        reply.instant(facts.startedAt)
        reply.member("uptime_seconds", uptime / 1_000)
        writeJournal(books, &reply)
        writeRequests(statistics, &reply)
        reply.key("loop")
        reply.beginObject()
        reply.member("turns", Int64(clamping: statistics.turns))
        writeLongestTurn(statistics.longestTurn, &reply)
        reply.endObject()
        write(books.ledger.totals, ordersMax: ordersMax, &reply)
        write(books.purgeOutlook(at: time), at: time, &reply)
        write(catalog, statistics, &reply)
        if let snapshot = statistics.lastSnapshot { write(snapshot, as: "last_snapshot", &reply) }
        reply.endObject()
        ReplyEnvelope.end(&reply)
    }

    private static func writeJournal(
        _ books: borrowing JournalledLedger, _ reply: inout JSONWriter
    ) {
        let report = books.commit.report
        reply.key("durability")
        reply.string(copying: books.commit.mode.rawValue)
        reply.key("journal")
        reply.beginObject()
        reply.member("sequence", Int64(clamping: books.ledger.sequence))
        reply.member("written", Int64(clamping: report.written))
        reply.member("synchronized", Int64(clamping: report.synchronized))
        reply.member("segment", Int64(clamping: report.segment.generation))
        reply.member("bytes", Int64(report.byteCount))
        reply.key("has_space")
        reply.boolean(books.commit.spaceFault == nil)
        reply.endObject()
    }

    private static func writeRequests(_ counts: Statistics, _ reply: inout JSONWriter) {
        reply.key("requests")
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

    private static func writeLongestTurn(_ nanoseconds: Int64, _ reply: inout JSONWriter) {
        reply.member("longest_turn_us", nanoseconds / 1_000)
    }

    private static func write(_ totals: LedgerTotals, ordersMax: Int, _ reply: inout JSONWriter) {
        reply.key("ledger")
        reply.beginObject()
        reply.member("orders", Int64(totals.orders))
        reply.member("orders_limit", Int64(ordersMax))
        reply.member("reserved", Int64(totals.byState.reserved))
        reply.member("applied", Int64(totals.byState.applied))
        reply.member("partly_released", Int64(totals.byState.partlyApplied))
        reply.member("released", Int64(totals.byState.released))
        reply.member("unused", Int64(totals.byState.unused))
        reply.member("uses_in_force", Int64(totals.usesInForce))
        reply.member("coupons_used", Int64(totals.couponsUsed))
        reply.endObject()
    }

    private static func write(
        _ outlook: PurgeOutlook, at time: TurnTime, _ reply: inout JSONWriter
    ) {
        reply.key("purge")
        reply.beginObject()
        reply.key("date")
        reply.instant(Instant(millisecondsSinceEpoch: outlook.calendar))
        reply.key("oldest")
        if let oldest = outlook.oldest {
            reply.instant(Instant(millisecondsSinceEpoch: oldest))
        } else {
            reply.null()
        }
        reply.key("next_in_seconds")
        if let next = outlook.next {
            reply.integer((next.wait + 999) / 1_000)
        } else {
            reply.null()
        }
        reply.member("next_orders", Int64(outlook.next?.orders ?? 0))
        reply.endObject()
    }

    private static func write(
        _ catalog: borrowing Catalog, _ statistics: Statistics, _ reply: inout JSONWriter
    ) {
        reply.key("catalog")
        reply.beginObject()
        reply.member("stores", Int64(catalog.storeCount))
        reply.member("coupons", Int64(catalog.couponCount))
        reply.member("codes", Int64(catalog.codeCount))
        reply.member("gift_cards", Int64(catalog.giftCardCount))
        reply.member("code_bytes", Int64(catalog.codeByteCount))
        reply.member("warnings", Int64(statistics.catalogWarnings))
        reply.key("source")
        reply.string(statistics.catalogOrigin.name)
        reply.key("loaded_at")
        reply.instant(statistics.catalogLoadedAt)
        if let reload = statistics.lastReload { write(reload, as: "last_reload", &reply) }
        reply.endObject()
    }

    private static func write(_ run: LastRun, as key: StaticString, _ reply: inout JSONWriter) {
        reply.key(key)
        reply.beginObject()
        reply.key("ok")
        reply.boolean(run.faults.isEmpty)
        reply.key("at")
        reply.instant(run.finishedAt)
        reply.member("milliseconds", run.milliseconds)
        writeLongestTurn(run.longestTurn, &reply)
        if !run.faults.isEmpty {
            reply.key("errors")
            reply.beginArray()
            for fault in run.faults { reply.string(copying: fault) }
            reply.endArray()
        }
        reply.endObject()
    }
}
