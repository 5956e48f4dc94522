import CouponStore
import FlatStorage
import Foundation
import StoreSupport
import Testing

/// `Fixtures/state-unanchored` was written by the daemon itself, when snapshots had version 3 and the
/// journal had no anchor: two snapshots and the segments since the older one, whose last start was
/// ended by `kill -9`. The unwritten space at the end of the segments is left out there, and put
/// back here. `catalog.yaml` has the definitions; the orders' names say what became of them.
@Suite struct `A state that a former version left` {
    private static let lastSequence: UInt64 = 15
    private static let segmentByteCount = 1 << 20

    private func disk() throws -> SimulatedDisk {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Fixtures/state-unanchored")
        let disk = SimulatedDisk()
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            var bytes = Array(try Data(contentsOf: folder.appending(path: name)))
            if SegmentName(name) != nil {
                bytes += [UInt8](repeating: 0, count: Self.segmentByteCount - bytes.count)
            }
            disk["state/\(name)"] = bytes
        }
        return disk
    }

    private func state(of order: String, in ledger: borrowing Ledger) throws -> OrderState? {
        let store = bytes("default"), name = bytes(order)
        guard let id = ledger.orders.find(store: store.span, order: name.span) else { return nil }
        return try ImageSketch(reading: ledger.orders.image(id)).facts.state
    }

    private func used(_ coupon: String, in ledger: borrowing Ledger) throws -> [UInt64] {
        let key = bytes("default\0" + coupon)
        let id = ledger.usage.find(
            .total, couponKey: key.span, couponHash: UsageTable.couponHash(of: key.span),
            detail: bytes("").span)
        let counter = try #require(id, "\(coupon)")
        return [
            ledger.usage.used(counter), ledger.usage.held(counter), ledger.usage.carried(counter),
        ]
    }

    private func check(_ ledger: borrowing Ledger) throws {
        let states: [(String, OrderState)] = [
            ("applied", .applied), ("session-1", .released), ("taken-over", .applied),
            ("gift", .applied), ("released", .released), ("kept", .released),
            ("lapsed", .released), ("partly", .partlyApplied), ("late", .applied),
            ("held", .reserved), ("last", .applied),
        ]
        for (order, expected) in states {
            #expect(try state(of: order, in: ledger) == expected, "\(order)")
        }
        let totals = ledger.totals
        #expect(totals.orders == states.count && totals.counters == 11)
        #expect(totals.usesInForce == 7)
        #expect(try used("c_ten", in: ledger) == [4, 0, 0])
        // Two from before the daemon, and one of an order that gave up its code but not the use.
        let kept = try used("c_keep", in: ledger)
        #expect(kept[0] == 3 && kept[1] == 0)
        let contradiction = ledger.firstContradiction()
        #expect(contradiction == nil)
    }

    @Test(arguments: [[], ["state/snapshot"]])
    func `is read from either snapshot`(missing: [String]) throws {
        let disk = try disk()
        for path in missing { disk[path] = nil }
        let found = try SketchDaemon.recover(from: disk)
        try check(found.ledger)
        let sequence = found.ledger.sequence, durable = found.continuation.durableSequence
        #expect(sequence == Self.lastSequence && durable == Self.lastSequence)
        // The newer snapshot needs the last one only.
        let needed = missing.isEmpty ? 1 : 2
        #expect(found.report.segmentCount == needed && found.report.tail == nil)
    }

    @Test func `goes on, has an anchor from then on, and is read again`() throws {
        let disk = try disk()
        let daemon = try SketchDaemon(on: disk)
        let segment = daemon.report.segment
        #expect(segment.isAnchored && segment.generation == 5)
        #expect(try FoundAnchor(in: "state", on: disk) == .whole(JournalAnchor(segment)))
        try daemon.close()
        let again = try SketchDaemon.recover(from: disk)
        try check(again.ledger)
        disk["state/" + segment.name.text] = nil
        #expect(recoveryFault(of: disk) != nil)
    }
}
