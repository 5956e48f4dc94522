import CouponStore
import FlatStorage
import Foundation
import StoreSupport
import Testing

// Files as versions of the daemon wrote them, kept in `Fixtures`. A change of a format that no one
// meant to make cannot get by: what today's daemon writes is compared byte for byte, and what former
// ones wrote is read. A file here never changes once a daemon that writes it was given away. A new
// version of a format gets files of its own beside the old ones, written by
//
//     COUPOND_RENEW_FIXTURES=1 swift test --filter FormatTests
//
// while this version's tests of writing name the new files; the tests of reading keep the old ones.
// `snapshot-v3b` is of the same version as `snapshot-v3`, without counters that count nothing.
// `snapshot-v2` is of the daemon's last version without a journal: from the state that `beforeJournal`
// below makes.

private enum Fixture {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Fixtures")

    static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: folder.appending(path: name)))
    }

    /// Compares what was written now with the file, or makes it the file where that is asked for.
    static func expect(_ written: [UInt8]?, _ name: String) throws {
        let written = try #require(written, "\(name)")
        if ProcessInfo.processInfo.environment["COUPOND_RENEW_FIXTURES"] != nil {
            try Data(written).write(to: folder.appending(path: name))
        }
        #expect(try written == bytes(name), "\(name)")
    }

    /// A disk with a journal's segments, as they are in a folder of fixtures.
    static func disk(withJournal journal: String) throws -> SimulatedDisk {
        let disk = SimulatedDisk()
        for name in try FileManager.default.contentsOfDirectory(
            atPath: folder.appending(path: journal).path)
        {
            disk["state/\(name)"] = try bytes("\(journal)/\(name)")
        }
        return disk
    }
}

/// Compares two ledgers counter by counter and order by order: a format's bytes prove nothing about
/// those of another one.
private func expectSame(
    _ found: borrowing Ledger, _ expected: borrowing Ledger, orders names: [(String, String)]
) throws {
    let totals = (found.totals, expected.totals)
    let last = (found.redemptions.last, expected.redemptions.last)
    #expect(totals.0 == totals.1 && last.0 == last.1)
    #expect(totals.0.orders == names.count)
    for row in 0..<totals.1.counters {
        let id = CounterID(row: row)
        let kind = expected.usage.kind(id)
        let key = array(expected.usage.couponKey(id)), detail = array(expected.usage.detail(id))
        let known = found.usage.find(
            kind, couponKey: key.span, couponHash: UsageTable.couponHash(of: key.span),
            detail: detail.span)
        let same = try #require(known)
        let values = [
            expected.usage.used(id), expected.usage.held(id), expected.usage.carried(id),
        ]
        let others = [
            found.usage.used(same), found.usage.held(same), found.usage.carried(same),
        ]
        #expect(others == values, "\(kind) \(text(key.span)) \(text(detail.span))")
    }
    for (store, order) in names {
        let images = (image(of: order, store, in: found), image(of: order, store, in: expected))
        #expect(images.0 == images.1 && images.1 != nil, "\(store) \(order)")
    }
}

private func image(of order: String, _ store: String, in ledger: borrowing Ledger) -> [UInt8]? {
    let store = bytes(store), order = bytes(order)
    guard let id = ledger.orders.find(store: store.span, order: order.span) else { return nil }
    return array(ledger.orders.image(id))
}

@Suite struct `The format of snapshots` {
    /// Two rounds of the script and a little more: an order in every state, holds, carried uses.
    private static let scriptCount: UInt64 = 20
    private static let scriptOrders =
        ["session0", "session1", "session2", "o0", "o1", "o2"]
        + ["hold0", "hold1", "hold2"]

    @Test func `is that of version 3, byte for byte`() throws {
        try Fixture.expect(Script.encodedState(after: Self.scriptCount), "snapshot-v3b")
    }

    @Test func `of version 3 is read`() throws {
        let snapshot = try Fixture.bytes("snapshot-v3")
        let ledger = try Ledger.decoded(from: snapshot.span, seed: HashSeed(7), orderLimit: 100)
        var state = SketchLedger()
        for number in 1...Self.scriptCount { try Script.perform(number, on: &state) }
        let sequence = ledger.sequence
        #expect(sequence == Self.scriptCount)
        try expectSame(ledger, state.ledger, orders: Self.scriptOrders.map { ("default", $0) })
    }

    /// An order partly given back, a hold, one with everything that an image can hold, and two that
    /// kept uses or started afresh.
    private func beforeJournal() throws -> SketchLedger {
        var state = SketchLedger()
        _ = state.counter(.total, "default\0couA", startingAt: 40)
        state.record(.pair(.applied, keepsUse: true), order: "applied")
        try state.release("applied", [true, false, false], at: 1_780_000_000_005)
        state.record(.order(.reserved), order: "held")
        var full = ImageSketch.full
        full.facts.state = .applied
        state.record(full, store: "other", order: "full")
        state.record(.order(.applied), order: "afresh")
        try state.release("afresh", [true], at: 1_780_000_000_006)
        var kept = ImageSketch.pair(.applied, keepsUse: true)
        kept.customer = "cus_8"
        state.record(kept, order: "kept")
        try state.release("kept", [true, false, true], at: 1_780_000_000_007)
        state.record(kept, order: "kept")
        _ = state.ledger.redemptions.next(nowMilliseconds: 1_780_000_000_000)
        return state
    }

    @Test func `of version 2 is read, and what orders do not account for is carried`() throws {
        let snapshot = try Fixture.bytes("snapshot-v2")
        #expect(snapshot[8] == 2)
        let ledger = try Ledger.decoded(from: snapshot.span, seed: HashSeed(7), orderLimit: 100)
        let sequence = ledger.sequence, contradiction = ledger.firstContradiction()
        #expect(sequence == 0 && contradiction == nil)
        let names = ["applied", "held", "afresh", "kept"].map { ("default", $0) }
        let expected = try beforeJournal()
        try expectSame(ledger, expected.ledger, orders: names + [("other", "full")])
    }

    /// The first start of a version with a journal, and the first compaction after it.
    @Test func `of version 2 is what a journal can begin with`() throws {
        let disk = SimulatedDisk()
        let old = try Fixture.bytes("snapshot-v2")
        disk["state/snapshot"] = old
        var daemon = try SketchDaemon(on: disk)
        daemon.state.record(.order(.applied), order: "new")
        let result = try daemon.compact()
        #expect(result.sequence == 1 && disk["state/snapshot.previous"] == old)
        let whole = try RecoveredSketch(from: disk)
        let live = daemon.state.ledger.encodeSnapshot()
        #expect(whole.encoded == array(live.bytes))
        disk["state/snapshot"] = nil
        #expect(try RecoveredSketch(from: disk).encoded == array(live.bytes))
    }

    /// One from before the journal lacks what happened between it and the journal's first record.
    @Test func `of version 2 is nothing to fall back to`() throws {
        let disk = SimulatedDisk()
        disk["state/snapshot"] = bytes("damaged")
        disk["state/snapshot.previous"] = try Fixture.bytes("snapshot-v2")
        let fault = SnapshotFault(path: "state/snapshot", problem: .foreign)
        #expect(recoveryFault(of: disk) == .snapshot(fault))
        disk["state/snapshot"] = nil
        #expect(recoveryFault(of: disk) == nil)
    }
}

@Suite struct `The format of the journal` {
    private static let last: UInt64 = 16
    private static let names = [
        "journal-0000000000000001-0000000000000001.log",
        "journal-0000000000000002-0000000000000006.log",
    ]

    /// A sealed segment and one that is open: batches with and without marks, of one record and of
    /// several, of every kind that the script has.
    private func write(to disk: SimulatedDisk) throws {
        var daemon = try SketchDaemon(on: disk, segmentByteCount: 20 * 512, salt: 0x5A17_0000)
        try daemon.decide(2)
        daemon.perform()
        daemon.perform(synchronizes: true, marks: true)
        try daemon.decide(3)
        daemon.perform(synchronizes: true, rolls: true)
        for count in [1, 4, 5] {
            try daemon.decide(count)
            daemon.perform(synchronizes: true)
        }
        daemon.perform(marks: true)
        try daemon.decide(1)
        daemon.perform()
        try daemon.close()
    }

    @Test func `is that of version 1, byte for byte`() throws {
        let disk = SimulatedDisk()
        try write(to: disk)
        #expect(disk.segments == Self.names.map { "state/\($0)" })
        for name in Self.names { try Fixture.expect(disk["state/\(name)"], "journal-v1/\(name)") }
    }

    @Test func `of version 1 is read`() throws {
        let disk = try Fixture.disk(withJournal: "journal-v1")
        #expect(disk.segments == Self.names.map { "state/\($0)" })
        let found = try SketchDaemon.recover(from: disk)
        let report = found.report, durable = found.continuation.durableSequence
        #expect(report.segmentCount == 2 && report.redoneCount == Int(Self.last))
        #expect(report.tail == nil && durable == 15)
        var state = SketchLedger()
        for number in 1...Self.last { try Script.perform(number, on: &state) }
        let names = ["session0", "session1", "o0", "o1", "hold0", "hold1"]
        try expectSame(found.ledger, state.ledger, orders: names.map { ("default", $0) })
    }

    @Test func `goes on after what version 1 wrote`() throws {
        let disk = try Fixture.disk(withJournal: "journal-v1")
        var daemon = try SketchDaemon(on: disk)
        #expect(daemon.report.segment.continuesAfter == 15 && daemon.report.written == Self.last)
        try daemon.decide(4)
        try daemon.compact()
        #expect(try disk["state/snapshot"] == Script.encodedState(after: 20))
    }
}
