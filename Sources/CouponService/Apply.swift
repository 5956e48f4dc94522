// apply: judge, and in the same step use the code up and remember the order.
//
// An order that is known already is never judged again. The same request is answered from its
// image, another one is a conflict: so a shop that lost the reply may simply ask again.

import CouponCatalog
import CouponRules
import CouponStore
import CouponWire
import FlatStorage

extension Service {
    mutating func apply(at now: Instant) {
        guard isServed() else { return }
        let entry = parser.request.codes[0]
        let finding = find(entry)
        if answerFromRecord() { return }

        let needs: IntakeNeeds
        switch finding {
        case .unserved(let features): return writeUnserved(features)
        case .unknown: needs = []
        case .owned(let owned): needs = owned
        }
        guard takeInCart(needs) else { return }
        guard case .owned = finding else { return writeUnknownCode(.apply) }

        let owner = judgeOwners(of: entry, .apply, at: now)
        guard judge.refusals.isEmpty else { return writeRefusal(owner, .apply) }
        guard !ledger.orders.isFull else {
            return writeError(
                .overloaded, "The configured number of orders is reached; nothing was used.")
        }
        let redemption = consume(owner, at: now)
        statistics.applied += 1
        writeSuccess(owner, .apply, redemption: redemption)
    }

    /// Answers an order that is on record; false when there is none, or one that may start afresh.
    private mutating func answerFromRecord() -> Bool {
        let order = parser.bytes(of: parser.request.order)
        guard let id = ledger.orders.find(store: storeName, order: order) else { return false }
        let view = recorded(ledger.orders.image(id))
        if view.facts.state == .released || view.facts.state == .reserved { return false }
        let isSame =
            view.facts.state == .applied && view.facts.request == fingerprintOfRequest()
        if isSame {
            statistics.replayed += 1
            writeReplay(of: recorded(ledger.orders.image(id)))
        } else {
            statistics.conflicts += 1
            writeConflict(with: recorded(ledger.orders.image(id)))
        }
        return true
    }

    /// Uses the code up: its counters advance and the order appears, in one step. Nothing in here
    /// refuses. Returns the redemption's number.
    private mutating func consume(_ owner: Owner, at now: Instant) -> UInt64 {
        let redemption = ledger.redemptions.next(nowMilliseconds: now.millisecondsSinceEpoch)
        codeKey.removeAll()
        catalog.appendKeyText(of: owner.code, to: &codeKey)
        let fingerprint = fingerprintOfRequest()
        bearCounters(owner)
        writeImage(owner, fingerprint, redemption, at: now)
        ledger.record(
            store: storeName, order: parser.bytes(of: parser.request.order), image: image.bytes)
        return redemption
    }

    /// Brings the counters of the coupon and of its code into being, with the uses from before.
    private mutating func bearCounters(_ owner: Owner) {
        let couponKey = catalog.usageKey(of: owner.coupon)
        let couponHash = catalog.usageKeyHash(of: owner.coupon)
        _ = ledger.usage.findOrInsert(
            .total, couponKey: couponKey, couponHash: couponHash, detail: Span(),
            startingAt: UInt64(owner.claim.coupon.usesBefore))
        _ = ledger.usage.findOrInsert(
            .code, couponKey: couponKey, couponHash: couponHash, detail: codeKey.bytes,
            startingAt: UInt64(owner.claim.terms.usesBefore))
    }

    private mutating func writeImage(
        _ owner: Owner, _ fingerprint: Fingerprint, _ redemption: UInt64, at now: Instant
    ) {
        var facts = OrderFacts(
            state: .applied, decidedAt: now.millisecondsSinceEpoch, request: fingerprint)
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
        let customer = parser.request.customer
        image.begin(
            facts, customer: parser.bytes(of: customer.id), email: parser.bytes(of: customer.email))
        for index in judge.lineDiscounts.indices {
            image.appendLineDiscount(judge.lineDiscounts[index].minorUnits)
        }
        for index in parser.request.metadata.indices {
            let pair = parser.request.metadata[index]
            image.appendMetadata(
                name: parser.bytes(of: pair.key), value: parser.bytes(of: pair.value))
        }

        var code = CodeFacts(flags: .valid)
        code.redemption = redemption
        code.discount = judge.discount.minorUnits
        code.shippingDiscount = judge.shippingDiscount.minorUnits
        image.beginCode(
            code, code: catalog.text(of: owner.code), coupon: catalog.id(of: owner.coupon),
            usageKey: catalog.usageKey(of: owner.coupon))
        image.writeFragment(catalog.replyFacts(of: owner.code))
        image.appendConsumption(.total, couponKey: Span(), detail: Span(), amount: 1)
        image.appendConsumption(.code, couponKey: Span(), detail: codeKey.bytes, amount: 1)
        image.finish()
    }
}

/// The money of a reply as a whole.
struct Sums: BitwiseCopyable {
    var discount: Money
    var shippingDiscount: Money
    var total: Money

    /// As the judge left it.
    init(_ purchase: borrowing Purchase, _ judge: borrowing Judge) {
        discount = judge.discount
        shippingDiscount = judge.shippingDiscount
        total =
            purchase.subtotal + (purchase.shipping ?? .zero) - judge.discount
            - judge.shippingDiscount
    }

    /// As if no code were given.
    init(undiscounted purchase: borrowing Purchase) {
        discount = .zero
        shippingDiscount = .zero
        total = purchase.subtotal + (purchase.shipping ?? .zero)
    }
}
