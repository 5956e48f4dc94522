import Foundation
import LoopClient
import Posix
import Testing
import UVLoop

@Suite struct `A connection` {
    let fixture: LoopFixture
    let server = Peer()
    let client = Peer()

    init() throws {
        fixture = try LoopFixture()
    }

    @Test func `carries bytes both ways`() throws {
        server.onReceived = { $0.write("pong\n") }
        client.onReceived = { $0.close() }
        let pair = try fixture.connect(server: server, client: client)
        pair.client.write("ping\n")
        try fixture.run()

        #expect(server.receivedText == "ping\n")
        #expect(client.receivedText == "pong\n")
        #expect(client.ends == [.closedHere])
        #expect(server.finishedCount == 1)
        #expect(server.ends == [.closedHere])
    }

    @Test func `keeps the order of split writes`() throws {
        let text = (0..<500).map { "line \($0)\n" }.joined()
        let pair = try fixture.connect(server: server, client: client)
        for byte in text.utf8 { pair.client.write([byte]) }
        pair.client.closeAfterFlush()
        try fixture.run()
        #expect(server.receivedText == text)
    }

    @Test func `keeps what a slow peer does not read, in order, and reports when it is gone`()
        throws
    {
        let pair = try fixture.connect(server: server, client: client)
        pair.client.pauseReading()
        // Many odd-sized writes, so that the kernel, the block being sent and the waiting block all
        // get some.
        let chunk = (0..<70_001).map { UInt8($0 % 251) }
        let chunkCount = 120
        for _ in 0..<chunkCount { pair.server.write(chunk) }
        #expect(pair.server.backlogByteCount > 7_000_000)
        #expect(pair.server.backlogByteCount < chunk.count * chunkCount)

        server.onDrained = { connection in
            #expect(connection.backlogByteCount == 0)
            connection.closeAfterFlush()
        }
        pair.client.resumeReading()
        try fixture.run()

        #expect(server.drainedCount == 1)
        #expect(client.received.count == chunk.count * chunkCount)
        let isInOrder = client.received.indices.allSatisfy {
            client.received[$0] == UInt8($0 % chunk.count % 251)
        }
        #expect(isInOrder)
    }

    @Test func `sends a backlog before it closes`() throws {
        let pair = try fixture.connect(server: server, client: client)
        let large = [UInt8](repeating: 7, count: 3_000_000)
        pair.server.write(large)
        pair.server.closeAfterFlush()
        pair.server.write("too late")
        #expect(pair.server.backlogByteCount > 0)
        try fixture.run()
        #expect(client.received == large)
        #expect(server.drainedCount == 0)
        #expect(server.ends == [.closedHere])
    }

    @Test func `still sends to a peer that finished sending`() throws {
        // The reply comes after the peer's end of stream has been read.
        let timer = Shared<LoopTimer?>(nil)
        server.onFinished = { [fixture] connection in
            timer.value = try? LoopTimer(on: fixture.loop) {
                connection.write("owed\n")
                connection.closeAfterFlush()
            }
            timer.value?.start(after: 5)
        }
        let pair = try fixture.connect(server: server, client: client)
        pair.client.write("question\n")
        pair.client.finishSending()
        try fixture.run()
        #expect(server.receivedText == "question\n")
        #expect(client.receivedText == "owed\n")
        #expect(server.finishedCount == 1)
    }

    @Test func `ends with the fault when the peer leaves in the middle of a write`() throws {
        let pair = try fixture.connect(server: server, client: client)
        pair.client.pauseReading()
        pair.server.write([UInt8](repeating: 1, count: 4_000_000))
        pair.client.close()
        try fixture.run()
        let end = try #require(server.ends.first)
        // A peer that closes with bytes unread resets the connection; the next write finds a broken
        // pipe.
        let possible = [EPIPE, ECONNRESET].flatMap { code in
            [UVFault.Operation.read, .write].map { ConnectionEnd.failed(UVFault($0, code: -code)) }
        }
        #expect(possible.contains(end))
        #expect(server.ends.count == 1)
        #expect(server.drainedCount == 0)
    }

    @Test func `ends with the fault when it writes to a peer that left`() throws {
        let pair = try fixture.connect(server: server, client: client)
        pair.client.close()
        pair.server.write("anyone?")
        #expect(server.ends.isEmpty, "the handler is not called from inside its own call")
        pair.server.write("ignored")
        try fixture.run()
        #expect(server.ends == [.failed(UVFault(.write, code: -EPIPE))])
    }

    @Test(arguments: ["received", "peerFinished", "drained"])
    func `may be closed inside any of its callbacks`(callback: String) throws {
        switch callback {
        case "received":
            server.onReceived = {
                $0.close()
                $0.write("ignored")
                $0.closeAfterFlush()
                $0.close()
            }
        case "peerFinished": server.onFinished = { $0.close() }
        default: server.onDrained = { $0.close() }
        }
        let pair = try fixture.connect(server: server, client: client)
        pair.server.write([UInt8](repeating: 1, count: 1_000_000))
        pair.client.write("question")
        pair.client.finishSending()
        try fixture.run()
        #expect(server.ends == [.closedHere])
        #expect(client.ends.count == 1)
        #expect(pair.server.isClosed)
    }

    @Test func `is inert after its end`() throws {
        server.onEnded = { connection in
            connection.write("ignored")
            connection.resumeReading()
            connection.closeAfterFlush()
            connection.close()
        }
        let pair = try fixture.connect(server: server, client: client)
        pair.server.close()
        try fixture.run()
        #expect(server.ends == [.closedHere])
        #expect(client.receivedText == "")
        #expect(pair.server.backlogByteCount == 0)
    }

    @Test func `delivers nothing while reading is paused`() throws {
        let pair = try fixture.connect(server: server, client: client)
        pair.server.pauseReading()
        pair.client.write("early")
        let timer = try LoopTimer(on: fixture.loop) { [server] in
            #expect(server.receivedText == "")
            pair.server.resumeReading()
            pair.client.close()
        }
        timer.start(after: 5)
        try fixture.run()
        #expect(server.receivedText == "early")
    }

    @Test func `stops delivering as soon as its handler pauses it`() throws {
        let pair = try fixture.connect(server: server, client: client)
        server.onReceived = { [fixture] connection in
            connection.pauseReading()
            fixture.loop.stop()
        }
        let sent = [UInt8](repeating: 3, count: 3 * EventLoop.readBytesMax)
        pair.client.write(sent)
        try fixture.run()
        #expect(server.received.count <= EventLoop.readBytesMax)
        server.onReceived = { _ in }
        pair.server.resumeReading()
        pair.client.closeAfterFlush()
        try fixture.run()
        #expect(server.received == sent)
    }

    @Test func `needs a listener`() throws {
        let path = fixture.path("missing")
        #expect(throws: PosixFault(.connect, errno: ENOENT)) {
            try Connection(on: fixture.loop, connectingTo: path)
        }
        let bound = try fixture.bind(to: path)
        #expect(throws: PosixFault(.connect, errno: ECONNREFUSED)) {
            try Connection(on: fixture.loop, connectingTo: path)
        }
        bound.close()
    }

    @Test func `does not wait for a listener that has no room`() throws {
        let path = fixture.path("full")
        let listener = try fixture.bind(to: path)
        // The loop does not run, so no connection is accepted: the kernel's queue fills up.
        try listener.listen(backlog: 1, onFailure: { Issue.record($0) }) { _ in }
        #expect(throws: PosixFault(.connect, errno: EAGAIN)) {
            for _ in 0..<100 { _ = try Connection(on: fixture.loop, connectingTo: path) }
        }
        listener.close()
    }

    @Test func `leaves nothing behind, a thousand times`() throws {
        let limit = try fileDescriptorLimit()
        try setFileDescriptorLimit(soft: min(limit.hard, max(limit.soft, 8_192)))
        let count = 1_000
        let path = fixture.path("many")
        var endedCount = 0
        var seen: [Weak] = []
        var listener: PipeListener?
        listener = try fixture.listen(at: path) { connection in
            let peer = Peer()
            peer.onEnded = { _ in
                endedCount += 1
                if endedCount == count { listener?.close() }
            }
            peer.onReceived = { $0.write("answer") }
            seen += [Weak(connection), Weak(peer)]
            connection.start(deliveringTo: peer)
        }
        for _ in 0..<count {
            let peer = Peer()
            peer.onReceived = { $0.close() }
            let connection = try Connection(on: fixture.loop, connectingTo: path)
            connection.start(deliveringTo: peer)
            connection.write("question")
            seen += [Weak(connection), Weak(peer)]
        }
        seen.append(Weak(listener))
        try fixture.run()
        listener = nil
        #expect(endedCount == count)
        #expect(seen.count == 4 * count + 1)
        let leftCount = seen.count { $0.object != nil }
        #expect(leftCount == 0)
    }
}

struct Weak {
    weak var object: AnyObject?
    init(_ object: AnyObject?) { self.object = object }
}

/// A variable that closures share.
final class Shared<Value> {
    var value: Value
    init(_ value: Value) { self.value = value }
}
