import CouponStore
import FlatStorage
import Testing

extension ImageSketch {
    /// What a release says that an order becomes: the same, with those codes given back.
    func givingBack(_ isGiven: [Bool], at now: Int64) -> ImageSketch {
        var next = self
        let wasHeld = facts.state == .reserved
        for index in codes.indices {
            next.codes[index].facts.flags.remove(.lastRelease)
            if !isGiven[index] { continue }
            next.codes[index].facts.flags.formUnion([.released, .lastRelease])
            if wasHeld { next.codes[index].facts.flags.insert(.wasHeld) }
            let keepsUse = !wasHeld && codes[index].facts.flags.contains(.keepsUse)
            next.codes[index].consumptions.removeAll { consumption in
                !keepsUse || consumption.kind == .budget || consumption.kind == .giftCard
            }
        }
        let isSomethingLeft = next.codes.contains { $0.facts.isLeft }
        next.facts.state = isSomethingLeft ? (wasHeld ? .reserved : .partlyApplied) : .released
        if next.facts.state != .reserved { next.facts.expiresAt = 0 }
        next.facts.releasedAt = now
        return next
    }

    /// An order with two codes that passed, A and B, and one that did not, R. Each that passed
    /// counts once for its coupon and gives 500 of its budget.
    static func pair(_ state: OrderState, keepsUse: Bool = false) -> ImageSketch {
        var sketch = ImageSketch(state: state)
        sketch.customer = "cus_7"
        sketch.lineDiscounts = [700, 300]
        sketch.metadata = [["invoice", "17"]]
        for name in ["A", "R", "B"] {
            var code = Code(code: name, coupon: "cou\(name)", usageKey: "default\0cou\(name)")
            code.facts.flags = name == "R" ? [] : [.valid, .hasLineDiscounts]
            if keepsUse { code.facts.flags.insert(.keepsUse) }
            code.facts.reason = name == "R" ? 4 : 0
            code.lineDiscounts = name == "R" ? [] : [350, 150]
            code.consumptions =
                name == "R"
                ? [] : [Consumption(), Consumption(kind: .budget, detail: "USD", amount: 500)]
            sketch.codes.append(code)
        }
        return sketch
    }
}

@Suite struct `Giving back` {
    private typealias Step = (given: [Bool], then: OrderState, uses: [UInt64], budget: [UInt64])

    /// Both codes of an order in every order, one by one and together: what the state becomes, and
    /// what is used and held of A, then of B.
    @Test(arguments: [
        (OrderState.reserved, OrderState.reserved), (.applied, .partlyApplied),
    ])
    func `counts what is left, code by code`(begin: OrderState, partly: OrderState) throws {
        let one: UInt64 = 1
        let histories: [[Step]] = [
            [([true, false, true], .released, [0, 0], [0, 0])],
            [
                ([true, false, false], partly, [0, one], [0, 500]),
                ([false, false, true], .released, [0, 0], [0, 0]),
            ],
            [
                ([false, false, true], partly, [one, 0], [500, 0]),
                ([true, false, false], .released, [0, 0], [0, 0]),
            ],
        ]
        let column = begin == .reserved ? 1 : 0
        for history in histories {
            var state = SketchLedger()
            var expected = ImageSketch.pair(begin)
            state.record(expected, order: "o")
            for (index, step) in history.enumerated() {
                expected = expected.givingBack(step.given, at: Int64(index) + 1)
                try state.release("o", step.given, at: Int64(index) + 1)
                #expect(try state.sketch(of: "o") == expected)
                #expect(expected.facts.state == step.then)
                let used = ["A", "B"].map { state.counts(.total, "default\0cou\($0)") }
                let money = ["A", "B"].map { state.counts(.budget, "default\0cou\($0)", "USD") }
                #expect(used.map { $0[column] } == step.uses)
                #expect(money.map { $0[column] } == step.budget)
                #expect((used + money).allSatisfy { $0[1 - column] == 0 })
                let inForce = state.ledger.usesInForce
                #expect(inForce == (begin == .applied ? Int(step.uses.reduce(0, +)) : 0))
            }
        }
    }

    @Test func `says what the latest release gave back, and what was only held`() throws {
        var state = SketchLedger()
        state.record(.pair(.reserved), order: "held")
        state.record(.pair(.applied), order: "used")
        let passed: CodeFlags = [.valid, .hasLineDiscounts]
        for (order, past) in [("held", CodeFlags.wasHeld), ("used", [])] {
            try state.release(order, [true, false, false], at: 1)
            var flags = try #require(try state.sketch(of: order)).codes.map(\.facts.flags)
            let latest = passed.union([.released, .lastRelease]).union(past)
            #expect(flags == [latest, [], passed])
            try state.release(order, [false, false, true], at: 2)
            let released = try #require(try state.sketch(of: order))
            flags = released.codes.map(\.facts.flags)
            #expect(flags == [latest.subtracting(.lastRelease), [], latest])
            #expect(released.facts.releasedAt == 2 && released.facts.expiresAt == 0)
            #expect(released.facts.decidedAt == ImageSketch.pair(.applied).facts.decidedAt)
        }
    }

    @Test func `keeps the hold's time while some code is still held`() throws {
        var state = SketchLedger()
        state.record(.pair(.reserved), order: "o")
        let expiresAt = ImageSketch.pair(.reserved).facts.expiresAt
        try state.release("o", [true, false, false])
        #expect(try state.sketch(of: "o")?.facts.expiresAt == expiresAt)
        state.expectLapse(at: expiresAt)
        state.expectLapse(at: nil)
    }

    @Test func `ends the hold with its last code`() throws {
        var state = SketchLedger()
        state.record(.pair(.reserved), order: "o")
        try state.release("o", [true, false, false])
        try state.release("o", [false, false, true])
        state.expectLapse(at: nil)
    }

    /// One code with a consumption of every kind, of a coupon that keeps its uses.
    @Test func `returns money, and not the uses that a coupon keeps`() throws {
        var order = ImageSketch.order(.applied)
        order.codes[0].facts.flags.insert(.keepsUse)
        order.codes[0].consumptions = CounterKind.allCases.map { kind in
            ImageSketch.Consumption(kind: kind, detail: "d", amount: 3)
        }
        var state = SketchLedger()
        // An order that starts afresh takes nothing back: what it kept is counted for ever.
        for round in 1...3 as ClosedRange<UInt64> {
            state.record(order, order: "o")
            try state.release("o", [true])
            try state.reload()
            for kind in CounterKind.allCases {
                let isMoney = kind == .budget || kind == .giftCard
                let counts = state.counts(kind, "default\0cou", "d")
                #expect(counts == [isMoney ? 0 : 3 * round, 0], "\(kind)")
            }
            let inForce = state.ledger.usesInForce
            #expect(inForce == 0)
        }
    }

    @Test func `returns what was only held, also of a coupon that keeps its uses`() throws {
        var state = SketchLedger()
        state.record(.pair(.reserved, keepsUse: true), order: "o")
        try state.release("o", [true, false, true])
        #expect(state.counts(.total, "default\0couA") == [0, 0])
        #expect(state.counts(.budget, "default\0couB", "USD") == [0, 0])
        #expect(try state.sketch(of: "o")?.codes[0].consumptions == [])
    }

    @Test func `keeps some uses while other codes of the order are given back`() throws {
        var order = ImageSketch.pair(.applied)
        order.codes[0].facts.flags.insert(.keepsUse)
        var state = SketchLedger()
        state.record(order, order: "o")
        try state.release("o", [true, false, false])
        try state.release("o", [false, false, true])
        let kept = (state.counts(.total, "default\0couA"), state.counts(.total, "default\0couB"))
        #expect(kept == ([1, 0], [0, 0]))
        state.record(order, order: "o")
        let both = (state.counts(.total, "default\0couA"), state.counts(.total, "default\0couB"))
        #expect(both == ([2, 0], [1, 0]))
        #expect(state.counts(.budget, "default\0couA", "USD") == [500, 0])
    }

    @Test func `drops holds that another order took over`() throws {
        var state = SketchLedger()
        state.record(.pair(.reserved), order: "session")
        state.record(
            ImageSketch(state: .applied), order: "o", takingOver: try state.id(of: "session"))
        var dropped = ImageSketch.pair(.reserved)
        dropped.facts.state = .released
        dropped.facts.expiresAt = 0
        dropped.codes = []
        #expect(try state.sketch(of: "session") == dropped)
        #expect(!dropped.facts.isLapsed)
        #expect(state.counts(.total, "default\0couA") == [0, 0])
        state.record(.pair(.applied), order: "session")
        #expect(state.counts(.total, "default\0couA") == [1, 0])
    }

    @Test func `ends an order that has no codes`() throws {
        for begin in [OrderState.reserved, .applied] {
            var state = SketchLedger()
            state.record(ImageSketch(state: begin), order: "o")
            try state.release("o", [], at: 3)
            let released = try state.sketch(of: "o")
            #expect(released == ImageSketch(state: begin).givingBack([], at: 3))
            #expect(released?.facts.state == .released)
            state.record(ImageSketch(state: .applied), order: "o")
            #expect(try state.sketch(of: "o") == ImageSketch(state: .applied))
        }
    }

    @Test func `traps where the caller did not look first`() async {
        // A code twice, one that was refused, too few, nothing, and after all was given back.
        await #expect(processExitsWith: .failure) {
            var state = SketchLedger()
            state.record(.pair(.applied), order: "o")
            for _ in 0..<2 { try state.release("o", [true, false, false]) }
        }
        await #expect(processExitsWith: .failure) {
            var state = SketchLedger()
            state.record(.pair(.applied), order: "o")
            try state.release("o", [false, true, false])
        }
        await #expect(processExitsWith: .failure) {
            var state = SketchLedger()
            state.record(.pair(.applied), order: "o")
            try state.release("o", [true, false])
        }
        await #expect(processExitsWith: .failure) {
            var state = SketchLedger()
            state.record(.pair(.applied), order: "o")
            try state.release("o", [false, false, false])
        }
        await #expect(processExitsWith: .failure) {
            var state = SketchLedger()
            state.record(.pair(.applied), order: "o")
            try state.release("o", [true, false, true])
            try state.release("o", [false, false, false])
        }
        await #expect(processExitsWith: .failure) {
            var state = SketchLedger()
            state.record(.pair(.applied), order: "o")
            state.record(.pair(.applied), order: "other", takingOver: try state.id(of: "o"))
        }
    }
}
