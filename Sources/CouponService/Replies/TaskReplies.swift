import CouponCatalog
import CouponWire
import FlatStorage

/// The replies to server.reload and server.snapshot, once their work has ended.
enum TaskReplies {
    static func write(
        _ reload: LastRun, of catalog: borrowing Catalog, warnings: Int, to id: Span<UInt8>,
        _ reply: inout JSONWriter
    ) {
        if !reload.faults.isEmpty {
            return writeFailure(
                of: reload, to: id, .unprocessable, detail: "catalog",
                "The definitions have errors; the catalog from before stays.", &reply)
        }
        begin(to: id, &reply)
        reply.key("reloaded")
        reply.boolean(true)
        reply.member("coupons", Int64(catalog.couponCount))
        reply.member("codes", Int64(catalog.codeCount))
        reply.member("warnings", Int64(warnings))
        end(reload, &reply)
    }

    static func write(_ snapshot: LastRun, to id: Span<UInt8>, _ reply: inout JSONWriter) {
        if !snapshot.faults.isEmpty {
            return writeFailure(
                of: snapshot, to: id, .storageUnavailable, detail: "snapshot",
                "The snapshot could not be written; the one from before stays.", &reply)
        }
        begin(to: id, &reply)
        reply.key("written")
        reply.boolean(true)
        reply.member("bytes", Int64(snapshot.byteCount))
        end(snapshot, &reply)
    }

    private static func begin(to id: Span<UInt8>, _ reply: inout JSONWriter) {
        ReplyEnvelope.begin(to: id, &reply)
        reply.key("result")
        reply.beginObject()
    }

    private static func end(_ run: LastRun, _ reply: inout JSONWriter) {
        reply.member("milliseconds", run.milliseconds)
        reply.endObject()
        ReplyEnvelope.end(&reply)
    }

    private static func writeFailure(
        of run: LastRun, to id: Span<UInt8>, _ code: ErrorCode, detail: StaticString,
        _ message: StaticString, _ reply: inout JSONWriter
    ) {
        ErrorReply.begin(code, to: id, &reply)
        reply.key("message")
        reply.string(message)
        reply.key("details")
        reply.beginObject()
        reply.key(detail)
        reply.beginArray()
        for fault in run.faults { reply.string(copying: fault) }
        reply.endArray()
        reply.endObject()
        ErrorReply.end(&reply)
    }
}
