import FlatStorage
import Foundation
import Synchronization
import Posix
import UVLoop

// The target of a load, for tests: a loop on a thread of its own that answers lines as its script says.
// Its script counts lines, so that a test knows what will happen at any speed of the machine.

/// What the server does with the lines that it gets, over all connections.
struct Behaviour: Sendable {
    /// The answers to the lines, in turn and from the start again; a line itself where there is none.
    var answers: [String] = []
    /// Answers this many lines and then no more.
    var answersMax = Int.max
    /// At this line (from 1) it stops reading and answering everywhere, for so long.
    var stall: (atLine: Int, milliseconds: Int64)?
    /// At this line (from 1) it says the last word, a line or part of one, and closes the connection.
    var closesAtLine = Int.max
    var lastWord = ""
    /// Connections that may wait in the kernel.
    var backlog: Int32 = 512
}

/// What the server has seen.
struct Seen: Sendable {
    /// What of a line is kept.
    static let lineBytesMax = 64

    /// The lines of each connection, in the order of their beginning.
    var connections: [[String]] = []

    var lines: [String] { connections.flatMap(\.self) }
}

/// A line server that is under way until it is released.
final class LineServer: Sendable {
    let path = "/tmp/load-\(UInt32.random(in: 0 ... .max))"
    private let life = ServerLife()

    /// Returns when connections succeed.
    init(_ behaviour: Behaviour = Behaviour()) throws {
        Thread { [path, life] in
            do {
                let loop = try ServerLoop(path, behaviour, life)
                loop.run()
            } catch {
                life.start(.failure(error))
            }
            life.ended.signal()
        }.start()
        try life.waitForStart()
    }

    deinit {
        life.stop()
    }

    var seen: Seen { life.seen.withLock { $0 } }
}

/// What the server's thread and the test's share.
private final class ServerLife: Sendable {
    let seen = Mutex(Seen())
    let ended = DispatchSemaphore(value: 0)
    private let started = DispatchSemaphore(value: 0)
    private let stopping = Mutex<Result<Mailbox<Void>.Address, any Error>?>(nil)

    func start(_ outcome: Result<Mailbox<Void>.Address, any Error>) {
        stopping.withLock { $0 = outcome }
        started.signal()
    }

    func waitForStart() throws {
        started.wait()
        _ = try stopping.withLock { try $0?.get() }
    }

    func stop() {
        guard case .success(let address) = stopping.withLock({ $0 }) else { return }
        address.post(())
        ended.wait()
    }
}

/// The server on its thread.
private final class ServerLoop: ConnectionHandler {
    private let loop: EventLoop
    private let behaviour: Behaviour
    private let life: ServerLife
    private var listener: PipeListener?
    private var mailbox: Mailbox<Void>?
    private var stallTimer: LoopTimer?
    private var clients: [ServerClient] = []
    private var lineCount = 0
    private var isStalled = false

    init(_ path: String, _ behaviour: Behaviour, _ life: ServerLife) throws {
        self.behaviour = behaviour
        self.life = life
        loop = try EventLoop()
        let socket = try UnixSocket(boundTo: path, mode: 0o600)
        listener = try PipeListener(on: loop, adopting: socket.relinquish(), removing: path)
        stallTimer = try LoopTimer(on: loop) { [weak self] in self?.endStall() }
        let mailbox = try Mailbox<Void>(on: loop) { [loop] in loop.stop() }
        self.mailbox = mailbox
        try listener?.listen(backlog: behaviour.backlog, onFailure: { _ in }) { [weak self] in
            self?.accept($0)
        }
        life.start(.success(mailbox.address))
    }

    func run() {
        loop.run()
        loop.closeAll()
        clients = []
    }

    private func accept(_ connection: Connection) {
        clients.append(ServerClient(connection))
        life.seen.withLock { $0.connections.append([]) }
        connection.start(deliveringTo: self)
        if isStalled { connection.pauseReading() }
    }

    func received(_ bytes: Span<UInt8>, on connection: Connection) {
        guard let index = clients.firstIndex(where: { $0.connection === connection }) else {
            return
        }
        clients[index].unread.append(bytes)
        answer(index)
    }

    /// Answers all whole lines of a client, as long as nothing comes in between.
    private func answer(_ index: Int) {
        let client = clients[index]
        while !isStalled, let line = client.unread.nextLine() {
            lineCount += 1
            life.seen.withLock { $0.connections[index].append(line) }
            if lineCount == behaviour.closesAtLine {
                client.connection.write(behaviour.lastWord)
                return client.connection.closeAfterFlush()
            }
            if lineCount <= behaviour.answersMax {
                let answers = behaviour.answers
                if answers.isEmpty {
                    client.unread.echoLine(on: client.connection)
                } else {
                    client.connection.write(answers[(lineCount - 1) % answers.count] + "\n")
                }
            }
            client.unread.forgetLine()
            if lineCount == behaviour.stall?.atLine { beginStall() }
        }
    }

    private func beginStall() {
        isStalled = true
        for client in clients { client.connection.pauseReading() }
        stallTimer?.start(after: behaviour.stall?.milliseconds ?? 0)
    }

    private func endStall() {
        isStalled = false
        for index in clients.indices {
            clients[index].connection.resumeReading()
            answer(index)
        }
    }

    func peerFinished(_ connection: Connection) { connection.closeAfterFlush() }
    func drained(_ connection: Connection) {}
    func ended(_ reason: ConnectionEnd, on connection: Connection) {}
}

/// A connection with what has come on it and was not answered.
private final class ServerClient {
    let connection: Connection
    var unread = UnreadLines()

    init(_ connection: Connection) { self.connection = connection }
}

private struct UnreadLines: ~Copyable {
    private var bytes = ByteBuffer()
    private var lineByteCount = 0

    mutating func append(_ more: Span<UInt8>) { bytes.append(more) }

    /// The start of the first whole line.
    mutating func nextLine() -> String? {
        guard let end = bytes.bytes.firstIndex(of: UInt8(ascii: "\n"), from: 0) else { return nil }
        lineByteCount = end + 1
        let start = (0..<min(end, Seen.lineBytesMax)).map { bytes[$0] }
        return String(decoding: start, as: UTF8.self)
    }

    func echoLine(on connection: Connection) {
        connection.write(bytes.bytes(in: 0..<lineByteCount))
    }

    mutating func forgetLine() { bytes.removeFirst(lineByteCount) }
}

extension Connection {
    fileprivate func write(_ text: String) { write(Array(text.utf8).span) }
}
