import CouponStore
import FlatStorage
import Glibc
import StoreSupport
import Testing

private let path = "state/" + JournalAnchor.name

private func encoded(_ anchor: JournalAnchor) -> [UInt8] {
    var buffer = ByteBuffer()
    anchor.encode(into: &buffer)
    return array(buffer.bytes)
}

@Suite struct `The anchor` {
    private static var header: SegmentHeader {
        SegmentHeader(
            generation: 0x0102_0304, salt: 0xA1A2_A3A4_A5A6_A7A8, continuesAfter: 0x10_0000_0001,
            previousChecksum: 5)
    }

    private func problem(with bytes: [UInt8]) -> AnchorProblem? {
        do throws(AnchorProblem) {
            _ = try JournalAnchor(bytes.span)
            return nil
        } catch {
            return error
        }
    }

    @Test func `lies on the disk as its layout says`() {
        var expected = bytes("CPNDANCH") + [1, 0, 0, 0, 0, 0, 0, 0]
        expected += [4, 3, 2, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0x10, 0, 0, 0]
        expected += [0xA8, 0xA7, 0xA6, 0xA5, 0xA4, 0xA3, 0xA2, 0xA1]
        let checksum = hash64(expected.span, seed: 0)
        expected += (0..<8).map { UInt8(truncatingIfNeeded: checksum >> (8 * $0)) }
        expected += [UInt8](repeating: 0, count: 464)
        #expect(encoded(JournalAnchor(Self.header)) == expected)
    }

    @Test func `is read back, and names its segment`() throws {
        for anchor in [JournalAnchor(Self.header), .beforeTheFirst] {
            #expect(try JournalAnchor(encoded(anchor).span) == anchor)
        }
        #expect(JournalAnchor(Self.header).segment == Self.header.name)
        #expect(JournalAnchor.beforeTheFirst.segment == nil)
    }

    @Test func `is refused with any bit flipped, and at any other length`() {
        let whole = encoded(JournalAnchor(Self.header))
        for bit in 0..<(whole.count * 8) {
            var changed = whole
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            let expected: AnchorProblem =
                switch bit / 8 {
                case ..<8: .foreign
                case ..<12: .unknownVersion(1 ^ 1 << UInt32(bit - 64))
                default: .damaged
                }
            #expect(problem(with: changed) == expected, "bit \(bit)")
        }
        for count in 0..<whole.count {
            #expect(problem(with: Array(whole[..<count])) == (count < 8 ? .foreign : .damaged))
        }
        #expect(problem(with: whole + [0]) == .damaged)
        #expect(problem(with: [UInt8](repeating: 0, count: 512)) == .foreign)
    }
}

@Suite struct `The anchor of a journal` {
    private let disk = SimulatedDisk()

    /// What is durable says that the segment that is written is the newest.
    private func checkDurable(_ daemon: borrowing SketchDaemon) throws {
        let survivor = disk.afterCrash(keepingNameChanges: 0)
        let found = try FoundAnchor(in: "state", on: survivor)
        #expect(found == .whole(JournalAnchor(daemon.report.segment)))
    }

    @Test func `is durable after a start and after each roll`() throws {
        var daemon = try SketchDaemon(on: disk)
        try checkDurable(daemon)
        for _ in 0..<3 {
            try daemon.decide(3)
            daemon.perform(synchronizes: true, rolls: true)
            try checkDurable(daemon)
        }
        let generation = daemon.report.segment.generation
        #expect(generation == 4)
        try daemon.close()
        let next = try SketchDaemon(on: disk)
        try checkDurable(next)
    }

    /// Operations are counted from the roll on: what is written to the new segment comes after.
    @Test func `comes after its segment and before that is written to`() throws {
        var cutAfter = 0
        var isComplete = false
        while !isComplete {
            let disk = SimulatedDisk()
            var daemon = try SketchDaemon(on: disk)
            try daemon.decide(2)
            daemon.perform(synchronizes: true)
            disk.fail(operation: cutAfter + 1)
            daemon.perform(rolls: true)
            try daemon.decide(1)
            daemon.perform(synchronizes: true)
            isComplete = disk.operationCount <= cutAfter
            for kept in 0...disk.pendingNameChanges {
                let survivor = disk.afterCrash(keepingNameChanges: kept)
                let found = try RecoveredSketch(from: survivor)
                #expect(found.sequence >= daemon.report.synchronized, "cut after \(cutAfter)")
                // Where the new segment holds something, its loss is noticed.
                guard found.sequence == 3, let newest = survivor.segments.last else { continue }
                survivor[newest] = nil
                #expect(recoveryFault(of: survivor) != nil, "cut after \(cutAfter)")
            }
            cutAfter += 1
        }
        #expect(cutAfter > 25)
    }

    /// A daemon that was killed and started again: no seal names the newest segment.
    private func stoppedTwice() throws -> [String] {
        for _ in 0..<2 {
            var daemon = try SketchDaemon(on: disk)
            try daemon.decide(3)
            daemon.perform(synchronizes: true, marks: true)
            try daemon.close()
        }
        #expect(disk.segments.count == 2)
        return disk.segments
    }

    @Test func `lets a start miss the newest segment`() throws {
        let segments = try stoppedTwice()
        disk[segments[1]] = nil
        let newest = SegmentName(generation: 2, firstSequence: 4)
        let expected = JournalCorruption(
            segment: SegmentName(generation: 1, firstSequence: 1), offset: 2_560, sequence: 4,
            reason: .missingNewest(newest))
        #expect(recoveryFault(of: disk) == .journal(expected))
    }

    @Test func `is missed itself, and its damage noticed`() throws {
        _ = try stoppedTwice()
        let whole = disk[path]
        disk[path] = nil
        guard case .journal(let missing) = recoveryFault(of: disk) else {
            Issue.record("it starts without an anchor")
            return
        }
        #expect(missing.reason == .anchorMissing)
        disk[path] = whole.map { $0.map { $0 ^ 0x80 } }
        guard case .journal(let damaged) = recoveryFault(of: disk) else {
            Issue.record("it starts with a damaged anchor")
            return
        }
        #expect(damaged.reason == .anchorDamaged(.foreign))
        disk[path] = whole
        #expect(recoveryFault(of: disk) == nil)
    }

    /// The first start after a version without an anchor, cut at any operation: there is never a
    /// segment that must have an anchor, and no anchor.
    @Test func `comes first where a journal has none yet`() throws {
        var old = SegmentSketch()
        old.append(["x"], mark: 0)
        var cutAfter = 0
        var isComplete = false
        var generator = SeededGenerator(for: "the first anchor")
        while !isComplete {
            let disk = SimulatedDisk()
            disk["state/notes"] = []
            disk.fail(operation: cutAfter + 1)
            do {
                try SketchDaemon(on: disk).close()
                isComplete = disk.operationCount <= cutAfter
            } catch {
                #expect(disk.operationCount > cutAfter)
            }
            for _ in 0..<20 {
                #expect(recoveryFault(of: disk.afterCrash(&generator)) == nil, "\(cutAfter)")
            }
            cutAfter += 1
        }
        #expect(cutAfter > 25)
    }

    @Test func `is written again when its name is gone`() throws {
        var daemon = try SketchDaemon(on: disk)
        disk[path] = nil
        // Each turn looks at the other names; once a second one looks at this, too.
        try daemon.decide(1)
        daemon.perform(synchronizes: true)
        #expect(disk[path] == nil)
        daemon.perform(checks: true)
        #expect(daemon.report.condition == .ready)
        try checkDurable(daemon)
        disk[path] = bytes("something else")
        daemon.perform(checks: true)
        try checkDurable(daemon)
    }

    @Test func `needs no space when it is replaced`() throws {
        var daemon = try SketchDaemon(on: disk)
        try daemon.decide(1)
        disk.isFull = true
        daemon.perform(synchronizes: true, rolls: true)
        #expect(daemon.report.segment.generation == 2)
        try checkDurable(daemon)
        guard case .noSpace = daemon.report.condition else {
            Issue.record("\(daemon.report.condition)")
            return
        }
        // Without space for another one there is no roll.
        try daemon.decide(1)
        daemon.perform(synchronizes: true, rolls: true)
        #expect(daemon.report.segment.generation == 2 && daemon.report.synchronized == 2)
        disk.isFull = false
        daemon.perform()
        try daemon.decide(1)
        daemon.perform(rolls: true)
        try checkDurable(daemon)
    }
}
