import FlatStorage

// A counter is the sum of what the orders list and of what it carries. Here both are compared.

/// What all orders together took from each counter.
package struct OrderSums: ~Copyable {
    private var used: FlatArray<UInt64>
    private var held: FlatArray<UInt64>
    /// The first counter whose sum passes what it can hold, and is cut there.
    private var overflowing: CounterID?

    /// Adds up what the images list. Reads every image.
    package init(of ledger: borrowing Ledger) {
        used = FlatArray(repeating: 0, count: ledger.usage.count)
        held = FlatArray(repeating: 0, count: ledger.usage.count)
        var next = ledger.orders.next(after: nil)
        while let order = next {
            next = ledger.orders.next(after: order)
            let image = OrderImageView(recorded: ledger.orders.image(order))
            let consumed = image.facts.state.consumes
            var codes = image.codes
            while let code = codes.next() {
                var consumptions = code.consumptions
                while let consumption = consumptions.next() {
                    add(consumption.amount, to: ledger.usage.counter(of: consumption), consumed)
                }
            }
        }
    }

    private mutating func add(_ amount: UInt64, to id: CounterID, _ consumed: OrderState.Consumed) {
        let before = consumed == .holds ? held[id.row] : used[id.row]
        let (sum, overflow) = before.addingReportingOverflow(amount)
        if overflow { overflowing = overflowing ?? id }
        let after = overflow ? .max : sum
        if consumed == .holds { held[id.row] = after } else { used[id.row] = after }
    }

    /// Uses that orders took from the counter.
    package func used(_ id: CounterID) -> UInt64 { used[id.row] }

    /// Uses that orders hold of the counter.
    package func held(_ id: CounterID) -> UInt64 { held[id.row] }

    fileprivate func firstContradiction(to usage: borrowing UsageTable) -> CounterID? {
        if let overflowing { return overflowing }
        for row in 0..<usage.count {
            let id = CounterID(row: row)
            let values = usage.values(of: id)
            let (sum, overflow) = used[row].addingReportingOverflow(values.carried)
            if overflow || values.used != sum || values.held != held[row] { return id }
        }
        return nil
    }
}

extension Ledger {
    /// The first counter that does not count exactly what it carries and what all orders together
    /// took from it, or that does not hold exactly what they hold; nil when everything agrees, as it
    /// does between two operations and after the last redo. Reads every image.
    package func firstContradiction() -> CounterID? {
        OrderSums(of: self).firstContradiction(to: usage)
    }
}
