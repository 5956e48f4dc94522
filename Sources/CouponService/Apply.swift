// apply: judge, and in the same step use the code up and remember the order.
//
// An order that is known already is never judged again. The same request is answered from its
// image, another one is a conflict: so a shop that lost the reply may simply ask again.

import CouponCatalog
import CouponRules
import CouponStore
import CouponWire
import FlatStorage

extension Checkout {
    mutating func apply(
        _ catalog: borrowing Catalog, _ parser: borrowing RequestParser, _ ledger: inout Ledger,
        at now: Instant, _ reply: inout ReplyWriter
    ) -> CheckoutOutcome {
        guard reply.isServed(parser) else { return .faulted }
        let finding = find(catalog, parser)
        if let outcome = answerFromRecord(parser, ledger, &reply) { return outcome }

        let needs: IntakeNeeds
        switch finding {
        case .unknown: needs = []
        case .owned(let owned): needs = owned
        }
        guard takeInCart(needs, catalog, parser, &reply) else { return .faulted }
        guard case .owned = finding else {
            writeUnknownCode(.apply, catalog, parser, &reply)
            return .refused
        }

        let owner = judgeOwners(catalog, parser, ledger, .apply, at: now)
        guard judge.refusals.isEmpty else {
            return writeVerdict(on: owner, .apply, nil, catalog, parser, &reply)
        }
        guard !ledger.orders.isFull else {
            reply.error(
                .overloaded, "The configured number of orders is reached; nothing was used.",
                to: parser)
            return .faulted
        }
        let redemption = consume(owner, catalog, parser, &ledger, at: now)
        return writeVerdict(on: owner, .apply, redemption, catalog, parser, &reply)
    }

    /// Answers an order that is on record; nil when there is none, or one that may start afresh.
    private mutating func answerFromRecord(
        _ parser: borrowing RequestParser, _ ledger: borrowing Ledger, _ reply: inout ReplyWriter
    ) -> CheckoutOutcome? {
        let order = parser.bytes(of: parser.request.order)
        guard let id = ledger.orders.find(store: storeName.bytes, order: order) else { return nil }
        let image = OrderImageView(recorded: ledger.orders.image(id))
        switch image.facts.state {
        case .released, .reserved: return nil
        case .applied, .partlyApplied: break
        }
        let isSame =
            image.facts.state == .applied && image.isCode(codeText)
            && image.facts.request == canonicalRequest.fingerprint(of: parser)
        if isSame {
            reply.replay(image, order: order, to: parser.bytes(of: parser.request.id))
            return .replayed
        }
        reply.conflict(with: image, to: parser.bytes(of: parser.request.id))
        return .conflicted
    }

    /// Uses the code up: its counters advance and the order appears, in one step. Nothing in here
    /// refuses. Returns the redemption's number.
    private mutating func consume(
        _ owner: Owner, _ catalog: borrowing Catalog, _ parser: borrowing RequestParser,
        _ ledger: inout Ledger, at now: Instant
    ) -> UInt64 {
        let redemption = ledger.redemptions.next(nowMilliseconds: now.millisecondsSinceEpoch)
        codeKey.removeAll()
        catalog.appendKeyText(of: owner.code, to: &codeKey)
        bearCounters(owner, catalog, &ledger)

        let request = canonicalRequest.fingerprint(of: parser)
        image.begin(
            orderFacts(request, parser, at: now),
            customer: parser.bytes(of: parser.request.customer.id),
            email: parser.bytes(of: parser.request.customer.email))
        for index in judge.lineDiscounts.indices {
            image.appendLineDiscount(judge.lineDiscounts[index].minorUnits)
        }
        for index in parser.request.metadata.indices {
            let pair = parser.request.metadata[index]
            image.appendMetadata(
                name: parser.bytes(of: pair.key), value: parser.bytes(of: pair.value))
        }
        var code = CodeFacts(flags: .valid)
        if catalog.isCaseSensitive(owner.code) { code.flags.insert(.caseSensitive) }
        code.redemption = redemption
        code.discount = judge.discount.minorUnits
        code.shippingDiscount = judge.shippingDiscount.minorUnits
        image.appendCode(code, owner, key: codeKey, catalog)
        image.finish()

        ledger.record(
            store: storeName.bytes, order: parser.bytes(of: parser.request.order),
            image: image.bytes)
        return redemption
    }

    /// Brings the counters of the coupon and of its code into being, with the uses from before.
    private func bearCounters(
        _ owner: Owner, _ catalog: borrowing Catalog, _ ledger: inout Ledger
    ) {
        let couponKey = catalog.usageKey(of: owner.coupon)
        let couponHash = catalog.usageKeyHash(of: owner.coupon)
        _ = ledger.usage.findOrInsert(
            .total, couponKey: couponKey, couponHash: couponHash, detail: Span(),
            startingAt: UInt64(owner.claim.coupon.usesBefore))
        _ = ledger.usage.findOrInsert(
            .code, couponKey: couponKey, couponHash: couponHash, detail: codeKey.bytes,
            startingAt: UInt64(owner.claim.terms.usesBefore))
    }

    private func orderFacts(
        _ request: Fingerprint, _ parser: borrowing RequestParser, at now: Instant
    ) -> OrderFacts {
        var facts = OrderFacts(
            state: .applied, decidedAt: now.millisecondsSinceEpoch, request: request)
        if parser.request.mode == .partial { facts.modes.insert(.partial) }
        if purchase.hasCart {
            let sums = Sums(purchase, judge)
            facts.modes.insert(.hasCart)
            facts.currency = purchase.currency.packed
            facts.subtotal = purchase.subtotal.minorUnits
            facts.shipping = (purchase.shipping ?? .zero).minorUnits
            facts.discount = sums.discount.minorUnits
            facts.shippingDiscount = sums.shippingDiscount.minorUnits
            facts.total = sums.total.minorUnits
        }
        return facts
    }
}

extension OrderImageWriter {
    /// The entry of a code that was used up, and the counters that it used.
    fileprivate mutating func appendCode(
        _ facts: CodeFacts, _ owner: Owner, key: borrowing ByteBuffer,
        _ catalog: borrowing Catalog
    ) {
        beginCode(
            facts, code: catalog.text(of: owner.code), coupon: catalog.id(of: owner.coupon),
            usageKey: catalog.usageKey(of: owner.coupon))
        writeFragment(catalog.replyFacts(of: owner.code))
        appendConsumption(.total, couponKey: Span(), detail: Span(), amount: 1)
        appendConsumption(.code, couponKey: Span(), detail: key.bytes, amount: 1)
    }
}

extension OrderImageView {
    /// Whether the order's code answers to `text`. The catalog may know it no more.
    fileprivate func isCode(_ text: borrowing CodeText) -> Bool {
        var codes = codes
        guard let code = codes.next() else { return false }
        var consumptions = code.consumptions
        while let consumption = consumptions.next() {
            // The detail of a code's counter is its text, folded unless its case matters.
            guard consumption.kind == .code else { continue }
            return code.facts.flags.contains(.caseSensitive)
                ? consumption.detail.isEqual(to: text.exact)
                : consumption.detail.isEqual(to: text.folded)
        }
        return false
    }

    /// An image that the ledger holds, and that is therefore whole.
    @_lifetime(copy image)
    init(recorded image: Span<UInt8>) {
        do {
            try self.init(image)
        } catch {
            preconditionFailure("an image on record is whole: \(error)")
        }
    }
}
