import CouponStore
import FlatStorage
import Glibc
import StoreSupport
import Testing

@Suite struct `The writer of the journal` {
    private let disk = SimulatedDisk()

    /// What the segment that is written holds by now.
    private func scan(_ daemon: borrowing SketchDaemon) throws -> SegmentScan {
        let name = daemon.report.segment.name
        let content = try #require(disk["state/" + name.text])
        return try SegmentScan(content.span, named: name)
    }

    @Test func `begins a segment with a spare, and nothing to report`() throws {
        let daemon = try SketchDaemon(on: disk, salt: 6)
        var header = SegmentHeader(generation: 1, salt: 7, continuesAfter: 0, previousChecksum: 0)
        header.fileByteCount = UInt64(SketchDaemon.segmentByteCount)
        header.isAnchored = true
        let report = daemon.report
        #expect([report.written, report.synchronized, report.marked] == [0, 0, 0])
        #expect(report.segment == header && report.byteCount == 512)
        #expect(report.condition == .ready && report.room == 14 * 512 - 1_152)
        #expect(try scan(daemon).batches.isEmpty)
    }

    @Test func `reports what is written, what is durable and what is marked`() throws {
        var daemon = try SketchDaemon(on: disk)
        for _ in 0..<2 {
            try daemon.decide(1)
            daemon.perform()
        }
        var report = daemon.report
        #expect([report.written, report.synchronized, report.marked] == [2, 0, 0])
        #expect(report.byteCount == 512 + (try scan(daemon).endOffset - 512))
        // A batch says what was durable before it, and that is the mark from then on.
        daemon.perform(synchronizes: true)
        report = daemon.report
        #expect([report.written, report.synchronized, report.marked] == [2, 2, 0])
        try daemon.decide(1)
        daemon.perform()
        report = daemon.report
        #expect([report.written, report.synchronized, report.marked] == [3, 2, 2])
        #expect(try scan(daemon).durableMark == 2)
        // Nothing is written for a turn that says nothing.
        let before = disk.contents
        daemon.perform()
        #expect(daemon.report == report && disk.contents == before)
    }

    @Test func `marks once what is durable, in a batch without records`() throws {
        var daemon = try SketchDaemon(on: disk)
        daemon.perform(marks: true)
        #expect(daemon.report.byteCount == 512)
        try daemon.decide(3)
        daemon.perform(marks: true)
        #expect(daemon.report.marked == 0)
        daemon.perform(synchronizes: true, marks: true)
        // The mark itself is durable: it is for damage that comes later.
        let found = try RecoveredSketch(from: disk.afterCrash(keepingNameChanges: 0))
        #expect(found.durableSequence == 3 && found.renewedCount == 0)
        daemon.perform(synchronizes: true, marks: true)
        let scan = try scan(daemon)
        #expect(scan.batches.map(\.recordCount) == [3, 0] && scan.durableMark == 3)
        let report = daemon.report
        #expect([report.written, report.synchronized, report.marked] == [3, 3, 3])
    }

    @Test func `rolls when a batch does not fit, and counts all bytes`() throws {
        var daemon = try SketchDaemon(on: disk)
        var byteCount = 0
        while daemon.report.segment.generation == 1 {
            byteCount = daemon.report.byteCount
            try daemon.decide(3)
            daemon.perform()
        }
        let report = daemon.report
        // What goes before the step is durable, and what made it is not.
        #expect(report.synchronized == report.segment.continuesAfter)
        #expect(report.written == report.synchronized + 3 && report.marked == report.synchronized)
        let batchByteCount = try scan(daemon).endOffset - 512
        #expect(report.byteCount == byteCount + 512 + 512 + batchByteCount)
        let first = try #require(disk[disk.segments[0]])
        let name = SegmentName(generation: 1, firstSequence: 1)
        let sealed = try SegmentScan(first.span, named: name)
        #expect(sealed.end == .sealed(successor: report.segment.name))
        #expect(sealed.lastSequence == report.segment.continuesAfter)
        let salts = Set([sealed.header.salt, report.segment.salt])
        #expect(salts.count == 2)
    }

    @Test func `rolls on request, unless nothing was written since`() throws {
        var daemon = try SketchDaemon(on: disk)
        daemon.perform(rolls: true)
        #expect(daemon.report.segment.generation == 1)
        try daemon.decide(1)
        daemon.perform(rolls: true)
        #expect(daemon.report.segment.generation == 2)
        #expect(daemon.report.segment.continuesAfter == 1 && daemon.report.synchronized == 1)
        daemon.perform(marks: true, rolls: true)
        #expect(daemon.report.segment.generation == 2)
    }

    /// The kernel decides when what is written reaches the device, as far as one segment goes.
    @Test func `synchronizes nothing without a request`() throws {
        let counting = CountingDisk(disk)
        var daemon = try SketchDaemon(on: counting, segmentByteCount: 1_024 * 512)
        let before = counting.synchronizations
        for _ in 0..<50 {
            try daemon.decide(2)
            daemon.perform()
        }
        #expect(counting.synchronizations == before)
        #expect(daemon.report.written == 100 && daemon.report.synchronized == 0)
        daemon.perform(synchronizes: true)
        #expect(counting.synchronizations == before + 1)
        // Nothing came since, so there is nothing to do.
        daemon.perform(synchronizes: true)
        #expect(counting.synchronizations == before + 1)
    }

    @Test func `gives its files back, and the spare's space`() throws {
        var daemon = try SketchDaemon(on: disk)
        try daemon.decide(1)
        daemon.perform(synchronizes: true)
        let name = "state/" + daemon.report.segment.name.text
        try daemon.close()
        #expect(disk.names == ["state/anchor", name] && disk.openFileCount == 0)
    }
}

@Suite struct `The writer of a journal whose disk fails` {
    /// Fails each operation of a turn with everything in it. What was durable before stays so, in the
    /// report as on the disk; a broken journal does nothing any more on any request.
    @Test(arguments: [EIO, ENOSPC])
    func `is broken for ever, unless it was the spare's`(errno: CInt) throws {
        var states = ScriptStates()
        var failing = 0, broken = 0, survived = 0
        var isComplete = false
        while !isComplete {
            failing += 1
            let disk = SimulatedDisk()
            var daemon = try SketchDaemon(on: disk)
            try daemon.decide(4)
            daemon.perform(synchronizes: true)
            try daemon.decide(3)
            disk.fail(operation: failing, with: errno)
            daemon.perform(synchronizes: true, marks: true, rolls: true)
            isComplete = disk.operationCount < failing
            disk.fail(operation: nil)
            let report = daemon.report
            guard case .broken(let fault) = report.condition else {
                // The spare is tried once more at the end of the turn.
                #expect(report.condition == .ready && report.segment.generation == 2)
                #expect(report.written == 7 && report.synchronized == 7)
                if !isComplete { survived += 1 }
                continue
            }
            broken += 1
            #expect(fault.errno == errno)
            #expect(report.synchronized == 4 || report.synchronized == 7)
            let found = try RecoveredSketch(from: disk.afterCrash(keepingNameChanges: 0))
            #expect(found.sequence >= report.synchronized)
            #expect(try found.isScript(after: found.sequence, &states))
            try checkThatNothingIsDone(&daemon, on: disk)
        }
        // Write, synchronize, mark, synchronize; the roll's two looks at the names, write,
        // synchronize, rename, directory, seal, synchronize; the anchor's write, synchronize, look,
        // rename, directory and close; the old segment's close, and another look at the names. The
        // spare's examine, create, allocate, synchronize; the anchor's examine, create, allocate.
        #expect(broken == 20 && survived == 7 && failing == 28)
    }

    private func checkThatNothingIsDone(
        _ daemon: inout SketchDaemon, on disk: SimulatedDisk
    ) throws {
        let report = daemon.report, contents = disk.contents
        // More than there is room for, too: what was decided before the fault was known.
        for count in [0, 1, 12] {
            try daemon.decide(count)
            daemon.perform(synchronizes: true, marks: true, rolls: true)
            #expect(daemon.report == report && disk.contents == contents)
        }
    }

    @Test func `heals when there is space again, and loses nothing meanwhile`() throws {
        let disk = FullDisk()
        var states = ScriptStates()
        var daemon = try SketchDaemon(on: disk)
        disk.isFull = true
        try daemon.decide(5)
        daemon.perform(synchronizes: true, rolls: true)
        #expect(daemon.report.segment.generation == 2 && daemon.report.synchronized == 5)
        guard case .noSpace(let fault) = daemon.report.condition else {
            Issue.record("\(daemon.report.condition)")
            return
        }
        #expect(fault.errno == ENOSPC && fault.operation == .allocate)
        // A roll without a spare is left for another time.
        let room = daemon.report.room
        try daemon.decide(2)
        daemon.perform(synchronizes: true, rolls: true)
        #expect(daemon.report.segment.generation == 2 && daemon.report.synchronized == 7)
        #expect(daemon.report.room < room)
        disk.isFull = false
        daemon.perform()
        #expect(daemon.report.condition == .ready && daemon.report.room > room - 1)
        try daemon.decide(1)
        daemon.perform(rolls: true)
        #expect(daemon.report.segment.generation == 3)
        #expect(try RecoveredSketch(from: disk.disk).isScript(after: 8, &states))
    }
}
