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
    /// coupon with another derived id. Takes a look-up for each code of the coupons that are gone.
    package func changedDerivedIDs(from old: borrowing Catalog) -> [DerivedIDChange] {
        var changes: [DerivedIDChange] = []
        var text = CodeText()
        for index in 0..<old.couponCount {
            let coupon = CouponID(index)
            let entry = old.couponTable.entry(of: coupon)
            guard entry.hasDerivedID, let store = store(named: old.stores.name(of: entry.store)),
                self.coupon(in: store, withID: old.id(of: coupon)) == nil
            else { continue }
            for row in entry.codeRows {
                guard let owner = derivedOwner(of: old.codes.text(of: row), in: store, &text)
                else { continue }
                changes.append(change(from: string(old.id(of: coupon)), to: owner))
                break
            }
        }
        return changes
    }

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
