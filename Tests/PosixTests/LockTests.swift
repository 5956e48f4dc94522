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
