import CouponStore
import FlatStorage
import StoreSupport
import Testing

// The promise as a whole: a daemon that follows the script, with turns by chance, whose disk fails
// or whose power is cut at any moment, and which starts again from what is left, over and over. What
// it reported as durable is there, and the state is the script's, to the last byte.

@Suite struct `A daemon whose power is cut` {
    /// What is known from outside.
    private struct Promise {
        /// The last record that was reported as durable.
        var acknowledged: UInt64 = 0
        var decided: UInt64 = 0
        var faults = 0
        var compactions = 0
    }

    @Test func `has everything that it acknowledged, life after life`() throws {
        var generator = SeededGenerator(for: "crashes")
        var states = ScriptStates()
        var kinds: [String: Int] = [:]
        for _ in 0..<25 {
            var disk = SimulatedDisk()
            var promise = Promise()
            for _ in 0..<8 {
                let found = try RecoveredSketch(from: disk)
                #expect(found.sequence >= promise.acknowledged)
                #expect(found.sequence <= promise.decided)
                #expect(try found.isScript(after: found.sequence, &states))
                if found.renewedCount > 0 { kinds["renewed", default: 0] += 1 }
                if found.report.tail != nil { kinds["tail", default: 0] += 1 }
                if found.sequence < promise.decided { kinds["lost", default: 0] += 1 }
                // What was recovered and is not logged again yet may still be lost: it was not acknowledged.
                promise.decided = found.sequence
                live(on: disk, &promise, &generator)
                let usesLuck = Int.random(in: 0..<5, using: &generator) > 0
                disk =
                    usesLuck
                    ? disk.afterCrash(&generator) : disk.afterCrash(keepingNameChanges: 0)
            }
            kinds["faults", default: 0] += promise.faults
            kinds["compacted", default: 0] += promise.compactions
        }
        for kind in ["renewed", "tail", "lost", "faults", "compacted"] {
            let count = kinds[kind] ?? 0
            #expect(count > 0, "\(kind)")
        }
    }

    /// One life, until an operation of the disk fails or enough was done.
    private func live(
        on disk: SimulatedDisk, _ promise: inout Promise, _ generator: inout SeededGenerator
    ) {
        disk.fail(
            operation: Bool.random(using: &generator)
                ? .random(in: 1...150, using: &generator) : nil)
        defer { disk.fail(operation: nil) }
        do {
            var daemon = try SketchDaemon(on: disk, salt: generator.next() / 2)
            promise.acknowledged = max(promise.acknowledged, daemon.report.synchronized)
            for _ in 0..<Int.random(in: 0..<20, using: &generator) {
                try daemon.decide(.random(in: 0..<4, using: &generator))
                promise.decided = daemon.state.ledger.sequence
                daemon.perform(
                    synchronizes: Int.random(in: 0..<4, using: &generator) == 0,
                    marks: Int.random(in: 0..<6, using: &generator) == 0,
                    rolls: Int.random(in: 0..<16, using: &generator) == 0)
                promise.acknowledged = daemon.report.synchronized
                if case .broken = daemon.report.condition {
                    promise.faults += 1
                    return
                }
                if Int.random(in: 0..<16, using: &generator) == 0 {
                    promise.compactions += try daemon.compact().byteCount > 0 ? 1 : 0
                    promise.acknowledged = daemon.report.synchronized
                }
            }
        } catch is DiskFault, is RecoveryFault, is CompactionFault {
            promise.faults += 1
        } catch {
            Issue.record(error)
        }
    }

    /// Records that are not marked are logged again at a start, are marked by it, and count once.
    @Test func `logs again what was not marked, and marks it`() throws {
        var states = ScriptStates()
        var disk = SimulatedDisk()
        var daemon = try SketchDaemon(on: disk)
        try daemon.decide(3)
        daemon.perform(synchronizes: true)
        try daemon.decide(4)
        daemon.perform(synchronizes: true)
        for life in 1...4 {
            disk = disk.afterCrash(keepingNameChanges: 0)
            let found = try RecoveredSketch(from: disk)
            #expect(try found.isScript(after: 7, &states))
            #expect(found.durableSequence == (life == 1 ? 3 : 7))
            #expect(found.renewedCount == (life == 1 ? 4 : 0))
            let next = try SketchDaemon(on: disk)
            let report = next.report
            #expect(report.segment.continuesAfter == (life == 1 ? 3 : 7))
            #expect(report.segment.generation == UInt64(life) + 1)
            #expect([report.written, report.synchronized, report.marked] == [7, 7, 7])
        }
        var last = try SketchDaemon(on: disk)
        last.perform(marks: true)
        let marked = try RecoveredSketch(from: disk.afterCrash(keepingNameChanges: 0))
        #expect(marked.durableSequence == 7 && marked.renewedCount == 0)
        // And goes on from there.
        try last.decide(2)
        last.perform(synchronizes: true)
        #expect(try RecoveredSketch(from: disk).isScript(after: 9, &states))
    }

    /// More than a segment holds is logged again in one that is longer.
    @Test func `logs again more than fits into a segment`() throws {
        var states = ScriptStates()
        let disk = SimulatedDisk()
        var daemon = try SketchDaemon(on: disk, segmentByteCount: 256 * 512)
        for _ in 0..<20 {
            try daemon.decide(3)
            daemon.perform()
        }
        daemon.perform(synchronizes: true)
        let left = disk.afterCrash(keepingNameChanges: 0)
        var next = try SketchDaemon(on: left)
        let first = next.report
        // It has no room for the mark, which the next segment's header is then.
        #expect(first.written == 60 && first.marked == 60 && first.segment.continuesAfter == 60)
        #expect(first.byteCount > SketchDaemon.segmentByteCount)
        try next.decide(1)
        next.perform(synchronizes: true)
        #expect(next.report.segment.generation == 3 && next.report.synchronized == 61)
        #expect(try RecoveredSketch(from: left).isScript(after: 61, &states))
    }

    /// Cuts the power after operation 1, 2, 3 … of a start that has something to log again, and of
    /// the start after that.
    @Test func `survives the loss of power while it starts`() throws {
        var generator = SeededGenerator(for: "crashes at a start")
        var states = ScriptStates()
        var cutAfter = 0
        var isComplete = false
        while !isComplete {
            let disk = SimulatedDisk()
            var daemon = try SketchDaemon(on: disk)
            for _ in 0..<3 {
                try daemon.decide(3)
                daemon.perform(synchronizes: true)
            }
            var left = disk.afterCrash(keepingNameChanges: 0)
            for _ in 0..<2 {
                left.fail(operation: cutAfter + 1)
                do {
                    let next = try SketchDaemon(on: left)
                    isComplete = left.operationCount <= cutAfter
                    #expect(next.report.synchronized == 9)
                } catch is DiskFault, is RecoveryFault {
                    isComplete = false
                }
                left.fail(operation: nil)
                left = left.afterCrash(&generator)
                #expect(try RecoveredSketch(from: left).isScript(after: 9, &states))
            }
            cutAfter += 1
        }
        #expect(cutAfter > 15)
    }
}
