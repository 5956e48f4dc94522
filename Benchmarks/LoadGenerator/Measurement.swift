/// What the clients of a run have counted together.
final class Measurement {
    /// Requests sent at or after this belong to the result.
    private(set) var begin = Int64.max
    /// No request is sent (in an open loop: due) at or after this.
    private(set) var end = Int64.max
    /// Requests sent or due, also before the beginning, and not answered.
    private(set) var underWay = 0
    /// Replies, also before the beginning.
    private(set) var repliesInAll = 0
    private(set) var result: LoadResult

    init(nanoseconds: Int64) { result = LoadResult(nanoseconds: nanoseconds) }

    func start(at begin: Int64) {
        self.begin = begin
        end = begin + result.nanoseconds
    }

    func noteSent(_ count: Int, at time: Int64) {
        underWay += count
        if time >= begin { result.sent += count }
    }

    /// Notes `count` requests of which the last `measured` belong to the result, found to be due
    /// `delay` nanoseconds after the first was.
    func noteDue(_ count: Int, measured: Int, delay: Int64) {
        underWay += count
        result.sent += measured
        if measured > 0 {
            result.longestSendDelay = max(result.longestSendDelay, Double(delay) / 1_000)
        }
    }

    func noteReply(_ outcome: ReplyOutcome, sentAt: Int64, at now: Int64) {
        underWay -= 1
        repliesInAll += 1
        guard sentAt >= begin else { return }
        result.replies += 1
        result.latencies.record(nanoseconds: now - sentAt)
        switch outcome {
        case .accepted: result.accepted += 1
        case .refused: result.refused += 1
        case .failed: result.failed += 1
        case .other: break
        }
    }

    func noteFailure(_ text: String) {
        if result.firstFailure == nil { result.firstFailure = text }
    }

    /// Notes a request that is no longer waited for.
    func noteUnanswered(sentAt: Int64, at now: Int64) {
        if sentAt >= begin { result.latencies.record(nanoseconds: now - sentAt) }
    }
}
