// A coupon's definition becomes a flat value whose lists lie in the tables of the catalog.

import Definitions
import CouponRules
import FlatStorage

extension CatalogBuilder {
    mutating func add(_ definition: CouponDefinition, store: StoreID, scope: CodeScope) {
        let id = CouponID(coupons.count)
        var coupon = Coupon()
        coupon.kind = definition.kind
        coupon.status = definition.status
        coupon.zone = zone(
            named: definition.timezone, place: definition.place,
            field: definition.path + ".timezone")
        let window = window(from: definition.startsAt, to: definition.endsAt, in: coupon.zone)
        if window.startsAt >= window.endsAt {
            refuse(
                definition.place.atLine(definition.windowLine), definition.path + ".ends_at",
                "The coupon ends before it starts.")
        }
        coupon.startsAt = window.startsAt
        coupon.endsAt = window.endsAt
        compileRules(of: definition, into: &coupon)
        coupon.offers = offers(of: definition, coupon: coupon, store: store)

        var entry = CouponEntry(store: store)
        entry.isReusableAfterRelease = definition.isReusableAfterRelease
        coupon.discount = discount(of: definition)
        coupon.deriveChecks()

        let facts = ReplyFacts(of: definition, code: nil)
        entry.replyFacts = facts.bytes.isEmpty ? 0 : UInt32(replyFacts.add(facts.bytes))
        let given = DiscountFacts(of: definition)
        _ = discountFacts.add(given.bytes)

        entry.firstCode = UInt32(codes.count)
        addCodes(of: definition, owner: id, coupon: coupon, store: store, scope: scope)
        entry.codeCount = UInt32(codes.count) - entry.firstCode
        nameAndAdd(coupon, entry: entry, definition: definition)
    }

    /// Gives the coupon its id, checks that it has it alone, and adds it.
    private mutating func nameAndAdd(
        _ coupon: Coupon, entry: CouponEntry, definition: CouponDefinition
    ) {
        var entry = entry
        let id: String
        if let given = definition.id {
            id = given
        } else if entry.codeCount > 0 {
            var firstCode = ByteBuffer()
            codes.appendKeyText(of: Int(entry.firstCode), to: &firstCode)
            id = DerivedID.couponID(store: stores.name(of: entry.store), firstCode: firstCode.bytes)
            entry.hasDerivedID = true
        } else {
            // Its only code was refused, and so is the catalog.
            id = ""
        }

        if id.utf8.contains(0) {
            refuse(
                definition.place, definition.path + ".id",
                "An id must not contain a zero character.")
        }
        if let other = coupons.coupon(in: entry.store, withID: id.utf8.span), !id.isEmpty {
            let place = coupons.place(of: other)
            refuse(
                definition.place, definition.path + ".id",
                entry.hasDerivedID
                    ? "Without ids, this coupon and the one at \(place.text) would both be known by "
                        + "the same first code; give one of them an id."
                    : "The id “\(id)” is taken by the coupon at \(place.text).")
        }
        let usageKey = key(store: entry.store, id: id)
        coupons.add(
            coupon, entry: entry, usageKey: usageKey.span, id: id.utf8.span,
            place: definition.place)
    }
}
