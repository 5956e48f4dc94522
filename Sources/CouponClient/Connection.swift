// One request at a time: a line goes out, a line comes back. Whatever goes wrong in between, the
// stream can no longer tell which reply belongs to which request, so the owner drops the connection
// on every fault but one (a reply that is an error of the server is a good reply).

/// A connection that exchanges lines.
struct Connection: ~Copyable {
    /// What went wrong, and whether the peer may have seen the request.
    struct Fault: Error {
        enum Stage {
            case connecting
            case sending
            case waitingForReply
        }

        var stage: Stage
        var cause: Cause
        /// Whether any byte of the request left.
        var requestMayHaveArrived: Bool

        enum Cause {
            case stream(StreamFault)
            case replyTooLong(byteCountMax: Int)
        }
    }

    private static let chunkByteCount = 16_384

    private let stream: UnixStream
    /// What was received beyond the last line.
    private var unread: [UInt8] = []

    init(to path: String, by deadline: UnixStream.Deadline) throws(Fault) {
        do {
            stream = try UnixStream(connectingTo: path, by: deadline)
        } catch {
            throw Fault(stage: .connecting, cause: .stream(error), requestMayHaveArrived: false)
        }
    }

    /// Whether a request may still be sent: the peer has neither closed the connection nor said
    /// anything unasked. A daemon closes connections that idle for long, or when it restarts.
    var isReusable: Bool { unread.isEmpty && stream.isQuiet }

    /// Sends `line` and returns the line that came back, both without their ends.
    mutating func exchange(
        _ line: [UInt8], replyByteCountMax: Int, by deadline: UnixStream.Deadline
    ) throws(Fault) -> [UInt8] {
        var sentCount = 0
        do {
            try stream.send(line + [UInt8(ascii: "\n")], counting: &sentCount, by: deadline)
        } catch .closed {
            // A daemon with too many connections says so and closes before it reads: its line may
            // be there already.
        } catch {
            throw Fault(
                stage: .sending, cause: .stream(error), requestMayHaveArrived: sentCount > 0)
        }

        do {
            return try receiveLine(byteCountMax: replyByteCountMax, by: deadline)
        } catch {
            throw Fault(
                stage: .waitingForReply, cause: error, requestMayHaveArrived: sentCount > 0)
        }
    }

    private mutating func receiveLine(
        byteCountMax: Int, by deadline: UnixStream.Deadline
    ) throws(Fault.Cause) -> [UInt8] {
        var searchedCount = 0
        while true {
            if let end = unread[searchedCount...].firstIndex(of: UInt8(ascii: "\n")) {
                if end > byteCountMax { throw .replyTooLong(byteCountMax: byteCountMax) }
                let line = Array(unread[..<end])
                unread.removeSubrange(...end)
                return line
            }
            searchedCount = unread.count
            if searchedCount > byteCountMax { throw .replyTooLong(byteCountMax: byteCountMax) }

            let received: [UInt8]
            do {
                received = try stream.receive(upTo: Self.chunkByteCount, by: deadline)
            } catch {
                throw .stream(error)
            }
            if received.isEmpty { throw .stream(.closed) }
            unread += received
        }
    }
}

extension Connection.Fault.Cause: Error {}
