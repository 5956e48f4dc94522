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
        // The superuser may read everything; for everybody else it is a fault.
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
            let encoded = state.ledger.encodeSnapshot()
            try Snapshot.write(encoded, to: disk, directory: scratch.path)
            let loaded = try Snapshot.load(
                from: disk, directory: scratch.path, seed: HashSeed(1), orderLimit: 10
            ).totals.orders
            #expect(loaded == orders)
        }
        #expect(try disk.list(scratch.path) == ["snapshot", "snapshot.previous"])
    }

    @Test func `takes a missing state directory for a fault, not for a fresh state`() throws {
        let scratch = try Scratch()
        let missing = scratch.path + "/none"
        let fault = DiskFault(.list, path: missing, errno: ENOENT)
        #expect(throws: SnapshotFault(path: missing, problem: .unreadable(fault))) {
            _ = try Snapshot.load(
                from: disk, directory: missing, seed: HashSeed(1), orderLimit: 10
            ).totals
        }
        let encoded = SketchLedger().ledger.encodeSnapshot()
        #expect(throws: DiskFault.self) {
            try Snapshot.write(encoded, to: disk, directory: missing)
        }
    }
}
