import CouponCatalog
@testable import CouponStore
import CouponWire
import Foundation
import Posix
import SystemPackage
import Testing
import UVLoop

@testable import coupond

/// A folder that is removed after the test, with a path short enough for sockets.
private func withFolder(_ body: (String) throws -> Void) throws {
    let path = "/tmp/cpn-\(UInt32.random(in: 0...UInt32.max))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
}

@Suite struct `The state directory` {
    @Test func `is created for the daemon alone`() throws {
        try withFolder { folder in
            let path = folder + "/state"
            let directory = try StateDirectory(locking: StateSettings(directory: path))
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o700)
            withExtendedLifetime(directory) {}
        }
    }

    @Test func `is not created in place of a mounted disk`() throws {
        try withFolder { folder in
            let settings = StateSettings(directory: folder + "/state", creation: .never)
            let fault = try #require(throws: StartFault.self) {
                try StateDirectory(locking: settings)
            }
            #expect(fault == .stateDirectoryMissing(path: settings.directory))
            #expect(fault.exitReason == .missingInput)
            #expect(!FileManager.default.fileExists(atPath: settings.directory))
        }
    }

    @Test(arguments: [
        ([], false), (["lock", "snapshot.new", "journal-next.tmp", "notes.txt"], false),
        (["snapshot"], true), (["snapshot.previous"], true),
        (["journal-0000000000000001-0000000000000001.log"], true),
    ])
    func `must hold state if it should be a mounted disk`(
        names: [String], isTaken: Bool
    ) throws {
        try withFolder { folder in
            for name in names { try Data().write(to: URL(fileURLWithPath: folder + "/" + name)) }
            let settings = StateSettings(directory: folder, creation: .never)
            if isTaken {
                _ = try StateDirectory(locking: settings)
                return
            }
            let fault = try #require(throws: StartFault.self) {
                try StateDirectory(locking: settings)
            }
            #expect(fault == .stateDirectoryEmpty(path: folder))
            #expect(fault.exitReason == .missingInput)
            #expect(fault.lines.joined().contains(folder))
            // No file is left in a possible mount point, not even a lock.
            let left = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(left.sorted() == names.sorted())
        }
    }

    @Test func `cannot be a file instead of a mounted disk`() throws {
        try withFolder { folder in
            let path = folder + "/state"
            try Data().write(to: URL(fileURLWithPath: path))
            let settings = StateSettings(directory: path, creation: .never)
            let fault = try #require(throws: StartFault.self) {
                try StateDirectory(locking: settings)
            }
            #expect(fault == .stateDirectoryUnreadable(path: path, .notDirectory))
            #expect(fault.exitReason == .missingInput)
        }
    }

    @Test func `is not created inside a missing folder`() throws {
        try withFolder { folder in
            let path = folder + "/none/state"
            let fault = try #require(throws: StartFault.self) {
                try StateDirectory(locking: StateSettings(directory: path))
            }
            #expect(fault == .stateDirectoryNotCreated(path: path, .noSuchFileOrDirectory))
            #expect(fault.exitReason == .cannotCreate)
        }
    }

    @Test func `that is a file cannot be used`() throws {
        try withFolder { folder in
            let path = folder + "/state"
            try Data().write(to: URL(fileURLWithPath: path))
            let fault = try #require(throws: StartFault.self) {
                try StateDirectory(locking: StateSettings(directory: path))
            }
            #expect(fault.exitReason == .cannotCreate)
            #expect(fault.lines.joined().contains(path))
        }
    }

    @Test func `serves one daemon, and the next one after it`() throws {
        try withFolder { folder in
            let settings = StateSettings(directory: folder)
            let first = try StateDirectory(locking: settings)
            let fault = try #require(throws: StartFault.self) {
                try StateDirectory(locking: settings)
            }
            #expect(fault == .stateDirectoryTaken(path: folder))
            #expect(fault.exitReason == .alreadyRunning)
            withExtendedLifetime(first) {}
        }
    }
}

@Suite struct `A socket path` {
    private func fault(binding path: String) throws -> StartFault {
        let loop = try EventLoop()
        return try #require(throws: StartFault.self) {
            try BoundSocket(binding: SocketSettings(path: path, role: .storefront), on: loop)
        }
    }

    @Test func `gets the configured access rights`() throws {
        try withFolder { folder in
            let loop = try EventLoop()
            let path = folder + "/a.sock"
            let socket = try BoundSocket(
                binding: SocketSettings(path: path, role: .storefront), on: loop)
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o660)
            socket.listener.close()
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test func `that is too long is refused, not truncated`() throws {
        let path = "/tmp/" + String(repeating: "x", count: 103)
        let fault = try fault(binding: path)
        #expect(fault == .socketPathTooLong(path: path, bytesMax: 107))
        #expect(fault.exitReason == .configuration)
        #expect(!FileManager.default.fileExists(atPath: path + ".lock"))
    }

    @Test func `that is not a socket is not touched`() throws {
        try withFolder { folder in
            let path = folder + "/a.sock"
            try Data("precious".utf8).write(to: URL(fileURLWithPath: path))
            let fault = try fault(binding: path)
            #expect(fault == .notASocket(path: path))
            #expect(fault.exitReason == .cannotCreate)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "precious")
        }
    }

    @Test func `whose daemon was killed is taken over`() throws {
        try withFolder { folder in
            let path = folder + "/a.sock"
            // A socket that is bound and closed without being removed, as by kill -9.
            do {
                let abandoned = try UnixSocket(.stream)
                try abandoned.bind(to: SocketAddress(path: path))
            }
            #expect(FileManager.default.fileExists(atPath: path))
            let loop = try EventLoop()
            let socket = try BoundSocket(
                binding: SocketSettings(path: path, role: .storefront), on: loop)
            #expect(!socket.listener.isClosed)
        }
    }

    @Test func `on which another process listens is taken`() throws {
        try withFolder { folder in
            let path = folder + "/a.sock"
            let other = try UnixSocket(.stream)
            try other.bind(to: SocketAddress(path: path))
            try other.listen(backlog: 1)
            let fault = try fault(binding: path)
            #expect(fault == .socketTaken(path: path))
            #expect(fault.exitReason == .alreadyRunning)
        }
    }

    @Test func `is locked before it is examined`() throws {
        try withFolder { folder in
            let path = folder + "/a.sock"
            let lock = try FileLock.attempt(path: path + ".lock")
            #expect(try fault(binding: path) == .socketTaken(path: path))
            withExtendedLifetime(lock) {}
        }
    }

    @Test func `in a missing folder cannot be created`() throws {
        let fault = try fault(binding: "/tmp/cpn-none/a.sock")
        #expect(fault.exitReason == .cannotCreate)
        #expect(fault.lines.joined().contains("/tmp/cpn-none/a.sock"))
    }

    @Test func `cannot be given to an unknown user`() throws {
        try withFolder { folder in
            let path = folder + "/a.sock"
            var settings = SocketSettings(path: path, role: .storefront)
            settings.owner = "no-such-user"
            let loop = try EventLoop()
            let fault = try #require(throws: StartFault.self) {
                try BoundSocket(binding: settings, on: loop)
            }
            #expect(fault.exitReason == .configuration)
            #expect(fault.lines.joined().contains("no-such-user"))
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }
}

@Suite struct `The exit status` {
    @Test func `follows sysexits`() {
        let numbers = ExitReason.allCases.map(\.rawValue)
        #expect(numbers == [0, 64, 65, 66, 70, 71, 73, 74, 75, 77, 78])
    }

    @Test(arguments: [
        (Errno.noSuchFileOrDirectory, ExitReason.missingInput),
        (.permissionDenied, .permission),
        (.ioError, .inputOutput),
    ])
    func `of an unreadable configuration reports why`(error: Errno, expected: ExitReason) {
        #expect(StartFault.unreadableConfiguration(path: "c", error).exitReason == expected)
    }

    @Test func `of an unreadable file comes from the file system`() throws {
        var overrides = Overrides()
        overrides.configurationPath = "/nowhere/coupond.yaml"
        let fault = try #require(throws: StartFault.self) { try Configuration.read(overrides) }
        #expect(
            fault
                == .unreadableConfiguration(path: "/nowhere/coupond.yaml", .noSuchFileOrDirectory))
        #expect(fault.exitReason == .missingInput)
    }
}

@Suite struct `Checking` {
    private func check(_ definitions: String, socketPath: String? = nil) throws -> ExitReason {
        var result = ExitReason.success
        try withFolder { folder in
            let path = folder + "/c.yaml"
            try Data(definitions.utf8).write(to: URL(fileURLWithPath: path))
            var overrides = Overrides()
            overrides.catalogPaths = [path]
            overrides.stateDirectory = folder + "/state"
            overrides.socketPath = socketPath
            do throws(StartFault) {
                result = try coupond.check(overrides)
            } catch {
                result = error.exitReason
            }
            #expect(!FileManager.default.fileExists(atPath: folder + "/state"))
        }
        return result
    }

    @Test func `passes a valid catalog and creates nothing`() throws {
        #expect(try check("coupons: []") == .success)
    }

    @Test func `refuses an invalid catalog`() throws {
        #expect(try check("coupon: []") == .configuration)
    }

    @Test func `refuses a socket path that is too long`() throws {
        let path = "/tmp/" + String(repeating: "x", count: 103)
        #expect(try check("coupons: []", socketPath: path) == .configuration)
    }
}
