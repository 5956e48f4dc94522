import CouponStore
import FlatStorage

// After a loss the counters and the orders of a state need not agree. The higher figure wins: one
// use too many is a code that a customer asks about, one too few is a limit that was passed.

/// A counter that did not fit the orders after something was lost.
package struct CounterRepair: Equatable, Sendable {
    package var kind: CounterKind
    /// The coupon part of its key, `store \0 coupon`.
    package var couponKey: String
    package var detail: String
    package var before: CounterValues
    package var after: CounterValues
}

extension Ledger {
    /// Makes every counter fit the orders: uses never sink, and those that no order accounts for are
    /// carried. Holds become what orders hold, since nothing else would ever end them.
    mutating func reconcileCounters() -> [CounterRepair] {
        let sums = OrderSums(of: self)
        var repairs: [CounterRepair] = []
        for row in 0..<usage.count {
            let id = CounterID(row: row)
            let before = usage.values(of: id)
            let used = max(before.used, sums.used(id))
            let after = CounterValues(
                used: used, held: sums.held(id), carried: used - sums.used(id))
            if after == before { continue }
            usage.set(id, to: after)
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
