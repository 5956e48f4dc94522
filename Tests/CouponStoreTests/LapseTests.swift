import CouponStore
import FlatStorage
import StoreSupport
import Testing

extension ImageSketch {
    /// A reserve of one use that lapses then.
    static func reserve(until expiresAt: Int64, coupon: String = "cou") -> ImageSketch {
        var sketch = ImageSketch.order(.reserved, coupon: coupon)
        sketch.facts.expiresAt = expiresAt
        return sketch
    }

    /// What a reserve has become when its time was over.
    var lapsed: ImageSketch {
        var lapsed = self
        lapsed.facts.state = .released
        lapsed.codes = []
        return lapsed
    }
}

@Suite struct `A reserve that lapses` {
    @Test func `gives back what it held, and keeps what was asked and when it ended`() throws {
        var state = SketchLedger()
        var reserve = ImageSketch.pair(.reserved)
        reserve.facts.expiresAt = 5_000
        state.record(reserve, order: "o")
        let early = state.lapse(until: 4_999, atMost: 10)
        #expect(early == 0)
        #expect(state.counts(.budget, "default\0couB", "USD") == [0, 500])
        let due = state.lapse(until: 5_000, atMost: 10)
        #expect(due == 1)
        state.expectLapse(at: nil)
        #expect(state.counts(.total, "default\0couA") == [0, 0])
        #expect(state.counts(.budget, "default\0couB", "USD") == [0, 0])
        let lapsed = try state.sketch(of: "o")
        #expect(lapsed == reserve.lapsed && lapsed?.facts.isLapsed == true)
    }

    @Test(arguments: [OrderState.reserved, .applied])
    func `may start afresh`(next: OrderState) throws {
        var state = SketchLedger()
        state.record(.reserve(until: 1), order: "o")
        let lapsed = state.lapse(until: 1, atMost: 1)
        state.record(.order(next), order: "o")
        #expect(lapsed == 1)
        #expect(try state.sketch(of: "o") == .order(next))
        #expect(state.counts(.total, "default\0cou") == (next == .applied ? [1, 0] : [0, 1]))
    }

    /// What had been given back of it before is over as well.
    @Test func `takes codes along that were given back`() throws {
        var state = SketchLedger()
        state.record(.pair(.reserved, keepsUse: true), order: "o")
        try state.release("o", [true, false, false], at: 3)
        let lapsed = state.lapse(until: .max, atMost: 10)
        var expected = ImageSketch.pair(.reserved).lapsed
        expected.facts.releasedAt = 3
        #expect(lapsed == 1)
        #expect(try state.sketch(of: "o") == expected)
        #expect(state.counts(.total, "default\0couB") == [0, 0])
    }

    @Test func `lapses earliest first, one at a time`() throws {
        var generator = SeededGenerator(for: "lapse order")
        var times: [Int64] = (1...300).map { $0 / 2 + 1 }
        times.shuffle(using: &generator)
        var state = SketchLedger()
        for (number, time) in times.enumerated() {
            state.record(.reserve(until: time), order: "o\(number)")
        }
        // Those with the same time lapse in the order in which they came.
        let expected = times.indices.sorted { (times[$0], $0) < (times[$1], $1) }
        for (position, number) in expected.enumerated() {
            state.expectLapse(at: times[number])
            let held = state.counts(.total, "default\0cou")[1]
            #expect(held == UInt64(expected.count - position - 1))
            #expect(
                try state.sketch(of: "o\(number)")
                    == ImageSketch.reserve(until: times[number]).lapsed)
            // A snapshot does not store the order, and yet it stays.
            if position == 100 { try state.reload() }
        }
        state.expectLapse(at: nil)
    }

    @Test func `lapses at the time of its latest reserve`() {
        let times: [Int64] = [40, 90, 60, 60, 10, 70]
        for count in 1...times.count {
            var state = SketchLedger()
            state.record(.reserve(until: 50), order: "other")
            for time in times[..<count] { state.record(.reserve(until: time), order: "o") }
            let latest = times[count - 1]
            state.expectLapse(at: min(latest, 50))
            state.expectLapse(at: max(latest, 50))
            state.expectLapse(at: nil)
        }
    }

    @Test func `is forgotten once it is applied, given back or taken over`() throws {
        var state = SketchLedger()
        for order in ["applied", "released", "dropped", "left"] {
            state.record(.reserve(until: 10), order: order)
        }
        state.record(.order(.applied), order: "applied")
        try state.release("released", [true])
        state.record(
            ImageSketch(state: .applied), order: "other", takingOver: try state.id(of: "dropped"))
        state.expectLapse(at: 10)
        state.expectLapse(at: nil)
        #expect(try state.sketch(of: "applied") == .order(.applied))
        #expect(try state.sketch(of: "left") == ImageSketch.reserve(until: 10).lapsed)
        #expect(state.counts(.total, "default\0cou") == [1, 0])
    }
}
