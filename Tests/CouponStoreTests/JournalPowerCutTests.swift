import CouponStore
import FlatStorage
import StoreSupport
import Testing

@Suite struct `The files of a journal after a power cut` {
    /// What a segment on the disk should be.
    private struct Expectation {
        var header: SegmentHeader
        var written: [UInt8]
        var durableCount: Int
    }

    /// Writes, synchronizes and rolls by chance, with one operation of the disk failing or none,
    /// and cuts the power where that ends. What was acknowledged is there, under every seed.
    @Test func `hold everything that was synchronized`() throws {
        var generator = SeededGenerator(for: "journal files")
        var rolled = 0
        var broken = 0
        for _ in 0..<300 {
            let disk = SimulatedDisk()
            var journal = try SketchJournal(on: disk)
            disk.fail(operation: Int.random(in: 1...80, using: &generator))
            do throws(DiskFault) {
                for _ in 0..<25 { try step(&journal, &generator) }
            } catch {
                #expect(journal.files.condition == .broken(error))
                broken += 1
            }
            rolled += journal.written.count - 1
            let expected = journal.written.map { header, written in
                Expectation(
                    header: header, written: written,
                    durableCount: journal.durableCount[header] ?? 0)
            }
            for _ in 0..<5 {
                try check(disk.afterCrash(&generator), holds: expected, journal.files.header)
            }
        }
        #expect(rolled > 300 && broken > 100)
    }

    private func step(
        _ journal: inout SketchJournal, _ generator: inout SeededGenerator
    ) throws(DiskFault) {
        switch Int.random(in: 0..<10, using: &generator) {
        case ..<5:
            let blockCount = min(
                Int.random(in: 1...3, using: &generator), journal.files.room / 512)
            // Never what a header, a seal or a block that was not written looks like.
            let letter = UInt8.random(in: 1...0xE0, using: &generator)
            if blockCount > 0 { try journal.write(letter, count: blockCount) }
        case ..<8:
            try journal.synchronize()
        default:
            journal.files.prepareSpare()
            if journal.files.condition == .ready { try journal.roll() }
        }
    }

    private func check(
        _ survivor: SimulatedDisk, holds expected: [Expectation], _ current: SegmentHeader
    ) throws {
        let names = try JournalFiles.segments(on: survivor, directory: SketchJournal.directory)
        for segment in expected {
            let name = segment.header.name
            guard names.contains(name) else {
                // The journal never went on in it.
                #expect(segment.header.generation > current.generation)
                continue
            }
            let content = try #require(survivor[SketchJournal.directory + "/" + name.text])
            // A name is only ever that of a whole header, even where nothing else came of it.
            #expect(try SegmentHeader(content.span) == segment.header)
            let batches = content[512...]
            #expect(batches.starts(with: segment.written[..<segment.durableCount]))
            #expect(batches.dropFirst(segment.written.count).allSatisfy { $0 == 0 })
            // A block that reads as the seal has the segment that it names.
            let next = segment.header.generation + 1
            let seal = blocks(of: 0xF0 | UInt8(truncatingIfNeeded: next & 0x0F))
            if segment.written.count >= 512, segment.written.suffix(512) == seal[...],
                batches.dropFirst(segment.written.count - 512).starts(with: seal)
            {
                #expect(names.contains { $0.generation == next })
            }
        }
        // The next start succeeds after any cut.
        let last = names.last?.firstSequence ?? 1
        let next = try SketchJournal(on: survivor, continuingAfter: last - 1)
        #expect(next.files.header.generation == (names.last?.generation ?? 0) + 1)
        #expect(next.files.condition == .ready)
    }

    /// Cuts the power after operation 1, 2, 3 … of a start that logs again what the last segment
    /// held. At no moment is it dead there and not in the new one.
    @Test func `keep what is logged again in one segment or the other`() throws {
        var generator = SeededGenerator(for: "logging again")
        let renewed = blocks(of: 9, count: 2)
        var cutAfter = 0
        var isComplete = false
        while !isComplete {
            let disk = SimulatedDisk()
            let old = try SketchJournal(on: disk, loggingAgain: renewed)
            let name = old.files.header.name
            try old.close()
            disk.fail(operation: cutAfter + 1)
            do throws(DiskFault) {
                let next = try SketchJournal(on: disk, loggingAgain: renewed)
                isComplete = next.files.condition == .ready
            } catch {
                #expect(error.errno != 0)
            }
            for _ in 0..<20 {
                let survivor = disk.afterCrash(&generator)
                let names = try JournalFiles.segments(on: survivor, directory: "state")
                #expect(names.first == name && names.count <= 2)
                for name in names {
                    let content = try #require(survivor["state/" + name.text])
                    #expect(content[512...].starts(with: renewed))
                }
            }
            cutAfter += 1
        }
        // Half of them are for the anchor.
        #expect(cutAfter == 28)
    }
}
