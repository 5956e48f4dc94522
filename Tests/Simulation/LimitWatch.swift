import CouponStore

/// Sees to it that nothing passes its limit. A limit that was lowered may be passed already; then it
/// must not be passed any further.
struct LimitWatch {
    /// What counters stood at when they were looked at last.
    private var before: [StateView.Counter: UInt64] = [:]
    /// Every edition that was in force since.
    private var editions: Set<Edition> = []

    /// Other definitions are in force from now on.
    mutating func adopt(_ edition: Edition) { editions.insert(edition) }

    mutating func check(_ view: StateView, at edition: Edition) throws(Violation) {
        editions.insert(edition)
        var now: [StateView.Counter: UInt64] = [:]
        for (counter, count) in view.counters.merging(view.carriedOnly, uniquingKeysWith: { $1 }) {
            let sum = count.used + count.held
            now[counter] = sum
            let limits = editions.compactMap { $0.limit(of: counter.kind, coupon: counter.coupon) }
            guard let limit = limits.max() else { continue }
            if sum > max(limit, before[counter] ?? 0) {
                throw Violation("\(counter) is at \(sum) of \(limit)")
            }
        }
        try checkTotals(of: view)
        before = now
        editions = [edition]
    }

    /// Counts uses by the orders alone, where nothing else can be counted.
    private func checkTotals(of view: StateView) throws(Violation) {
        var uses: [String: UInt64] = [:]
        for order in view.orders.values where order.state != .released {
            for coupon in order.uses { uses[coupon, default: 0] += 1 }
        }
        for coupon in ["ten", "few", "own", "once"] {
            let counter = StateView.Counter(kind: .total, coupon: coupon, detail: [])
            let count = view.counters[counter]
            // What no order accounts for any more is carried.
            let carried = count?.carried ?? 0
            if (count?.used ?? 0) + (count?.held ?? 0) != (uses[coupon] ?? 0) + carried {
                throw Violation("\(coupon) has \(uses[coupon] ?? 0) uses, and counts otherwise")
            }
        }
    }
}
