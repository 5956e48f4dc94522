// Recording what reserve and apply decided: the order's image says what it holds or uses and what was
// replied, and the ledger's counters follow in the same step.

import CouponCatalog
import CouponRules
import CouponStore
import CouponWire
import FlatStorage

/// Records orders.
struct OrderRecorder: ~Copyable {
    private var image = OrderImageWriter()
    private var canonicalRequest = CanonicalRequest()
    private var codeText = CodeText()

    /// Why an order is not recorded; nothing was changed.
    enum Obstacle: BitwiseCopyable {
        /// The greatest number of orders or counters is reached.
        case full
        /// The journal has no space.
        case noSpace
    }

    /// Whether the request is the one that an order was applied with.
    mutating func isRepeat(
        of image: borrowing OrderImageView, _ request: borrowing IncomingRequest,
        codeHashes: borrowing FlatArray<UInt64>
    ) -> Bool {
        let fingerprint = canonicalRequest.fingerprint(of: request, codeHashes: codeHashes)
        guard image.facts.request == fingerprint else { return false }
        // The fingerprint is of folded texts; where case matters, the request must have the same text.
        var codes = image.codes
        while let code = codes.next() {
            if code.facts.flags.contains(.caseSensitive), !isNamed(code.code, in: request) {
                return false
            }
        }
        return true
    }

    private mutating func isNamed(
        _ code: Span<UInt8>, in request: borrowing IncomingRequest
    ) -> Bool {
        for place in request.fields.codes.indices {
            let written = request.bytes(of: request.fields.codes[place].code)
            guard (try? codeText.read(written)) != nil else { continue }
            if codeText.exact.isEqual(to: code) { return true }
        }
        return false
    }

    // MARK: Recording

    /// Records the order of a request whose verdict is good, and returns nil; or says why it cannot.
    mutating func record(
        _ entries: inout Entries, _ verdict: borrowing Verdict, counters: inout EntryCounters,
        codeHashes: borrowing FlatArray<UInt64>,
        _ own: OwnOrders,
        _ catalog: borrowing Catalog, _ request: borrowing IncomingRequest, _ ledger: inout Ledger
    ) -> Obstacle? {
        if ledger.usage.isFull || (own.order == nil && !ledger.makeRoom()) {
            return ledger.hasRoomForRecords ? .full : .noSpace
        }
        let facts = orderFacts(verdict, codeHashes: codeHashes, own, catalog, request, ledger)
        begin(facts, verdict, request)
        for index in entries.indices {
            if entries.rows[index].isAutomatic && !entries.rows[index].isGood { continue }
            if facts.state == .applied && entries.rows[index].isGood {
                entries.rows[index].redemption = ledger.redemptions.next(
                    nowMilliseconds: request.now.millisecondsSinceEpoch)
            }
            appendCode(index, entries, verdict, catalog, request)
            if entries.rows[index].isGood {
                consume(index, entries, &counters, catalog, request, &ledger)
            }
        }
        image.finish()
        guard ledger.hasRoom(toRecord: image.bytes, own.order, own.session) else {
            ledger.drop(image)
            return .noSpace
        }
        guard let slot = own.slot else {
            preconditionFailure("a request to record an order names it")
        }
        ledger.record(
            at: slot, store: request.storeName, order: request.order, image, takingOver: own.session
        )
        return nil
    }

    /// What the image says of the order as a whole.
    private mutating func orderFacts(
        _ verdict: borrowing Verdict,
        codeHashes: borrowing FlatArray<UInt64>, _ own: OwnOrders, _ catalog: borrowing Catalog,
        _ request: borrowing IncomingRequest, _ ledger: borrowing Ledger
    ) -> OrderFacts {
        let isApplied = request.fields.operation == .apply
        var facts = OrderFacts(
            state: isApplied ? .applied : .reserved,
            decidedAt: request.now.millisecondsSinceEpoch,
            request: canonicalRequest.fingerprint(of: request, codeHashes: codeHashes))
        if isApplied {
            facts.reservedAt = own.holdMilliseconds(ledger)
        } else {
            facts.expiresAt = request.holdExpiry.millisecondsSinceEpoch
        }
        if let booking = request.fields.bookingDate {
            let time = catalog.zones.bookingTime(of: booking, orAt: request.now, in: .utc)
            facts.bookedFor = max(0, CivilTime(startOf: time.date).milliseconds)
        }
        facts.keptFrom = OrderKeeping.start(
            ofOrderDecidedAt: facts.decidedAt, calendar: ledger.purgeDate)
        if request.fields.mode == .partial { facts.modes.insert(.partial) }
        if request.fields.considersAutoCoupons { facts.modes.insert(.auto) }
        if request.purchase.hasCart {
            facts.modes.insert(.hasCart)
            facts.currency = request.purchase.currency.packed
            facts.subtotal = request.purchase.subtotal.minorUnits
            facts.shipping = (request.purchase.shipping ?? .zero).minorUnits
            facts.discount = verdict.totals.discount.minorUnits
            facts.shippingDiscount = verdict.totals.shippingDiscount.minorUnits
            facts.total = verdict.totals.total.minorUnits
        }
        return facts
    }

    private mutating func begin(
        _ facts: OrderFacts, _ verdict: borrowing Verdict, _ request: borrowing IncomingRequest
    ) {
        image.begin(
            facts, customer: request.bytes(of: request.fields.customer.id),
            email: request.bytes(of: request.fields.customer.email))
        for line in verdict.lineDiscounts.indices {
            image.appendLineDiscount(verdict.lineDiscounts[line].minorUnits)
        }
        for index in request.fields.metadata.indices {
            let pair = request.fields.metadata[index]
            image.appendMetadata(
                name: request.bytes(of: pair.key), value: request.bytes(of: pair.value))
        }
    }

    /// Writes an entry's facts and texts into the image, and the facts that its reply lists.
    private mutating func appendCode(
        _ index: Int, _ entries: borrowing Entries, _ verdict: borrowing Verdict,
        _ catalog: borrowing Catalog, _ request: borrowing IncomingRequest
    ) {
        var facts = CodeFacts(flags: [])
        if let refusal = entries.rows[index].refusal {
            facts.reason = refusal.reason.rawValue
        } else {
            facts.flags.insert(.valid)
            facts.redemption = entries.rows[index].redemption
            facts.discount = (entries.rows[index].discount + entries.rows[index].payment).minorUnits
            facts.shippingDiscount = entries.rows[index].shippingDiscount.minorUnits
        }
        let showsLines =
            entries.rows[index].isGood && entries.rows[index].coupon != nil && entries.areSeveral
        if showsLines { facts.flags.insert(.hasLineDiscounts) }
        if entries.rows[index].isAutomatic { facts.flags.insert(.automatic) }
        if entries.rows[index].giftCard != nil { facts.flags.insert(.giftCard) }
        if let code = entries.rows[index].code, catalog.isCaseSensitive(code) {
            facts.flags.insert(.caseSensitive)
        }
        if let coupon = entries.rows[index].coupon, !catalog.isReusableAfterRelease(coupon) {
            facts.flags.insert(.keepsUse)
        }
        beginCode(facts, index, entries, catalog, request)
        if showsLines {
            for line in request.purchase.lines.indices {
                image.appendCodeLineDiscount(entries.share(of: index, line: line).minorUnits)
            }
        }
        image.writeFragment(verdict.facts(of: index))
    }

    private mutating func beginCode(
        _ facts: CodeFacts, _ index: Int, _ entries: borrowing Entries,
        _ catalog: borrowing Catalog, _ request: borrowing IncomingRequest
    ) {
        switch entries.rows[index].subject {
        case .unknown:
            let place = entries.rows[index].place ?? 0
            image.beginCode(
                facts, code: request.bytes(of: request.fields.codes[place].code),
                coupon: Span(), usageKey: Span())
        case .coupon(let coupon, let code?):
            image.beginCode(
                facts, code: catalog.text(of: code), coupon: catalog.id(of: coupon),
                usageKey: catalog.usageKey(of: coupon))
        case .coupon(let coupon, nil):
            image.beginCode(
                facts, code: Span(), coupon: catalog.id(of: coupon),
                usageKey: catalog.usageKey(of: coupon))
        case .giftCard(let card, let code):
            image.beginCode(
                facts, code: catalog.text(of: code), coupon: catalog.id(of: card),
                usageKey: catalog.usageKey(of: card))
        }
    }

    /// Lists in the image what the entry consumes.
    private mutating func consume(
        _ index: Int, _ entries: borrowing Entries, _ counters: inout EntryCounters,
        _ catalog: borrowing Catalog, _ request: borrowing IncomingRequest,
        _ ledger: inout Ledger
    ) {
        switch entries.rows[index].subject {
        case .unknown: preconditionFailure("a code that does not exist is never consumed")
        case .giftCard(let card, _):
            let counter = counters.createIfAbsent(ofCard: card, catalog, &ledger)
            image.appendConsumption(
                of: counter, in: ledger.usage,
                amount: UInt64(entries.rows[index].payment.minorUnits))
        case .coupon:
            for place in entries.rows[index].counters.range {
                let counter = counters.createIfAbsent(
                    at: place, of: index, entries, catalog, request, &ledger)
                let given = entries.rows[index].discount + entries.rows[index].shippingDiscount
                image.appendConsumption(
                    of: counter, in: ledger.usage,
                    amount: counters[place].limit == .budget ? UInt64(given.minorUnits) : 1)
            }
        }
    }
}
