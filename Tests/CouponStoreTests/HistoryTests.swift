import CouponStore
import FlatStorage
import StoreSupport
import Testing

// The ledger beside a model of plain values: every order's image as a sketch, and what is archived.
// From these all else follows: counters, codes in force, and which reserve lapses next.

struct CounterKey: Hashable {
    var kind: CounterKind
    var coupon: String
    var detail: String
}

struct History: ~Copyable {
    var state: SketchLedger
    var generator: SeededGenerator
    var now: Int64 = 1_000
    var orders: [String: ImageSketch] = [:]
    /// Orders as they came, which is the order of their rows.
    var names: [String] = []
    var archived: [CounterKey: UInt64] = [:]
    /// How often each move was made.
    var moves: [String: Int] = [:]

    init(_ generator: consuming SeededGenerator) {
        self.generator = generator
        state = SketchLedger(seed: self.generator.next())
    }

    mutating func step() throws {
        now += Int64.random(in: 0..<5, using: &generator)
        let order = "o\(Int.random(in: 0..<200, using: &generator))"
        switch Int.random(in: 0..<10, using: &generator) {
        case ..<6: try record(order)
        case ..<8: try release(order)
        default: lapse()
        }
    }

    private mutating func record(_ order: String) throws {
        let known = orders[order]
        let next = [OrderState.reserved, .applied].filter { next in
            known.map { $0.facts.state.mayBecome(next) } ?? next.mayBegin
        }.randomElement(using: &generator)
        guard let next else { return }
        if known == nil { names.append(order) }
        if let known, known.facts.state == .released { archive(known) }
        let sketch = sketch(next)
        let session = Bool.random(using: &generator) ? session(other: order) : nil
        state.record(sketch, order: order, takingOver: try session.map { try state.id(of: $0) })
        if let session { takeOver(session) }
        orders[order] = sketch
        moves["\(next)", default: 0] += 1
    }

    /// A reserved order other than that one.
    private mutating func session(other order: String) -> String? {
        names.filter { $0 != order && orders[$0]?.facts.state == .reserved }
            .randomElement(using: &generator)
    }

    private mutating func takeOver(_ session: String) {
        orders[session] = orders[session]?.lapsed
        orders[session]?.facts.expiresAt = 0
        moves["taken over", default: 0] += 1
    }

    /// What its codes kept when they were given back is no longer listed by any image.
    private mutating func archive(_ sketch: ImageSketch) {
        for code in sketch.codes where code.facts.flags.isSuperset(of: [.released, .keepsUse]) {
            for consumption in code.consumptions {
                archived[key(of: consumption, code), default: 0] += consumption.amount
                moves["archived", default: 0] += 1
            }
        }
    }

    private mutating func sketch(_ next: OrderState) -> ImageSketch {
        var sketch = ImageSketch(state: next)
        sketch.facts.expiresAt =
            next == .reserved ? now + .random(in: 1..<400, using: &generator) : 0
        for _ in 0..<Int.random(in: 0..<4, using: &generator) {
            let coupon = "cou\(Int.random(in: 0..<10, using: &generator))"
            var code = ImageSketch.Code(coupon: coupon, usageKey: "default\0\(coupon)")
            code.consumptions = []
            if Int.random(in: 0..<5, using: &generator) == 0 {
                code.facts = CodeFacts(flags: [])
                code.facts.reason = 3
            } else {
                if Bool.random(using: &generator) { code.facts.flags.insert(.keepsUse) }
                for _ in 0..<Int.random(in: 0..<5, using: &generator) {
                    code.consumptions.append(consumption())
                }
            }
            sketch.codes.append(code)
        }
        return sketch
    }

    private mutating func consumption() -> ImageSketch.Consumption {
        let kind = CounterKind.allCases.randomElement(using: &generator) ?? .total
        return ImageSketch.Consumption(
            kind: kind,
            couponKey: Bool.random(using: &generator) ? "" : "default\0shared",
            detail: Bool.random(using: &generator) ? "" : "2026-07-01",
            amount: .random(in: (kind.isMoney ? 0 : 1)..<9, using: &generator))
    }

    private mutating func release(_ order: String) throws {
        guard let known = orders[order], known.facts.state != .released else { return }
        var isGiven = known.codes.map { _ in false }
        for (index, code) in known.codes.enumerated() where code.facts.isLeft {
            isGiven[index] = Bool.random(using: &generator)
        }
        guard isGiven.contains(true) || !known.codes.contains(where: { $0.facts.isLeft }) else {
            return
        }
        try state.release(order, isGiven, at: now)
        orders[order] = known.givingBack(isGiven, at: now)
        moves["given back", default: 0] += 1
    }

    private mutating func lapse() {
        let limit = Int.random(in: 0..<4, using: &generator)
        let due = reserves().filter { $0.expiresAt <= now }.prefix(limit)
        let count = state.lapse(until: now, atMost: limit)
        #expect(count == due.count)
        for reserve in due { orders[reserve.order] = orders[reserve.order]?.lapsed }
        moves["lapsed", default: 0] += count
    }

    /// Reserved orders, those first that lapse first.
    func reserves() -> [(expiresAt: Int64, order: String)] {
        var reserves: [(expiresAt: Int64, row: Int)] = []
        for (row, name) in names.enumerated() {
            if let sketch = orders[name], sketch.facts.state == .reserved {
                reserves.append((sketch.facts.expiresAt, row))
            }
        }
        return reserves.sorted(by: <).map { ($0.expiresAt, names[$0.row]) }
    }

    private func key(of consumption: ImageSketch.Consumption, _ code: ImageSketch.Code)
        -> CounterKey
    {
        CounterKey(
            kind: consumption.kind,
            coupon: consumption.couponKey.isEmpty ? code.usageKey : consumption.couponKey,
            detail: consumption.detail)
    }

    /// Compares everything, and after it went through a snapshot again.
    mutating func check() throws {
        for _ in 0..<2 {
            for (order, sketch) in orders { #expect(try state.sketch(of: order) == sketch) }
            var used = archived
            var held: [CounterKey: UInt64] = [:]
            var inForce = 0
            for sketch in orders.values {
                let isApplied =
                    sketch.facts.state == .applied || sketch.facts.state == .partlyApplied
                for code in sketch.codes {
                    if isApplied && code.facts.isLeft { inForce += 1 }
                    for consumption in code.consumptions {
                        if sketch.facts.state == .reserved {
                            held[key(of: consumption, code), default: 0] += consumption.amount
                        } else {
                            used[key(of: consumption, code), default: 0] += consumption.amount
                        }
                    }
                }
            }
            let totals = state.ledger.totals
            // Later than it should it does not lapse either: that is looked at with every lapse.
            let lapsesEarly = state.ledger.lapseNext(
                until: reserves().first.map { $0.expiresAt - 1 } ?? .max)
            #expect(totals.orders == orders.count && totals.usesInForce == inForce)
            #expect(!lapsesEarly)
            for row in 0..<totals.counters {
                let id = CounterID(row: row)
                let kind = state.ledger.usage.kind(id)
                let coupon = text(state.ledger.usage.couponKey(id))
                let detail = text(state.ledger.usage.detail(id))
                let key = CounterKey(kind: kind, coupon: coupon, detail: detail)
                let counts = [
                    state.ledger.usage.used(id), state.ledger.usage.held(id),
                    state.ledger.usage.carried(id),
                ]
                let expected = [used[key] ?? 0, held[key] ?? 0, archived[key] ?? 0]
                #expect(counts == expected, "\(key)")
            }
            try state.reload()
        }
    }
}

@Suite struct `A history of orders` {
    /// Every counter is what the images of all orders list and what is archived, however orders
    /// come, change and go, and also after the state went through a snapshot.
    @Test func `counts exactly what its orders stand for`() throws {
        var history = History(SeededGenerator(for: "history"))
        for step in 1...10_000 {
            try history.step()
            if step % 2_500 == 0 { try history.check() }
        }
        // Each kind of move was made often enough to mean something.
        for move in ["reserved", "applied", "given back", "taken over", "lapsed", "archived"] {
            let count = history.moves[move] ?? 0
            #expect(count > 30, "\(move)")
        }
    }
}
