import CouponStore
import FlatStorage

/// A whole state as bytes that are equal for equal states.
///
/// A snapshot is not: its items are in the order in which they came, and what it leaves out may be
/// in memory.
package func canonicalBytes(of ledger: borrowing Ledger) -> [UInt8] {
    var items = ByteBuffer()
    items.appendLittleEndian(ledger.sequence)
    items.appendLittleEndian(ledger.redemptions.last)
    items.appendLittleEndian(ledger.calendar)
    let bytes = [UInt8](copying: items.bytes)
    return (counters(of: ledger) + orders(of: ledger)).reduce(into: bytes) { $0 += $1 }
}

/// The orders of a state, each as its bytes, in the order in which the table has them.
package func orders(inTableOrderOf ledger: borrowing Ledger) -> [[UInt8]] {
    var orders: [[UInt8]] = []
    var next = ledger.orders.next(after: nil)
    while let id = next {
        next = ledger.orders.next(after: id)
        var item = ByteBuffer()
        item.appendCounted(ledger.orders.store(id))
        item.appendCounted(ledger.orders.order(id))
        item.appendCounted(ledger.orders.image(id))
        orders.append([UInt8](copying: item.bytes))
    }
    return orders
}

private func orders(of ledger: borrowing Ledger) -> [[UInt8]] {
    orders(inTableOrderOf: ledger).sorted { $0.lexicographicallyPrecedes($1) }
}

private func counters(of ledger: borrowing Ledger) -> [[UInt8]] {
    var counters: [[UInt8]] = []
    for row in 0..<ledger.usage.count {
        let id = CounterID(row: row), values = ledger.usage.values(of: id)
        if values == CounterValues(used: 0, held: 0, carried: 0) { continue }
        var item = ByteBuffer()
        item.append(ledger.usage.kind(id).rawValue)
        item.appendCounted(ledger.usage.couponKey(id))
        item.appendCounted(ledger.usage.detail(id))
        for number in [values.used, values.held, values.carried] { item.appendVarint(number) }
        counters.append([UInt8](copying: item.bytes))
    }
    return counters.sorted { $0.lexicographicallyPrecedes($1) }
}

extension [UInt8] {
    /// A copy of a span's bytes.
    init(copying span: Span<UInt8>) {
        self.init(capacity: span.count) { output in
            for index in span.indices { output.append(span[index]) }
        }
    }
}
