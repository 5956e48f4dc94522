import Foundation
import LoopClient
import Posix
import Testing
import UVLoop

@Suite struct `A listener` {
    let fixture: LoopFixture

    init() throws {
        fixture = try LoopFixture()
    }

    @Test func `removes the path it bound`() throws {
        let path = fixture.path("gone")
        let listener = try fixture.listen(at: path) { _ in }
        #expect(FileManager.default.fileExists(atPath: path))
        listener.close()
        listener.close()
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func `leaves a file that has replaced its own`() throws {
        let path = fixture.path("replaced")
        let listener = try fixture.listen(at: path) { _ in }
        let file = try #require(listener.file)
        #expect(file.standing == .intact)
        try FileManager.default.removeItem(atPath: path)
        #expect(file.standing == .missing)
        try Data("another's".utf8).write(to: URL(filePath: path))
        #expect(file.standing == .replaced)
        listener.close()
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "another's")
        #expect(SocketFile(at: fixture.path("nothing")) == nil)
    }

    @Test func `closes a connection that was not started`() throws {
        let path = fixture.path("unwanted")
        var listener: PipeListener?
        weak var refused: Connection?
        listener = try fixture.listen(at: path) { connection in
            refused = connection
            listener?.close()
        }
        let client = Peer()
        let connection = try Connection(on: fixture.loop, connectingTo: path)
        connection.start(deliveringTo: client)
        try fixture.run()
        listener = nil
        #expect(client.finishedCount == 1)
        #expect(refused == nil)
    }

    @Test func `lets its owner send a reason before the connection closes`() throws {
        let path = fixture.path("full")
        var listener: PipeListener?
        listener = try fixture.listen(at: path) { connection in
            connection.write("too many\n")
            connection.closeAfterFlush()
            listener?.close()
        }
        let client = Peer()
        let connection = try Connection(on: fixture.loop, connectingTo: path)
        connection.start(deliveringTo: client)
        connection.write("never read\n")
        try fixture.run()
        listener = nil
        #expect(client.receivedText == "too many\n")
    }

    @Test func `may be closed while connections wait`() throws {
        let path = fixture.path("stop")
        var listener: PipeListener?
        var acceptedCount = 0
        listener = try fixture.listen(at: path) { _ in
            acceptedCount += 1
            listener?.close()
        }
        let clients = try (0..<5).map { _ in
            let connection = try Connection(on: fixture.loop, connectingTo: path)
            connection.start(deliveringTo: Peer())
            return connection
        }
        try fixture.run()
        listener = nil
        #expect(acceptedCount == 1)
        let allClosed = clients.allSatisfy(\.isClosed)
        #expect(allClosed)
    }

    @Test func `adopts a socket that listens already, and leaves its path`() throws {
        let path = fixture.path("adopted")
        let socket = try UnixSocket(.stream)
        try socket.bind(to: SocketAddress(path: path))
        try socket.listen(backlog: 8)
        let adopted = try PipeListener(on: fixture.loop, adopting: socket.relinquish())
        try adopted.listen(backlog: 8, onFailure: { Issue.record($0) }) { connection in
            connection.start(deliveringTo: EchoPeer())
            adopted.close()
        }
        let client = Peer()
        client.onReceived = { $0.close() }
        let connection = try Connection(on: fixture.loop, connectingTo: path)
        connection.start(deliveringTo: client)
        connection.write("through")
        try fixture.run()
        #expect(client.receivedText == "through")
        #expect(FileManager.default.fileExists(atPath: path))
    }

    @Test func `waits out a lack of file descriptors and reports it`() async {
        // In a process of its own, because it runs out of descriptors.
        await #expect(processExitsWith: .success) {
            let fixture = try LoopFixture()
            let path = fixture.path("scarce")
            var faults: [UVFault] = []
            var hoard: [CInt] = []
            let served = Peer()
            let listener = try fixture.bind(to: path)
            try listener.listen(
                backlog: 8,
                onFailure: { fault in
                    faults.append(fault)
                    // The next attempt finds the descriptors that are released here.
                    for descriptor in hoard { close(descriptor) }
                    hoard = []
                },
                onConnection: { connection in
                    connection.start(deliveringTo: served)
                    listener.close()
                })
            let client = try Connection(on: fixture.loop, connectingTo: path)
            client.write("patient")
            client.finishSending()
            try setFileDescriptorLimit(soft: 64)
            while true {
                let descriptor = dup(STDERR_FILENO)
                if descriptor < 0 { break }
                hoard.append(descriptor)
            }
            client.start(deliveringTo: Peer())
            try fixture.run()
            #expect(faults == [UVFault(.accept, code: -EMFILE)])
            #expect(served.receivedText == "patient")
        }
    }
}
