// Members that several replies have, each in one form. Also update `Protocol.md` and
// `reply.schema.json` in CouponWire.

import CouponRules
import CouponStore
import CouponWire
import FlatStorage

extension JSONWriter {
    @inline(__always)
    mutating func member(_ name: StaticString, _ number: Int64) {
        key(name)
        integer(number)
    }

    /// `code`, which is null for an automatic coupon.
    mutating func codeMember(_ code: Span<UInt8>) {
        key("code")
        if code.isEmpty { null() } else { string(code) }
    }

    mutating func currencyMember(_ currency: Currency) {
        key("currency")
        beginString()
        appendLetters(of: currency)
        endString()
    }

    /// The members that every entry of `codes` begins with. An automatic coupon has no `code`, and a
    /// code that does not exist no `coupon`.
    mutating func beginEntry(_ code: Span<UInt8>, of coupon: Span<UInt8>, _ isValid: Bool) {
        beginObject()
        key("code")
        if code.isEmpty && !coupon.isEmpty { null() } else { string(code) }
        if !coupon.isEmpty {
            key("coupon")
            string(coupon)
        }
        key("valid")
        boolean(isValid)
    }

    /// As above, of a gift card.
    mutating func beginEntry(_ code: Span<UInt8>, ofCard card: Span<UInt8>, _ isValid: Bool) {
        beginObject()
        key("code")
        string(code)
        key("gift_card")
        string(card)
        key("valid")
        boolean(isValid)
    }

    /// The money members of a reply as a whole, up to `total`.
    mutating func sums(
        _ currency: Currency, subtotal: Money, discount: Money, shippingDiscount: Money,
        total: Money
    ) {
        currencyMember(currency)
        member("subtotal", subtotal.minorUnits)
        member("discount", discount.minorUnits)
        member("shipping_discount", shippingDiscount.minorUnits)
        member("total", total.minorUnits)
    }

    /// What gift cards pay of `total`, and what is left to be paid.
    mutating func giftCards(paid amount: Money, of total: Money) {
        member("gift_card_amount", amount.minorUnits)
        member("amount_due", (total - amount).minorUnits)
    }

    /// The money members of one code's entry.
    mutating func discounts(_ discount: Money, _ shippingDiscount: Money) {
        member("discount", discount.minorUnits)
        if shippingDiscount > .zero { member("shipping_discount", shippingDiscount.minorUnits) }
    }

    mutating func redemption(_ number: UInt64) {
        key("redemption")
        redemptionText(number)
    }

    mutating func redemptionText(_ number: UInt64) {
        beginString()
        RedemptionNumbers.append(number, to: &bytes)
        endString()
    }
}
