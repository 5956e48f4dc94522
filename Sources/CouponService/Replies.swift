// Replies to validate, reserve and apply. The members come in one fixed order, and what does not
// apply is left out. Also update `Protocol.md` and `reply.schema.json` in CouponWire.

import CouponCatalog
import CouponRules
import CouponStore
import CouponWire
import FlatStorage

extension Checkout {
    /// Writes what was found of all entries.
    mutating func writeVerdict(
        _ purpose: EvaluationContext.Purpose, _ catalog: borrowing Catalog,
        _ parser: borrowing RequestParser, at now: Instant, _ reply: inout JSONWriter
    ) -> CheckoutOutcome {
        let isGood = isGood(parser.request.mode)
        reply.beginVerdict(isGood ? nil : firstRefusal?.reason, purpose, to: parser)
        if isGood && purpose == .reserve {
            reply.key("expires_at")
            reply.instant(expiry(parser, at: now))
        }
        if purchase.hasCart {
            let totals =
                isGood ? Totals(purchase, entries) : Totals(undiscounted: purchase, entries)
            sumLines(areDiscounted: isGood)
            writeMoney(totals, &reply)
        }
        reply.key("codes")
        reply.beginArray()
        for index in entries.indices where isListed(entries[index]) {
            write(index, isTold: isGood, catalog, parser, &reply)
        }
        reply.endArray()
        ReplyEnvelope.end(&reply)
        return isGood ? .accepted : .refused
    }

    private func writeMoney(_ totals: Totals, _ reply: inout JSONWriter) {
        reply.sums(
            purchase.currency, subtotal: purchase.subtotal, discount: totals.discount,
            shippingDiscount: totals.shippingDiscount, total: totals.total)
        reply.key("line_discounts")
        reply.beginArray()
        for line in lineTotals.indices { reply.money(lineTotals[line]) }
        reply.endArray()
        if totals.hasGiftCard {
            reply.giftCards(paid: totals.giftCardAmount, of: totals.total)
        }
    }

    // MARK: Entries

    /// Writes one entry; what it is worth only when the request as a whole `isTold` to be good.
    private mutating func write(
        _ index: Int, isTold: Bool, _ catalog: borrowing Catalog,
        _ parser: borrowing RequestParser, _ reply: inout JSONWriter
    ) {
        let entry = entries[index]
        beginEntry(entry, catalog, parser, &reply)
        if let refusal = entry.refusal {
            write(refusal, catalog, parser, &reply)
        } else {
            if isTold && purchase.hasCart { writeWorth(of: entry, &reply) }
            if entry.redemption > 0 { reply.redemption(entry.redemption) }
            if entry.coupon != nil, let left = candidates[index].usesLeft {
                reply.member("remaining", max(0, left - 1))
            }
            // What a card would pay is not told where nothing is paid.
            if isTold || entry.giftCard == nil {
                fragment.removeAll()
                appendFacts(of: entry, catalog)
                reply.bytes.append(fragment.bytes)
            }
        }
        if entry.evaluation.explains {
            reply.key("failures")
            reply.beginArray()
            for place in entry.failures.range {
                reply.beginObject()
                write(failures[place], catalog, parser, &reply)
                reply.endObject()
            }
            reply.endArray()
        }
        reply.endObject()
    }

    private func beginEntry(
        _ entry: Entry, _ catalog: borrowing Catalog, _ parser: borrowing RequestParser,
        _ reply: inout JSONWriter
    ) {
        switch entry.subject {
        case .unknown:
            let place = entry.place ?? 0
            reply.beginEntry(
                parser.bytes(of: parser.request.codes[place].code), of: Span(), entry.isGood)
        case .coupon(let coupon, let code?):
            reply.beginEntry(catalog.text(of: code), of: catalog.id(of: coupon), entry.isGood)
        case .coupon(let coupon, nil):
            reply.beginEntry(Span(), of: catalog.id(of: coupon), entry.isGood)
        case .giftCard(let card, let code):
            reply.beginEntry(
                catalog.text(of: code), ofCard: catalog.id(of: card), entry.isGood)
        }
    }

    private func writeWorth(of entry: Entry, _ reply: inout JSONWriter) {
        if entry.giftCard != nil { return }
        reply.discounts(entry.discount, entry.shippingDiscount)
        guard hasSeveralEntries else { return }
        reply.key("line_discounts")
        reply.beginArray()
        for line in purchase.lines.indices { reply.money(share(of: entry, line)) }
        reply.endArray()
    }

    /// Appends to `fragment` the members of a good entry that its definition, its offer or its card
    /// makes, each with a comma before it.
    mutating func appendFacts(of entry: Entry, _ catalog: borrowing Catalog) {
        switch entry.subject {
        case .unknown: break
        case .giftCard:
            if purchase.hasCart { fragment.append("amount", entry.payment) }
            if let candidate = entry.cardCandidate {
                fragment.append("balance", candidate.balance - entry.payment)
            }
        case .coupon(let coupon, let code):
            if let offer = entry.offer { fragment.append(catalog.offerFacts(offer)) }
            if let code {
                fragment.append(catalog.replyFacts(of: code))
            } else {
                fragment.append(catalog.replyFacts(of: coupon))
            }
        }
    }

    // MARK: Refusals

    /// `reason`, `message` and whatever facts the refusal carries.
    private func write(
        _ refusal: Refusal, _ catalog: borrowing Catalog, _ parser: borrowing RequestParser,
        _ reply: inout JSONWriter
    ) {
        var attribute = Symbol.unmentioned
        if case .attribute(let name) = refusal.scope { attribute = name }
        reply.refusal(refusal, purchase.currency, attribute: catalog.text(of: attribute))
        guard let other = refusal.conflictsWith else { return }
        reply.key("conflicts_with")
        if let code = entries[other].code {
            reply.string(catalog.text(of: code))
        } else if let coupon = entries[other].coupon {
            reply.string(catalog.id(of: coupon))
        } else {
            reply.null()
        }
    }
}

extension JSONWriter {
    fileprivate mutating func beginVerdict(
        _ reason: Reason?, _ purpose: EvaluationContext.Purpose, to parser: borrowing RequestParser
    ) {
        ReplyEnvelope.begin(to: parser.bytes(of: parser.request.id), &self)
        key("valid")
        boolean(reason == nil)
        switch purpose {
        case .validate: break
        case .reserve:
            key("reserved")
            boolean(reason == nil)
        case .apply:
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

    /// What every entry of `codes` begins with. A coupon that came by itself has no `code`, and a
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
        key("currency")
        beginString()
        appendLetters(of: currency)
        endString()
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

    @inline(__always)
    mutating func member(_ name: StaticString, _ number: Int64) {
        key(name)
        integer(number)
    }

    /// `reason`, `message`, and the facts that are no text of the catalog but `attribute`.
    fileprivate mutating func refusal(
        _ refusal: Refusal, _ currency: Currency, attribute: Span<UInt8>
    ) {
        key("reason")
        string(refusal.reason.code)
        key("message")
        RefusalMessage.write(refusal, currency: currency, attribute: attribute, &self)
        scope(refusal.scope, attribute)
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

    private mutating func scope(_ scope: Refusal.Scope, _ attribute: Span<UInt8>) {
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
        case .customers: string("customers")
        case .groups: string("groups")
        case .previousOrders: string("max_previous_orders")
        case .perCustomer: string("per_customer")
        case .attribute: string(attribute)
        }
    }
}

extension ByteBuffer {
    /// Appends a member of an entry's facts: an amount that is not negative.
    fileprivate mutating func append(_ name: StaticString, _ amount: Money) {
        append(",\"")
        append(name)
        append("\":")
        append(digits: amount.minorUnits.magnitude)
    }
}
