import UVLoop

/// What went wrong with a measurement, so that no figure comes out of it.
enum LoadFault: Error, CustomStringConvertible {
    case endedEarly(String)
    case notAnswered(String)
    case differentReply(expected: String, got: String)

    var description: String {
        switch self {
        case .endedEarly(let reason): "a connection ended before its time: \(reason)"
        case .notAnswered(let reply): "the request is not answered as valid: \(reply)"
        case .differentReply(let expected, let got):
            "a reply differs from the first: \(got) instead of \(expected)"
        }
    }
}

/// Replies counted between two readings of a monotonic clock.
struct LoadFigure {
    var replies: Int
    var milliseconds: Int64
}

/// Many connections on one loop, each of which answers every reply with the next request.
final class ClosedLoop {
    private let loop: EventLoop
    private var clients: [LoadClient] = []

    init(socket: String, connections: Int, depth: Int, request: String) throws {
        loop = try EventLoop()
        for _ in 0..<connections {
            let connection = try Connection(on: loop, connectingTo: socket)
            clients.append(
                LoadClient(connection, loop: loop, request: Array(request.utf8), depth: depth))
        }
    }

    /// Warms up for a tenth of the time, then counts.
    func run(milliseconds: Int64) throws -> LoadFigure {
        for client in clients { client.begin() }
        _ = try turn(for: max(100, milliseconds / 10))
        let figure = try turn(for: milliseconds)
        for client in clients { client.finish() }
        loop.closeAll()
        return figure
    }

    private func turn(for milliseconds: Int64) throws -> LoadFigure {
        let repliesBefore = clients.reduce(0) { $0 + $1.replies }
        let timer = try LoopTimer(on: loop) { [loop] in loop.stop() }
        timer.start(after: milliseconds)
        let begun = loop.now
        loop.run()
        timer.close()
        if let fault = clients.lazy.compactMap(\.fault).first { throw fault }
        return LoadFigure(
            replies: clients.reduce(0) { $0 + $1.replies } - repliesBefore,
            milliseconds: max(1, loop.now - begun))
    }
}

/// One connection that keeps `depth` requests under way.
private final class LoadClient: ConnectionHandler {
    private let connection: Connection
    private unowned let loop: EventLoop
    /// `depth` requests, one behind the other; replies are answered with a prefix of them.
    private let requests: [UInt8]
    private let requestByteCount: Int
    private let depth: Int
    private var firstReply: [UInt8] = []
    private var hasFirstReply = false
    /// How much of the reply that is arriving has been compared with the first.
    private var matched = 0
    private var isFinished = false

    private(set) var replies = 0
    private(set) var fault: LoadFault?

    init(_ connection: Connection, loop: EventLoop, request: [UInt8], depth: Int) {
        self.connection = connection
        self.loop = loop
        let line = request + [UInt8(ascii: "\n")]
        requestByteCount = line.count
        self.depth = depth
        requests = Array(repeatElement(line, count: depth).joined())
    }

    func begin() {
        connection.start(deliveringTo: self)
        send(depth)
    }

    func finish() {
        isFinished = true
        connection.close()
    }

    func received(_ bytes: Span<UInt8>, on connection: Connection) {
        var lineEnds = 0
        for index in 0..<bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\n") { lineEnds += 1 }
            guard check(byte) else { return loop.stop() }
        }
        replies += lineEnds
        send(lineEnds)
    }

    private func send(_ count: Int) {
        let requests = requests
        connection.write(requests.span.extracting(first: count * requestByteCount))
    }

    /// Compares each reply with the first, byte for byte; the first must be a valid verdict.
    private func check(_ byte: UInt8) -> Bool {
        if !hasFirstReply {
            firstReply.append(byte)
            if byte != UInt8(ascii: "\n") { return true }
            hasFirstReply = true
            let text = String(decoding: firstReply, as: UTF8.self)
            if !text.contains("\"valid\":true") { fault = .notAnswered(text) }
            return fault == nil
        }
        guard firstReply[matched] == byte else {
            fault = .differentReply(
                expected: String(decoding: firstReply, as: UTF8.self),
                got: String(decoding: firstReply.prefix(matched) + [byte], as: UTF8.self) + "…")
            return false
        }
        matched = matched + 1 == firstReply.count ? 0 : matched + 1
        return true
    }

    func peerFinished(_ connection: Connection) { connection.close() }

    func drained(_ connection: Connection) {}

    func ended(_ reason: ConnectionEnd, on connection: Connection) {
        if isFinished { return }
        if fault == nil { fault = .endedEarly("\(reason)") }
        loop.stop()
    }
}
