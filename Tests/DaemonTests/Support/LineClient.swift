import CouponClient
import Foundation
import Glibc
import Posix

// Tests must do things that no client library does: send half a line, pipeline without reading,
// stop reading altogether, or leave in the middle. So this is a bare socket. While the kernel has
// no room, sending receives replies, as a client that pipelines must.

/// A connection to a daemon, byte by byte.
final class LineClient {
    private static let patienceMilliseconds: Int64 = 20_000
    private static let chunkByteCount = 65_536

    private let socket: UnixSocket
    /// Received lines that no test has read yet, and the beginning of the next one.
    private var lines: [String] = []
    private var takenCount = 0
    private var partial: [UInt8] = []
    private var hasEnded = false

    init(_ path: String) throws {
        socket = try UnixSocket(.stream)
        try socket.connect(to: SocketAddress(path: path))
    }

    // MARK: Sending

    /// Sends all of `text`, and nothing else: no line end is added.
    func send(_ text: String) throws { try send(bytes: Array(text.utf8)) }

    func send(bytes: [UInt8]) throws {
        var sentCount = 0
        while sentCount < bytes.count {
            let chunk = bytes[sentCount...].prefix(Self.chunkByteCount)
            let count = try sendWhatFits(Array(chunk))
            sentCount += count
            if count == 0 { try receive(timeoutMilliseconds: 10) }
        }
    }

    /// Sends `line` repeatedly until the kernel has no room for more.
    ///
    /// - Returns: how many whole lines left.
    func sendUntilFull(_ line: String) throws -> Int {
        let bytes = Array(line.utf8)
        var count = 0
        while true {
            let sentCount = try sendWhatFits(bytes)
            if sentCount == 0 { return count }
            if sentCount < bytes.count {
                partlySent = Array(bytes[sentCount...])
                return count
            }
            count += 1
        }
    }

    /// The rest of the line that ``sendUntilFull(_:)`` could not send.
    private(set) var partlySent: [UInt8] = []

    /// Ends sending, but still reads.
    func endSending() { shutdown(socket.descriptor, CInt(SHUT_WR)) }

    private func sendWhatFits(_ bytes: [UInt8]) throws -> Int {
        do throws(PosixFault) {
            return try socket.send(bytes, .write)
        } catch {
            switch error.errno {
            case EAGAIN: return 0
            case EPIPE, ECONNRESET: throw LineFault.closed
            default: throw error
            }
        }
    }

    // MARK: Receiving

    /// The next line, without its end.
    func nextLine() throws -> String {
        while takenCount == lines.count {
            if hasEnded { throw LineFault.closed }
            if try !receive(timeoutMilliseconds: Self.patienceMilliseconds) {
                throw LineFault.silent
            }
        }
        takenCount += 1
        return lines[takenCount - 1]
    }

    func nextReply() throws -> Reply { try Reply(nextLine()) }

    /// The next `count` lines.
    func nextLines(_ count: Int) throws -> [String] {
        try (0..<count).map { _ in try nextLine() }
    }

    /// Every line until the daemon closes the connection.
    func remainingLines() throws -> [String] {
        var all: [String] = []
        do {
            while true { all.append(try nextLine()) }
        } catch LineFault.closed {
            return all
        }
    }

    /// Whether the daemon has closed the connection and everything it sent was taken.
    func isClosed() throws -> Bool {
        if !hasEnded { try receive(timeoutMilliseconds: 0) }
        return hasEnded && takenCount == lines.count
    }

    /// Sends a line and returns its reply.
    func ask(_ line: String) throws -> Reply {
        try send(line + "\n")
        return try nextReply()
    }

    /// Receives bytes; false if none came.
    @discardableResult
    private func receive(timeoutMilliseconds: Int64) throws -> Bool {
        let received: [UInt8]?
        do throws(PosixFault) {
            received = try socket.receive(
                upTo: Self.chunkByteCount, timeoutMilliseconds: timeoutMilliseconds)
        } catch {
            // It closed with bytes of ours unread.
            guard error.errno == ECONNRESET else { throw error }
            received = []
        }
        guard let received else { return false }
        if received.isEmpty { hasEnded = true }
        partial += received
        var start = 0
        while let end = partial[start...].firstIndex(of: UInt8(ascii: "\n")) {
            lines.append(String(decoding: partial[start..<end], as: UTF8.self))
            start = end + 1
        }
        partial.removeFirst(start)
        return true
    }
}

enum LineFault: Error {
    /// The daemon closed the connection before a line was sent, or where one was expected.
    case closed
    /// Nothing came for too long.
    case silent
}

/// A reply line and its members.
struct Reply {
    let line: String
    let value: JSONValue

    init(_ line: String) throws {
        self.line = line
        value = try JSONDecoder().decode(JSONValue.self, from: Data(line.utf8))
    }

    /// The value at a path such as `codes.0.reason`; nil if there is none.
    subscript(path: String) -> JSONValue? {
        var value: JSONValue? = value
        for step in path.split(separator: ".") {
            if case .array(let elements) = value {
                value = Int(step).flatMap { elements.indices.contains($0) ? elements[$0] : nil }
            } else {
                value = value?[String(step)]
            }
        }
        return value
    }
}
