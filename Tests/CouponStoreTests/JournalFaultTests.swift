import CouponStore
import FlatStorage
import Glibc
import StoreSupport
import Testing

@Suite struct `The files of a journal whose disk fails` {
    /// A batch, a roll, another batch: everything that a journal does to its disk.
    private func work(_ journal: inout SketchJournal) throws(DiskFault) {
        try journal.write(1, count: 2)
        try journal.synchronize()
        try journal.write(2)
        try journal.roll()
        try journal.write(3)
        try journal.synchronize()
    }

    /// Fails operation 1, 2, 3 … until the work completes. A fault of the spare's leaves no space;
    /// any other one is final: after it, no call reaches the disk.
    @Test(arguments: [EIO, ENOSPC])
    func `are broken for ever by any fault but a spare's`(errno: CInt) throws {
        var outcomes: [String] = []
        var isComplete = false
        while !isComplete {
            let disk = SimulatedDisk()
            var journal = try SketchJournal(on: disk)
            disk.fail(operation: outcomes.count + 1, with: errno)
            var thrown: DiskFault?
            do {
                try work(&journal)
            } catch {
                thrown = error
            }
            isComplete = disk.operationCount <= outcomes.count
            switch journal.files.condition {
            case .broken(let fault):
                #expect(thrown == fault && fault.errno == errno)
                checkThatNothingIsDone(&journal, on: disk, fault)
                outcomes.append("broken")
            case .noSpace(let fault):
                #expect(thrown == nil && fault.errno == errno)
                outcomes.append("noSpace")
            case .ready:
                #expect(thrown == nil)
                if !isComplete { outcomes.append("ready") }
            }
        }
        // Write, synchronize, write; roll: synchronize, look at the name and at the spare, write,
        // synchronize, rename, directory, seal, synchronize; the anchor: write, synchronize, look,
        // rename, directory, close; close; the spare: examine, create, allocate, synchronize; the
        // anchor's: examine, create, allocate; write, synchronize.
        let rolled = [String](repeating: "broken", count: 19)
        let spare = [String](repeating: "noSpace", count: 7)
        #expect(outcomes == rolled + spare + ["broken", "broken"])
    }

    private func checkThatNothingIsDone(
        _ journal: inout SketchJournal, on disk: SimulatedDisk, _ fault: DiskFault
    ) {
        disk.fail(operation: nil)
        for attempt in 1...3 {
            do throws(DiskFault) {
                switch attempt {
                case 1: try journal.write(4)
                case 2: try journal.synchronize()
                default: try journal.roll()
                }
                Issue.record("attempt \(attempt) went through after \(fault)")
            } catch {
                #expect(error == fault)
            }
        }
        journal.files.prepareSpare()
        #expect(journal.files.condition == .broken(fault))
        #expect(disk.operationCount == 0)
    }

    /// Fails operation 1, 2, 3 … of taking space. What was decided is still written, and the next
    /// attempt heals it.
    @Test func `heal when there is space again`() throws {
        for failing in 1...7 {
            let disk = SimulatedDisk()
            var journal = try SketchJournal(on: disk)
            disk.fail(operation: 15 + failing, with: ENOSPC)
            try journal.roll()
            guard case .noSpace(let fault) = journal.files.condition else {
                Issue.record("operation \(15 + failing) was not the spare's")
                continue
            }
            // The segment's spare stays where only the anchor found no space.
            #expect(fault.errno == ENOSPC && disk.openFileCount == (failing > 4 ? 2 : 1))
            try journal.write(1)
            try journal.synchronize()
            #expect(journal.files.condition == .noSpace(fault))
            #expect((disk["state/journal-next.tmp"] == nil) == (failing <= 4))
            #expect(disk["state/anchor.new"] == nil)
            journal.files.prepareSpare()
            #expect(journal.files.condition == .ready && disk.openFileCount == 3)
            try journal.roll()
            #expect(journal.files.header.generation == 3)
        }
    }

    @Test func `start without a spare where there is space for one segment only`() throws {
        let disk = SimulatedDisk()
        // List; examine, create, allocate, synchronize, look; the anchor's examine, create, allocate;
        // the first anchor: look, write, synchronize, look, rename, directory, close, examine, create,
        // allocate; write, synchronize, rename, directory; the anchor: write, synchronize, look,
        // rename, directory, close; examine, create, allocate.
        disk.fail(operation: 32, with: ENOSPC)
        var journal = try SketchJournal(on: disk)
        let fault = DiskFault(.allocate, path: "state/journal-next.tmp", errno: ENOSPC)
        #expect(journal.files.condition == .noSpace(fault))
        try journal.write(1)
        try journal.synchronize()
        journal.files.prepareSpare()
        #expect(journal.files.condition == .ready)
    }

    /// Fails operation 1, 2, 3 … of a start until the segment is there. The next start goes through,
    /// and nothing that was there is touched.
    @Test func `start again after the failure of any operation`() throws {
        var failing = 0
        var isStarted = false
        while !isStarted {
            failing += 1
            let disk = SimulatedDisk()
            var journal = try SketchJournal(on: disk)
            try journal.write(1)
            try journal.synchronize()
            let name = "state/" + journal.files.header.name.text
            let before = disk[name]
            try journal.close()
            disk["state/journal-next.tmp"] = bytes("left over")
            disk.fail(operation: failing)
            do {
                let next = try SketchJournal(on: disk, continuingAfter: 1)
                isStarted = next.files.condition == .ready
                try next.close()
            } catch {
                #expect(error.errno == EIO)
            }
            #expect(disk.openFileCount == 0)
            disk.fail(operation: nil)
            let next = try SketchJournal(on: disk, continuingAfter: 1)
            #expect(next.files.condition == .ready && disk[name] == before)
        }
        #expect(failing > 20)
    }
}

@Suite struct `Removing segments` {
    private func journal(on disk: SimulatedDisk) throws(DiskFault) -> SketchJournal {
        var journal = try SketchJournal(on: disk)
        // Sequences 1 and 2, 3, 4, none, and 5 in the segment that is written.
        for count in [2, 1, 1, 0] {
            if count > 0 { try journal.write(1, count: count) }
            try journal.roll()
        }
        try journal.write(1)
        return journal
    }

    private func remove(
        before sequence: UInt64, _ journal: borrowing SketchJournal, _ disk: SimulatedDisk
    ) throws(DiskFault) {
        try JournalFiles.removeSegments(
            before: sequence, olderThan: journal.files.header.name, on: disk, directory: "state")
    }

    private func generations(on disk: SimulatedDisk) throws(DiskFault) -> [UInt64] {
        try JournalFiles.segments(on: disk, directory: "state").map(\.generation)
    }

    @Test(
        arguments: zip(
            [0, 1, 2, 3, 4, 5, 6, .max] as [UInt64],
            [1...5, 1...5, 1...5, 2...5, 3...5, 5...5, 5...5, 5...5] as [ClosedRange<UInt64>]))
    func `keeps all that hold something that is needed`(
        sequence: UInt64, kept: ClosedRange<UInt64>
    ) throws {
        let disk = SimulatedDisk()
        let journal = try journal(on: disk)
        disk["state/snapshot"] = []
        try remove(before: sequence, journal, disk)
        #expect(try generations(on: disk) == Array(kept))
        #expect(disk.pendingNameChanges <= 2 && disk["state/snapshot"] != nil)
    }

    /// Fails operation 1, 2, 3 …, and cuts the power there.
    @Test func `leaves no gap, whenever it ends`() throws {
        var generator = SeededGenerator(for: "removing segments")
        var failing = 0
        var isComplete = false
        while !isComplete {
            failing += 1
            let disk = SimulatedDisk()
            let journal = try journal(on: disk)
            disk.fail(operation: failing)
            do throws(DiskFault) {
                try remove(before: 5, journal, disk)
                isComplete = true
            } catch {
                #expect(error.errno == EIO)
            }
            #expect(journal.files.condition == .ready)
            for _ in 0..<20 {
                let left = try generations(on: disk.afterCrash(&generator))
                #expect(left == Array((left.first ?? 0)...5))
                #expect(isComplete ? left == [5] : left.count >= 1)
            }
            disk.fail(operation: nil)
            try remove(before: 5, journal, disk)
            #expect(try generations(on: disk) == [5])
        }
        // List, then remove and synchronize the directory four times.
        #expect(failing == 10)
    }
}
