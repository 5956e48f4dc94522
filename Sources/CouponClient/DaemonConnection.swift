// One request at a time: a line goes out, a line comes back. After a fault in between, a reply can no
// longer be matched with its request, so the owner drops the connection. A reply that is an error of
// the daemon is not such a fault.

/// A connection that exchanges lines with the daemon.
struct DaemonConnection: ~Copyable {
    /// Why an exchange failed, and whether the daemon may have received the request.
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
    /// Bytes received after the last line.
    private var unread: [UInt8] = []

    init(to path: String, by deadline: UnixStream.Deadline) throws(Fault) {
        do {
            stream = try UnixStream(connectingTo: path, by: deadline)
        } catch {
            throw Fault(stage: .connecting, cause: .stream(error), requestMayHaveArrived: false)
        }
    }

    /// Whether another request may be sent: the daemon has neither closed the connection nor sent
    /// anything without a request. It closes connections that are idle for long, and when it ends.
    var isReusable: Bool { unread.isEmpty && stream.isQuiet }

    /// Sends `line` and returns the line that came back, both without their ends.
    mutating func exchange(
        _ line: [UInt8], replyByteCountMax: Int, by deadline: UnixStream.Deadline
    ) throws(Fault) -> [UInt8] {
        var sentCount = 0
        do {
            try stream.send(line + [UInt8(ascii: "\n")], counting: &sentCount, by: deadline)
        } catch .closed {
            // A daemon with too many connections sends an error and closes before it reads: that
            // line may have arrived.
        } catch {
            throw Fault(
                stage: .sending, cause: .stream(error), requestMayHaveArrived: sentCount > 0)
        }

        do {
            return try receiveLine(byteCountMax: replyByteCountMax, by: deadline)
        } catch {
            throw Fault(stage: .waitingForReply, cause: error, requestMayHaveArrived: sentCount > 0)
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

extension DaemonConnection.Fault.Cause: Error {}
