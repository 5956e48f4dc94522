import CouponStore
import FlatStorage
import Testing

extension SketchLedger {
    /// What has changed since the last call, record by record.
    mutating func changes() -> [[UInt8]] {
        var log = RecordLog()
        ledger.takeChanges(into: &log)
        var taken: [[UInt8]] = []
        var records = log.records
        while let record = records.next() { taken.append(array(record)) }
        #expect(taken.count == log.count)
        return taken
    }

    mutating func redo(_ records: [[UInt8]]) throws {
        for record in records {
            try ledger.redo(record.span, ledger.sequence + 1)
        }
    }
}

/// What a record says, as plain values.
private struct RecordSketch: Equatable {
    var lastRedemption: UInt64
    var orders: [[String]] = []
    var images: [ImageSketch] = []
    var counters: [String] = []

    init(reading bytes: [UInt8]) throws {
        guard case .orders(let record) = try JournalRecord(bytes.span) else {
            preconditionFailure("a record of orders is expected")
        }
        lastRedemption = record.lastRedemption
        var recorded = record.orders
        while let order = recorded.next() {
            orders.append([text(order.store), text(order.order)])
            images.append(try ImageSketch(reading: order.image))
        }
        #expect(orders.count == record.orderCount)
        var changed = record.counters
        while let counter = changed.next() {
            let key = text(counter.couponKey), detail = text(counter.detail)
            let values = counter.values
            counters.append(
                "\(counter.kind) \(key) \(detail) \(values.used) \(values.held) \(values.carried)")
        }
        #expect(counters.count == record.counterCount)
    }
}

@Suite struct `A record of the journal` {
    private static func capturing(seed: UInt64 = 1) -> SketchLedger {
        var state = SketchLedger(seed: seed)
        state.ledger.isCapturing = true
        return state
    }

    @Test func `says what an operation left, and what it no longer counts`() throws {
        var state = Self.capturing()
        // Created before the order, with what was used before the daemon.
        _ = state.counter(.total, "default\0cou", startingAt: 40)
        state.ledger.redemptions = RedemptionNumbers(last: 17)
        let reserved = ImageSketch.order(.reserved)
        state.record(reserved, order: "o1")
        let applied = ImageSketch.order(.applied, coupon: "other", amount: 3)
        state.record(applied, order: "o1")
        let records = try state.changes().map { try RecordSketch(reading: $0) }
        try #require(records.count == 2)
        #expect(records[0].orders == [["default", "o1"]] && records[0].images == [reserved])
        #expect(records[0].lastRedemption == 17)
        #expect(
            records[0].counters == ["total default\0cou  40 1 40", "code default\0cou C 0 1 0"])
        #expect(records[1].orders == [["default", "o1"]] && records[1].images == [applied])
        #expect(
            records[1].counters == [
                "total default\0cou  40 0 40", "code default\0cou C 0 0 0",
                "total default\0other  3 0 0", "code default\0other C 3 0 0",
            ])
        #expect(state.changes().isEmpty)
    }

    @Test func `names a counter once, however often it moved`() throws {
        var state = Self.capturing()
        var twice = ImageSketch.order(.reserved)
        twice.codes += twice.codes
        state.record(twice, order: "o1")
        state.record(ImageSketch.order(.applied), order: "o1")
        let records = try state.changes().map { try RecordSketch(reading: $0) }
        #expect(
            records.map(\.counters) == [
                ["total default\0cou  0 2 0", "code default\0cou C 0 2 0"],
                ["total default\0cou  1 0 0", "code default\0cou C 1 0 0"],
            ])
    }

    @Test func `is one for an order that takes over what another one held`() throws {
        var state = Self.capturing(), redone = SketchLedger()
        state.record(.order(.reserved), order: "session")
        let session = try state.id(of: "session")
        ImageSketch.order(.applied).write(with: &state.writer, &state.ledger.usage)
        state.ledger.record(
            store: bytes("default").span, order: bytes("o1").span, state.writer,
            takingOver: session)
        let records = state.changes()
        try #require(records.count == 2)
        let sketch = try RecordSketch(reading: records[1])
        #expect(sketch.orders == [["default", "session"], ["default", "o1"]])
        #expect(sketch.images.map(\.facts.state) == [.released, .applied])
        #expect(sketch.counters == ["total default\0cou  1 0 0", "code default\0cou C 1 0 0"])
        try redone.redo(records)
        #expect(redone.counts(.total, "default\0cou") == [1, 0])
        #expect(redone.ledger.firstContradiction() == nil)
        redone.expectLapse(at: nil)
    }

    @Test func `is not made where changes are not captured`() {
        var state = SketchLedger()
        state.record(.order(.applied), order: "o1")
        #expect(state.changes().isEmpty)
    }

    @Test func `never takes redemption numbers back`() throws {
        var state = Self.capturing(), redone = SketchLedger()
        state.ledger.redemptions = RedemptionNumbers(last: 17)
        state.record(.order(.applied), order: "o1")
        let records = state.changes()
        for (before, after) in [(UInt64(3), UInt64(17)), (90, 90)] {
            redone.ledger.redemptions = RedemptionNumbers(last: before)
            try redone.redo(records)
            #expect(redone.ledger.redemptions.last == after)
        }
    }

    /// A record with all that an image can hold.
    private static func full() throws -> [UInt8] {
        var state = capturing()
        state.record(.order(.reserved), order: "session")
        let session = try state.id(of: "session")
        _ = state.changes()
        var sketch = ImageSketch.full
        // As an order may begin.
        sketch.facts.state = .applied
        sketch.write(with: &state.writer, &state.ledger.usage)
        state.ledger.record(
            store: bytes("default").span, order: bytes("o1").span, state.writer,
            takingOver: session)
        return try #require(state.changes().first)
    }

    @Test func `is refused wherever it is cut`() throws {
        let whole = try Self.full()
        #expect(throws: Never.self) { try RecordSketch(reading: whole) }
        for length in whole.indices {
            #expect(throws: JournalRecordFault.self, "\(length)") {
                try RecordSketch(reading: Array(whole[..<length]))
            }
        }
        #expect(throws: JournalRecordFault.self) { try RecordSketch(reading: whole + [0]) }
    }

    /// Some changed bytes make another record; all are read without a trap, and redone or refused.
    @Test func `survives the change of any byte`() throws {
        let whole = try Self.full()
        var refused = 0
        for offset in whole.indices {
            for change: UInt8 in [1, 0x40, 0x80, 0xFF] {
                var record = whole
                record[offset] ^= change
                var state = SketchLedger()
                do throws(JournalRecordFault) {
                    try state.ledger.redo(record.span, 1)
                } catch {
                    #expect(error.offset <= record.count)
                    refused += 1
                }
            }
        }
        #expect(refused > whole.count)
    }

    @Test func `is refused where its image consumes from no counter`() throws {
        var buffer = ByteBuffer()
        // Orders, redemption 0, one of them, of no store, "o", its image, and no counter.
        for byte: UInt8 in [1, 0, 1, 0, 1, 111] { buffer.append(byte) }
        buffer.appendCounted(ImageSketch.order(.applied).encoded.span)
        buffer.append(0)
        var state = SketchLedger()
        let record = array(buffer.bytes)
        do throws(JournalRecordFault) {
            try state.ledger.redo(record.span, 1)
            Issue.record("redone")
        } catch {
            #expect(error.part == .consumption)
        }
    }

    @Test func `is refused when it is of no known kind or has no order`() {
        for (record, part) in [
            ([5, 0, 1], JournalRecordFault.Part.kind), ([], .kind), ([1], .redemption),
            ([1, 0, 0, 0], .order), ([1, 0, 0x7F], .order), ([2, 0, 0], .order),
            ([2, 1, 0], .order), ([3], .calendar), ([3, 1, 0], .calendar),
        ] as [([UInt8], JournalRecordFault.Part)] {
            do throws(JournalRecordFault) {
                _ = try JournalRecord(record.span)
                Issue.record("read \(record)")
            } catch {
                #expect(error.part == part, "\(record)")
            }
        }
    }

    @Test func `leaves a contradiction to be found where counters were wrong`() throws {
        var state = SketchLedger()
        state.record(.order(.applied), order: "o1")
        state.record(.order(.reserved), order: "o2")
        let id = state.counter(.total, "default\0cou")
        #expect(state.ledger.firstContradiction() == nil)
        // More uses than orders list were there before, or are archived: then they are carried.
        state.ledger.usage.setUsed(id, to: 9)
        #expect(state.ledger.firstContradiction() == id)
        state.ledger.usage.setCarried(id, to: 8)
        #expect(state.ledger.firstContradiction() == nil)
        state.ledger.usage.setUsed(id, to: 8)
        #expect(state.ledger.firstContradiction() == id)
        state.ledger.usage.setUsed(id, to: 1)
        state.ledger.usage.setCarried(id, to: .max)
        #expect(state.ledger.firstContradiction() == id)
        state.ledger.usage.setCarried(id, to: 0)
        for held: UInt64 in [0, 2] {
            state.ledger.usage.setHeld(id, to: held)
            #expect(state.ledger.firstContradiction() == id)
        }
    }
}
