// Replies to validate and apply. The members come in one fixed order; what does not apply is left
// out. See `Protocol.md` in the documentation of CouponWire, from which the order is.

import CouponCatalog
import CouponRules
import CouponStore
import CouponWire
import FlatStorage

extension Service {
    /// The code is good. `redemption` is what an apply used it up as.
    mutating func writeSuccess(
        _ owner: Owner, _ purpose: Occasion.Purpose, redemption: UInt64?
    ) {
        beginVerdict(isValid: true, purpose)
        writeMoney(Sums(purchase, judge))
        reply.key("codes")
        reply.beginArray()
        reply.beginObject()
        writeCode(catalog.text(of: owner.code), of: catalog.id(of: owner.coupon), isValid: true)
        if purchase.hasCart {
            writeDiscount(judge.discount, judge.shippingDiscount)
        }
        if let redemption { writeRedemption(redemption) }
        if let left = owner.claim.usesLeft {
            reply.key("remaining")
            reply.integer(max(0, left - 1))
        }
        reply.bytes.append(catalog.replyFacts(of: owner.code))
        if parser.request.explains {
            reply.key("failures")
            reply.beginArray()
            reply.endArray()
        }
        endVerdict()
    }

    /// The code is known and not good.
    mutating func writeRefusal(_ owner: Owner, _ purpose: Occasion.Purpose) {
        let refusal = judge.refusals[0]
        beginVerdict(isValid: false, purpose, refusal.reason)
        writeMoney(Sums(undiscounted: purchase))
        reply.key("codes")
        reply.beginArray()
        reply.beginObject()
        writeCode(catalog.text(of: owner.code), of: catalog.id(of: owner.coupon), isValid: false)
        writeFacts(of: refusal)
        if parser.request.explains {
            reply.key("failures")
            reply.beginArray()
            for index in judge.refusals.indices {
                reply.beginObject()
                writeFacts(of: judge.refusals[index])
                reply.endObject()
            }
            reply.endArray()
        }
        endVerdict()
    }

    /// There is no such code, which is told as any other refusal.
    mutating func writeUnknownCode(_ purpose: Occasion.Purpose) {
        let refusal = Refusal(.codeUnknown)
        beginVerdict(isValid: false, purpose, refusal.reason)
        writeMoney(Sums(undiscounted: purchase))
        reply.key("codes")
        reply.beginArray()
        reply.beginObject()
        writeCode(parser.bytes(of: parser.request.codes[0].code), of: Span(), isValid: false)
        writeFacts(of: refusal)
        if parser.request.explains {
            reply.key("failures")
            reply.beginArray()
            reply.beginObject()
            writeFacts(of: refusal)
            reply.endObject()
            reply.endArray()
        }
        endVerdict()
    }

    private mutating func beginVerdict(
        isValid: Bool, _ purpose: Occasion.Purpose, _ reason: Reason? = nil
    ) {
        reply.beginReply(to: parser.bytes(of: parser.request.id))
        reply.key("valid")
        reply.boolean(isValid)
        if purpose == .apply {
            reply.key("applied")
            reply.boolean(isValid)
            reply.key("order")
            reply.string(parser.bytes(of: parser.request.order))
        }
        if let reason {
            reply.key("reason")
            reply.string(reason.code)
        }
    }

    private mutating func endVerdict() {
        reply.endObject()
        reply.endArray()
        reply.endReply()
    }

    private mutating func writeMoney(_ sums: Sums) {
        guard purchase.hasCart else { return }
        reply.writeSums(
            currency: purchase.currency, subtotal: purchase.subtotal, discount: sums.discount,
            shippingDiscount: sums.shippingDiscount, total: sums.total)
        reply.key("line_discounts")
        reply.beginArray()
        let isDiscounted = sums.discount > .zero
        for index in purchase.lines.indices {
            reply.money(isDiscounted ? judge.lineDiscounts[index] : .zero)
        }
        reply.endArray()
    }

    private mutating func writeCode(
        _ code: Span<UInt8>, of coupon: Span<UInt8>, isValid: Bool
    ) {
        reply.key("code")
        reply.string(code)
        if !coupon.isEmpty {
            reply.key("coupon")
            reply.string(coupon)
        }
        reply.key("valid")
        reply.boolean(isValid)
    }

    mutating func writeDiscount(_ discount: Money, _ shippingDiscount: Money) {
        reply.key("discount")
        reply.money(discount)
        if shippingDiscount > .zero {
            reply.key("shipping_discount")
            reply.money(shippingDiscount)
        }
    }

    mutating func writeRedemption(_ redemption: UInt64) {
        reply.key("redemption")
        reply.beginString()
        RedemptionNumbers.append(redemption, to: &reply.bytes)
        reply.endString()
    }

    /// `reason`, `message` and whatever numbers the refusal carries.
    private mutating func writeFacts(of refusal: Refusal) {
        reply.key("reason")
        reply.string(refusal.reason.code)
        reply.key("message")
        let attribute: Symbol = if case .attribute(let name) = refusal.scope { name } else { .unmentioned }
        reply.message(
            of: refusal, currency: purchase.currency, attribute: catalog.text(of: attribute))
        writeScope(refusal.scope)
        writeNumber("limit", refusal.limit)
        writeNumber("actual", refusal.actual)
        writeNumber("missing", refusal.missing)
        writeNumber("held", refusal.held)
        if let startsAt = refusal.startsAt {
            reply.key("starts_at")
            reply.instant(startsAt)
        }
        if let endedAt = refusal.endedAt {
            reply.key("ended_at")
            reply.instant(endedAt)
        }
    }

    private mutating func writeScope(_ scope: Refusal.Scope) {
        let name: StaticString
        switch scope {
        case .none: return
        case .attribute(let attribute):
            reply.key("scope")
            return reply.string(catalog.text(of: attribute))
        case .coupon: name = "coupon"
        case .code: name = "code"
        case .customers: name = "customers"
        case .groups: name = "groups"
        case .previousOrders: name = "max_previous_orders"
        }
        reply.key("scope")
        reply.string(name)
    }

    private mutating func writeNumber(_ key: StaticString, _ number: Int64?) {
        guard let number else { return }
        reply.key(key)
        reply.integer(number)
    }
}

extension ReplyWriter {
    /// The money members of a verdict, up to `total`.
    mutating func writeSums(
        currency: Currency, subtotal: Money, discount: Money, shippingDiscount: Money, total: Money
    ) {
        key("currency")
        beginString()
        appendLetters(of: currency)
        endString()
        key("subtotal")
        money(subtotal)
        key("discount")
        money(discount)
        key("shipping_discount")
        money(shippingDiscount)
        key("total")
        money(total)
    }
}
