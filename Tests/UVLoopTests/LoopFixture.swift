import Foundation
import LoopClient
import Posix
import Testing
import UVLoop

/// A loop with a directory of its own for sockets, and a run that cannot hang the tests.
final class LoopFixture {
    let loop: EventLoop
    let directory: String

    init() throws {
        loop = try EventLoop()
        // Short, because a socket path has at most 107 bytes.
        directory = "/tmp/uvl-\(UInt32.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: false)
    }

    deinit {
        // The closures of many tests hold the loop, so it would not end by itself.
        loop.closeAll()
        do {
            try FileManager.default.removeItem(atPath: directory)
        } catch {
            Issue.record(error)
        }
    }

    func path(_ name: String) -> String { "\(directory)/\(name)" }

    /// Runs the loop until no work is left or it is stopped; a timeout is a failure.
    func run(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let deadline = try LoopTimer(on: loop) { [loop] in
            Issue.record("the loop was still waiting after 60 s", sourceLocation: sourceLocation)
            loop.stop()
        }
        deadline.keepsLoopRunning = false
        deadline.start(after: 60_000)
        loop.run()
        deadline.close()
    }

    /// A listener at `path` that does not listen yet.
    func bind(to path: String) throws -> PipeListener {
        let socket = try UnixSocket(boundTo: path, mode: 0o600)
        return try PipeListener(on: loop, adopting: socket.relinquish(), removing: path)
    }

    /// Listens at `path`, giving every connection to `onConnection`.
    func listen(
        at path: String, onConnection: @escaping (Connection) -> Void
    ) throws -> PipeListener {
        let listener = try bind(to: path)
        try listener.listen(
            backlog: 1_024, onFailure: { Issue.record($0) }, onConnection: onConnection)
        return listener
    }

    /// Both ends of one connection, each started with its peer as handler.
    func connect(
        server: Peer, client: Peer
    ) throws -> (server: Connection, client: Connection) {
        let path = path("pair")
        var accepted: Connection?
        let listener = try listen(at: path) { [loop] connection in
            connection.start(deliveringTo: server)
            accepted = connection
            loop.stop()
        }
        let connection = try Connection(on: loop, connectingTo: path)
        try run()
        listener.close()
        connection.start(deliveringTo: client)
        return (try #require(accepted), connection)
    }
}

/// A handler that records its events and lets a test answer.
final class Peer: ConnectionHandler {
    var received: [UInt8] = []
    var finishedCount = 0
    var drainedCount = 0
    var ends: [ConnectionEnd] = []

    var onReceived: (Connection) -> Void = { _ in }
    var onFinished: (Connection) -> Void = { $0.closeAfterFlush() }
    var onDrained: (Connection) -> Void = { _ in }
    var onEnded: (Connection) -> Void = { _ in }

    /// The received bytes, as text.
    var receivedText: String { String(decoding: received, as: UTF8.self) }

    func received(_ bytes: Span<UInt8>, on connection: Connection) {
        for index in bytes.indices { received.append(bytes[index]) }
        onReceived(connection)
    }

    func peerFinished(_ connection: Connection) {
        finishedCount += 1
        onFinished(connection)
    }

    func drained(_ connection: Connection) {
        drainedCount += 1
        onDrained(connection)
    }

    func ended(_ reason: ConnectionEnd, on connection: Connection) {
        ends.append(reason)
        onEnded(connection)
    }
}

/// A handler that sends everything back.
final class EchoPeer: ConnectionHandler {
    func received(_ bytes: Span<UInt8>, on connection: Connection) { connection.write(bytes) }
    func peerFinished(_ connection: Connection) { connection.closeAfterFlush() }
    func drained(_ connection: Connection) {}
    func ended(_ reason: ConnectionEnd, on connection: Connection) {}
}

extension Connection {
    /// Ends sending, but still reads. Every write must have been sent.
    func finishSending() { shutdown(descriptor, CInt(SHUT_WR)) }
    func write(_ text: String) { write(Array(text.utf8)) }
    func write(_ bytes: [UInt8]) { write(bytes.span) }
}
