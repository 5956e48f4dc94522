import Glibc
import Posix

/// One connection to a server, used one exchange after the other, each waited for: what prepares and
/// checks a server, not what loads it.
final class Dialogue {
    private static let patienceMilliseconds: Int64 = 30_000
    private static let chunkByteCount = 65_536

    private let path: String
    private let socket: UnixSocket
    /// What came and was not taken yet.
    private var unread: [UInt8] = []

    /// Connects to the server that listens at `path`, of at most 107 bytes.
    init(_ path: String) throws(ProcessFault) {
        self.path = path
        do throws(PosixFault) {
            socket = try UnixSocket(.stream)
            try socket.connect(to: SocketAddress(path: path))
        } catch {
            throw .dialogue(socket: path, reason: "\(error)")
        }
    }

    /// Sends a line and returns the line that answers it, both without their ends.
    func request(_ line: String) throws(ProcessFault) -> String {
        let reply = try exchange(Array(line.utf8) + [UInt8(ascii: "\n")]) { bytes in
            bytes.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 }
        }
        return String(decoding: reply.dropLast(), as: UTF8.self)
    }

    /// Sends bytes and returns those that answer them: `replyEnd` says how many of the bytes that
    /// came are the reply, nil while it is not whole.
    func exchange(
        _ bytes: [UInt8], replyEnd: ([UInt8]) -> Int?
    ) throws(ProcessFault) -> [UInt8] {
        try send(bytes)
        while true {
            if let end = replyEnd(unread) {
                let reply = Array(unread[..<end])
                unread.removeFirst(end)
                return reply
            }
            if try !receive(timeoutMilliseconds: Self.patienceMilliseconds) {
                throw .dialogue(socket: path, reason: "no reply came in time")
            }
        }
    }

    private func send(_ bytes: [UInt8]) throws(ProcessFault) {
        var sentCount = 0
        while sentCount < bytes.count {
            do throws(PosixFault) {
                let rest = bytes[sentCount...].prefix(Self.chunkByteCount)
                sentCount += try socket.send(Array(rest), .write)
            } catch {
                guard error.errno == EAGAIN else {
                    throw .dialogue(socket: path, reason: "\(error)")
                }
                // It may wait for us to read before it reads on.
                try receive(timeoutMilliseconds: 10)
            }
        }
    }

    /// Takes in what came; false if nothing did.
    @discardableResult
    private func receive(timeoutMilliseconds: Int64) throws(ProcessFault) -> Bool {
        let received: [UInt8]?
        do throws(PosixFault) {
            received = try socket.receive(
                upTo: Self.chunkByteCount, timeoutMilliseconds: timeoutMilliseconds)
        } catch {
            throw .dialogue(socket: path, reason: "\(error)")
        }
        guard let received else { return false }
        if received.isEmpty { throw .dialogue(socket: path, reason: "it closed the connection") }
        unread += received
        return true
    }
}
