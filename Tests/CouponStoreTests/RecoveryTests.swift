import CouponStore
import FlatStorage
import Glibc
import StoreSupport
import Testing

/// A directory in the middle of a daemon's life: two snapshots, the journal since the older one, and
/// an end that is not marked. All of it is durable.
struct LivedInDirectory {
    /// The last records of the snapshots and of everything.
    static let previousBase: UInt64 = 13, base: UInt64 = 37, last: UInt64 = 60
    /// Up to here it is written down that everything is durable.
    static let marked: UInt64 = 58

    let disk: SimulatedDisk

    init() throws {
        let disk = SimulatedDisk()
        var daemon = try SketchDaemon(on: disk, salt: 100)
        func advance(to sequence: UInt64, _ daemon: inout SketchDaemon) throws {
            while daemon.state.ledger.sequence < sequence {
                let rest = Int(sequence - daemon.state.ledger.sequence)
                try daemon.decide(min(3, rest))
                daemon.perform(synchronizes: true)
            }
        }
        try advance(to: Self.previousBase, &daemon)
        try daemon.compact()
        try advance(to: Self.base, &daemon)
        try daemon.compact()
        try advance(to: Self.last, &daemon)
        let report = daemon.report
        #expect(report.synchronized == Self.last && report.marked == Self.marked)
        try daemon.close()
        self.disk = disk.copy
    }

    /// The segments that only the older snapshot needs, then those that the newer one needs too.
    var segments: [SegmentName] {
        get throws { try JournalFiles.segments(on: disk, directory: "state") }
    }

    /// Index of the first segment that the newer snapshot needs.
    var firstNeeded: Int {
        get throws { try segments.lastIndex { $0.firstSequence <= Self.base + 1 } ?? 0 }
    }
}

@Suite struct `A state that is recovered` {
    private let directory: LivedInDirectory
    private let disk: SimulatedDisk

    init() throws {
        directory = try LivedInDirectory()
        disk = directory.disk
    }

    private func expectScript(after count: UInt64, _ comment: Comment? = nil) throws {
        let found = try RecoveredSketch(from: disk)
        #expect(found.sequence == count, comment)
        let expected = try Script.encodedState(after: count)
        #expect(found.encoded == expected, comment)
    }

    @Test func `is empty where nothing was ever written`() throws {
        let found = try RecoveredSketch(from: SimulatedDisk())
        #expect(found.sequence == 0 && found.renewedCount == 0)
        #expect(try found.encoded == Script.encodedState(after: 0))
    }

    @Test func `is that of the snapshot and all records after it`() throws {
        let found = try RecoveredSketch(from: disk)
        #expect(try found.encoded == Script.encodedState(after: LivedInDirectory.last))
        // Segments that only the older snapshot needs are not read.
        let names = try directory.segments, needed = names.dropFirst(try directory.firstNeeded)
        #expect(names.count > 3 && needed.count < names.count)
        #expect(found.report.segmentCount == needed.count)
        #expect(found.report.redoneCount == Int(LivedInDirectory.last - LivedInDirectory.base))
        #expect(found.report.damagedSnapshot == nil && found.report.tail == nil)
        let byteCount = needed.reduce(0) { $0 + (disk["state/" + $1.text]?.count ?? 0) }
        #expect(found.report.journalByteCount == byteCount)
        #expect(found.durableSequence == LivedInDirectory.marked)
        #expect(found.renewedCount == Int(LivedInDirectory.last - LivedInDirectory.marked))
    }

    @Test func `is that of the journal alone where no snapshot was made yet`() throws {
        let disk = SimulatedDisk()
        var daemon = try SketchDaemon(on: disk)
        for _ in 0..<9 {
            try daemon.decide(2)
            daemon.perform(synchronizes: true)
        }
        let found = try RecoveredSketch(from: disk)
        #expect(try found.encoded == Script.encodedState(after: 18))
        #expect(found.report.redoneCount == 18 && found.report.segmentCount > 1)
    }

    /// Reading is not writing: not a byte, not a name, nor what a power cut would leave.
    @Test func `leaves the disk as it is, byte for byte`() throws {
        disk["state/snapshot.new"] = bytes("half a snap")
        disk["state/journal-next.tmp"] = [UInt8](repeating: 0, count: 512)
        disk["state/coupond.lock"] = []
        for damaged in [false, true] {
            if damaged { disk["state/snapshot"] = bytes("what is this") }
            let before = disk.contents
            try expectScript(after: LivedInDirectory.last)
            #expect(disk.contents == before && disk.copy.contents == before)
            #expect(disk.pendingNameChanges == 0 && disk.openFileCount == 0)
        }
    }

    /// Faults of the disk, one operation after the other: there is a state or a fault, and never a
    /// state that lacks something.
    @Test func `is refused when any operation of the disk fails`() throws {
        var failing = 0
        var isComplete = false
        while !isComplete {
            failing += 1
            disk.fail(operation: failing)
            switch recoveryFault(of: disk) {
            case nil:
                isComplete = disk.operationCount == failing - 1
                // A bad place under the newer snapshot: the older one and the journal have it all.
                #expect(isComplete || failing == 3 || failing == 4)
            case .disk(let fault)?:
                #expect(fault.errno == 5)
            case .snapshot(let fault)?:
                guard case .unreadable = fault.problem else {
                    Issue.record("\(fault)")
                    continue
                }
            case let fault?:
                Issue.record("operation \(failing): \(fault)")
            }
        }
        disk.fail(operation: nil)
        // The anchor, list, two for the snapshot, three for each segment that it needs, and again where
        // there is to redo, but for the last one.
        let segments = try directory.segments.count, needed = segments - (try directory.firstNeeded)
        #expect(failing == 1 + 1 + 2 + 3 * needed + 3 * (needed - 1) + 1)
    }

    /// A segment reads otherwise when it is read for the second time.
    @Test func `is refused when the device is unsteady`() throws {
        let segments = try directory.segments, first = try directory.firstNeeded
        let lying = LyingDisk(disk)
        for index in first..<segments.count - 1 {
            lying.lies(after: 2 + segments.count - first + index - first)
            let name = segments[index]
            let expected = JournalCorruption(
                segment: name, offset: 0, sequence: name.firstSequence, reason: .unsteady)
            #expect(recoveryFault(of: lying) == .journal(expected))
        }
        #expect(recoveryFault(of: lying) == nil)
    }

    @Test func `goes up to a segment that is still written, and not into it`() throws {
        let disk = SimulatedDisk()
        var daemon = try SketchDaemon(on: disk)
        try daemon.decide(5)
        daemon.perform(rolls: true)
        let next = daemon.report.segment
        try daemon.decide(2)
        daemon.perform(rolls: true)
        try daemon.decide(1)
        daemon.perform()
        let found = try RecoveredSketch(from: disk, continuedBy: next)
        #expect(found.sequence == 5 && found.report.segmentCount == 1 && found.renewedCount == 0)
        #expect(try found.encoded == Script.encodedState(after: 5))
        // Damage to what is written now is for the next start to judge.
        disk["state/" + next.name.text] = []
        #expect(try RecoveredSketch(from: disk, continuedBy: next).sequence == 5)
    }

    @Test func `is refused where counters and orders contradict each other`() throws {
        var state = SketchLedger()
        state.ledger.isCapturing = true
        let total = state.counter(.total, "default\0cou")
        state.ledger.usage.setUsed(total, to: 5)
        state.record(.order(.applied), order: "o")
        var segment = SegmentSketch()
        segment.append(state.changes(), mark: 0)
        disk["state/snapshot"] = nil
        disk["state/snapshot.previous"] = nil
        for path in disk.segments { disk[path] = nil }
        disk["state/anchor"] = nil
        disk["state/" + segment.header.name.text] = segment.content
        #expect(
            recoveryFault(of: disk)
                == .contradiction(counter: "total default/cou: 6 used, 0 held, 0 carried"))
    }

    @Test func `holds more orders than today's limit`() throws {
        let state = try Recovery.recover(
            from: disk, directory: "state", seed: HashSeed(1), orderLimit: 2)
        let isFull = state.ledger.orders.isFull, count = state.ledger.orders.count
        #expect(isFull && count > 2)
    }
}

@Suite struct `Recovering with damaged snapshots` {
    private static let path = "state/snapshot", previous = "state/snapshot.previous"

    /// What a snapshot may be instead of itself, and what is said of it.
    private static func damages(_ whole: [UInt8]) -> [([UInt8], SnapshotProblem)] {
        var flipped = whole, later = whole, header = whole
        flipped[whole.count - 9] ^= 8
        header[20] ^= 1
        later[8] = 9
        return [
            ([], .empty), (bytes("coupons: []"), .foreign), (later, .unknownVersion(9)),
            (header, .headerDamaged), (flipped, .contentDamaged),
            (Array(whole.dropLast()), .endsEarly(found: whole.count - 1)),
            (whole + [0], .wrongLength(expected: UInt64(whole.count), found: whole.count + 1)),
            ([UInt8](repeating: 0, count: whole.count), .foreign),
        ]
    }

    /// The one before, and the whole journal since: nothing is lost.
    @Test func `takes the one before, and comes to the same state`() throws {
        let expected = try Script.encodedState(after: LivedInDirectory.last)
        let disk = try LivedInDirectory().disk
        for (damaged, problem) in Self.damages(try #require(disk[Self.path])) {
            disk[Self.path] = damaged
            if case .unknownVersion = problem {
                // It may say more than this version could make of the others.
                let fault = SnapshotFault(path: Self.path, problem: problem)
                #expect(recoveryFault(of: disk) == .snapshot(fault))
                continue
            }
            let found = try RecoveredSketch(from: disk)
            #expect(found.encoded == expected, "\(problem)")
            #expect(
                found.report.damagedSnapshot == SnapshotFault(path: Self.path, problem: problem))
            #expect(
                found.report.redoneCount
                    == Int(LivedInDirectory.last - LivedInDirectory.previousBase))
        }
    }

    /// A bad place of the device is like other damage, wherever it is.
    @Test(arguments: [0, 40, 60, 1_000])
    func `takes the one before where the device cannot read the newer one`(offset: Int) throws {
        let expected = try Script.encodedState(after: LivedInDirectory.last)
        let disk = try LivedInDirectory().disk
        let bad = BadPlaceDisk(disk, Self.path, from: offset)
        let fault = SnapshotFault(
            path: Self.path, problem: .unreadable(DiskFault(.read, path: Self.path, errno: EIO)))
        let found = try RecoveredSketch(from: bad)
        #expect(found.encoded == expected && found.report.damagedSnapshot == fault)
        // Neither is another fault than a bad place, nor does damage of the older one pass.
        let locked = BadPlaceDisk(disk, Self.path, from: offset, errno: EACCES)
        let refusal = DiskFault(.read, path: Self.path, errno: EACCES)
        #expect(
            recoveryFault(of: locked)
                == .snapshot(SnapshotFault(path: Self.path, problem: .unreadable(refusal))))
        disk[Self.previous] = bytes("none either")
        #expect(recoveryFault(of: bad) == .snapshot(fault))
        disk[Self.previous] = nil
        #expect(recoveryFault(of: bad) == .snapshot(fault))
    }

    /// The next compaction keeps the file, too.
    @Test func `compacts from the one before where the device cannot read the newer one`() throws {
        let disk = try LivedInDirectory().disk
        let unreadable = try #require(disk[Self.path])
        let bad = BadPlaceDisk(disk, Self.path, from: 0)
        var daemon = try SketchDaemon(on: disk)
        daemon.perform(rolls: true)
        let result = try Compaction.run(
            on: bad, directory: "state", continuedBy: daemon.report.segment)
        #expect(result.sequence == LivedInDirectory.last)
        #expect(disk["state/snapshot.damaged-1"] == unreadable)
        let found = try RecoveredSketch(from: disk)
        #expect(try found.encoded == Script.encodedState(after: LivedInDirectory.last))
    }

    /// No start and no compaction looks at what only the older one needs; a verification does.
    @Test func `does not need the segments of the one before`() throws {
        let directory = try LivedInDirectory(), disk = directory.disk
        let expected = try Script.encodedState(after: LivedInDirectory.last)
        for index in 0..<(try directory.firstNeeded) {
            let name = try directory.segments[index], path = "state/" + name.text
            let whole = try #require(disk[path])
            for offset in [20, 600] {
                var damaged = whole
                damaged[offset] ^= 1
                disk[path] = damaged
                let state = try SketchDaemon.recover(from: disk)
                let faults = state.faultsOfOlder(on: disk, directory: "state")
                #expect(canonicalBytes(of: state.ledger) == expected)
                guard case .journal(let corruption)? = faults.first else {
                    Issue.record("the damage of \(name.text) is not found: \(faults)")
                    continue
                }
                #expect(corruption.segment == name)
                let copy = disk.copy
                var daemon = try SketchDaemon(on: copy)
                #expect(try daemon.compact().sequence == LivedInDirectory.last)
            }
            disk[path] = whole
        }
        let state = try SketchDaemon.recover(from: disk)
        let faults = state.faultsOfOlder(on: disk, directory: "state")
        #expect(faults.isEmpty)
    }

    @Test func `is found by a verification where the one before is damaged`() throws {
        let disk = try LivedInDirectory().disk
        for (damaged, problem) in Self.damages(try #require(disk[Self.previous])) {
            disk[Self.previous] = damaged
            let state = try SketchDaemon.recover(from: disk)
            let faults = state.faultsOfOlder(on: disk, directory: "state")
            #expect(
                faults == [.snapshot(SnapshotFault(path: Self.previous, problem: problem))])
        }
    }

    @Test func `is refused without another one that is whole`() throws {
        let disk = try LivedInDirectory().disk
        let second = try #require(disk[Self.previous])
        for (damaged, problem) in Self.damages(try #require(disk[Self.path])) {
            let first = RecoveryFault.snapshot(SnapshotFault(path: Self.path, problem: problem))
            disk[Self.path] = damaged
            disk[Self.previous] = nil
            #expect(recoveryFault(of: disk) == first)
            disk[Self.previous] = bytes("none either")
            #expect(recoveryFault(of: disk) == first)
            disk[Self.path] = nil
            disk[Self.previous] = damaged
            #expect(
                recoveryFault(of: disk)
                    == .snapshot(SnapshotFault(path: Self.previous, problem: problem)))
            disk[Self.previous] = second
        }
    }

    /// As a power cut between the two renames of a snapshot leaves it.
    @Test func `needs no newer one`() throws {
        let disk = try LivedInDirectory().disk
        disk[Self.path] = nil
        let found = try RecoveredSketch(from: disk)
        #expect(try found.encoded == Script.encodedState(after: LivedInDirectory.last))
        #expect(found.report.damagedSnapshot == nil)
    }

    @Test func `does not look at the older one while the newer one is whole`() throws {
        let disk = try LivedInDirectory().disk
        for content in [nil, bytes("damaged")] {
            disk[Self.previous] = content
            #expect(try RecoveredSketch(from: disk).sequence == LivedInDirectory.last)
        }
    }

    @Test func `loses nothing when their names were swapped`() throws {
        let disk = try LivedInDirectory().disk
        (disk[Self.path], disk[Self.previous]) = (disk[Self.previous], disk[Self.path])
        let found = try RecoveredSketch(from: disk)
        #expect(try found.encoded == Script.encodedState(after: LivedInDirectory.last))
    }

    @Test func `is refused where a snapshot has lost its journal`() throws {
        let disk = try LivedInDirectory().disk
        for path in disk.segments { disk[path] = nil }
        func missing(after base: UInt64) -> RecoveryFault {
            .journal(
                JournalCorruption(
                    segment: nil, offset: 0, sequence: base + 1, reason: .missingBefore))
        }
        #expect(recoveryFault(of: disk) == missing(after: LivedInDirectory.base))
        disk[Self.path] = nil
        #expect(recoveryFault(of: disk) == missing(after: LivedInDirectory.previousBase))
        disk[Self.previous] = nil
        let newest = SegmentName(generation: 5, firstSequence: 53)
        let anchored = JournalCorruption(
            segment: nil, offset: 0, sequence: 1, reason: .missingNewest(newest))
        #expect(recoveryFault(of: disk) == .journal(anchored))
        disk["state/anchor"] = nil
        // Nothing is left that could show it.
        #expect(try RecoveredSketch(from: disk).sequence == 0)
    }

    @Test func `is refused where the journal has lost its snapshots`() throws {
        let directory = try LivedInDirectory()
        directory.disk[Self.path] = nil
        directory.disk[Self.previous] = nil
        let first = try #require(try directory.segments.first)
        let expected = JournalCorruption(
            segment: first, offset: 0, sequence: 1, reason: .missingBefore)
        #expect(recoveryFault(of: directory.disk) == .journal(expected))
    }
}
