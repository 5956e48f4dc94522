// Replies about an order that is on record, from its image alone: the catalog may have changed since,
// the image has not.

import CouponRules
import CouponStore
import CouponWire
import FlatStorage

/// The replies to a request for an order that is applied.
enum ReplayReply {
    /// The stored facts of an order that the request repeats.
    static func write(
        _ image: borrowing OrderImageView, order: Span<UInt8>, to id: Span<UInt8>,
        _ reply: inout JSONWriter
    ) {
        ReplyEnvelope.begin(to: id, &reply)
        reply.key("valid")
        reply.boolean(true)
        reply.key("applied")
        reply.boolean(true)
        reply.key("order")
        reply.string(order)
        reply.key("replayed")
        reply.boolean(true)
        let hasCart = image.facts.modes.contains(.hasCart)
        if hasCart { writeMoney(of: image, &reply) }
        reply.key("codes")
        reply.beginArray()
        var codes = image.codes
        while let code = codes.next() {
            beginEntry(of: code, hasCart: hasCart, &reply)
            reply.endObject()
        }
        reply.endArray()
        ReplyEnvelope.end(&reply)
    }

    /// One code as it was replied; a refused one without its message. The caller ends the object.
    static func beginEntry(
        of code: borrowing OrderImageCode, hasCart: Bool, _ reply: inout JSONWriter
    ) {
        let facts = code.facts
        let isValid = facts.flags.contains(.valid)
        let isGiftCard = facts.flags.contains(.giftCard)
        if isGiftCard {
            reply.beginEntry(code.code, ofCard: code.coupon, isValid)
        } else {
            reply.beginEntry(code.code, of: code.coupon, isValid)
        }
        if isValid {
            if hasCart && !isGiftCard {
                reply.discounts(
                    Money(minorUnits: facts.discount), Money(minorUnits: facts.shippingDiscount))
            }
            if facts.flags.contains(.hasLineDiscounts) && hasCart {
                reply.key("line_discounts")
                write(code.lineDiscounts, &reply)
            }
            reply.redemption(facts.redemption)
        } else if let reason = Reason(rawValue: facts.reason) {
            reply.key("reason")
            reply.string(reason.code)
        }
        reply.bytes.append(code.fragment)
    }

    private static func write(_ amounts: consuming OrderImageAmounts, _ reply: inout JSONWriter) {
        var amounts = amounts
        reply.beginArray()
        while let amount = amounts.next() { reply.integer(amount) }
        reply.endArray()
    }

    /// The sums of an order with a cart.
    static func writeMoney(of image: borrowing OrderImageView, _ reply: inout JSONWriter) {
        let facts = image.facts
        reply.sums(
            Currency(packed: facts.currency), subtotal: Money(minorUnits: facts.subtotal),
            discount: Money(minorUnits: facts.discount),
            shippingDiscount: Money(minorUnits: facts.shippingDiscount),
            total: Money(minorUnits: facts.total))
        reply.key("line_discounts")
        write(image.lineDiscounts, &reply)
        if let paid = image.giftCardAmount {
            reply.giftCards(paid: Money(minorUnits: paid), of: Money(minorUnits: facts.total))
        }
    }

    /// The error for an order that is on record with a different request; it lists what the order has.
    static func writeConflict(
        with image: borrowing OrderImageView, _ purpose: EvaluationContext.Purpose,
        to id: Span<UInt8>, _ reply: inout JSONWriter
    ) {
        ErrorReply.begin(.idempotencyConflict, to: id, &reply)
        reply.key("message")
        if image.facts.state == .partlyApplied {
            reply.string(
                "Some codes of this order were given back; release the rest to use it again.")
        } else if purpose == .reserve {
            reply.string("This order is applied already.")
        } else {
            reply.string("This order was applied with a different request.")
        }
        reply.key("field")
        reply.string("order")
        reply.key("details")
        reply.beginObject()
        reply.key("codes")
        reply.beginArray()
        var codes = image.codes
        while let code = codes.next() {
            if !code.facts.flags.contains(.valid) { continue }
            if code.code.isEmpty { reply.null() } else { reply.string(code.code) }
        }
        reply.endArray()
        if image.facts.modes.contains(.hasCart) {
            reply.member("discount", image.facts.discount)
            reply.member("total", image.facts.total)
        }
        reply.key("redemptions")
        reply.beginArray()
        var redeemed = image.codes
        while let code = redeemed.next() {
            if code.facts.flags.contains(.valid) {
                reply.redemptionText(code.facts.redemption)
            }
        }
        reply.endArray()
        reply.endObject()
        ErrorReply.end(&reply)
    }
}

extension OrderImageView {
    /// What its gift cards pay together; nil when it has none.
    fileprivate var giftCardAmount: Int64? {
        var sum: Int64?
        var codes = codes
        while let code = codes.next() {
            if code.facts.flags.contains(.giftCard) { sum = (sum ?? 0) + code.facts.discount }
        }
        return sum
    }
}
