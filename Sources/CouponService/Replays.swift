// Replies about an order that is on record: what was said before, from its image alone. The catalog
// may have changed since; the image has not.

import CouponRules
import CouponStore
import CouponWire
import FlatStorage

extension ReplyWriter {
    /// The stored facts of an order that a request repeats.
    mutating func replay(
        _ image: borrowing OrderImageView, order: Span<UInt8>, to id: Span<UInt8>
    ) {
        beginReply(to: id)
        key("valid")
        boolean(true)
        key("applied")
        boolean(true)
        key("order")
        string(order)
        key("replayed")
        boolean(true)
        if image.facts.modes.contains(.hasCart) { money(of: image) }
        key("codes")
        beginArray()
        var codes = image.codes
        while let code = codes.next() {
            beginEntry(code.code, of: code.coupon, true)
            if image.facts.modes.contains(.hasCart) {
                discounts(
                    Money(minorUnits: code.facts.discount),
                    Money(minorUnits: code.facts.shippingDiscount))
            }
            redemption(code.facts.redemption)
            bytes.append(code.fragment)
            endObject()
        }
        endArray()
        endReply()
    }

    private mutating func money(of image: borrowing OrderImageView) {
        let facts = image.facts
        sums(
            Currency(packed: facts.currency), subtotal: Money(minorUnits: facts.subtotal),
            discount: Money(minorUnits: facts.discount),
            shippingDiscount: Money(minorUnits: facts.shippingDiscount),
            total: Money(minorUnits: facts.total))
        key("line_discounts")
        beginArray()
        var amounts = image.lineDiscounts
        while let amount = amounts.next() { integer(amount) }
        endArray()
    }

    /// The order is on record for a different request: an error that says what it stands for.
    mutating func conflict(with image: borrowing OrderImageView, to id: Span<UInt8>) {
        beginErrorReply(to: id, .idempotencyConflict)
        key("message")
        string("This order was applied with a different request.")
        key("field")
        string("order")
        key("details")
        beginObject()
        key("codes")
        beginArray()
        var codes = image.codes
        while let code = codes.next() { string(code.code) }
        endArray()
        if image.facts.modes.contains(.hasCart) {
            member("discount", image.facts.discount)
            member("total", image.facts.total)
        }
        key("redemptions")
        beginArray()
        var redeemed = image.codes
        while let code = redeemed.next() { redemptionText(code.facts.redemption) }
        endArray()
        endObject()
        endErrorReply()
    }
}
