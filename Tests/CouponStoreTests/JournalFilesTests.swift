import CouponStore
import FlatStorage
import Glibc
import StoreSupport
import Testing

@Suite struct `The files of the journal` {
    private let disk = SimulatedDisk()
    private let spare = "state/journal-next.tmp"
    private let first = "state/journal-0000000000000001-0000000000000001.log"
    private let second = "state/journal-0000000000000002-0000000000000003.log"

    private func encoded(_ header: SegmentHeader) -> [UInt8] {
        var buffer = ByteBuffer()
        header.encode(into: &buffer)
        return array(buffer.bytes)
    }

    private func zeros(_ blockCount: Int) -> [UInt8] { blocks(of: 0, count: blockCount) }

    @Test func `begin with a segment and a spare, both durable`() throws {
        let journal = try SketchJournal(on: disk)
        var header = SegmentHeader(
            generation: 1, salt: 7, continuesAfter: 0, previousChecksum: 0)
        header.isAnchored = true
        #expect(journal.files.header == header)
        #expect(journal.files.condition == .ready)
        #expect(journal.files.room == 6 * 512 && journal.files.batchByteCountMax == 6 * 512)
        for disk in [disk, disk.afterCrash(keepingNameChanges: disk.pendingNameChanges)] {
            #expect(disk[first] == encoded(header) + zeros(7))
            #expect(disk[spare] == zeros(8))
        }
        #expect(disk.afterCrash(keepingNameChanges: 0)[first] == encoded(header) + zeros(7))
    }

    @Test func `take batches one after the other, durable when synchronized`() throws {
        var journal = try SketchJournal(on: disk)
        let header = encoded(journal.files.header)
        try journal.write(1, count: 2)
        try journal.write(2)
        #expect(journal.files.position == 4 * 512 && journal.files.room == 3 * 512)
        #expect(disk[first] == header + blocks(of: 1, count: 2) + blocks(of: 2) + zeros(4))
        #expect(disk.afterCrash(keepingNameChanges: 0)[first] == header + zeros(7))
        try journal.synchronize()
        #expect(disk.afterCrash(keepingNameChanges: 0)[first] == disk[first])
        // Nothing was written since, so there is nothing to do.
        disk.fail(operation: 1)
        try journal.synchronize()
        #expect(disk.operationCount == 0)
    }

    @Test func `go on in the spare after a seal`() throws {
        var journal = try SketchJournal(on: disk)
        let header = encoded(journal.files.header)
        try journal.write(1, count: 2)
        try journal.roll()
        var next = SegmentHeader(
            generation: 2, salt: 8, continuesAfter: 2, previousChecksum: 2)
        next.fileByteCount = UInt64(SketchJournal.segmentByteCount)
        next.isAnchored = true
        #expect(journal.files.header == next && journal.files.condition == .ready)
        try journal.write(3)
        let sealed = header + blocks(of: 1, count: 2) + SketchJournal.seal(of: next) + zeros(4)
        #expect(disk[first] == sealed)
        #expect(disk[second] == encoded(next) + blocks(of: 3) + zeros(6))
        #expect(disk[spare] == zeros(8))
        let survivor = disk.afterCrash(keepingNameChanges: 0)
        #expect(survivor[first] == sealed && survivor[second] == encoded(next) + zeros(7))
        // The segment, and the space for the next one and for the next anchor.
        #expect(disk.openFileCount == 3)
    }

    @Test func `are filled to the last block before the seal`() throws {
        var journal = try SketchJournal(on: disk)
        try journal.write(1, count: 6)
        #expect(journal.files.room == 0)
        try journal.roll()
        #expect(disk[first]?.count == SketchJournal.segmentByteCount)
        #expect(disk[first].map { Array($0[(7 * 512)...]) } == blocks(of: 0xF2))
    }

    @Test func `begin again after a restart, and leave what is there as it is`() throws {
        var journal = try SketchJournal(on: disk)
        try journal.write(1, count: 2)
        try journal.synchronize()
        let before = disk[first]
        disk[spare] = bytes("left over")
        let next = try SketchJournal(on: disk, continuingAfter: 2)
        #expect(next.files.header.generation == 2 && next.files.header.salt == 7)
        #expect(disk[first] == before)
        #expect(disk[second] == encoded(next.files.header) + zeros(7))
        #expect(disk[spare] == zeros(8))
    }

    @Test func `hold what is logged again before they have their name`() throws {
        let renewed = blocks(of: 1, count: 2)
        let journal = try SketchJournal(on: disk, continuingAfter: 4, loggingAgain: renewed)
        #expect(journal.files.position == 3 * 512 && journal.files.room == 4 * 512)
        let content = encoded(journal.files.header) + renewed + zeros(5)
        let name = "state/" + journal.files.header.name.text
        #expect(disk.afterCrash(keepingNameChanges: 0)[name] == content)
    }

    @Test func `are as long as what is logged again`() throws {
        let renewed = blocks(of: 1, count: 20)
        var journal = try SketchJournal(on: disk, loggingAgain: renewed)
        #expect(disk[first]?.count == 22 * 512 && journal.files.room == 0)
        try journal.roll()
        #expect(journal.files.room == 6 * 512)
        #expect(disk[first].map { Array($0[(21 * 512)...]) } == blocks(of: 0xF2))
    }

    @Test func `are given back in the end, with the spare's space`() throws {
        try SketchJournal(on: disk).close()
        #expect(disk.names == ["state/anchor", first])
        #expect(disk.openFileCount == 0)
        for failing in 1...5 {
            let disk = SimulatedDisk()
            let journal = try SketchJournal(on: disk)
            disk.fail(operation: failing)
            do {
                try journal.close()
                Issue.record("operation \(failing) was not part of closing")
            } catch {
                #expect(error.errno == EIO)
            }
            #expect(disk.openFileCount == 0)
        }
    }

    @Test func `are recognised among other files, and are in order`() throws {
        let names = [(2, 3), (1, 1), (16, 9), (3, 3)].map {
            SegmentName(generation: $0.0, firstSequence: $0.1)
        }
        for text in names.map(\.text) + ["journal-next.tmp", "snapshot", "journal-1-1.log"] {
            disk["state/" + text] = []
        }
        #expect(
            try JournalFiles.segments(on: disk, directory: "state") == names.sorted())
        #expect(try SketchJournal(on: disk, continuingAfter: 9).files.header.generation == 17)
    }

    @Test func `never take a name that is in use, nor a generation too many`() throws {
        let header = try JournalFiles.firstHeader(
            on: disk, directory: "state", continuingAfter: 0, checksum: 0, salt: 7, byteCount: 0)
        disk[first] = bytes("taken")
        #expect(throws: DiskFault(.rename, path: spare, errno: EEXIST)) {
            _ = try JournalFiles.start(
                on: disk, directory: "state", segmentByteCount: 4_096, header: header,
                batches: [UInt8]().span
            ).condition
        }
        #expect(disk[first] == bytes("taken") && disk.openFileCount == 0)
        let last = SegmentName(generation: .max - 1, firstSequence: 1)
        disk["state/" + last.text] = []
        #expect(throws: DiskFault(.create, path: "state", errno: EOVERFLOW)) {
            _ = try SketchJournal(on: disk).files.condition
        }
    }

    @Test func `are read as the device has them`() throws {
        var journal = try SketchJournal(on: disk)
        let name = journal.files.header.name
        try journal.write(1)
        disk.fail(operation: 1)
        #expect(throws: DiskFault.self) { try journal.synchronize() }
        // Memory still shows what the device refused.
        #expect(disk[first].map { Array($0[512..<1_024]) } == blocks(of: 1))
        var buffer = ByteBuffer()
        try JournalFiles.read(name, on: disk, directory: "state", into: &buffer)
        #expect(array(buffer.bytes) == encoded(journal.files.header) + zeros(7))
        for (failing, operation) in [(1, DiskFault.Operation.synchronize), (2, .dropFromCache)] {
            disk.fail(operation: failing)
            #expect(throws: DiskFault(operation, path: first, errno: EIO)) {
                try JournalFiles.read(name, on: disk, directory: "state", into: &buffer)
            }
        }
    }

    @Test func `trap where the caller did not look first`() async {
        // More than there is room for, half a block, a seal of two, and a roll without a spare.
        await #expect(processExitsWith: .failure) {
            var journal = try SketchJournal(on: SimulatedDisk())
            try journal.write(1, count: 7)
        }
        await #expect(processExitsWith: .failure) {
            var journal = try SketchJournal(on: SimulatedDisk())
            try journal.files.write([UInt8](repeating: 1, count: 256).span)
        }
        await #expect(processExitsWith: .failure) {
            var journal = try SketchJournal(on: SimulatedDisk())
            let next = journal.files.nextHeader(continuingAfter: 0, checksum: 0, salt: 8)
            try journal.files.roll(to: next, seal: blocks(of: 9, count: 2).span)
        }
    }
}
