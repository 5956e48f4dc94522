import CouponStore
import FlatStorage
import StoreSupport
import Testing

@Suite struct `A counter that counts nothing` {
    // MARK: In the table

    private struct Key: Hashable {
        var kind: CounterKind
        var coupon: String
        var detail: String
    }

    private func insert(_ key: Key, into table: inout UsageTable) -> CounterID {
        table.createdIfAbsent(key.kind, key.coupon, key.detail)
    }

    private func find(_ key: Key, in table: borrowing UsageTable) -> CounterID? {
        let coupon = bytes(key.coupon), detail = bytes(key.detail)
        return table.find(
            key.kind, couponKey: coupon.span,
            couponHash: UsageTable.couponHash(of: coupon.span), detail: detail.span)
    }

    private func key(of id: CounterID, in table: borrowing UsageTable) -> Key {
        Key(
            kind: table.kind(id), coupon: text(table.couponKey(id)), detail: text(table.detail(id)))
    }

    @Test func `is removed, and the others behave like a dictionary`() {
        var generator = SeededGenerator(for: "idle counters")
        var table = UsageTable(seed: HashSeed(generator.next()))
        var model: [Key: CounterValues] = [:]
        // Details of every length, also none, and one that takes memory of its own.
        let details = (0..<4_000).map { number in
            number == 7
                ? String(repeating: "x", count: 20_000)
                : String(repeating: "d", count: number % 230)
                    + (number % 230 == 0 ? "" : "\(number)")
        }
        for step in 0..<60_000 {
            let key = Key(
                kind: [.customer, .code, .email].randomElement(using: &generator) ?? .code,
                coupon: "s\0c\(Int.random(in: 0..<9, using: &generator))",
                detail: details.randomElement(using: &generator) ?? "")
            let id = find(key, in: table)
            #expect((id == nil) == (model[key] == nil))
            if let id, let known = model[key] {
                let values = table.values(of: id)
                #expect(values == known)
                // Towards the end more go than come.
                if Int.random(in: 0..<60_000, using: &generator) < step {
                    table.set(id, to: CounterValues(used: 0, held: 0, carried: 0))
                    let last = self.key(of: CounterID(row: table.count - 1), in: table)
                    let moved = table.remove(id)
                    #expect(moved.row == table.count)
                    let heir = find(last, in: table)
                    #expect(last == key ? heir == nil : heir == (moved == id ? moved : id))
                    model[key] = nil
                }
            } else {
                let values = CounterValues(
                    used: UInt64(step + 1), held: UInt64(step % 3),
                    carried: step % 5 == 0 ? UInt64(step + 1) : 0)
                table.set(insert(key, into: &table), to: values)
                model[key] = values
            }
            if step % 4 == 0 { table.gather() }
        }
        let count = table.count
        #expect(count == model.count && count > 100)
        for row in 0..<count {
            let id = CounterID(row: row)
            let values = table.values(of: id)
            #expect(model[key(of: id, in: table)] == values)
        }
    }

    @Test func `leaves no memory behind`() {
        var table = UsageTable(seed: HashSeed(1))
        var generator = SeededGenerator(for: "memory of counters")
        for number in 0..<200_000 {
            let key = Key(kind: .customer, coupon: "s\0c", detail: "customer-\(number)")
            let id = insert(key, into: &table)
            // Every tenth stays, wherever it is.
            if Int.random(in: 0..<10, using: &generator) == 0 { table.setUsed(id, to: 1) }
        }
        let full = table.allocatedBytes
        for row in (0..<table.count).reversed() {
            let id = CounterID(row: row)
            if table.isIdle(id) { _ = table.remove(id) }
        }
        var calls = 0
        while table.needsGathering {
            table.gather()
            calls += 1
        }
        // A call looks at 64 counters: a few rounds over those that are left.
        #expect(calls > 0 && calls < 3 * table.count / 64 + 3, "\(calls) calls")
        var fresh = UsageTable(seed: HashSeed(1))
        for row in 0..<table.count {
            _ = insert(key(of: CounterID(row: row), in: table), into: &fresh)
        }
        let (left, new) = (table.allocatedBytes, fresh.allocatedBytes)
        #expect(left < full / 4 && Double(left) < 1.3 * Double(new) + 500_000, "\(left), \(new)")
    }

    @Test func `never grows the table by coming and going`() {
        var table = UsageTable(seed: HashSeed(1))
        let before = table.allocatedBytes
        for number in 0..<100_000 {
            let key = Key(kind: .email, coupon: "s\0c", detail: "shopper-\(number)@example.com")
            _ = table.remove(insert(key, into: &table))
        }
        let (count, after) = (table.count, table.allocatedBytes)
        #expect(count == 0 && after < before + 400_000, "\(after) after \(before)")
    }

    @Test func `stays where it sums up money or something was before`() {
        var table = UsageTable(seed: HashSeed(1))
        let money = table.createdIfAbsent(.budget, "s\0c", "USD")
        let card = table.createdIfAbsent(.giftCard, "s\0g", "")
        let before = table.createdIfAbsent(.customer, "s\0c", "ann", startingAt: 1)
        let idle = table.createdIfAbsent(.customer, "s\0c", "bob")
        let found = [money, card, before, idle].map { table.isIdle($0) }
        #expect(found == [false, false, false, true])
    }

    // MARK: In the ledger

    /// A reserve of one use by this customer.
    private func reserve(_ customer: String, until time: Int64) -> ImageSketch {
        var sketch = ImageSketch.reserve(until: time)
        sketch.codes[0].consumptions += [
            ImageSketch.Consumption(kind: .customer, detail: customer),
            // Of a discount of nothing.
            ImageSketch.Consumption(kind: .budget, detail: "USD", amount: 0),
        ]
        return sketch
    }

    @Test func `goes with the holds that lapse, and in a redo as well`() throws {
        var state = SketchLedger()
        state.ledger.isCapturing = true
        for number in 0..<500 {
            state.record(reserve("customer-\(number)", until: 10), order: "o\(number)")
        }
        // One stays held, one is applied, one is given back.
        state.record(reserve("held", until: 99), order: "held")
        state.record(reserve("customer-3", until: 99), order: "o3")
        var applied = reserve("customer-7", until: 0)
        applied.facts.state = .applied
        state.record(applied, order: "o7")
        try state.release("o9", [true])
        #expect(state.ledger.totals.counters == 3 + 500 + 1 - 1)
        let lapsed = state.lapse(until: 10)
        #expect(lapsed == 497)
        #expect(state.counts(.total, "default\0cou") == [1, 2])
        #expect(state.counts(.customer, "default\0cou", "held") == [0, 1])
        #expect(state.counts(.customer, "default\0cou", "customer-3") == [0, 1])
        #expect(state.counts(.customer, "default\0cou", "customer-7") == [1, 0])
        // The coupon, the code and the budget, and three customers.
        #expect(state.ledger.totals.counters == 6 && state.ledger.totals.couponsUsed == 1)
        let contradiction = state.ledger.firstContradiction()
        #expect(contradiction == nil)

        var redone = SketchLedger(seed: 9)
        try redone.redo(state.changes())
        #expect(redone.ledger.totals == state.ledger.totals)
        let redoneContradiction = redone.ledger.firstContradiction()
        #expect(redoneContradiction == nil)
        #expect(redone.counts(.customer, "default\0cou", "customer-7") == [1, 0])

        // The budget is still there for the order that took 0 of it.
        try state.release("held", [true])
        try state.release("o7", [true])
        try state.reload()
        #expect(state.counts(.total, "default\0cou") == [0, 1])
    }

    @Test func `goes when a coupon loses its last one, and comes back`() throws {
        var state = SketchLedger()
        state.record(.reserve(until: 10), order: "o1")
        _ = state.lapse(until: 10)
        #expect(state.ledger.totals.counters == 0)
        try state.reload()
        #expect(state.ledger.totals.counters == 0 && state.ledger.totals.couponsUsed == 0)
        state.record(.order(.applied), order: "o1")
        #expect(state.counts(.total, "default\0cou") == [1, 0])
        #expect(state.ledger.totals.couponsUsed == 1)
    }

    @Test func `goes when the image for which it came is not recorded`() {
        var state = SketchLedger()
        state.record(reserve("ann", until: 10), order: "o1")
        let before = state.ledger.totals.counters
        reserve("bob", until: 10).write(with: &state.writer, &state.ledger.usage)
        #expect(state.ledger.totals.counters == before + 1)
        state.ledger.drop(state.writer)
        #expect(state.ledger.totals.counters == before)
        #expect(state.counts(.customer, "default\0cou", "ann") == [0, 1])
    }
}
