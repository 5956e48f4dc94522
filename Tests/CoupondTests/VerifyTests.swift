import CouponStore
import Foundation
import StoreSupport
import SystemPackage
import Testing
import Posix

@testable import coupond

@Suite struct `Verifying a state` {
    private func verify(_ directory: String) throws -> ExitReason {
        var overrides = Overrides()
        overrides.stateDirectory = directory
        return try coupond.verify(overrides)
    }

    @Test(arguments: DamageCase.table)
    func `refuses what a start refuses, names the place and changes nothing`(
        damage: DamageCase
    ) throws {
        try withStateFolder { folder in
            try damage.make(in: folder)
            let before = try StateFiles(folder).contents
            guard damage.isRefused else {
                #expect(try verify(folder) == .success)
                #expect(try StateFiles(folder).contents == before)
                return
            }
            let fault = try #require(throws: StartFault.self) { try verify(folder) }
            #expect(fault.exitReason == .corruptData)
            let lines = fault.lines
            #expect(lines.count == 2)
            #expect(lines[0].contains(folder) && lines[0].contains("journal-"), "\(lines)")
            #expect(lines[0].contains("byte ") && lines[0].contains("sequence "), "\(lines)")
            #expect(
                lines[1].contains("couponctl journal salvage --state \(folder) --into"), "\(lines)")
            #expect(try StateFiles(folder).contents == before)
        }
    }

    @Test func `refuses counters that contradict the orders`() throws {
        try withStateFolder { folder in
            try DamageCase.table[0].make(in: folder)
            let fault = RecoveryFault.contradiction(counter: "total default/c_ten: 8 used")
            let lines = StartFault.unusableState(fault, directory: folder).lines
            #expect(fault.exitReason == .corruptData)
            #expect(lines[0].contains(folder) && lines[0].contains("total default/c_ten: 8 used"))
            #expect(lines[1].contains("couponctl journal salvage"))
        }
    }

    @Test func `uses the older snapshot, and reports it`() throws {
        try withStateFolder { folder in
            var state = try StateSketch(in: folder)
            for order in 1...4 {
                state.apply("o-\(order)")
                if order < 4 { try state.compact() }
            }
            try state.close()
            try StateFiles.flip(folder + "/snapshot", at: 100)
            #expect(try verify(folder) == .success)
            try StateFiles.flip(folder + "/snapshot.previous", at: 100)
            let fault = try #require(throws: StartFault.self) { try verify(folder) }
            #expect(fault.exitReason == .corruptData)
            #expect(fault.lines[0].contains("the snapshot \(folder)/snapshot is damaged"))
        }
    }

    @Test func `is refused while a daemon runs`() throws {
        try withStateFolder { folder in
            try DamageCase.table[0].make(in: folder)
            guard case .acquired(let lock) = try FileLock.attempt(path: folder + "/lock") else {
                Issue.record("another process holds the lock")
                return
            }
            let fault = try #require(throws: StartFault.self) { try verify(folder) }
            #expect(fault == .stateDirectoryTaken(path: folder))
            #expect(fault.exitReason == .alreadyRunning)
            withExtendedLifetime(lock) {}
            #expect(try StateFiles(folder).contents["lock"] != nil)
        }
    }

    @Test func `needs a directory`() throws {
        let fault = try #require(throws: StartFault.self) { try verify("/tmp/no-such-state") }
        #expect(fault.exitReason == .missingInput)
        #expect(fault.lines[0].contains("/tmp/no-such-state: No such file or directory"))
    }
}

@Suite struct `A fault of the state` {
    private static let segment = SegmentName(generation: 3, firstSequence: 9)

    private static func journal(_ reason: JournalCorruption.Reason) -> RecoveryFault {
        .journal(JournalCorruption(segment: segment, offset: 1_536, sequence: 11, reason: reason))
    }

    private static func snapshot(_ problem: SnapshotProblem) -> RecoveryFault {
        .snapshot(SnapshotFault(path: "/s/snapshot", problem: problem))
    }

    private static func disk(
        _ operation: DiskFault.Operation, _ errno: Errno
    ) -> RecoveryFault {
        .disk(DiskFault(operation, path: "/s/x", errno: errno.rawValue))
    }

    private static let salvage = "couponctl journal salvage --state /s --into NEWDIR"
    private static let place = "/s/journal-0000000000000003-0000000000000009.log"

    private static let table: [(RecoveryFault, ExitReason, said: String, advice: String?)] = [
        (journal(.header(.short)), .corruptData, "\(place) ends within its header", salvage),
        (journal(.header(.foreign)), .corruptData, "does not begin as", salvage),
        (journal(.header(.damaged)), .corruptData, "a damaged header", salvage),
        (
            journal(.header(.unknownVersion(7))), .corruptData,
            "version 7: a later coupond wrote it",
            "start the coupond that wrote it"
        ),
        (journal(.name), .corruptData, "the header of another segment", salvage),
        (
            journal(.damage(.unwritten)), .corruptData,
            "ends before the last record that was known to be durable", salvage
        ),
        (
            journal(.damage(.damaged(.damaged))), .corruptData,
            "checksum does not match (byte 1536, sequence 11)", salvage
        ),
        (journal(.damage(.damaged(.outOfChain))), .corruptData, "does not follow", salvage),
        (
            journal(.missingBefore), .corruptData, "continues a segment that is missing",
            "put the missing file back; or"
        ),
        (
            journal(.missingAfter(SegmentName(generation: 4, firstSequence: 12))), .corruptData,
            "journal-0000000000000004-000000000000000c.log, which is missing", "put the missing"
        ),
        (journal(.unsteady), .corruptData, "was read twice", salvage),
        (
            .journal(
                JournalCorruption(segment: nil, offset: 0, sequence: 4, reason: .missingBefore)),
            .corruptData, "the journal in /s is missing: records from sequence 4", "put the missing"
        ),
        (snapshot(.empty), .corruptData, "the snapshot /s/snapshot is empty", salvage),
        (snapshot(.contentDamaged), .corruptData, "is damaged", salvage),
        (
            snapshot(.unknownVersion(9)), .corruptData, "version 9",
            "start the coupond that wrote it"
        ),
        (
            snapshot(.unreadable(DiskFault(.read, path: "/s/snapshot", errno: EACCES))),
            .permission,
            "cannot read /s/snapshot: Permission denied", "run coupond as the owner of the files"
        ),
        (
            snapshot(.unreadable(DiskFault(.read, path: "/s/snapshot", errno: EIO))), .inputOutput,
            "cannot read /s/snapshot: ", nil
        ),
        (.foreignFile(path: "/s/journal-1.log"), .corruptData, "/s/journal-1.log", "or move it"),
        (
            disk(.read, .permissionDenied), .permission, "cannot read /s/x",
            "run coupond as the owner of the files"
        ),
        (disk(.list, .noSuchFileOrDirectory), .missingInput, "cannot list /s/x", nil),
        (disk(.synchronize, .ioError), .inputOutput, "cannot make durable /s/x", nil),
        (disk(.allocate, .noSpace), .cannotCreate, "cannot take space for /s/x: No space", nil),
    ]

    @Test(arguments: table.indices)
    func `names its file and a remedy, and has an exit status`(row: Int) {
        let (fault, reason, said, advice) = Self.table[row]
        #expect(fault.exitReason == reason)
        let lines = StartFault.unusableState(fault, directory: "/s").lines
        #expect(lines[0].contains(said), "\(lines)")
        #expect(lines.count == (advice == nil ? 1 : 2), "\(lines)")
        if let advice { #expect(lines.last?.contains(advice) == true, "\(lines)") }
    }
}
