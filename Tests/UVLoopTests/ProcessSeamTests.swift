import Foundation
import Testing
import UVLoop

@Suite struct `A file lock` {
    @Test func `has one holder at a time`() throws {
        let fixture = try LoopFixture()
        let path = fixture.path("lock")
        guard case .acquired(var first) = try FileLock.attempt(path: path) else {
            Issue.record("nobody else holds it")
            return
        }
        guard case .heldByAnother = try FileLock.attempt(path: path) else {
            Issue.record("the first lock still lives: \(first)")
            return
        }
        // Releasing the object releases the lock.
        guard case .acquired(let other) = try FileLock.attempt(path: fixture.path("other")) else {
            Issue.record("another file is another lock")
            return
        }
        first = other
        guard case .acquired = try FileLock.attempt(path: path) else {
            Issue.record("the first lock is gone, and \(first) is of another file")
            return
        }
        #expect(FileManager.default.fileExists(atPath: path), "the file stays")
    }

    @Test func `is held on a file that was there, and makes none`() throws {
        let fixture = try LoopFixture()
        let path = fixture.path("lock")
        if try FileLock.attempt(existingPath: path, forMilliseconds: 0) != nil {
            Issue.record("there is no file to lock")
            return
        }
        #expect(!FileManager.default.fileExists(atPath: path))
        try Data().write(to: URL(fileURLWithPath: path))
        guard
            case .acquired(let lock) = try FileLock.attempt(existingPath: path, forMilliseconds: 0)
        else {
            Issue.record("nobody else holds it")
            return
        }
        guard case .heldByAnother = try FileLock.attempt(path: path),
            case .heldByAnother = try FileLock.attempt(existingPath: path, forMilliseconds: 0)
        else {
            Issue.record("the first lock still lives")
            return
        }
        withExtendedLifetime(lock) {}
    }

    @Test func `needs a file it may open`() throws {
        let fixture = try LoopFixture()
        #expect(throws: UVFault(.openLockFile, code: -ENOENT)) {
            try FileLock.attempt(path: fixture.path("missing/lock"))
        }
        let link = fixture.path("link")
        try FileManager.default.createSymbolicLink(
            atPath: link, withDestinationPath: fixture.path("target"))
        #expect(throws: UVFault(.openLockFile, code: -ELOOP)) {
            try FileLock.attempt(path: link)
        }
    }
}

@Suite struct `A probe of a socket path` {
    let fixture: LoopFixture
    let path: String

    init() throws {
        fixture = try LoopFixture()
        path = fixture.path("probed")
    }

    private func probe(_ path: String, timeoutMilliseconds: Int64 = 50) throws -> ProbeOutcome {
        try probeUnixSocket(
            path: path, request: Array("ping\n".utf8), timeoutMilliseconds: timeoutMilliseconds)
    }

    @Test func `finds nothing, or no socket`() throws {
        #expect(try probe(path) == .missing)
        try Data().write(to: URL(fileURLWithPath: path))
        #expect(try probe(path) == .notASocket)
        try FileManager.default.createSymbolicLink(
            atPath: fixture.path("link"), withDestinationPath: path)
        #expect(try probe(fixture.path("link")) == .notASocket)
        #expect(try probe(fixture.directory) == .notASocket)
        #expect(throws: UVFault(.connect, code: -ENOTDIR)) { try probe(path + "/below") }
    }

    @Test func `finds a path whose owner is gone`() throws {
        let socket = try UnixSocket(.stream)
        try socket.bind(to: SocketAddress(path: path))
        #expect(try probe(path) == .refused, "bound, and nobody listens")
        try socket.listen(backlog: 1)
        _ = consume socket
        #expect(try probe(path) == .refused, "the listener is closed, its path is left")
    }

    @Test func `finds a listener that does not answer, also with a full backlog`() throws {
        let socket = try UnixSocket(.stream)
        try socket.bind(to: SocketAddress(path: path))
        try socket.listen(backlog: 0)
        #expect(try probe(path) == .silent)
        #expect(try probe(path) == .silent)
        #expect(try probe(path) == .silent)
    }

    @Test func `hears the answer of a live server`() throws {
        let listener = try fixture.listen(at: path) { $0.start(deliveringTo: EchoPeer()) }
        let worker = try Worker(on: fixture.loop, name: "probe")
        let path = path
        var outcome: ProbeOutcome?
        worker.run({
            try? probeUnixSocket(
                path: path, request: Array("ping\n".utf8), timeoutMilliseconds: 30_000)
        }) {
            outcome = $0
            listener.close()
        }
        try fixture.run()
        #expect(outcome == .answered(Array("ping\n".utf8)))
    }

    @Test func `finds a server that hangs up`() throws {
        let listener = try fixture.listen(at: path) { $0.close() }
        let worker = try Worker(on: fixture.loop, name: "probe")
        let path = path
        var outcome: ProbeOutcome?
        worker.run({
            try? probeUnixSocket(path: path, request: [10], timeoutMilliseconds: 30_000)
        }) {
            outcome = $0
            listener.close()
        }
        try fixture.run()
        #expect(outcome == .silent)
    }
}

@Suite struct `The service manager` {
    @Test func `hears of it by path and by abstract name`() throws {
        let fixture = try LoopFixture()
        let abstractName = "@uvl-\(UInt32.random(in: 0 ... .max))"
        for address in [fixture.path("notify"), abstractName] {
            let manager = try UnixSocket(.datagram)
            try manager.bind(to: SocketAddress(pathOrAbstract: address))
            #expect(try notifyServiceManager("READY=1\nSTATUS=serving", at: address))
            let heard = try manager.receive(upTo: 256, timeoutMilliseconds: 10_000)
            #expect(heard == Array("READY=1\nSTATUS=serving".utf8))
        }
    }

    @Test func `need not be there, but must be if it says so`() throws {
        #expect(try !notifyServiceManager("READY=1", at: nil))
        #expect(try !notifyServiceManager("READY=1", at: ""))
        let fixture = try LoopFixture()
        #expect(throws: UVFault(.connect, code: -ENOENT)) {
            try notifyServiceManager("READY=1", at: fixture.path("nobody"))
        }
    }

    @Test func `hands over listeners with and without names`() throws {
        let variables = ["LISTEN_PID": "42", "LISTEN_FDS": "3", "LISTEN_FDNAMES": "shop::admin"]
        let parse = { (variables: [String: String]) throws(UVFault) in
            try InheritedListener.parse(environment: { variables[$0] }, processID: 42)
        }
        #expect(try parse(variables).map(\.descriptor) == [3, 4, 5])
        #expect(try parse(variables).map(\.name) == ["shop", nil, "admin"])
        let unnamed = variables.filter { $0.key != "LISTEN_FDNAMES" }
        #expect(try parse(unnamed).map(\.name) == [nil, nil, nil])
        #expect(try parse([:]).isEmpty)
        #expect(try parse(variables.merging(["LISTEN_PID": "41"]) { $1 }).isEmpty)
        #expect(try inheritedListeners().isEmpty, "nothing was handed to this process")
    }

    @Test(arguments: [
        ("LISTEN_FDS", "many"), ("LISTEN_FDS", "-1"), ("LISTEN_FDS", "1025"), ("LISTEN_PID", "x"),
        ("LISTEN_FDNAMES", "one"),
    ])
    func `is not believed when it contradicts itself`(variable: String, value: String) {
        var variables = ["LISTEN_PID": "42", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "a:b"]
        variables[variable] = value
        #expect(throws: UVFault(.inheritListeners, code: -EINVAL)) {
            try InheritedListener.parse(environment: { variables[$0] }, processID: 42)
        }
    }
}

@Suite struct `The process` {
    @Test func `knows and raises its limit of file descriptors`() async {
        await #expect(processExitsWith: .success) {
            let before = try fileDescriptorLimit()
            #expect(before.soft > 32 && before.soft <= before.hard)
            try setFileDescriptorLimit(soft: 32)
            #expect(try fileDescriptorLimit().soft == 32)
            try setFileDescriptorLimit(soft: before.hard)
            #expect(try fileDescriptorLimit().soft == before.hard)
            #expect(throws: UVFault(.raiseLimit, code: -EINVAL)) {
                try setFileDescriptorLimit(soft: before.hard + 1)
            }
        }
    }

    @Test func `knows the memory it occupies`() throws {
        let before = try residentBytes()
        #expect(before > 1_000_000)
        let memory = [UInt8](repeating: 1, count: 64 << 20)
        #expect(try residentBytes() > 64 << 20)
        #expect(memory.last == 1)
    }

    @Test func `reads clocks that agree with Foundation's and advance`() {
        let wall = Int64(Date().timeIntervalSince1970 * 1_000)
        #expect(abs(WallClock.now - wall) < 10_000)
        let boot = BootClock.now
        #expect(boot > 0)
        #expect(BootClock.now >= boot)
    }

    @Test func `gives a path to a user and a group by name`() throws {
        let fixture = try LoopFixture()
        let path = fixture.path("owned")
        try Data().write(to: URL(fileURLWithPath: path))
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        let user = try #require(attributes[.ownerAccountName] as? String)
        let group = try #require(attributes[.groupOwnerAccountName] as? String)
        try changeOwner(ofPath: path, user: user, group: group)
        try changeOwner(ofPath: path)
        let after = try FileManager.default.attributesOfItem(atPath: path)
        #expect(after[.ownerAccountName] as? String == user)

        #expect(throws: UVFault(.findUser, code: -ENOENT)) {
            try changeOwner(ofPath: path, user: "no-such-user-here")
        }
        #expect(throws: UVFault(.findGroup, code: -ENOENT)) {
            try changeOwner(ofPath: path, group: "no-such-group-here")
        }
        #expect(throws: UVFault(.changeOwner, code: -ENOENT)) {
            try changeOwner(ofPath: path + "-missing", user: user)
        }
    }
}

@Suite struct `A fault` {
    @Test func `shows the kernel's number, name and words`() {
        let fault = UVFault(.bind, code: -EADDRINUSE)
        #expect(fault.errno == EADDRINUSE)
        #expect(fault.name == "EADDRINUSE")
        #expect(fault.description == "bind: EADDRINUSE: address already in use")
    }

    @Test func `has no number where libuv has its own code`() {
        let endOfFile = UVFault(.read, code: -4_095)
        #expect(endOfFile.errno == nil)
        #expect(endOfFile.description == "read: EOF: end of file")
    }
}
