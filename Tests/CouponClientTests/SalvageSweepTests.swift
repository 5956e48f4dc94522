import CouponStore
import StoreSalvage
import FlatStorage
import Foundation
import Glibc
import StoreSupport
import Testing

@Suite struct `What salvage believes` {
    /// What was saved, and what a start finds in it.
    private struct Outcome {
        var report: SalvageReport
        var orders: Int
        var values: CounterValues

        /// Sequences that are lost, one by one; a loss of unknown length ends the list.
        var lost: [UInt64] {
            report.faults.flatMap { fault -> [UInt64] in
                switch fault.lost {
                case .nothing: []
                case .records(let sequences): Array(sequences)
                case .recordsFrom(let first): [first]
                }
            }
        }
    }

    private func salvage(
        _ state: String, skipping: Bool, on disk: any Disk = PosixDisk(), into target: String
    ) throws -> Outcome {
        var choices = Salvage.Choices()
        choices.skipsDamage = skipping
        let saved = try Salvage.read(
            from: disk, directory: state, choices, seed: HashSeed(3))
        try FileManager.default.createDirectory(
            atPath: target, withIntermediateDirectories: false)
        try Salvage.write(saved, to: PosixDisk(), directory: target)
        let found = try Recovery.recover(
            from: PosixDisk(), directory: target, seed: HashSeed(4), orderLimit: 99)
        try found.check()
        return Outcome(
            report: saved.report, orders: found.ledger.orders.count,
            values: found.ledger.usesOfSketch
                ?? CounterValues(used: 0, held: 0, carried: 0))
    }

    private func recovers(_ directory: String) -> Bool {
        do {
            _ = try Recovery.recover(
                from: PosixDisk(), directory: directory, seed: HashSeed(5), orderLimit: 99)
            return true
        } catch {
            return false
        }
    }

    /// Each block of each segment is wiped, and a bit of it flipped.
    @Test(arguments: 0..<3)
    func `is never more than is there, wherever a segment is damaged`(segment: Int) throws {
        try withStateFolder { folder in
            let sound = folder + "/sound"
            try DamageCase.table[0].make(in: sound)
            let end = try StateFiles.batches(of: StateFiles(sound).segments[segment]).last ?? 0
            var run = 0
            for block in 0...end / 512 {
                for bit in [nil, 3, 40, 300] as [Int?] {
                    run += 1
                    let state = folder + "/state-\(run)"
                    try FileManager.default.copyItem(atPath: sound, toPath: state)
                    let path = try StateFiles(state).segments[segment]
                    if let bit {
                        try StateFiles.flip(path, at: block * 512 + bit)
                    } else {
                        try StateFiles.wipe(path, block * 512..<(block + 1) * 512)
                    }
                    try check(state, run, "block \(block), bit at \(bit ?? -1)")
                    try FileManager.default.removeItem(atPath: state)
                }
            }
            #expect(run >= 16)
        }
    }

    private func check(_ state: String, _ run: Int, _ what: String) throws {
        let starts = recovers(state)
        var orders: [Int] = []
        for skipping in [false, true] {
            let target = "\(state)-\(skipping)"
            let outcome = try salvage(state, skipping: skipping, into: target)
            let values = outcome.values
            orders.append(outcome.orders)
            // Each record is an order that used the coupon once.
            #expect(values.used >= UInt64(outcome.orders) && values.used <= 7, "\(what)")
            #expect(values.carried == values.used - UInt64(outcome.orders), "\(what)")
            if outcome.report.isComplete { #expect(outcome.orders == 7, "\(what)") }
            if starts { #expect(outcome.report.isComplete, "\(what)") }
            #expect(outcome.report.sequence >= values.used, "\(what)")
            try FileManager.default.removeItem(atPath: target)
        }
        #expect(orders[1] >= orders[0], "\(what)")
    }

    /// Several places at once, in segments and snapshots alike.
    @Test func `is a state, or a fault that says why not, after any damage`() throws {
        let given = ProcessInfo.processInfo.environment["COUPOND_SEED"].flatMap { UInt64($0) }
        let seed = given ?? .random(in: 0 ... .max)
        print("salvage after any damage: COUPOND_SEED=\(seed)")
        var generator = SeededGenerator(seed: seed)
        try withStateFolder { folder in
            let sound = folder + "/sound"
            try DamageCase.table[0].make(in: sound)
            var savedCount = 0
            for run in 0..<40 {
                let state = "\(folder)/state-\(run)"
                try FileManager.default.copyItem(atPath: sound, toPath: state)
                let files = try StateFiles(state).segments + [state + "/snapshot"]
                for _ in 0...Int.random(in: 0..<4, using: &generator) {
                    try damage(files[Int.random(in: 0..<4, using: &generator)], &generator)
                }
                do {
                    let outcome = try salvage(
                        state, skipping: .random(using: &generator), into: state + "-new")
                    savedCount += 1
                    #expect(outcome.values.used >= UInt64(outcome.orders))
                    if outcome.report.isComplete {
                        // What was cut off with all its marks is not known to have been there.
                        #expect(UInt64(outcome.orders) >= outcome.report.promised)
                        #expect(outcome.values.carried == 0)
                    }
                } catch let fault as SalvageFault {
                    switch fault {
                    case .noSnapshot, .laterVersion: break
                    default: Issue.record("\(fault), COUPOND_SEED=\(seed)")
                    }
                }
            }
            #expect(savedCount > 0)
        }
    }

    private func damage(_ path: String, _ generator: inout SeededGenerator) throws {
        try StateFiles.change(path) { bytes in
            let offset = Int.random(in: 0..<min(3_000, max(1, bytes.count)), using: &generator)
            guard offset < bytes.count else { return }
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: bytes[offset] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 1: bytes.removeSubrange(offset...)
            default:
                for index in offset..<min(offset + 600, bytes.count) {
                    bytes[index] = .random(in: 0...255, using: &generator)
                }
            }
        }
    }

    @Test(arguments: [0, 512, 1_100, 1_700, 60_000])
    func `ends where the device does, and what came after is unknown`(offset: Int) throws {
        try withStateFolder { folder in
            let state = folder + "/state"
            try DamageCase.table[0].make(in: state)
            let disk = FailingDisk(try StateFiles(state).segments[2], badFrom: offset)
            let batches = try StateFiles.batches(of: StateFiles(state).segments[2])
            let whole = batches.dropFirst().filter { $0 <= offset }.count
            let outcome = try salvage(state, skipping: true, on: disk, into: folder + "/new")
            #expect(outcome.orders == 4 + min(whole, 3))
            #expect(!outcome.report.isComplete)
            #expect(outcome.report.faults.last?.lost == .recordsFrom(UInt64(outcome.orders) + 1))
        }
    }

    @Test func `is refused by a device for another reason than a bad place`() throws {
        try withStateFolder { folder in
            let state = folder + "/state"
            try DamageCase.table[0].make(in: state)
            let path = try StateFiles(state).segments[2]
            let fault = DiskFault(.read, path: path, errno: EACCES)
            #expect(throws: SalvageFault.disk(fault)) {
                try salvage(
                    state, skipping: true, on: FailingDisk(path, badFrom: 9, errno: EACCES),
                    into: folder + "/new")
            }
        }
    }

    @Test(arguments: [false, true])
    func `is not what an earlier daemon wrote and never acknowledged`(skipping: Bool) throws {
        try withStateFolder { folder in
            let state = folder + "/state"
            var first = try StateSketch(in: state)
            for order in 1...3 { first.apply("o-\(order)") }
            try first.close()
            // Torn, and behind it a whole batch that never counted.
            let path = try StateFiles(state).segments[0]
            try StateFiles.flip(path, at: StateFiles.batches(of: path)[1] + 80)
            try StateFiles.change(path) { bytes in
                let survey = SegmentSurvey(bytes.span, named: name(of: path))
                // The third batch marked 2 as durable: as if it had not.
                for case .batch(let batch, _) in survey.parts where batch.firstSequence == 3 {
                    var writer = BatchWriter()
                    var records = batch.records(in: bytes.span)
                    writer.begin(salt: batch.salt, firstSequence: 3)
                    if let record = records.next() { writer.append(record) }
                    writer.finish(durableMark: 1, previousChecksum: batch.previousChecksum)
                    for index in 0..<writer.bytes.count {
                        bytes[batch.offset + index] = writer.bytes[index]
                    }
                }
            }
            var second = try StateSketch(in: state)
            #expect(second.ledger.orders.count == 1)
            for order in 4...5 { second.apply("o-\(order)") }
            second.mark()
            try second.close()
            // Its own first record, number 2, is damaged: the dead one of that number is not taken.
            let newer = try StateFiles(state).segments[1]
            try StateFiles.flip(newer, at: StateFiles.batches(of: newer)[1] + 80)
            let outcome = try salvage(state, skipping: skipping, into: folder + "/new")
            #expect(outcome.lost == [3])
            #expect(outcome.orders == 2 && outcome.values.used == 2)
        }
    }

    private func name(of path: String) -> SegmentName {
        SegmentName(URL(filePath: path).lastPathComponent)
            ?? SegmentName(generation: 1, firstSequence: 1)
    }

    @Test(arguments: [(false, [2, 3] as [UInt64], 1), (true, [2], 2)])
    func `is not a record that cannot be read, though its checksum holds`(
        skipping: Bool, lost: [UInt64], orders: Int
    ) throws {
        try withStateFolder { folder in
            let state = folder + "/state"
            var sketch = try StateSketch(in: state)
            for order in 1...2 { sketch.apply("o-\(order)") }
            try sketch.close()
            let path = try StateFiles(state).segments[0]
            try StateFiles.change(path) { bytes in
                let survey = SegmentSurvey(bytes.span, named: name(of: path))
                guard let header = survey.header else { return }
                var writer = BatchWriter()
                writer.begin(salt: header.salt, firstSequence: 1)
                var whole: [[UInt8]] = []
                for case .batch(let batch, _) in survey.parts {
                    var records = batch.records(in: bytes.span)
                    while let record = records.next() {
                        whole.append(record.indices.map { record[$0] })
                    }
                }
                for record in [whole[0], [1, 0, 9, 9], whole[1]] { writer.append(record.span) }
                writer.finish(durableMark: 0, previousChecksum: header.checksum)
                let batch = writer.bytes.indices.map { writer.bytes[$0] }
                bytes.replaceSubrange(512..<(512 + batch.count), with: batch)
            }
            #expect(!recovers(state))
            let outcome = try salvage(state, skipping: skipping, into: folder + "/new")
            #expect(outcome.lost == lost && outcome.orders == orders)
            let shown = try BuiltTool(["journal", "show", "--state", state])
            #expect(shown.status == 1)
            #expect(shown.output.contains("a record cannot be read: its orders"))
        }
    }

    @Test func `is not a segment that continues something else`() throws {
        try withStateFolder { folder in
            let state = folder + "/state", other = folder + "/other"
            try DamageCase.table[0].make(in: state)
            try DamageCase.table[0].make(in: other)
            // The same numbers, from another day.
            let path = try StateFiles(state).segments[1]
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.copyItem(
                atPath: StateFiles(other).segments[1], toPath: path)
            #expect(!recovers(state))
            let careful = try salvage(state, skipping: false, into: folder + "/new-1")
            #expect(careful.orders == 2 && careful.lost == [3, 4, 5, 6, 7])
            let bold = try salvage(state, skipping: true, into: folder + "/new-2")
            #expect(bold.orders == 7 && !bold.report.isComplete)
            let shown = try BuiltTool(["journal", "show", "--segments", "--state", state])
            #expect(shown.output.contains("does not continue the segment before it"))
        }
    }

    @Test func `is not a file with almost the name of a segment`() throws {
        try withStateFolder { folder in
            let state = folder + "/state"
            try DamageCase.table[0].make(in: state)
            try Data([1]).write(to: URL(filePath: state + "/journal-1.log"))
            #expect(!recovers(state))
            let outcome = try salvage(state, skipping: false, into: folder + "/new")
            #expect(outcome.report.ignoredFiles == ["journal-1.log"])
            #expect(outcome.report.isComplete && outcome.orders == 7)
        }
    }
}
