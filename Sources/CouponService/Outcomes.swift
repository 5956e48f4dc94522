// Replies to what took its time: server.reload and server.snapshot.

import CouponRules
import CouponStore
import CouponWire
import FlatStorage

extension RequestHandler {
    /// Keeps how a snapshot went.
    mutating func note(_ outcome: SnapshotOutcome, at now: Instant) {
        var run = LastRun(finishedAt: now)
        switch outcome {
        case .written(let compacted, let milliseconds):
            run.byteCount = compacted.byteCount
            run.milliseconds = milliseconds
        case .failed(let message): run.keep([message])
        }
        statistics.lastSnapshot = run
    }

    /// Tells who asked for `task` how its last run went.
    mutating func writeOutcome(of task: LongTask, to id: [UInt8]) {
        switch task {
        case .reload:
            guard let run = statistics.lastReload else { return }
            if !run.faults.isEmpty {
                return writeFailure(
                    of: run, to: id, .unprocessable, detail: "catalog",
                    "The definitions have errors; the catalog from before stays.")
            }
            beginResult(to: id)
            reply.key("reloaded")
            reply.boolean(true)
            reply.member("coupons", Int64(shared.catalog.couponCount))
            reply.member("codes", Int64(shared.catalog.codeCount))
            endResult(of: run)
        case .snapshot:
            guard let run = statistics.lastSnapshot else { return }
            if !run.faults.isEmpty {
                return writeFailure(
                    of: run, to: id, .storageUnavailable, detail: "snapshot",
                    "The snapshot could not be written; the one from before stays.")
            }
            beginResult(to: id)
            reply.key("written")
            reply.boolean(true)
            reply.member("bytes", Int64(run.byteCount))
            endResult(of: run)
        }
    }

    private mutating func beginResult(to id: [UInt8]) {
        ReplyEnvelope.begin(to: id.span, &reply)
        reply.key("result")
        reply.beginObject()
    }

    private mutating func endResult(of run: LastRun) {
        reply.member("milliseconds", run.milliseconds)
        reply.endObject()
        ReplyEnvelope.end(&reply)
    }

    private mutating func writeFailure(
        of run: LastRun, to id: [UInt8], _ code: ErrorCode, detail: StaticString,
        _ message: StaticString
    ) {
        statistics.errors += 1
        ErrorReply.begin(code, to: id.span, &reply)
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
