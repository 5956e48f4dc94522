// A coupon without an id is identified by its first code, and so are its uses. Editing that code makes
// it another coupon, whose count begins at zero: a limit would be passed silently. So a catalog that
// would do that to a coupon with uses is refused, and the fault says how to keep them.

import Definitions
import CouponCatalog
import CouponStore

extension Catalog {
    /// One fault for each coupon whose uses, recorded in `ledger`, this catalog would lose sight of.
    package func lostUses(of ledger: borrowing Ledger) -> [DefinitionFault] {
        var changes: [DerivedIDChange] = []
        var next = ledger.orders.next(after: nil)
        while let id = next {
            next = ledger.orders.next(after: id)
            let image: OrderImageView
            do {
                image = try OrderImageView(ledger.orders.image(id))
            } catch {
                preconditionFailure("an image in memory is whole: \(error)")
            }
            var codes = image.codes
            while let code = codes.next() {
                let change = changedDerivedID(
                    ofUseIn: ledger.orders.store(id), coupon: code.coupon, code: code.code)
                guard let change, ledger.hasUses(ofCoupon: code.usageKey),
                    !changes.contains(change)
                else { continue }
                changes.append(change)
            }
        }
        return changes.map { DefinitionFault($0) }
    }
}

extension Catalog {
    /// A warning for each of `coupons` whose limit of uses in all is below the uses that `ledger` has.
    package func limitsBelowUse(
        _ coupons: [CouponID], in ledger: borrowing Ledger
    ) -> [DefinitionFault] {
        var warnings: [DefinitionFault] = []
        for coupon in coupons {
            let limit = self.coupons[Int(coupon.index)].limits.total
            let used = ledger.uses(ofCoupon: usageKey(of: coupon))
            guard limit > 0, used > limit else { continue }
            warnings.append(
                DefinitionFault(
                    place: place(of: coupon), field: "limits.total",
                    message: "The limit is \(limit), but \(used) uses count already."))
        }
        return warnings
    }
}

extension Ledger {
    /// Uses of the coupon that count, without those that are held. `key` is its key, `store \0 coupon`.
    fileprivate func uses(ofCoupon key: Span<UInt8>) -> Int64 {
        let counter = usage.find(
            .total, couponKey: key, couponHash: UsageTable.couponHash(of: key), detail: Span())
        guard let counter else { return 0 }
        return Int64(clamping: usage.used(counter))
    }

    /// Whether uses of the coupon count, or are held. `key` is its key, `store \0 coupon`.
    package func hasUses(ofCoupon key: Span<UInt8>) -> Bool {
        let counter = usage.find(
            .total, couponKey: key, couponHash: UsageTable.couponHash(of: key), detail: Span())
        guard let counter else { return false }
        return usage.used(counter) > 0 || usage.held(counter) > 0
    }
}

extension DerivedIDChange {
    /// The key by which the coupon's uses are counted.
    var oldKey: [UInt8] { Array("\(store)\0\(oldID)".utf8) }
}

extension DefinitionFault {
    /// Why definitions with this change are refused, and what to do.
    init(_ change: DerivedIDChange) {
        self.init(
            place: change.place, field: "coupons",
            message: "the coupon without an id that was \(change.oldID) would become "
                + "\(change.newID) and lose its uses; write `id: \(change.oldID)` to keep them.")
    }
}
