// A coupon without an id is known by its first code. If that code is removed, or another one is
// written in front of it, the coupon gets another id and silently loses its uses. A reload, and a
// start on definitions that were edited while the daemon was down, look for that here; the caller
// refuses the catalog if there are uses.

import Definitions
import CouponRules
import FlatStorage

/// A coupon without an id of its own that another catalog knows by another derived id.
package struct DerivedIDChange: Hashable, Sendable {
    package var store: String
    package var oldID: String
    package var newID: String
    /// Where the coupon is defined now: writing `id: <oldID>` there keeps its uses.
    package var place: SourcePlace
}

extension Catalog {
    /// The coupons of `old` whose derived id is gone although one of their codes now belongs to a
    /// coupon with another derived id. Takes a look-up for each code of the coupons that are gone; those
    /// after `deadline` are left out.
    package func changedDerivedIDs(
        from old: borrowing Catalog, until deadline: LoadingDeadline? = nil
    ) -> [DerivedIDChange] {
        var changes: [DerivedIDChange] = []
        var text = CodeText()
        for index in 0..<old.couponCount {
            let coupon = CouponID(index)
            let entry = old.couponTable.entry(of: coupon)
            guard entry.hasDerivedID, let store = store(named: old.stores.name(of: entry.store)),
                self.coupon(in: store, withID: old.id(of: coupon)) == nil
            else { continue }
            for row in entry.codeRows {
                if row % Self.codesPerLookAtClock == 0, deadline?.isOver == true { return changes }
                guard let owner = derivedOwner(of: old.codes.text(of: row), in: store, &text)
                else { continue }
                changes.append(change(from: string(old.id(of: coupon)), to: owner))
                break
            }
        }
        return changes
    }

    /// Coupons with a limit of uses in all, at most `countMax`: first those that `old` limits in another
    /// way, or not at all, then the others.
    package func couponsWithTotals(
        changedFrom old: borrowing Catalog, countMax: Int
    ) -> [CouponID] {
        var (changed, others): ([CouponID], [CouponID]) = ([], [])
        for index in 0..<couponCount where coupons[index].limits.total > 0 {
            let coupon = CouponID(index)
            var before: Int64 = 0
            if let store = old.store(named: stores.name(of: store(of: coupon))),
                let same = old.coupon(in: store, withID: id(of: coupon))
            {
                before = old.coupons[Int(same.index)].limits.total
            }
            if before == coupons[index].limits.total {
                if others.count < countMax { others.append(coupon) }
            } else {
                changed.append(coupon)
                if changed.count == countMax { return changed }
            }
        }
        return changed + others.prefix(countMax - changed.count)
    }

    /// All coupons with a limit of uses in all.
    package var couponsWithTotals: [CouponID] {
        (0..<couponCount).filter { coupons[$0].limits.total > 0 }.map { CouponID($0) }
    }

    private static var codesPerLookAtClock: Int { 1_024 }

    /// Whether a recorded use is of a coupon whose derived id has changed since: the use names a
    /// coupon that looks derived and is gone, and its code belongs to one with another derived id.
    package func changedDerivedID(
        ofUseIn store: Span<UInt8>, coupon: Span<UInt8>, code: Span<UInt8>
    ) -> DerivedIDChange? {
        guard DerivedID.looksDerived(coupon), let storeID = self.store(named: store),
            self.coupon(in: storeID, withID: coupon) == nil
        else { return nil }
        var text = CodeText()
        return derivedOwner(of: code, in: storeID, &text).map {
            change(from: string(coupon), to: $0)
        }
    }

    private func derivedOwner(
        of code: Span<UInt8>, in store: StoreID, _ text: inout CodeText
    ) -> CouponID? {
        guard (try? text.read(code)) != nil else { return nil }
        var walk = findCodes(in: store, matching: text, foldedHash: text.foldedHash)
        while let match = nextCode(&walk, matching: text) {
            if let owner = coupon(of: match), hasDerivedID(owner) { return owner }
        }
        return nil
    }

    private func change(from oldID: String, to coupon: CouponID) -> DerivedIDChange {
        DerivedIDChange(
            store: string(stores.name(of: store(of: coupon))), oldID: oldID,
            newID: string(id(of: coupon)), place: place(of: coupon))
    }
}
