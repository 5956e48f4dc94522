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
        let hasCart = image.facts.modes.contains(.hasCart)
        if hasCart { money(of: image) }
        key("codes")
        beginArray()
        var codes = image.codes
        while let code = codes.next() { entry(code, hasCart: hasCart) }
        endArray()
        endReply()
    }

    /// One code as it was told; a refused one without its message.
    private mutating func entry(_ code: borrowing OrderImageCode, hasCart: Bool) {
        let facts = code.facts
        let isValid = facts.flags.contains(.valid)
        let isGiftCard = facts.flags.contains(.giftCard)
        if isGiftCard {
            beginEntry(code.code, ofCard: code.coupon, isValid)
        } else {
            beginEntry(code.code, of: code.coupon, isValid)
        }
        if isValid {
            if hasCart && !isGiftCard {
                discounts(
                    Money(minorUnits: facts.discount), Money(minorUnits: facts.shippingDiscount))
            }
            if facts.flags.contains(.hasLineDiscounts) && hasCart {
                key("line_discounts")
                amounts(code.lineDiscounts)
            }
            redemption(facts.redemption)
        } else if let reason = Reason(rawValue: facts.reason) {
            key("reason")
            string(reason.code)
        }
        bytes.append(code.fragment)
        endObject()
    }

    private mutating func amounts(_ amounts: consuming OrderImageAmounts) {
        var amounts = amounts
        beginArray()
        while let amount = amounts.next() { integer(amount) }
        endArray()
    }

    private mutating func money(of image: borrowing OrderImageView) {
        let facts = image.facts
        sums(
            Currency(packed: facts.currency), subtotal: Money(minorUnits: facts.subtotal),
            discount: Money(minorUnits: facts.discount),
            shippingDiscount: Money(minorUnits: facts.shippingDiscount),
            total: Money(minorUnits: facts.total))
        key("line_discounts")
        amounts(image.lineDiscounts)
        if image.hasGiftCard {
            giftCards(
                paid: Money(minorUnits: image.giftCardAmount),
                of: Money(minorUnits: facts.total))
        }
    }

    /// The order is on record for a different request: an error that says what it stands for.
    mutating func conflict(
        with image: borrowing OrderImageView, _ purpose: EvaluationContext.Purpose,
        to id: Span<UInt8>
    ) {
        beginErrorReply(to: id, .idempotencyConflict)
        key("message")
        if image.facts.state == .partlyApplied {
            string("Some codes of this order were given back; release the rest to use it again.")
        } else if purpose == .reserve {
            string("This order is applied already.")
        } else {
            string("This order was applied with a different request.")
        }
        key("field")
        string("order")
        key("details")
        beginObject()
        key("codes")
        beginArray()
        var codes = image.codes
        while let code = codes.next() {
            if !code.facts.flags.contains(.valid) { continue }
            if code.code.isEmpty { null() } else { string(code.code) }
        }
        endArray()
        if image.facts.modes.contains(.hasCart) {
            member("discount", image.facts.discount)
            member("total", image.facts.total)
        }
        key("redemptions")
        beginArray()
        var redeemed = image.codes
        while let code = redeemed.next() {
            if code.facts.flags.contains(.valid) { redemptionText(code.facts.redemption) }
        }
        endArray()
        endObject()
        endErrorReply()
    }
}

extension OrderImageView {
    fileprivate var hasGiftCard: Bool {
        var codes = codes
        while let code = codes.next() {
            if code.facts.flags.contains(.giftCard) { return true }
        }
        return false
    }

    /// What its gift cards pay together.
    fileprivate var giftCardAmount: Int64 {
        var sum: Int64 = 0
        var codes = codes
        while let code = codes.next() {
            if code.facts.flags.contains(.giftCard) { sum += code.facts.discount }
        }
        return sum
    }
}
