import CouponStore
import FlatStorage
import Foundation

/// A folder that is gone after `body`.
package func withStateFolder(_ body: (String) throws -> Void) throws {
    let path = "/tmp/cps-\(UInt32.random(in: 0...UInt32.max))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(path)
}

/// Writes a state as a daemon does, without one: what the ledger records goes through the journal
/// into a real directory. Every operation is one record and one batch, durable when it returns, and
/// marked so by the next one.
package struct StateSketch: ~Copyable {
    package static let now: Int64 = 1_780_000_000_123
    package static let coupon = "c_ten"

    package let directory: String
    package private(set) var ledger: Ledger
    private var journal: JournalWriter
    private var writer = OrderImageWriter()

    /// Goes on with what is in `directory`, which is made where it is missing.
    package init(in directory: String) throws {
        self.directory = directory
        if !FileManager.default.fileExists(atPath: directory) {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: false)
        }
        var state = try Recovery.recover(
            from: PosixDisk(), directory: directory, seed: HashSeed(1), orderLimit: 1_000)
        state.ledger.isCapturing = true
        journal = try JournalWriter.begin(
            on: PosixDisk(), directory: directory,
            segmentByteCount: JournalWriter.segmentByteCountMin, after: state.continuation)
        ledger = state.takeLedger()
    }

    /// Uses the coupon once for an order.
    package mutating func apply(_ order: String, takingOver session: String? = nil) {
        writeImage(OrderFacts(state: .applied, decidedAt: Self.now, request: Self.request))
        let held = session.flatMap {
            ledger.orders.find(store: Array("default".utf8).span, order: Array($0.utf8).span)
        }
        record(order, takingOver: held)
        keep()
    }

    /// Holds the coupon once for an order, for a minute.
    package mutating func reserve(_ order: String) {
        var facts = OrderFacts(state: .reserved, decidedAt: Self.now, request: Self.request)
        facts.reservedAt = Self.now
        facts.expiresAt = Self.now + 60_000
        writeImage(facts)
        record(order, takingOver: nil)
        keep()
    }

    /// Gives back what an order has.
    package mutating func release(_ order: String) {
        guard let id = find(order) else { preconditionFailure("a test releases what is there") }
        var codes = FlatArray(repeating: true, count: 2)
        codes[1] = false
        ledger.release(id, codes: codes, at: Self.now + 5)
        keep()
    }

    /// Ends every hold.
    package mutating func lapse() {
        while ledger.lapseNext(until: .max) {}
        keep()
    }

    /// Goes on in another segment.
    package mutating func roll() {
        let report = journal.perform(JournalTurn(rolls: true), RecordLog())
        precondition(report.condition == .ready, "the disk of a test works")
    }

    /// Says how far everything is durable.
    package mutating func mark() {
        _ = journal.perform(JournalTurn(synchronizes: true, marks: true), RecordLog())
    }

    /// Makes a snapshot of what stands still.
    @discardableResult
    package mutating func compact() throws -> Compacted {
        roll()
        return try Compaction.run(
            on: PosixDisk(), directory: directory, continuedBy: journal.report.segment)
    }

    package consuming func close() throws { try journal.close() }

    /// Uses of the coupon, by its counter.
    package var used: UInt64 { ledger.usesOfSketch?.used ?? 0 }

    // MARK: - Writing

    private static let request = Fingerprint(low: 7, high: 8)

    private func find(_ order: String) -> OrderID? {
        ledger.orders.find(store: Array("default".utf8).span, order: Array(order.utf8).span)
    }

    private mutating func record(_ order: String, takingOver session: OrderID?) {
        let store = Array("default".utf8), name = Array(order.utf8)
        let slot = ledger.orders.slot(store: store.span, order: name.span)
        ledger.record(
            at: slot, store: store.span, order: name.span, writer, takingOver: session)
    }

    /// One good code, and one that was refused.
    private mutating func writeImage(_ facts: OrderFacts) {
        var facts = facts
        facts.modes = [.partial, .hasCart]
        facts.currency = 0x55_53_44
        facts.subtotal = 2_500
        facts.discount = 250
        facts.total = 2_250
        writer.begin(facts, customer: Array("cus \"7\"".utf8).span, email: Array("a@b".utf8).span)
        writer.appendLineDiscount(250)
        writer.appendMetadata(name: Array("note".utf8).span, value: Array("ä\n\\".utf8).span)
        var good = CodeFacts(flags: [.valid, .hasLineDiscounts])
        good.discount = 250
        good.redemption = ledger.redemptions.next(nowMilliseconds: Self.now)
        beginCode(good, "TEN", Self.coupon)
        writer.appendCodeLineDiscount(250)
        writer.writeFragment(Array(#""type":"percentage""#.utf8).span)
        let key = Array("default\0\(Self.coupon)".utf8)
        for (kind, text) in [(CounterKind.total, ""), (.code, "TEN")] {
            let detail = Array(text.utf8)
            let counter = ledger.usage.createIfAbsent(
                kind, couponKey: key.span, couponHash: UsageTable.couponHash(of: key.span),
                detail: detail.span, startingAt: 0)
            writer.appendConsumption(
                of: counter, kind, couponKey: Span(), detail: detail.span, amount: 1)
        }
        var refused = CodeFacts(flags: [])
        refused.reason = 4
        beginCode(refused, "OLD", "c_old")
        writer.writeFragment(Array("".utf8).span)
        writer.finish()
    }

    private mutating func beginCode(_ facts: CodeFacts, _ code: String, _ coupon: String) {
        writer.beginCode(
            facts, code: Array(code.utf8).span, coupon: Array(coupon.utf8).span,
            usageKey: Array("default\0\(coupon)".utf8).span)
    }

    private mutating func keep() {
        var log = RecordLog()
        ledger.takeChanges(into: &log)
        let report = journal.perform(JournalTurn(synchronizes: true), log)
        precondition(report.condition == .ready, "the disk of a test works")
    }
}

extension Ledger {
    /// What stands on the total of the coupon that sketches use.
    package var usesOfSketch: CounterValues? {
        let key = Array("default\0\(StateSketch.coupon)".utf8)
        guard
            let id = usage.find(
                .total, couponKey: key.span, couponHash: UsageTable.couponHash(of: key.span),
                detail: Array("".utf8).span)
        else { return nil }
        return CounterValues(used: usage.used(id), held: usage.held(id), carried: usage.carried(id))
    }
}
