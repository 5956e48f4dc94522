// Replies to validate, reserve and apply. The members come in one fixed order, and a member that does
// not apply is left out. Also update `Protocol.md` and `reply.schema.json` in CouponWire.

import CouponCatalog
import CouponRules
import CouponWire
import FlatStorage

/// The reply to a request that was evaluated.
enum VerdictReply {
    static func write(
        _ verdict: borrowing Verdict, _ entries: borrowing Entries, _ catalog: borrowing Catalog,
        _ request: borrowing IncomingRequest,
        _ reply: inout JSONWriter
    ) {
        begin(verdict.isGood ? nil : entries.firstRefusal?.reason, request, &reply)
        if request.purchase.hasCart { writeMoney(of: verdict, request, &reply) }
        reply.key("codes")
        reply.beginArray()
        for index in entries.indices where entries.isListed(index) {
            write(index, entries, verdict, catalog, request, &reply)
        }
        reply.endArray()
        ReplyEnvelope.end(&reply)
    }

    private static func begin(
        _ reason: Reason?, _ request: borrowing IncomingRequest, _ reply: inout JSONWriter
    ) {
        let isGood = reason == nil
        ReplyEnvelope.begin(to: request.id, &reply)
        reply.key("valid")
        reply.boolean(isGood)
        switch request.fields.operation {
        case .reserve:
            reply.key("reserved")
            reply.boolean(isGood)
        case .apply:
            reply.key("applied")
            reply.boolean(isGood)
            reply.key("order")
            reply.string(request.order)
        default: break
        }
        if let reason {
            reply.key("reason")
            reply.string(reason.code)
        } else if request.fields.operation == .reserve {
            reply.key("expires_at")
            reply.instant(request.holdExpiry)
        }
    }

    private static func writeMoney(
        of verdict: borrowing Verdict, _ request: borrowing IncomingRequest,
        _ reply: inout JSONWriter
    ) {
        let totals = verdict.totals
        reply.sums(
            request.purchase.currency, subtotal: request.purchase.subtotal,
            discount: totals.discount,
            shippingDiscount: totals.shippingDiscount, total: totals.total)
        reply.key("line_discounts")
        reply.beginArray()
        for line in verdict.lineDiscounts.indices { reply.money(verdict.lineDiscounts[line]) }
        reply.endArray()
        if totals.hasGiftCard {
            reply.giftCards(paid: totals.giftCardAmount, of: totals.total)
        }
    }

    // MARK: Entries

    /// Writes one entry; its money only when the request as a whole is good.
    private static func write(
        _ index: Int, _ entries: borrowing Entries, _ verdict: borrowing Verdict,
        _ catalog: borrowing Catalog,
        _ request: borrowing IncomingRequest, _ reply: inout JSONWriter
    ) {
        begin(index, entries, catalog, request, &reply)
        if entries.rows[index].isGood {
            if verdict.isGood && request.purchase.hasCart && entries.rows[index].giftCard == nil {
                writeDiscounts(of: index, entries, request, &reply)
            }
            let redemption = entries.rows[index].redemption
            if redemption > 0 { reply.redemption(redemption) }
            if entries.rows[index].coupon != nil, let left = entries.candidates[index].usesLeft {
                reply.member("remaining", max(0, left - 1))
            }
            reply.bytes.append(verdict.facts(of: index))
        } else if let refusal = entries.rows[index].refusal {
            write(refusal, entries, request.purchase.currency, catalog, &reply)
        }
        if entries.rows[index].evaluation.explains {
            reply.key("failures")
            reply.beginArray()
            for place in entries.rows[index].failures.range {
                reply.beginObject()
                write(entries.failure(place), entries, request.purchase.currency, catalog, &reply)
                reply.endObject()
            }
            reply.endArray()
        }
        reply.endObject()
    }

    private static func begin(
        _ index: Int, _ entries: borrowing Entries, _ catalog: borrowing Catalog,
        _ request: borrowing IncomingRequest, _ reply: inout JSONWriter
    ) {
        let isGood = entries.rows[index].isGood
        switch entries.rows[index].subject {
        case .unknown:
            let place = entries.rows[index].place ?? 0
            reply.beginEntry(
                request.bytes(of: request.fields.codes[place].code), of: Span(),
                isGood)
        case .coupon(let coupon, let code?):
            reply.beginEntry(catalog.text(of: code), of: catalog.id(of: coupon), isGood)
        case .coupon(let coupon, nil):
            reply.beginEntry(Span(), of: catalog.id(of: coupon), isGood)
        case .giftCard(let card, let code):
            reply.beginEntry(catalog.text(of: code), ofCard: catalog.id(of: card), isGood)
        }
    }

    private static func writeDiscounts(
        of index: Int, _ entries: borrowing Entries, _ request: borrowing IncomingRequest,
        _ reply: inout JSONWriter
    ) {
        reply.discounts(entries.rows[index].discount, entries.rows[index].shippingDiscount)
        guard entries.areSeveral else { return }
        reply.key("line_discounts")
        reply.beginArray()
        for line in request.purchase.lines.indices {
            reply.money(entries.share(of: index, line: line))
        }
        reply.endArray()
    }

    // MARK: Refusals

    /// `reason`, `message` and the facts that the refusal carries.
    private static func write(
        _ refusal: Refusal, _ entries: borrowing Entries, _ currency: Currency,
        _ catalog: borrowing Catalog, _ reply: inout JSONWriter
    ) {
        var attribute = Symbol.unmentioned
        if case .attribute(let name) = refusal.scope { attribute = name }
        reply.key("reason")
        reply.string(refusal.reason.code)
        reply.key("message")
        RefusalMessage.write(
            refusal, currency: currency, attribute: catalog.text(of: attribute), &reply)
        writeScope(refusal.scope, catalog.text(of: attribute), &reply)
        if let limit = refusal.limit { reply.member("limit", limit) }
        if let actual = refusal.actual { reply.member("actual", actual) }
        if let missing = refusal.missing { reply.member("missing", missing) }
        if let held = refusal.held { reply.member("held", held) }
        if let startsAt = refusal.startsAt {
            reply.key("starts_at")
            reply.instant(startsAt)
        }
        if let endedAt = refusal.endedAt {
            reply.key("ended_at")
            reply.instant(endedAt)
        }
        guard let other = refusal.conflictsWith else { return }
        reply.key("conflicts_with")
        if let code = entries.rows[other].code {
            reply.string(catalog.text(of: code))
        } else if let coupon = entries.rows[other].coupon {
            reply.string(catalog.id(of: coupon))
        } else {
            reply.null()
        }
    }

    private static func writeScope(
        _ scope: Refusal.Scope, _ attribute: Span<UInt8>, _ reply: inout JSONWriter
    ) {
        if scope == .none { return }
        reply.key("scope")
        switch scope {
        case .none: break
        case .coupon: reply.string("coupon")
        case .code: reply.string("code")
        case .offer: reply.string("offer")
        case .day: reply.string("day")
        case .week: reply.string("week")
        case .month: reply.string("month")
        case .bookingDate: reply.string("booking_date")
        case .customers: reply.string("customers")
        case .groups: reply.string("groups")
        case .previousOrders: reply.string("max_previous_orders")
        case .perCustomer: reply.string("per_customer")
        case .attribute: reply.string(attribute)
        }
    }
}
