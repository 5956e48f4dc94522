// Replies to validate and apply. The members come in one fixed order, and what does not apply is
// left out. Also update `Protocol.md` and `reply.schema.json` in CouponWire.

import CouponCatalog
import CouponRules
import CouponStore
import CouponWire
import FlatStorage

/// The money of a reply as a whole.
struct Sums: BitwiseCopyable {
    var discount = Money.zero
    var shippingDiscount = Money.zero
    var total: Money

    /// As the judge left it.
    init(_ purchase: borrowing Purchase, _ judge: borrowing Judge) {
        self.init(undiscounted: purchase)
        discount = judge.discount
        shippingDiscount = judge.shippingDiscount
        total = total - discount - shippingDiscount
    }

    /// As if no code were given.
    init(undiscounted purchase: borrowing Purchase) {
        total = purchase.subtotal + (purchase.shipping ?? .zero)
    }
}

extension Checkout {
    /// Writes what the judge found of `owner`. `redemption` is what an apply used it up as.
    mutating func writeVerdict(
        on owner: Owner, _ purpose: Occasion.Purpose, _ redemption: UInt64?,
        _ catalog: borrowing Catalog, _ parser: borrowing RequestParser,
        _ reply: inout ReplyWriter
    ) -> CheckoutOutcome {
        let isValid = judge.refusals.isEmpty
        reply.beginVerdict(
            isValid ? nil : judge.refusals[0].reason, purpose, to: parser)
        if purchase.hasCart {
            let sums =
                isValid ? Sums(purchase, judge) : Sums(undiscounted: purchase)
            writeMoney(sums, &reply)
        }
        reply.beginCodes(catalog.text(of: owner.code), of: catalog.id(of: owner.coupon), isValid)
        if isValid {
            if purchase.hasCart { reply.discounts(judge.discount, judge.shippingDiscount) }
            if let redemption { reply.redemption(redemption) }
            if let left = owner.claim.usesLeft { reply.member("remaining", max(0, left - 1)) }
            reply.bytes.append(catalog.replyFacts(of: owner.code))
        } else {
            reply.refusal(judge.refusals[0], purchase.currency, catalog)
        }
        if parser.request.explains { writeFailures(catalog, &reply) }
        reply.endVerdict()
        return isValid ? .accepted : .refused
    }

    /// A code that does not exist is refused as any other.
    mutating func writeUnknownCode(
        _ purpose: Occasion.Purpose, _ catalog: borrowing Catalog,
        _ parser: borrowing RequestParser, _ reply: inout ReplyWriter
    ) {
        judge.refuseUnknownCode(purchase)
        reply.beginVerdict(.codeUnknown, purpose, to: parser)
        if purchase.hasCart { writeMoney(Sums(undiscounted: purchase), &reply) }
        reply.beginCodes(parser.bytes(of: parser.request.codes[0].code), of: Span(), false)
        reply.refusal(judge.refusals[0], purchase.currency, catalog)
        if parser.request.explains { writeFailures(catalog, &reply) }
        reply.endVerdict()
    }

    private func writeMoney(_ sums: Sums, _ reply: inout ReplyWriter) {
        reply.sums(
            purchase.currency, subtotal: purchase.subtotal, discount: sums.discount,
            shippingDiscount: sums.shippingDiscount, total: sums.total)
        reply.key("line_discounts")
        reply.beginArray()
        for index in judge.lineDiscounts.indices { reply.money(judge.lineDiscounts[index]) }
        reply.endArray()
    }

    /// Every rule that fails.
    private func writeFailures(_ catalog: borrowing Catalog, _ reply: inout ReplyWriter) {
        reply.key("failures")
        reply.beginArray()
        for index in judge.refusals.indices {
            reply.beginObject()
            reply.refusal(judge.refusals[index], purchase.currency, catalog)
            reply.endObject()
        }
        reply.endArray()
    }
}

extension ReplyWriter {
    fileprivate mutating func beginVerdict(
        _ reason: Reason?, _ purpose: Occasion.Purpose, to parser: borrowing RequestParser
    ) {
        beginReply(to: parser.bytes(of: parser.request.id))
        key("valid")
        boolean(reason == nil)
        if purpose == .apply {
            key("applied")
            boolean(reason == nil)
            key("order")
            string(parser.bytes(of: parser.request.order))
        }
        if let reason {
            key("reason")
            string(reason.code)
        }
    }

    fileprivate mutating func beginCodes(
        _ code: Span<UInt8>, of coupon: Span<UInt8>, _ isValid: Bool
    ) {
        key("codes")
        beginArray()
        beginEntry(code, of: coupon, isValid)
    }

    fileprivate mutating func endVerdict() {
        endObject()
        endArray()
        endReply()
    }

    /// What every entry of `codes` begins with. `coupon` is empty when there is none.
    mutating func beginEntry(_ code: Span<UInt8>, of coupon: Span<UInt8>, _ isValid: Bool) {
        beginObject()
        key("code")
        string(code)
        if !coupon.isEmpty {
            key("coupon")
            string(coupon)
        }
        key("valid")
        boolean(isValid)
    }

    /// The money members of a reply as a whole, up to `total`.
    mutating func sums(
        _ currency: Currency, subtotal: Money, discount: Money, shippingDiscount: Money,
        total: Money
    ) {
        key("currency")
        beginString()
        appendLetters(of: currency)
        endString()
        member("subtotal", subtotal.minorUnits)
        member("discount", discount.minorUnits)
        member("shipping_discount", shippingDiscount.minorUnits)
        member("total", total.minorUnits)
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

    mutating func member(_ name: StaticString, _ number: Int64) {
        key(name)
        integer(number)
    }

    /// `reason`, `message` and whatever facts the refusal carries.
    fileprivate mutating func refusal(
        _ refusal: Refusal, _ currency: Currency, _ catalog: borrowing Catalog
    ) {
        key("reason")
        string(refusal.reason.code)
        key("message")
        var attribute = Symbol.unmentioned
        if case .attribute(let name) = refusal.scope { attribute = name }
        message(of: refusal, currency: currency, attribute: catalog.text(of: attribute))
        scope(refusal.scope, catalog)
        if let limit = refusal.limit { member("limit", limit) }
        if let actual = refusal.actual { member("actual", actual) }
        if let missing = refusal.missing { member("missing", missing) }
        if let held = refusal.held { member("held", held) }
        if let startsAt = refusal.startsAt {
            key("starts_at")
            instant(startsAt)
        }
        if let endedAt = refusal.endedAt {
            key("ended_at")
            instant(endedAt)
        }
    }

    private mutating func scope(_ scope: Refusal.Scope, _ catalog: borrowing Catalog) {
        if scope == .none { return }
        key("scope")
        switch scope {
        case .none: break
        case .coupon: string("coupon")
        case .code: string("code")
        case .offer: string("offer")
        case .day: string("day")
        case .week: string("week")
        case .month: string("month")
        case .bookingDate: string("booking_date")
        case .perCustomer: string("per_customer")
        case .customers: string("customers")
        case .groups: string("groups")
        case .previousOrders: string("max_previous_orders")
        case .attribute(let attribute): string(catalog.text(of: attribute))
        }
    }
}
