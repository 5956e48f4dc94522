import CouponClient
import Foundation
import Glibc
import Synchronization
import Testing

import Posix

// The other end of the client's socket, for tests: connection by connection it follows a script, on
// a thread of its own. Its own waits are bounded, so that a client that does not do its part fails
// a test instead of hanging it.

/// What the server does with one connection.
typealias Script = @Sendable (inout ScriptedPeer) throws -> Void

/// A connection, as a script sees it.
struct ScriptedPeer: ~Copyable {
    private static let patienceMilliseconds: Int64 = 20_000

    private let socket: UnixSocket
    private var unread: [UInt8] = []

    init(_ socket: consuming UnixSocket) { self.socket = socket }

    /// The next line of the client.
    mutating func readLine() throws -> String {
        while true {
            if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                defer { unread.removeSubrange(...end) }
                return String(decoding: unread[..<end], as: UTF8.self)
            }
            guard let received = receive() else { throw ScriptFault.closedEarly }
            unread += received
        }
    }

    /// Reads a line and answers it, with its own `id` in the place of `$ID`.
    @discardableResult
    mutating func answer(_ reply: String) throws -> String {
        let line = try readLine()
        let request = try JSONDecoder().decode(JSONValue.self, from: Data(line.utf8))
        try send(reply.replacing("$ID", with: "\(request["id"] ?? .null)") + "\n")
        return line
    }

    func send(_ text: String) throws {
        let count = try socket.send(Array(text.utf8), .write)
        if count != text.utf8.count { throw ScriptFault.notAllSent }
    }

    /// Says that nothing more will come, while still reading.
    func endSending() { shutdown(socket.descriptor, CInt(SHUT_WR)) }

    /// Waits until the client has closed its end.
    mutating func waitForClose() throws {
        while receive() != nil {}
    }

    /// Bytes, or nil when the client is gone or does nothing for too long.
    private func receive() -> [UInt8]? {
        do {
            let bytes = try socket.receive(
                upTo: 65_536, timeoutMilliseconds: Self.patienceMilliseconds)
            if bytes == nil { Issue.record("the client did nothing for too long") }
            return bytes.flatMap { $0.isEmpty ? nil : $0 }
        } catch {
            // It closed with bytes of ours unread.
            return nil
        }
    }
}

enum ScriptFault: Error {
    case closedEarly
    case notAllSent
}

/// A server that is under way.
final class ScriptedServer: Sendable {
    let path: String
    private let closings = DispatchSemaphore(value: 0)

    private init(path: String) { self.path = path }

    /// Waits until the script of one more connection has ended and its socket is closed.
    func waitUntilNextConnectionIsClosed() { closings.wait() }

    /// Runs `body` against a server whose first connection gets the first script, and so on. Every
    /// script has to be used.
    static func run(
        _ scripts: [Script], name: String = "s",
        sourceLocation: SourceLocation = #_sourceLocation,
        _ body: (ScriptedServer) throws -> Void
    ) throws {
        // Ten digits, so that a test can count on the path's length.
        let folder = "/tmp/cc-\(UInt32.random(in: 1_000_000_000 ... .max))"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: false)
        defer {
            #expect(throws: Never.self) { try FileManager.default.removeItem(atPath: folder) }
        }
        let server = ScriptedServer(path: "\(folder)/\(name)")
        let listener = try UnixSocket(.stream)
        try listener.bind(to: try SocketAddress(path: server.path))
        try listener.listen(backlog: 16)
        // Open until the thread has ended: a number closed earlier could be another test's by then.
        let descriptor = listener.relinquish()
        defer { close(descriptor) }

        let usedCount = Atomic(0)
        let end = DispatchSemaphore(value: 0)
        let thread = Thread {
            for script in scripts {
                guard serve(script, listeningOn: descriptor) else { break }
                usedCount.add(1, ordering: .relaxed)
                server.closings.signal()
            }
            // From now on clients are refused.
            shutdown(descriptor, CInt(SHUT_RDWR))
            end.signal()
        }
        thread.start()
        defer {
            // A listener that is still waiting fails now.
            shutdown(descriptor, CInt(SHUT_RDWR))
            end.wait()
            #expect(
                usedCount.load(ordering: .relaxed) == scripts.count,
                "every script is used", sourceLocation: sourceLocation)
        }
        try body(server)
    }

    /// Follows a script; false if no connection came.
    private static func serve(_ script: Script, listeningOn descriptor: CInt) -> Bool {
        do {
            guard var peer = try accept(on: descriptor) else { return false }
            try script(&peer)
            return true
        } catch let fault as ScriptFault {
            Issue.record(fault)
            return true
        } catch {
            return false
        }
    }

    private static func accept(on descriptor: CInt) throws -> ScriptedPeer? {
        let accepted = Glibc.accept(descriptor, nil, nil)
        if accepted < 0 { return nil }
        return ScriptedPeer(UnixSocket(owning: accepted))
    }
}

extension ScriptedServer {
    func client(timeout: Duration = .seconds(20)) -> CouponClient {
        CouponClient(socketPath: path, timeout: timeout)
    }
}

/// The parts of requests and replies that the tests about connections share.
enum Sample {
    static let checkout = Checkout(codes: ["SUMMER20"])
    static let apply = ApplyRequest(checkout, order: "o-1")
    static let valid = #"{"id":$ID,"valid":true,"codes":[]}"#
    static let applied = #"{"id":$ID,"valid":true,"applied":true,"order":"o-1","codes":[]}"#

    static func error(_ code: String) -> String {
        #"{"id":$ID,"error":{"code":"\#(code)","message":"m"}}"#
    }
}
