import CouponStore
import FlatStorage
import Foundation
import StoreSupport
import Testing

@Suite struct `A journal whose names are taken away` {
    private let disk = SimulatedDisk()
    private static let segment = "state/journal-0000000000000001-0000000000000001.log"

    /// The directory and the lock in it, held as a daemon does.
    private func names() throws -> KeptNames {
        disk["state/lock"] = []
        var names = KeptNames()
        for path in ["state", "state/lock"] { try names.keep(disk.hold(path), on: disk) }
        return names
    }

    private static let thefts: [(Theft, DiskFault)] = [
        (.file(segment), DiskFault(.vanished, path: segment, errno: 0)),
        (.file("state/lock"), DiskFault(.vanished, path: "state/lock", errno: 0)),
        (.directory("state"), DiskFault(.vanished, path: "state", errno: 0)),
        (.exchangedDirectory("state"), DiskFault(.replaced, path: "state", errno: 0)),
        (.relinkedDirectory("state"), DiskFault(.replaced, path: "state", errno: 0)),
    ]

    /// What a turn may be: of records in each mode, a roll, a mark, and a look alone.
    private static let turns = [
        JournalTurn(), JournalTurn(synchronizes: true), JournalTurn(rolls: true),
        JournalTurn(synchronizes: true, marks: true), JournalTurn(checks: true),
    ]

    @Test(arguments: thefts, turns)
    func `is broken before anything more is reported`(
        stolen: (Theft, DiskFault), turn: JournalTurn
    ) throws {
        var daemon = try SketchDaemon(on: disk, keeping: try names())
        try daemon.decide(3)
        daemon.perform(synchronizes: true)
        let before = daemon.report
        let taken = disk.take(stolen.0)
        if !turn.checks { try daemon.decide(2) }
        daemon.perform(
            synchronizes: turn.synchronizes, marks: turn.marks, rolls: turn.rolls,
            checks: turn.checks)
        let report = daemon.report
        #expect(report.condition == .broken(stolen.1))
        #expect(report.written == 3 && report.synchronized == 3)
        #expect(report.marked == before.marked && report.segment == before.segment)
        // It is final: that all is back again proves nothing about the time between.
        disk.putBack(taken)
        try daemon.decide(1)
        daemon.perform(synchronizes: true, checks: true)
        #expect(daemon.report.written == 3 && daemon.report.condition == report.condition)
        try? daemon.close()
        #expect(try RecoveredSketch(from: disk).sequence >= 3)
    }

    @Test func `does not begin without its lock`() throws {
        let names = try names()
        disk["state/lock"] = nil
        #expect(throws: DiskFault(.vanished, path: "state/lock", errno: 0)) {
            try SketchDaemon(on: disk, keeping: names).close()
        }
        #expect(disk.names == [])
    }

    /// The directory may be another daemon's by now, and so may the spare in it.
    @Test func `makes no spare where its directory was`() throws {
        var daemon = try SketchDaemon(on: disk, keeping: try names())
        disk.isFull = true
        try daemon.decide(1)
        daemon.perform(synchronizes: true, rolls: true)
        guard case .noSpace = daemon.report.condition else {
            Issue.record("\(daemon.report.condition)")
            return
        }
        disk.isFull = false
        _ = disk.take(.exchangedDirectory("state"))
        disk["state/journal-next.tmp"] = bytes("another daemon's")
        // A turn that has nothing else to do than to try again.
        daemon.perform()
        let fault = DiskFault(.replaced, path: "state", errno: 0)
        #expect(daemon.report.condition == .broken(fault))
        #expect(disk.names == ["state/journal-next.tmp"])
        #expect(disk["state/journal-next.tmp"] == bytes("another daemon's"))
    }

    /// A file of another name, or under another name as well, does not matter to the journal.
    @Test func `goes on while its own names stay`() throws {
        var daemon = try SketchDaemon(on: disk, keeping: try names())
        disk["state/notes"] = bytes("mine")
        try daemon.decide(1)
        daemon.perform(synchronizes: true, rolls: true)
        _ = disk.take(.file("state/notes"))
        _ = disk.take(.file(Self.segment))
        daemon.perform(checks: true)
        #expect(daemon.report.condition == .ready)
    }
}

@Suite struct `The identity of a file` {
    private let disk = PosixDisk()

    @Test func `follows the file, and the name's is that of what it names`() throws {
        try withStateFolder { folder in
            let (first, second) = (folder + "/a", folder + "/b")
            let file = try disk.createExclusively(first)
            let identity = try disk.identity(of: file)
            #expect(try disk.identity(at: first) == identity)
            try disk.rename(first, to: second)
            #expect(try disk.identity(at: first) == nil)
            #expect(try disk.identity(at: second) == identity)
            #expect(try disk.identity(of: file) == identity)
            let other = try disk.createExclusively(first)
            #expect(try disk.identity(of: other) != identity)
            try disk.rename(first, to: second)
            #expect(try disk.identity(at: second) == disk.identity(of: other))
            // What has no name any more is still a file.
            #expect(try disk.identity(of: file) == identity)
            #expect(try disk.identity(at: second + "/c") == nil)
            try disk.close(file)
            try disk.close(other)
            #expect(throws: DiskFault(.examine, path: first, errno: EBADF)) {
                try disk.identity(of: file)
            }
        }
    }

    @Test func `of a directory goes with it`() throws {
        try withStateFolder { folder in
            let path = folder + "/state"
            func make() throws {
                try FileManager.default.createDirectory(
                    atPath: path, withIntermediateDirectories: false)
            }
            try make()
            let identity = try #require(try disk.identity(at: path))
            try disk.rename(path, to: folder + "/away")
            #expect(try disk.identity(at: path) == nil)
            try make()
            #expect(try disk.identity(at: path) != identity)
            #expect(try disk.identity(at: folder + "/away") == identity)
        }
    }
}
