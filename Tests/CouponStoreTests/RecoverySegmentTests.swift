import CouponStore
import FlatStorage
import StoreSupport
import Testing

@Suite struct `Recovering with damaged segments` {
    private let disk: SimulatedDisk
    private let segments: [SegmentName]
    private let firstNeeded: Int

    init() throws {
        let directory = try LivedInDirectory()
        disk = directory.disk
        segments = try directory.segments
        firstNeeded = try directory.firstNeeded
    }

    private func path(_ name: SegmentName) -> String { "state/" + name.text }

    private func content(_ name: SegmentName) throws -> [UInt8] {
        try #require(disk[path(name)])
    }

    private func scan(_ name: SegmentName) throws -> SegmentScan {
        let content = try content(name)
        return try SegmentScan(content.span, named: name)
    }

    private func fault(
        _ segment: SegmentName, offset: Int = 0, sequence: UInt64? = nil,
        _ reason: JournalCorruption.Reason
    ) -> RecoveryFault {
        .journal(
            JournalCorruption(
                segment: segment, offset: offset, sequence: sequence ?? segment.firstSequence,
                reason: reason))
    }

    @Test func `names the segment whose header is none`() throws {
        for (index, name) in segments.enumerated() {
            let whole = try content(name)
            var later = whole, flipped = whole
            later[8] = 9
            flipped[24] ^= 1
            let damages: [([UInt8], SegmentHeaderProblem)] = [
                ([], .short), (Array(whole[..<511]), .short), (bytes("# notes"), .foreign),
                ([UInt8](repeating: 0, count: whole.count), .foreign),
                (later, .unknownVersion(9)), (flipped, .damaged),
            ]
            for (damaged, problem) in damages {
                disk[path(name)] = damaged
                // What only the older snapshot needs does not stop a start.
                let expected = index < firstNeeded ? nil : fault(name, .header(problem))
                #expect(recoveryFault(of: disk) == expected)
            }
            disk[path(name)] = whole
        }
        #expect(recoveryFault(of: disk) == nil)
    }

    @Test func `names the first of two whose files were swapped`() throws {
        for index in segments.indices.dropLast() {
            let names = segments[index...index + 1].map(path)
            (disk[names[0]], disk[names[1]]) = (disk[names[1]], disk[names[0]])
            let first = max(index, firstNeeded)
            let expected = index + 1 < firstNeeded ? nil : fault(segments[first], .name)
            #expect(recoveryFault(of: disk) == expected)
            (disk[names[0]], disk[names[1]]) = (disk[names[1]], disk[names[0]])
        }
    }

    /// Those from before the snapshot may be missing from the front, and from nowhere else.
    @Test func `says what is missing`() throws {
        for (index, name) in segments.enumerated() {
            let whole = try content(name)
            disk[path(name)] = nil
            defer { disk[path(name)] = whole }
            if index < firstNeeded {
                #expect(try RecoveredSketch(from: disk).sequence == LivedInDirectory.last)
            } else if index < segments.count - 1 {
                let expected = fault(
                    segments[index + 1], sequence: name.firstSequence, .missingBefore)
                #expect(recoveryFault(of: disk) == expected)
            } else {
                let before = segments[index - 1]
                let expected = fault(
                    before, offset: try scan(before).endOffset, sequence: name.firstSequence,
                    .missingAfter(name))
                #expect(recoveryFault(of: disk) == expected)
            }
        }
        for name in segments[..<firstNeeded] {
            disk[path(name)] = nil
            #expect(try RecoveredSketch(from: disk).sequence == LivedInDirectory.last)
        }
        disk[path(segments[firstNeeded])] = nil
        let expected = fault(
            segments[firstNeeded + 1], sequence: LivedInDirectory.base + 1, .missingBefore)
        #expect(recoveryFault(of: disk) == expected)
    }

    /// An operator put an older journal under a newer snapshot.
    @Test func `is refused where the journal ends before the snapshot`() throws {
        let disk = SimulatedDisk()
        var daemon = try SketchDaemon(on: disk)
        try daemon.decide(2)
        daemon.perform(synchronizes: true)
        let early = disk.copy
        try daemon.decide(2)
        try daemon.compact()
        early["state/snapshot"] = disk["state/snapshot"]
        let name = try #require(try JournalFiles.segments(on: early, directory: "state").last)
        let content = try #require(early[path(name)])
        let end = try SegmentScan(content.span, named: name).endOffset
        #expect(
            recoveryFault(of: early)
                == fault(name, offset: end, sequence: 3, .damage(.unwritten)))
    }

    @Test(arguments: [
        "journal-", "journal-1-1.log", "journal-0000000000000001-0000000000000001.log.bak",
        "journal-000000000000000A-0000000000000001.log", "journal-next.tmp~",
        "journal-0000000000000001-0000000000000001",
    ])
    func `is refused where a file is called almost like a segment`(name: String) throws {
        disk["state/" + name] = bytes("x")
        #expect(recoveryFault(of: disk) == .foreignFile(path: "state/" + name))
    }

    @Test func `does not mind other files`() throws {
        for name in ["journal-next.tmp", "journal", "Journal-1.log", "lost+found", "snapshot.old"] {
            disk["state/" + name] = bytes("x")
        }
        #expect(try RecoveredSketch(from: disk).sequence == LivedInDirectory.last)
    }

    @Test func `cuts off a tail that was not known to be durable, and says where`() throws {
        let last = try #require(segments.last)
        let batch = try #require(try scan(last).batches.last)
        #expect(batch.firstSequence == LivedInDirectory.marked + 1)
        var damaged = try content(last)
        damaged[batch.offset + 70] ^= 1
        disk[path(last)] = damaged
        let found = try RecoveredSketch(from: disk)
        #expect(try found.encoded == Script.encodedState(after: LivedInDirectory.marked))
        let tail = try #require(found.report.tail)
        #expect(tail.segment == last && tail.offset == batch.offset && tail.problem == .damaged)
        #expect(tail.sequence == LivedInDirectory.marked + 1)
        // The mark of the batch before it went with it, and that batch is logged again.
        #expect(found.durableSequence == 55 && found.renewedCount == 3)
    }

    /// A segment had its whole length before it had its name: what is missing was cut off.
    @Test func `is refused where a segment is shorter than it was made`() throws {
        let last = try #require(segments.last), whole = try content(last)
        for length in stride(from: 512, to: whole.count, by: 511) {
            disk[path(last)] = Array(whole[..<length])
            let cut = JournalCorruption(
                segment: last, offset: length, sequence: last.firstSequence,
                reason: .header(.cut(to: length)))
            #expect(recoveryFault(of: disk) == .journal(cut))
        }
    }

    /// One bit anywhere: the start is refused, or nothing that was marked is lost. Nothing else may happen.
    @Test func `never reaches another state after any bit is flipped`() throws {
        var generator = SeededGenerator(for: "flipped bits of segments")
        var states = ScriptStates()
        var refused = 0, shortened = 0
        for (index, name) in segments.enumerated() {
            let whole = try content(name)
            let used = try scan(name).endOffset
            for _ in 0..<80 {
                var damaged = whole
                let offset = Int.random(in: 0..<min(used + 600, whole.count), using: &generator)
                damaged[offset] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                disk[path(name)] = damaged
                do {
                    let found = try RecoveredSketch(from: disk)
                    let least =
                        index == segments.count - 1
                        ? LivedInDirectory.marked : LivedInDirectory.last
                    #expect(found.sequence >= least, "\(name.text), \(offset)")
                    if found.sequence < LivedInDirectory.last {
                        shortened += 1
                        #expect(found.report.tail?.sequence == found.sequence + 1)
                    }
                    let isScript = try found.isScript(after: found.sequence, &states)
                    #expect(isScript, "\(name.text), \(offset)")
                } catch {
                    refused += 1
                    guard case RecoveryFault.journal(let corruption) = error else {
                        Issue.record("\(error)")
                        continue
                    }
                    // Of the segment, or of the one after that finds no more what it continues.
                    let generation = try #require(corruption.segment).generation
                    #expect(generation == name.generation || generation == name.generation + 1)
                }
            }
            disk[path(name)] = whole
        }
        #expect(refused > 80 && shortened > 0)
    }
}
