import FlatStorage

// What a counter says follows from the orders and from what it carries; here both are compared.
//
// After a loss the counters and the orders of a state need not agree. What is counted is believed
// before what is on record: a use too many is a code that somebody asks about, a use too few is a
// limit that was passed.

/// A counter that did not fit the orders after something was lost.
package struct CounterRepair: Equatable, Sendable {
    package var kind: CounterKind
    /// The coupon part of its key, `store \0 coupon`.
    package var couponKey: String
    package var detail: String
    package var before: CounterValues
    package var after: CounterValues
}

/// What all orders together took, by the counter's row.
private struct TakenByOrders: ~Copyable {
    var used: FlatArray<UInt64>
    var held: FlatArray<UInt64>
    /// The first counter whose sum passes what it can hold, and is cut there.
    var overflowing: CounterID?
}

extension Ledger {
    /// Sums up what the images list. Reads every image.
    private func takenByOrders() -> TakenByOrders {
        var taken = TakenByOrders(
            used: FlatArray(repeating: 0, count: usage.count),
            held: FlatArray(repeating: 0, count: usage.count))
        for row in 0..<orders.count {
            let image = Ledger.known(orders.image(OrderID(row: row)))
            let isHold = image.facts.state.consumes == .holds
            var codes = image.codes
            while let code = codes.next() {
                var consumptions = code.consumptions
                while let consumption = consumptions.next() {
                    let id = usage.counter(of: consumption)
                    let before = isHold ? taken.held[id.row] : taken.used[id.row]
                    let (sum, overflow) = before.addingReportingOverflow(consumption.amount)
                    if overflow { taken.overflowing = taken.overflowing ?? id }
                    let after = overflow ? .max : sum
                    if isHold { taken.held[id.row] = after } else { taken.used[id.row] = after }
                }
            }
        }
        return taken
    }

    /// The first counter that does not count exactly what it carried along and what all orders
    /// together took from it, or that does not hold exactly what they hold; nil when everything
    /// agrees, as it does between two operations and after the last redo. Reads every image.
    package func firstContradiction() -> CounterID? {
        let taken = takenByOrders()
        if let overflowing = taken.overflowing { return overflowing }
        for row in 0..<usage.count {
            let id = CounterID(row: row)
            let (sum, overflow) = taken.used[row].addingReportingOverflow(usage.carried(id))
            if overflow || usage.used(id) != sum || usage.held(id) != taken.held[row] { return id }
        }
        return nil
    }

    /// Makes every counter fit the orders: uses never sink, and what no order accounts for is
    /// carried; held is what orders hold, since nothing else would ever end it.
    mutating func settleCounters() -> [CounterRepair] {
        let taken = takenByOrders()
        var repairs: [CounterRepair] = []
        for row in 0..<usage.count {
            let id = CounterID(row: row)
            let before = CounterValues(
                used: usage.used(id), held: usage.held(id), carried: usage.carried(id))
            let uses = max(before.used, taken.used[row])
            let after = CounterValues(
                used: uses, held: taken.held[row], carried: uses - taken.used[row])
            if after == before { continue }
            usage.setUsed(id, to: after.used)
            usage.setHeld(id, to: after.held)
            usage.setCarried(id, to: after.carried)
            repairs.append(
                CounterRepair(
                    kind: usage.kind(id), couponKey: Self.text(usage.couponKey(id)),
                    detail: Self.text(usage.detail(id)), before: before, after: after))
        }
        return repairs
    }

    private static func text(_ bytes: Span<UInt8>) -> String {
        String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
    }
}
