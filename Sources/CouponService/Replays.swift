// Replies about an order that is on record: what was said before, from its image alone. The catalog
// may have changed since; the image has not.

import CouponRules
import CouponStore
import CouponWire
import FlatStorage

extension Service {
    /// The stored facts of the order that the request repeats.
    mutating func writeReplay(of image: borrowing OrderImageView) {
        reply.beginReply(to: parser.bytes(of: parser.request.id))
        reply.key("valid")
        reply.boolean(true)
        reply.key("applied")
        reply.boolean(true)
        reply.key("order")
        reply.string(parser.bytes(of: parser.request.order))
        reply.key("replayed")
        reply.boolean(true)
        if image.facts.modes.contains(.hasCart) { writeMoney(of: image) }
        reply.key("codes")
        reply.beginArray()
        var codes = image.codes
        while let code = codes.next() { writeReplay(of: code, hasCart: image.facts.modes.contains(.hasCart)) }
        reply.endArray()
        reply.endReply()
    }

    private mutating func writeMoney(of image: borrowing OrderImageView) {
        let facts = image.facts
        reply.writeSums(
            currency: Currency(packed: facts.currency),
            subtotal: Money(minorUnits: facts.subtotal),
            discount: Money(minorUnits: facts.discount),
            shippingDiscount: Money(minorUnits: facts.shippingDiscount),
            total: Money(minorUnits: facts.total))
        reply.key("line_discounts")
        reply.beginArray()
        var amounts = image.lineDiscounts
        while let amount = amounts.next() { reply.integer(amount) }
        reply.endArray()
    }

    private mutating func writeReplay(of code: borrowing OrderImageCode, hasCart: Bool) {
        reply.beginObject()
        reply.key("code")
        reply.string(code.code)
        reply.key("coupon")
        reply.string(code.coupon)
        reply.key("valid")
        reply.boolean(true)
        if hasCart {
            writeDiscount(
                Money(minorUnits: code.facts.discount),
                Money(minorUnits: code.facts.shippingDiscount))
        }
        writeRedemption(code.facts.redemption)
        reply.bytes.append(code.fragment)
        reply.endObject()
    }

    /// The order is on record for a different request: an error that says what it stands for.
    mutating func writeConflict(with image: borrowing OrderImageView) {
        reply.beginErrorReply(to: parser.bytes(of: parser.request.id), .idempotencyConflict)
        reply.key("message")
        reply.string("This order was applied with a different request.")
        reply.key("field")
        reply.string("order")
        reply.key("details")
        reply.beginObject()
        reply.key("codes")
        reply.beginArray()
        var codes = image.codes
        while let code = codes.next() { reply.string(code.code) }
        reply.endArray()
        if image.facts.modes.contains(.hasCart) {
            reply.key("discount")
            reply.integer(image.facts.discount)
            reply.key("total")
            reply.integer(image.facts.total)
        }
        reply.key("redemptions")
        reply.beginArray()
        var redeemed = image.codes
        while let code = redeemed.next() {
            reply.beginString()
            RedemptionNumbers.append(code.facts.redemption, to: &reply.bytes)
            reply.endString()
        }
        reply.endArray()
        reply.endObject()
        reply.endErrorReply()
    }
}
