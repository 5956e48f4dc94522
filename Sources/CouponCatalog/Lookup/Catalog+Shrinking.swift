// A file that was cut, a folder that is half copied or a disk that is not mounted often leave definitions
// that are valid, only fewer. No reader can see that they are not whole; it shows when they are compared
// with what is served.

import Definitions
import FlatStorage

/// What one store would lose if another catalog were served.
package struct StoreShrinkage: Hashable, Sendable {
    package enum Part: String, Sendable {
        case coupons, codes
    }

    package var store: String
    package var part: Part
    package var before: Int
    package var after: Int

    /// Whether more than `percent` of what there was is lost.
    package func exceeds(percent: Int64) -> Bool {
        Int128(before - after) * 100 > Int128(percent) * Int128(before)
    }
}

extension Catalog {
    /// The stores of `old` that have fewer coupons here, or fewer codes, those of gift cards included. By
    /// the stores' names. Goes once through the coupons and gift cards of both.
    package func shrinkage(from old: borrowing Catalog) -> [StoreShrinkage] {
        let (before, after) = (old.storeSizes(), storeSizes())
        return before.keys.sorted().flatMap { store in
            let (was, willBe) = (before[store] ?? StoreSize(), after[store] ?? StoreSize())
            return [
                StoreShrinkage(
                    store: store, part: .coupons, before: was.coupons, after: willBe.coupons),
                StoreShrinkage(store: store, part: .codes, before: was.codes, after: willBe.codes),
            ].filter { $0.after < $0.before }
        }
    }

    private func storeSizes() -> [String: StoreSize] {
        var sizes = [StoreSize](repeating: StoreSize(), count: stores.count)
        for index in 0..<couponCount {
            let entry = couponTable.entry(of: CouponID(index))
            sizes[Int(entry.store.index)].coupons += 1
            sizes[Int(entry.store.index)].codes += Int(entry.codeCount)
        }
        for index in 0..<giftCardCount {
            sizes[Int(giftCards[index].store.index)].codes += 1
        }
        var named: [String: StoreSize] = [:]
        for index in 0..<stores.count {
            named[string(stores.name(of: StoreID(index)))] = sizes[index]
        }
        return named
    }
}

/// How much a store has.
private struct StoreSize {
    var coupons = 0
    var codes = 0
}
