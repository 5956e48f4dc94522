import CouponStore
import FlatStorage
import Foundation
import Testing

@Suite struct `The disk of the machine` {
    /// An empty directory for one test.
    private final class Scratch {
        let path = NSTemporaryDirectory() + "coupond-" + UUID().uuidString

        init() throws {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: false)
        }

        deinit {
            do {
                try FileManager.default.removeItem(atPath: path)
            } catch {
                Issue.record("the scratch directory stays behind: \(error)")
            }
        }
    }

    private let disk = PosixDisk()

    private func contents(of path: String) throws(DiskFault) -> [UInt8] {
        var buffer = ByteBuffer()
        try disk.read(path, into: &buffer)
        return array(buffer.bytes)
    }

    @Test func `writes, reads, renames, lists and removes`() throws {
        let scratch = try Scratch()
        let (first, second) = (scratch.path + "/a", scratch.path + "/b")
        let file = try disk.createExclusively(first)
        let large = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        try disk.append(bytes("head").span, to: file)
        try disk.append(large.span, to: file)
        try disk.synchronize(file)
        try disk.close(file)
        #expect(try disk.size(of: first) == 1_000_004)
        #expect(try contents(of: first) == bytes("head") + large)
        try disk.rename(first, to: second)
        try disk.close(disk.createExclusively(first))
        try disk.synchronizeDirectory(scratch.path)
        #expect(try disk.list(scratch.path) == ["a", "b"])
        try disk.remove(first)
        #expect(try disk.list(scratch.path) == ["b"])
        #expect(try disk.size(of: first) == nil)
        #expect(try contents(of: second).count == 1_000_004)
    }

    @Test func `makes files that only their owner may touch`() throws {
        let scratch = try Scratch()
        try disk.close(disk.createExclusively(scratch.path + "/a"))
        let attributes = try FileManager.default.attributesOfItem(atPath: scratch.path + "/a")
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test func `takes the space of a file and writes in place`() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/a"
        let file = try disk.createExclusively(path, allocating: 1_048_576)
        #expect(try contents(of: path) == [UInt8](repeating: 0, count: 1_048_576))
        // A file of zeros may also be a hole; space that was taken is not.
        let values = try URL(fileURLWithPath: path).resourceValues(
            forKeys: [.fileAllocatedSizeKey])
        #expect(try #require(values.fileAllocatedSize) >= 1_048_576)
        try disk.write(bytes("second").span, at: 512, to: file)
        try disk.write(bytes("first").span, at: 0, to: file)
        try disk.synchronize(file)
        try disk.close(file)
        try disk.synchronize(fileAt: path)
        try disk.dropFromCache(path)
        var expected = [UInt8](repeating: 0, count: 1_048_576)
        expected.replaceSubrange(0..<5, with: bytes("first"))
        expected.replaceSubrange(512..<518, with: bytes("second"))
        #expect(try contents(of: path) == expected)
    }

    @Test func `reports a full disk, and leaves the name`() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/a"
        do {
            // More than any disk has: too large for some file systems, too much for the others.
            _ = try disk.createExclusively(path, allocating: 1 << 60)
            Issue.record("there is space for an exbibyte")
        } catch {
            #expect(error.operation == .allocate && error.path == path)
            #expect([ENOSPC, EFBIG].contains(error.errno))
        }
        try disk.remove(path)
    }

    @Test func `reports a device that is full`() throws {
        let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
        let file = OpenFile(descriptor: full.fileDescriptor, path: "/dev/full")
        check(.write, "/dev/full", ENOSPC) { () throws(DiskFault) in
            try disk.write(bytes("any").span, at: 0, to: file)
        }
        try full.close()
        check(.write, "none", EBADF) { () throws(DiskFault) in
            try disk.write(bytes("any").span, at: 0, to: OpenFile(descriptor: -1, path: "none"))
        }
    }

    @Test func `gives a free name only`() throws {
        let scratch = try Scratch()
        let (first, second) = (scratch.path + "/a", scratch.path + "/b")
        for path in [first, second] { try disk.close(disk.createExclusively(path)) }
        check(.rename, first, EEXIST) { () throws(DiskFault) in
            try disk.rename(first, toFree: second)
        }
        try disk.remove(second)
        try disk.rename(first, toFree: second)
        #expect(try disk.list(scratch.path) == ["b"])
    }

    @Test func `names the operation, the path and the error`() throws {
        let scratch = try Scratch()
        let (here, missing) = (scratch.path + "/a", scratch.path + "/none/a")
        let file = try disk.createExclusively(here)
        check(.create, here, EEXIST) { () throws(DiskFault) in
            _ = try disk.createExclusively(here)
        }
        check(.create, missing, ENOENT) { () throws(DiskFault) in
            _ = try disk.createExclusively(missing)
        }
        check(.create, here + "/b", ENOTDIR) { () throws(DiskFault) in
            _ = try disk.createExclusively(here + "/b")
        }
        check(.read, missing, ENOENT) { () throws(DiskFault) in _ = try contents(of: missing) }
        check(.read, scratch.path, EISDIR) { () throws(DiskFault) in
            _ = try contents(of: scratch.path)
        }
        check(.rename, missing, ENOENT) { () throws(DiskFault) in
            try disk.rename(missing, to: here)
        }
        check(.remove, missing, ENOENT) { () throws(DiskFault) in try disk.remove(missing) }
        check(.synchronize, missing, ENOENT) { () throws(DiskFault) in
            try disk.synchronize(fileAt: missing)
        }
        check(.dropFromCache, missing, ENOENT) { () throws(DiskFault) in
            try disk.dropFromCache(missing)
        }
        check(.create, here, EEXIST) { () throws(DiskFault) in
            _ = try disk.createExclusively(here, allocating: 512)
        }
        check(.list, missing, ENOENT) { () throws(DiskFault) in _ = try disk.list(missing) }
        check(.synchronizeDirectory, here, ENOTDIR) { () throws(DiskFault) in
            try disk.synchronizeDirectory(here)
        }
        check(.examine, here + "/b", ENOTDIR) { () throws(DiskFault) in
            _ = try disk.size(of: here + "/b")
        }
        try disk.close(file)
    }

    private func check(
        _ operation: DiskFault.Operation, _ path: String, _ errno: CInt,
        _ body: () throws(DiskFault) -> Void
    ) {
        do {
            try body()
            Issue.record("\(operation) of \(path) went through")
        } catch {
            #expect(error == DiskFault(operation, path: path, errno: errno))
        }
    }

    @Test func `reports a file that it may not read`() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/a"
        try disk.close(disk.createExclusively(path))
        try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: path)
        // The superuser may read everything; for other users it is a fault.
        if geteuid() == 0 {
            #expect(try contents(of: path) == [])
        } else {
            #expect(throws: DiskFault(.read, path: path, errno: EACCES)) { try contents(of: path) }
        }
    }

    @Test func `carries snapshots`() throws {
        let scratch = try Scratch()
        for orders in 1...3 {
            var state = SketchLedger()
            for number in 0..<orders { state.record(.order(.applied), order: "o\(number)") }
            try Snapshot.write(
                state.ledger, over: orders > 1 ? .whole : .missing, to: disk,
                directory: scratch.path)
            let next = SegmentHeader(
                generation: 1, salt: 1, continuesAfter: UInt64(orders), previousChecksum: 0)
            let loaded = try Recovery.recover(
                from: disk, directory: scratch.path, seed: HashSeed(1), orderLimit: 10,
                continuedBy: next
            ).ledger.totals.orders
            #expect(loaded == orders)
        }
        #expect(try disk.list(scratch.path) == ["snapshot", "snapshot.previous"])
    }

    @Test func `takes a missing state directory for a fault, not for a fresh state`() throws {
        let scratch = try Scratch()
        let missing = scratch.path + "/none"
        let fault = DiskFault(.list, path: missing, errno: ENOENT)
        #expect(throws: RecoveryFault.disk(fault)) {
            _ = try Recovery.recover(
                from: disk, directory: missing, seed: HashSeed(1), orderLimit: 10
            ).report
        }
        let state = SketchLedger()
        #expect(throws: CompactionFault.self) {
            try Snapshot.write(state.ledger, over: .missing, to: disk, directory: missing)
        }
    }
}
