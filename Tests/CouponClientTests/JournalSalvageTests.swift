import CouponClient
import CouponStore
import FlatStorage
import Foundation
import StoreSupport
import Testing
import Posix

@Suite struct `A salvage` {
    /// What the account says is lost, as first and last sequences.
    private func lost(_ account: JSONValue) -> [UInt64?] {
        (account["damage"]?.elements ?? []).flatMap { fault -> [UInt64?] in
            guard let first = fault["lost_from"]?.integerValue else { return [] }
            return [UInt64(first), fault["lost_through"]?.integerValue.map { UInt64($0) }]
        }
    }

    /// Recovers a state, and proves that a daemon can go on with it, and compact it.
    private func check(_ directory: String, _ expected: DamageCase.Saved) throws {
        do {
            let state = try Recovery.recover(
                from: PosixDisk(), directory: directory, seed: HashSeed(2), orderLimit: 99)
            try state.check()
            #expect(state.ledger.orders.count == expected.orders)
            #expect(state.ledger.usesOfSketch?.used == expected.used)
            #expect(state.ledger.usesOfSketch?.held == 0)
            #expect(
                state.ledger.usesOfSketch?.carried == expected.used - UInt64(expected.orders))
            #expect(state.ledger.sequence >= expected.used)
        }
        var next = try StateSketch(in: directory)
        let first = next.ledger.sequence + 1
        next.apply("new-1")
        #expect(try next.compact().sequence == first)
        next.apply("new-2")
        #expect(try next.compact().orderCount == expected.orders + 2)
        #expect(next.used == expected.used + 2)
        try next.close()
    }

    @Test(arguments: DamageCase.table, [false, true])
    func `keeps what can be believed, and a daemon goes on with it`(
        damage: DamageCase, skips: Bool
    ) throws {
        try withStateFolder { folder in
            let (state, target) = (folder + "/state", folder + "/new")
            try damage.make(in: state)
            let before = try StateFiles(state).contents
            let arguments =
                ["journal", "salvage", "--json", "--state", state, "--into", target]
                + (skips ? ["--skip-damage"] : [])
            let run = try BuiltTool(arguments)
            var expected = skips ? damage.pastDamage : damage.upToDamage
            // What is counted after the damage stays counted, whether its orders are kept or not.
            expected.used = damage.pastDamage.used
            let account = try #require(try run.lines.first, "\(run.errors)")
            #expect(lost(account) == expected.lost, "\(run.output)")
            #expect(account["complete"] == .bool(expected.lost.isEmpty), "\(run.output)")
            #expect(run.status == (expected.lost.isEmpty ? 0 : 1), "\(run.errors)")
            #expect(account["orders"] == .integer(Int64(expected.orders)))
            // What neither the snapshot holds nor the journal lost was redone.
            #expect(account["records_kept"] == .integer(Int64(expected.orders - 2)))
            // Nothing in the old directory is touched.
            #expect(try StateFiles(state).contents == before)
            try check(target, expected)
        }
    }

    @Test func `counts what lost orders used, and names the counter`() throws {
        try withStateFolder { folder in
            let state = folder + "/state"
            var sketch = try StateSketch(in: state)
            for order in 1...2 { sketch.apply("o-\(order)") }
            sketch.release("o-2")
            for order in 3...4 { sketch.reserve("o-\(order)") }
            sketch.apply("o-5")
            sketch.mark()
            try sketch.close()
            let path = try StateFiles(state).segments[0]
            // The release of o-2, which counts as used again, and the hold of o-4.
            let batches = try StateFiles.batches(of: path)
            for index in [2, 4] { try StateFiles.flip(path, at: batches[index] + 80) }
            let run = try BuiltTool([
                "journal", "salvage", "--json", "--state", state, "--into", folder + "/new",
                "--skip-damage",
            ])
            let account = try #require(try run.lines.first)
            #expect(lost(account) == [3, 3, 5, 5])
            let total = try #require(
                account["changed_counters"]?.elements.first { $0["counter"] == "total" })
            #expect(total["store"] == "default" && total["coupon"] == "c_ten")
            #expect(total["before"] == .object(["used": 2, "held": 2, "carried": 0]))
            // Never fewer uses than orders on record; a hold that no order has would never end.
            #expect(total["after"] == .object(["used": 3, "held": 1, "carried": 0]))
        }
    }

    @Test func `says what is lost in words`() throws {
        try withStateFolder { folder in
            let state = folder + "/state"
            try DamageCase.table[1].make(in: state)
            let run = try BuiltTool([
                "journal", "salvage", "--state", state, "--into", folder + "/new",
            ])
            #expect(run.status == 1)
            for words in [
                "saved in part", "\(state)/snapshot", "up to record 2", "records 3 to 7",
                "checksum does not match", "4 whole records after the damage were left out",
                "--skip-damage", "goes on after record 7", "coupond --verify",
            ] {
                #expect(run.output.contains(words), "\(words): \(run.output)")
            }
        }
    }

    @Test func `takes the older snapshot where the newer one is damaged`() throws {
        try withStateFolder { folder in
            let state = folder + "/state"
            var sketch = try StateSketch(in: state)
            for order in 1...4 {
                sketch.apply("o-\(order)")
                if order < 4 { try sketch.compact() }
            }
            try sketch.close()
            try StateFiles.flip(state + "/snapshot", at: 100)
            let run = try BuiltTool([
                "journal", "salvage", "--json", "--state", state, "--into", folder + "/new",
            ])
            #expect(run.status == 0, "\(run.output)\(run.errors)")
            let account = try #require(try run.lines.first)
            #expect(account["snapshot"]?["file"] == .string(state + "/snapshot.previous"))
            #expect(account["damaged_snapshots"]?.elements.count == 1)
            try check(folder + "/new", DamageCase.Saved(orders: 4, used: 4))
        }
    }

    @Test func `goes on without a snapshot only on request`() throws {
        try withStateFolder { folder in
            let state = folder + "/state"
            try DamageCase.table[0].make(in: state)
            try StateFiles.flip(state + "/snapshot", at: 100)
            let arguments = [
                "journal", "salvage", "--json", "--state", state, "--into", folder + "/new",
            ]
            let refused = try BuiltTool(arguments)
            #expect(refused.status == 2 && refused.errors.contains("--without-snapshot"))
            #expect(!FileManager.default.fileExists(atPath: folder + "/new"))
            let run = try BuiltTool(arguments + ["--without-snapshot"])
            #expect(run.status == 1)
            #expect(try run.lines.first?["snapshot_lost"] == true)
            // The journal happens to reach back to the beginning.
            try check(folder + "/new", DamageCase.Saved(orders: 7, used: 7))
        }
    }

    @Test func `is refused while a daemon uses the directory`() throws {
        try withStateFolder { folder in
            let state = folder + "/state"
            try DamageCase.table[0].make(in: state)
            guard case .acquired(let lock) = try FileLock.attempt(path: state + "/lock") else {
                Issue.record("the lock is held by another process")
                return
            }
            let run = try BuiltTool([
                "journal", "salvage", "--state", state, "--into", folder + "/new",
            ])
            #expect(run.status == 2 && run.errors.contains("\(state) is in use"), "\(run.errors)")
            #expect(!FileManager.default.fileExists(atPath: folder + "/new"))
            withExtendedLifetime(lock) {}
        }
    }

    @Test(arguments: [
        ("/full", "is not empty"), ("/state", "which is not touched"),
        ("/state/new", "which is not touched"), ("/none/new", "/none/new"),
    ])
    func `is refused into a place that is not free`(target: String, complaint: String) throws {
        try withStateFolder { folder in
            let state = folder + "/state"
            try DamageCase.table[0].make(in: state)
            let before = try StateFiles(state).contents
            try FileManager.default.createDirectory(
                atPath: folder + "/full", withIntermediateDirectories: false)
            try Data([1]).write(to: URL(filePath: folder + "/full/foreign"))
            let run = try BuiltTool([
                "journal", "salvage", "--state", state, "--into", folder + target,
            ])
            #expect(run.status == 2 && run.errors.contains(complaint), "\(run.errors)")
            #expect(try StateFiles(state).contents == before)
            #expect(try StateFiles(folder + "/full").contents == ["foreign": Data([1])])
        }
    }

    @Test(arguments: ["journal", "snapshot"])
    func `leaves what a later version wrote to that version`(kind: String) throws {
        try withStateFolder { folder in
            let state = folder + "/state"
            try DamageCase.table[0].make(in: state)
            let path = kind == "journal" ? try StateFiles(state).segments[2] : state + "/snapshot"
            try StateFiles.change(path) { $0[8] = 9 }
            let run = try BuiltTool([
                "journal", "salvage", "--state", state, "--into", folder + "/new",
            ])
            #expect(run.status == 2 && run.errors.contains("version 9"), "\(run.errors)")
        }
    }

    @Test func `believes no sequence that no journal reaches`() throws {
        try withStateFolder { folder in
            let state = folder + "/state"
            try DamageCase.table[0].make(in: state)
            let name = SegmentName(generation: 99, firstSequence: .max).text
            try Data().write(to: URL(filePath: "\(state)/\(name)"))
            let run = try BuiltTool([
                "journal", "salvage", "--state", state, "--into", folder + "/new",
            ])
            #expect(run.status == 2 && run.errors.contains("which no journal reaches"))
            #expect(!FileManager.default.fileExists(atPath: folder + "/new"))
        }
    }

    @Test func `of nothing is an error`() throws {
        try withStateFolder { folder in
            let run = try BuiltTool([
                "journal", "salvage", "--state", folder, "--into", folder + "-new",
            ])
            #expect(run.status == 2 && run.errors.contains("neither a snapshot nor a journal"))
        }
    }
}
