import Posix
import UVLoop

/// Who is asked.
package struct Target: Sendable {
    package var socketPath: String
    package var framing: Framing
    /// Sent first on every connection, and awaited; empty for none.
    package var handshake: [UInt8]
    /// Requests sent on every connection before it is used, each awaited.
    package var preparation: [[UInt8]]

    package init(
        socketPath: String, framing: Framing, handshake: [UInt8] = [], preparation: [[UInt8]] = []
    ) {
        self.socketPath = socketPath
        self.framing = framing
        self.handshake = handshake
        self.preparation = preparation
    }
}

/// When requests are sent.
package enum Pace: Sendable {
    /// Every connection keeps `depth` requests under way: a reply is answered with the next request.
    /// Says how much the target can do; latencies count from the sending.
    case closed(connections: Int, depth: Int)
    /// Every client connects, sends one request, reads its reply, closes, and starts over, as a PHP
    /// page does. Latencies count from before the connecting.
    case connectionPerRequest(clients: Int)
    /// Requests follow a fixed schedule, spread over the connections, however slow the target is.
    /// Latencies count from the scheduled time: one that is late makes nothing else late, and a
    /// target that stalls is charged for every request that it kept waiting.
    case open(connections: Int, perSecond: Double)

    /// Connections open at the same time.
    package var connections: Int {
        switch self {
        case .closed(let connections, _), .open(let connections, _): connections
        case .connectionPerRequest(let clients): clients
        }
    }
}

/// A measurement.
package struct LoadPlan: Sendable {
    package var target: Target
    package var mix: Mix
    package var pace: Pace
    /// How long requests are sent before they count.
    package var warmUpMilliseconds: Int64
    /// How long requests count.
    package var milliseconds: Int64
    /// How long replies are waited for after that.
    package var drainMilliseconds: Int64 = 2_000
    /// Picks the requests, their random numbers and `${run}`. Two runs of one seed against one state
    /// ask for the same orders.
    package var seed: UInt64
    /// Called when the measured time begins, and again when all replies have come and connections are
    /// still open: for reading what the target has used up in between. No request that counts waits
    /// for it.
    package var observe: (@Sendable () -> Void)?

    /// A plan with at least one connection, a depth of at least 1 or a rate above 0, and at least a
    /// millisecond to measure.
    package init(
        target: Target, mix: Mix, pace: Pace, warmUpMilliseconds: Int64, milliseconds: Int64,
        seed: UInt64
    ) {
        precondition(pace.connections >= 1, "a load has a connection")
        switch pace {
        case .closed(_, let depth): precondition(depth >= 1, "a request is under way")
        case .open(_, let perSecond): precondition(perSecond > 0, "a rate is above 0")
        case .connectionPerRequest: break
        }
        precondition(warmUpMilliseconds >= 0 && milliseconds >= 1, "a measurement takes time")
        self.target = target
        self.mix = mix
        self.pace = pace
        self.warmUpMilliseconds = warmUpMilliseconds
        self.milliseconds = milliseconds
        self.seed = seed
    }
}

/// What a measurement found. A request belongs to it when it was sent in the measured time (in an
/// open loop: due in it), and its reply with it, although that may come later.
package struct LoadResult: Sendable {
    /// Requests.
    package var sent = 0
    /// Requests that were answered, at the latest when the plan's `drainMilliseconds` had passed.
    package var replies = 0
    /// Replies that say yes.
    package var accepted = 0
    /// Replies that say no: an answer like any other.
    package var refused = 0
    /// Replies that are errors.
    package var failed = 0
    /// The measured time.
    package var nanoseconds: Int64
    /// From sending, connecting or being due (see ``Pace``) to the arrival of the reply. A request
    /// without a reply counts with the time it had waited at the end.
    package var latencies = Latencies()
    /// Open loop: the longest time by which the generator itself was late to send, in microseconds.
    /// It is part of the latencies; where it is large, so is its share in them.
    package var longestSendDelay = 0.0
    /// The first reply that was an error, also one from before the measured time; shortened.
    package var firstFailure: String?

    /// Requests that had no reply when the waiting ended.
    package var unanswered: Int { sent - replies }

    /// Replies per second.
    package var perSecond: Double { Double(replies) * 1e9 / Double(nanoseconds) }

    /// Nothing yet, of so long a time.
    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
}

/// Why there is no result.
package enum LoadFault: Error, Equatable {
    /// No server can be reached at the socket.
    case cannotConnect(path: String, PosixFault)
    /// The system refused the loop, a timer or a connection.
    case cannotStart(reason: String)
    /// The handshake or a preparation was answered with an error, or not within ten seconds (nil).
    case notPrepared(reply: String?)
    /// The target, or the kernel (a fault), broke a connection. The last words are an incomplete reply,
    /// or else the first error reply.
    case connectionEnded(UVFault?, afterReplies: Int, lastWords: String?)
    /// The target sent bytes that are not a reply in its protocol, or a reply without a request.
    case unexpectedBytes(String)
}

extension LoadFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .cannotConnect(let path, let fault): return "cannot connect to \(path): \(fault)"
        case .cannotStart(let reason): return "cannot start: \(reason)"
        case .notPrepared(nil): return "the target did not answer the preparation in ten seconds"
        case .notPrepared(let reply?): return "the target refused the preparation: \(reply)"
        case .connectionEnded(let fault, let replies, let lastWords):
            let how = fault.map { "broke (\($0))" } ?? "was closed by the target"
            let words = lastWords.map { "; it had said: \($0)" } ?? ""
            return "a connection \(how) after \(replies) replies in all\(words)"
        case .unexpectedBytes(let text): return "the target sent an unexpected reply: \(text)"
        }
    }
}
