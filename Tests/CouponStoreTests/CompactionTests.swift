import CouponStore
import FlatStorage
import Glibc
import StoreSupport
import Testing

@Suite struct `A compaction` {
    private let disk = SimulatedDisk()
    private static let snapshot = "state/snapshot", previous = "state/snapshot.previous"

    /// What a snapshot holds, by its own account.
    private func sequence(ofSnapshot path: String) throws -> UInt64 {
        let bytes = try #require(disk[path])
        return try Ledger.decoded(from: bytes.span, seed: HashSeed(1), orderLimit: 10).sequence
    }

    @Test func `makes the snapshot that the live state would be`() throws {
        var daemon = try SketchDaemon(on: disk)
        for _ in 0..<7 {
            try daemon.decide(3)
            daemon.perform()
        }
        let result = try daemon.compact()
        let written = try #require(disk[Self.snapshot])
        let expected = canonicalBytes(of: daemon.state.ledger)
        #expect(disk.state(of: Self.snapshot) == expected)
        let orderCount = daemon.state.ledger.orders.count
        #expect(result.sequence == 21 && result.byteCount == written.count)
        #expect(result.orderCount == orderCount && result.leftBehind == nil)
        #expect(disk.afterCrash(keepingNameChanges: 0)[Self.snapshot] == written)
    }

    /// What the journal writes meanwhile does not enter the snapshot, and is not lost.
    @Test func `goes on beside the journal`() throws {
        var states = ScriptStates()
        var daemon = try SketchDaemon(on: disk)
        try daemon.decide(10)
        daemon.perform(rolls: true)
        let next = daemon.report.segment
        for round in 0..<3 {
            try daemon.decide(4)
            daemon.perform(synchronizes: true, rolls: round == 1)
        }
        let result = try Compaction.run(on: disk, directory: "state", continuedBy: next)
        #expect(result.sequence == 10 && result.leftBehind == nil)
        #expect(try disk.state(of: Self.snapshot) == states[10])
        #expect(try RecoveredSketch(from: disk).isScript(after: 22, &states))
        #expect(disk.segments.count == 3)
    }

    @Test func `keeps two snapshots, and the journal since the older one`() throws {
        var states = ScriptStates()
        var daemon = try SketchDaemon(on: disk)
        var ends: [UInt64] = [0]
        for _ in 0..<6 {
            try daemon.decide(5)
            let result = try daemon.compact()
            let older = try #require(ends.last)
            ends.append(result.sequence)
            #expect(result.leftBehind == nil)
            #expect(try sequence(ofSnapshot: Self.snapshot) == result.sequence)
            if older > 0 { #expect(try sequence(ofSnapshot: Self.previous) == older) }
            let names = try JournalFiles.segments(on: disk, directory: "state")
            // Each is needed by the older snapshot, and it lacks none.
            #expect(names.map(\.firstSequence) == [older + 1, result.sequence + 1])
            let withoutNewer = disk.copy
            withoutNewer[Self.snapshot] = nil
            for disk in [disk, withoutNewer] {
                #expect(try RecoveredSketch(from: disk).isScript(after: result.sequence, &states))
            }
        }
    }

    @Test func `writes nothing where nothing has changed`() throws {
        var daemon = try SketchDaemon(on: disk)
        try daemon.decide(3)
        try daemon.compact()
        let before = disk.contents
        let result = try daemon.compact()
        #expect(result.sequence == 3 && disk.contents == before)
        #expect(result.byteCount == before[Self.snapshot]?.count)
        // Records that are not in what stands still are none for it.
        try daemon.decide(1)
        daemon.perform(synchronizes: true)
        let again = try Compaction.run(
            on: disk, directory: "state", continuedBy: daemon.report.segment)
        #expect(again.sequence == 3 && disk[Self.snapshot] == before[Self.snapshot])
    }

    @Test func `makes a snapshot of the empty state`() throws {
        var daemon = try SketchDaemon(on: disk)
        let result = try daemon.compact()
        #expect(result.sequence == 0 && result.byteCount > 0)
        #expect(try RecoveredSketch(from: disk).sequence == 0)
    }

    @Test func `moves a damaged snapshot aside, and never writes over it`() throws {
        var states = ScriptStates()
        var daemon = try SketchDaemon(on: disk)
        try daemon.decide(4)
        try daemon.compact()
        for number in 1...3 {
            try daemon.decide(4)
            try daemon.compact()
            disk[Self.snapshot] = bytes("damaged \(number)")
            // With nothing new beyond the damaged one, too.
            let result = try daemon.compact()
            #expect(result.byteCount > 0 && result.sequence == UInt64(4 + 4 * number))
            for earlier in 1...number {
                let path = "state/snapshot.damaged-\(earlier)"
                #expect(disk[path] == bytes("damaged \(earlier)"))
            }
            #expect(try RecoveredSketch(from: disk).isScript(after: result.sequence, &states))
        }
    }

    /// The daemon goes on with what it has in memory, and everything on disk stays as it is.
    @Test func `is refused where a start would be`() throws {
        var daemon = try SketchDaemon(on: disk)
        try daemon.decide(9)
        daemon.perform(rolls: true)
        let path = disk.segments[0]
        let whole = try #require(disk[path])
        var damaged = whole
        damaged[600] ^= 1
        disk[path] = damaged
        let before = disk.contents
        do throws(CompactionFault) {
            try daemon.compact()
            Issue.record("a compaction of a damaged journal")
        } catch {
            guard case .unreadable(.journal(let corruption)) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(corruption.offset == 512 && corruption.sequence == 1)
        }
        #expect(disk.contents == before)
        disk[path] = whole
        #expect(try daemon.compact().sequence == 9)
    }

    @Test func `is refused where counters and orders contradict each other`() throws {
        var daemon = try SketchDaemon(on: disk)
        try daemon.decide(2)
        let id = daemon.state.counter(.budget, "default\0couB", "USD")
        daemon.state.ledger.usage.setUsed(id, to: 5_000)
        // Until a record lists the counter, only this process knows it.
        try daemon.decide(4)
        let expected = "budget default/couB USD: 4500 used, 0 held, 0 carried"
        #expect(throws: CompactionFault.unreadable(.contradiction(counter: expected))) {
            try daemon.compact()
        }
        #expect(disk[Self.snapshot] == nil)
    }
}

@Suite struct `A compaction that ends early` {
    /// A daemon with two snapshots, the newer one damaged or not, and more to compact.
    private func daemon(on disk: SimulatedDisk, isDamaged: Bool) throws -> SketchDaemon {
        var daemon = try SketchDaemon(on: disk)
        for _ in 0..<2 {
            try daemon.decide(9)
            try daemon.compact()
        }
        try daemon.decide(7)
        daemon.perform(rolls: true)
        try daemon.decide(2)
        daemon.perform(synchronizes: true)
        if isDamaged { disk["state/snapshot"] = bytes("damaged") }
        return daemon
    }

    private static let last: UInt64 = 27

    /// Also says whether the compaction ended before that operation.
    private func compact(
        _ disk: SimulatedDisk, _ next: SegmentHeader, failing: Int, with errno: CInt
    ) -> (Result<Compacted, CompactionFault>, isComplete: Bool) {
        disk.fail(operation: failing, with: errno)
        defer { disk.fail(operation: nil) }
        do throws(CompactionFault) {
            let result = try Compaction.run(on: disk, directory: "state", continuedBy: next)
            return (.success(result), disk.hasFaultAhead)
        } catch {
            return (.failure(error), false)
        }
    }

    /// Fails operation 1, 2, 3 …: the directory recovers to the same state, nothing stays open, and
    /// the next compaction goes through.
    @Test(arguments: [EIO, ENOSPC], [false, true])
    func `leaves a directory that recovers`(errno: CInt, isDamaged: Bool) throws {
        var states = ScriptStates()
        var failing = 0
        var isComplete = false
        while !isComplete {
            failing += 1
            let disk = SimulatedDisk()
            var daemon = try daemon(on: disk, isDamaged: isDamaged)
            let openCount = disk.openFileCount
            let outcome: Result<Compacted, CompactionFault>
            (outcome, isComplete) = compact(
                disk, daemon.report.segment, failing: failing, with: errno)
            switch outcome {
            case .success(let result):
                // A bad place under the newer snapshot: the older one was taken.
                #expect(
                    isComplete || result.leftBehind != nil
                        || disk["state/snapshot.damaged-1"] != nil)
                #expect(result.leftBehind.map { $0.errno == errno } ?? true)
            case .failure(.disk(let fault)), .failure(.unreadable(.disk(let fault))):
                #expect(fault.errno == errno)
            case .failure(.unreadable(.snapshot(let fault))):
                guard case .unreadable(let fault) = fault.problem else {
                    Issue.record("\(fault)")
                    continue
                }
                #expect(fault.errno == errno)
            case .failure(let fault):
                Issue.record("operation \(failing): \(fault)")
            }
            #expect(disk.openFileCount == openCount)
            #expect(try RecoveredSketch(from: disk).isScript(after: Self.last, &states))
            if isDamaged { checkDamaged(disk, "operation \(failing)") }
            try daemon.compact()
            #expect(disk.state(of: "state/snapshot") == (try states[Self.last]))
            #expect(try RecoveredSketch(from: disk).isScript(after: Self.last, &states))
        }
        #expect(failing == (isDamaged ? 40 : 29))
    }

    /// Under one of the two names it still is what it was.
    private func checkDamaged(_ disk: SimulatedDisk, _ comment: Comment) {
        let places = ["state/snapshot", "state/snapshot.damaged-1"]
        #expect(places.contains { disk[$0] == bytes("damaged") }, comment)
    }

    /// Cuts the power after any operation, with all that may become of what is not synchronized:
    /// nothing that was there is gone, and the next start and compaction go through.
    @Test(arguments: [false, true])
    func `survives a power cut after any operation`(isDamaged: Bool) throws {
        var generator = SeededGenerator(for: "compaction")
        var states = ScriptStates()
        var cutAfter = 0
        var isComplete = false
        while !isComplete {
            let disk = SimulatedDisk()
            let daemon = try daemon(on: disk, isDamaged: isDamaged)
            // Not EIO, after which the older snapshot would be taken: nothing follows a cut.
            isComplete =
                compact(disk, daemon.report.segment, failing: cutAfter + 1, with: ENXIO).isComplete
            var survivors = (0...disk.pendingNameChanges).map {
                disk.afterCrash(keepingNameChanges: $0)
            }
            for _ in 0..<5 { survivors.append(disk.afterCrash(&generator)) }
            for survivor in survivors {
                let comment: Comment = "cut after \(cutAfter)"
                let found = try RecoveredSketch(from: survivor)
                #expect(try found.isScript(after: Self.last, &states), comment)
                var next = try SketchDaemon(on: survivor)
                try next.decide(1)
                #expect(try next.compact().sequence == Self.last + 1)
                let again = try RecoveredSketch(from: survivor)
                #expect(try again.isScript(after: Self.last + 1, &states), comment)
            }
            cutAfter += 1
        }
        #expect(cutAfter == (isDamaged ? 40 : 29))
    }
}
