import Foundation
import Posix
import Testing

@Suite struct `A file lock` {
    @Test func `has one holder at a time`() throws {
        let fixture = try PathFixture()
        let path = fixture.path("lock")
        guard case .acquired(var first) = try FileLock.attempt(path: path) else {
            Issue.record("another lock holds it")
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

    @Test func `knows whether its file is still at its path`() throws {
        let fixture = try PathFixture()
        let path = fixture.path("lock")
        guard case .acquired(let lock) = try FileLock.attempt(path: path) else {
            Issue.record("another lock holds it")
            return
        }
        #expect(lock.isOfFile(at: path))
        try FileManager.default.removeItem(atPath: path)
        #expect(!lock.isOfFile(at: path))
        try Data().write(to: URL(fileURLWithPath: path))
        #expect(!lock.isOfFile(at: path))
    }

    @Test func `can require an existing file, and creates none`() throws {
        let fixture = try PathFixture()
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
            Issue.record("another lock holds it")
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

    @Test func `needs a file that it may open`() throws {
        let fixture = try PathFixture()
        #expect(throws: PosixFault(.openLockFile, errno: ENOENT)) {
            try FileLock.attempt(path: fixture.path("missing/lock"))
        }
        let link = fixture.path("link")
        try FileManager.default.createSymbolicLink(
            atPath: link, withDestinationPath: fixture.path("target"))
        #expect(throws: PosixFault(.openLockFile, errno: ELOOP)) {
            try FileLock.attempt(path: link)
        }
    }
}

@Suite struct `A directory lock` {
    private func attempt(
        _ path: String, creatingFile creation: DirectoryLock.FileCreation = .ifMissing
    ) throws -> DirectoryLock? {
        let attempt = try DirectoryLock.attempt(path, creatingFile: creation, forMilliseconds: 0)
        if case .acquired(let lock) = attempt { return lock }
        return nil
    }

    @Test func `has one holder at a time, also without the file in it`() throws {
        let fixture = try PathFixture()
        let state = fixture.path("state")
        try FileManager.default.createDirectory(
            atPath: state, withIntermediateDirectories: false)
        var lock = try attempt(state)
        #expect(lock != nil)
        #expect(try attempt(state) == nil)
        // One that locks the file alone is kept out, too.
        guard case .heldByAnother = try FileLock.attempt(path: state + "/lock") else {
            Issue.record("the file is not locked")
            return
        }
        try FileManager.default.removeItem(atPath: state + "/lock")
        #expect(try attempt(state) == nil)
        #expect(try attempt(state, creatingFile: .never) == nil)
        #expect(!FileManager.default.fileExists(atPath: state + "/lock"))
        lock = nil
        #expect(lock == nil)
        #expect(try attempt(state) != nil)
    }

    /// A daemon of the first version locks the file alone.
    @Test func `is not had where another process holds the file`() throws {
        let fixture = try PathFixture()
        let state = fixture.path("state")
        try FileManager.default.createDirectory(
            atPath: state, withIntermediateDirectories: false)
        guard case .acquired(let file) = try FileLock.attempt(path: state + "/lock") else {
            Issue.record("another lock holds it")
            return
        }
        #expect(try attempt(state) == nil)
        #expect(try attempt(state, creatingFile: .never) == nil)
        withExtendedLifetime(file) {}
    }

    @Test func `needs a directory, and no file in it unless it may create one`() throws {
        let fixture = try PathFixture()
        #expect(throws: PosixFault(.openDirectory, errno: ENOENT)) {
            try attempt(fixture.path("missing"))
        }
        let state = fixture.path("state")
        try FileManager.default.createDirectory(
            atPath: state, withIntermediateDirectories: false)
        let lock = try attempt(state, creatingFile: .never)
        #expect(lock != nil && lock?.file == nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: state) == [])
    }
}

@Suite struct `A probe of a socket path` {
    let fixture: PathFixture
    let path: String

    init() throws {
        fixture = try PathFixture()
        path = fixture.path("probed")
    }

    private func probe(_ path: String, timeoutMilliseconds: Int64 = 50) throws -> ProbeOutcome {
        try probeUnixSocket(
            path: path, request: Array("ping\n".utf8), timeoutMilliseconds: timeoutMilliseconds)
    }

    @Test func `finds a missing path, or a file that is not a socket`() throws {
        #expect(try probe(path) == .missing)
        try Data().write(to: URL(fileURLWithPath: path))
        #expect(try probe(path) == .notASocket)
        try FileManager.default.createSymbolicLink(
            atPath: fixture.path("link"), withDestinationPath: path)
        #expect(try probe(fixture.path("link")) == .notASocket)
        #expect(try probe(fixture.directory) == .notASocket)
        #expect(throws: PosixFault(.connect, errno: ENOTDIR)) { try probe(path + "/below") }
    }

    @Test func `finds a path whose owner has ended`() throws {
        let socket = try UnixSocket(.stream)
        try socket.bind(to: SocketAddress(path: path))
        #expect(try probe(path) == .refused, "bound, but not listening")
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

    @Test(arguments: [true, false])
    func `receives the answer of a live server, or its hang-up`(answers: Bool) throws {
        let listener = try UnixSocket(boundTo: path, mode: 0o600)
        try listener.listen(backlog: 1)
        let descriptor = listener.descriptor
        let ended = DispatchSemaphore(value: 0)
        Thread {
            let accepted = UnixSocket(owning: accept(descriptor, nil, nil))
            let request = try? accepted.receive(upTo: 64, timeoutMilliseconds: 30_000)
            if answers { _ = try? accepted.send(request ?? [], .write) }
            _ = consume accepted
            ended.signal()
        }.start()
        let outcome = try probe(path, timeoutMilliseconds: 30_000)
        ended.wait()
        withExtendedLifetime(listener) {}
        #expect(outcome == (answers ? .answered(Array("ping\n".utf8)) : .silent))
    }
}

@Suite struct `The service manager` {
    @Test func `is notified by path and by abstract name`() throws {
        let fixture = try PathFixture()
        let abstractName = "@uvl-\(UInt32.random(in: 0 ... .max))"
        for address in [fixture.path("notify"), abstractName] {
            let manager = try UnixSocket(.datagram)
            try manager.bind(to: SocketAddress(pathOrAbstract: address))
            #expect(try notifyServiceManager("READY=1\nSTATUS=serving", at: address))
            let heard = try manager.receive(upTo: 256, timeoutMilliseconds: 10_000)
            #expect(heard == Array("READY=1\nSTATUS=serving".utf8))
        }
    }

    @Test func `may be absent, but must be reachable if it is announced`() throws {
        #expect(try !notifyServiceManager("READY=1", at: nil))
        #expect(try !notifyServiceManager("READY=1", at: ""))
        let fixture = try PathFixture()
        #expect(throws: PosixFault(.connect, errno: ENOENT)) {
            try notifyServiceManager("READY=1", at: fixture.path("missing"))
        }
    }

    @Test func `passes on listeners with and without names`() throws {
        let variables = ["LISTEN_PID": "42", "LISTEN_FDS": "3", "LISTEN_FDNAMES": "shop::admin"]
        let parse = { (variables: [String: String]) throws(PosixFault) in
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
    func `is refused if it contradicts itself`(variable: String, value: String) {
        var variables = ["LISTEN_PID": "42", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "a:b"]
        variables[variable] = value
        #expect(throws: PosixFault(.readListenVariables, errno: EINVAL)) {
            try InheritedListener.parse(environment: { variables[$0] }, processID: 42)
        }
    }
}

@Suite struct `The process` {
    @Test func `reads and raises its limit of file descriptors`() async {
        await #expect(processExitsWith: .success) {
            let before = try fileDescriptorLimit()
            #expect(before.soft > 32 && before.soft <= before.hard)
            try setFileDescriptorLimit(soft: 32)
            #expect(try fileDescriptorLimit().soft == 32)
            try setFileDescriptorLimit(soft: before.hard)
            #expect(try fileDescriptorLimit().soft == before.hard)
            #expect(throws: PosixFault(.raiseLimit, errno: EINVAL)) {
                try setFileDescriptorLimit(soft: before.hard + 1)
            }
        }
    }

    @Test func `reads clocks that agree with Foundation's and advance`() {
        let wall = Int64(Date().timeIntervalSince1970 * 1_000)
        #expect(abs(WallClock.now - wall) < 10_000)
        let boot = BootClock.now
        #expect(boot > 0)
        #expect(BootClock.now >= boot)
    }

    @Test func `gives a path to a user and a group by name`() throws {
        let fixture = try PathFixture()
        let path = fixture.path("owned")
        try Data().write(to: URL(fileURLWithPath: path))
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        let user = try #require(attributes[.ownerAccountName] as? String)
        let group = try #require(attributes[.groupOwnerAccountName] as? String)
        try changeOwner(ofPath: path, user: user, group: group)
        try changeOwner(ofPath: path)
        let after = try FileManager.default.attributesOfItem(atPath: path)
        #expect(after[.ownerAccountName] as? String == user)

        #expect(throws: PosixFault(.findUser, errno: ENOENT)) {
            try changeOwner(ofPath: path, user: "no-such-user-here")
        }
        #expect(throws: PosixFault(.findGroup, errno: ENOENT)) {
            try changeOwner(ofPath: path, group: "no-such-group-here")
        }
        #expect(throws: PosixFault(.changeOwner, errno: ENOENT)) {
            try changeOwner(ofPath: path + "-missing", user: user)
        }
    }
}

@Suite struct `A fault of the system` {
    @Test func `shows the operation and the kernel's reason`() {
        let fault = PosixFault(.bind, errno: EADDRINUSE)
        #expect(fault.description == "bind: Address already in use")
    }
}

@Suite struct `A socket bound to a path` {
    let fixture: PathFixture
    let path: String

    init() throws {
        fixture = try PathFixture()
        path = fixture.path("bound")
    }

    @Test(arguments: [0o600, 0o660, 0o666, 0o000])
    func `gives its path exactly the configured access rights`(mode: UInt32) throws {
        let socket = try UnixSocket(boundTo: path, mode: mode)
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.type] as? FileAttributeType == .typeSocket)
        #expect(attributes[.posixPermissions] as? Int == Int(mode))
        withExtendedLifetime(socket) {}
    }

    @Test func `rejects a path that is too long, and reports the limit`() throws {
        let longest = fixture.path("")
        let fitting = longest + String(repeating: "x", count: 107 - longest.utf8.count)
        _ = try UnixSocket(boundTo: fitting, mode: 0o600)
        try FileManager.default.removeItem(atPath: fitting)

        let fault = #expect(throws: PosixFault.self) { try bind(fitting + "x") }
        #expect(fault == PosixFault(.nameSocket, errno: ENAMETOOLONG))
        #expect(fault?.description.contains("at most 107 bytes") == true)
        let entries = try FileManager.default.contentsOfDirectory(atPath: fixture.directory)
        #expect(entries.isEmpty, "no socket was bound under a cut name")
    }

    @Test(arguments: ["", "/tmp/zero\0inside"])
    func `rejects a text that is not a path`(path: String) {
        #expect(throws: PosixFault(.nameSocket, errno: EINVAL)) { try bind(path) }
    }

    @Test func `rejects a path that exists, and does not touch it`() throws {
        let first = try UnixSocket(boundTo: path, mode: 0o600)
        #expect(throws: PosixFault(.bind, errno: EADDRINUSE)) { try bind(path) }
        #expect(FileManager.default.fileExists(atPath: path))
        withExtendedLifetime(first) {}
    }

    @Test func `shows the path that it is bound to`() throws {
        let socket = try UnixSocket(boundTo: path, mode: 0o600)
        #expect(boundPath(of: socket.descriptor) == path)
        let longest =
            fixture.path("") + String(repeating: "x", count: 107 - fixture.path("").utf8.count)
        let other = try UnixSocket(boundTo: longest, mode: 0o600)
        #expect(boundPath(of: other.descriptor) == longest)
        let unbound = try UnixSocket(.stream)
        #expect(boundPath(of: unbound.descriptor) == nil)
        #expect(boundPath(of: -1) == nil)
        withExtendedLifetime((socket.descriptor, other.descriptor)) {}
    }

    @Test func `is inherited only if it listens`() throws {
        let unbound = try UnixSocket(.stream).relinquish()
        #expect(throws: PosixFault(.adoptSocket, errno: EINVAL)) {
            _ = try UnixSocket(inheriting: unbound)
        }
        let notASocket = dup(STDERR_FILENO)
        #expect(throws: PosixFault(.adoptSocket, errno: EINVAL)) {
            _ = try UnixSocket(inheriting: notASocket)
        }
    }

    @Test func `has the user of its peer`() throws {
        let listener = try UnixSocket(boundTo: path, mode: 0o600)
        try listener.listen(backlog: 1)
        let client = try UnixSocket(.stream)
        try client.connect(to: SocketAddress(path: path))
        #expect(try peerUserID(on: client.descriptor) == getuid())
        #expect(throws: PosixFault(.readPeerCredentials, errno: EBADF)) {
            try peerUserID(on: -1)
        }
        withExtendedLifetime(listener) {}
    }

    private func bind(_ path: String) throws { _ = try UnixSocket(boundTo: path, mode: 0o600) }
}

/// A directory for sockets and locks, removed after the test.
final class PathFixture {
    /// Short, because a socket path has at most 107 bytes.
    let directory = "/tmp/psx-\(UInt32.random(in: 0 ... .max))"

    init() throws {
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: false)
    }

    deinit {
        do {
            try FileManager.default.removeItem(atPath: directory)
        } catch {
            Issue.record(error)
        }
    }

    func path(_ name: String) -> String { "\(directory)/\(name)" }
}
