// reserve and apply: judge, and in the same step hold or use up what was judged, and remember the
// order.
//
// An order that is applied is never judged again. The same request is answered from its image,
// another one is a conflict: so a shop that lost the reply may simply ask again.

import CouponCatalog
import CouponRules
import CouponStore
import CouponWire
import FlatStorage

extension Checkout {
    mutating func commit(
        _ purpose: EvaluationContext.Purpose, _ catalog: borrowing Catalog,
        _ parser: borrowing RequestParser, _ ledger: inout Ledger, at now: Instant,
        _ reply: inout ReplyWriter
    ) -> CheckoutOutcome {
        let needs = findEntries(catalog, parser, purpose, at: now)
        findOwnOrders(parser, ledger)
        if let outcome = answerFromRecord(purpose, parser, ledger, &reply) { return outcome }
        guard takeInCart(needs, catalog, parser, &reply) else { return .faulted }
        judgeEntries(catalog, parser, ledger, at: now)
        guard isGood(parser.request.mode) else {
            return writeVerdict(purpose, catalog, parser, at: now, &reply)
        }
        guard own.order != nil || !ledger.orders.isFull, !ledger.usage.isFull else {
            reply.error(
                .overloaded, "The greatest number of orders is reached; nothing was used.",
                to: parser)
            return .faulted
        }
        writeImage(purpose, catalog, parser, &ledger, at: now)
        guard ledger.hasRoom(toRecord: image.bytes, own.order, own.session) else {
            reply.error(
                .storageUnavailable,
                "There is no space to record this at the moment; nothing was changed.",
                to: parser)
            return .faulted
        }
        guard let slot = own.slot else { preconditionFailure("what is recorded names an order") }
        ledger.record(
            at: slot, store: storeName.bytes, order: parser.bytes(of: parser.request.order), image,
            takingOver: own.session)
        return writeVerdict(purpose, catalog, parser, at: now, &reply)
    }

    /// Answers for an order that is applied; nil when there is none, or one that may still be held,
    /// applied, or start afresh.
    private mutating func answerFromRecord(
        _ purpose: EvaluationContext.Purpose, _ parser: borrowing RequestParser,
        _ ledger: borrowing Ledger, _ reply: inout ReplyWriter
    ) -> CheckoutOutcome? {
        guard let id = own.order else { return nil }
        let image = ledger.image(of: id)
        switch image.facts.state {
        case .released, .reserved: return nil
        case .applied, .partlyApplied: break
        }
        if purpose == .apply && image.facts.state == .applied && isRepeat(of: image, parser) {
            reply.replay(
                image, order: parser.bytes(of: parser.request.order),
                to: parser.bytes(of: parser.request.id))
            return .replayed
        }
        reply.conflict(with: image, purpose, to: parser.bytes(of: parser.request.id))
        return .conflicted
    }

    /// Whether the request is the one that the order was applied with.
    private mutating func isRepeat(
        of image: borrowing OrderImageView, _ parser: borrowing RequestParser
    ) -> Bool {
        let request = canonicalRequest.fingerprint(of: parser, codeHashes: codeHashes)
        guard image.facts.request == request else { return false }
        // The fingerprint is of folded texts; where case matters, the text must be there in its own.
        var codes = image.codes
        while let code = codes.next() {
            if code.facts.flags.contains(.caseSensitive), !isNamed(code.code, parser) {
                return false
            }
        }
        return true
    }

    private mutating func isNamed(
        _ code: Span<UInt8>, _ parser: borrowing RequestParser
    ) -> Bool {
        for place in parser.request.codes.indices {
            let written = parser.bytes(of: parser.request.codes[place].code)
            guard (try? codeText.read(written)) != nil else { continue }
            if codeText.exact.isEqual(to: code) { return true }
        }
        return false
    }

    // MARK: Recording

    /// Writes what was judged good as the order's image: what it holds or uses up, and what was told.
    /// Nothing in here refuses.
    private mutating func writeImage(
        _ purpose: EvaluationContext.Purpose, _ catalog: borrowing Catalog,
        _ parser: borrowing RequestParser, _ ledger: inout Ledger, at now: Instant
    ) {
        sumLines(areDiscounted: true)
        image.begin(
            orderFacts(purpose, parser, ledger, at: now),
            customer: parser.bytes(of: parser.request.customer.id),
            email: parser.bytes(of: parser.request.customer.email))
        for line in lineTotals.indices { image.appendLineDiscount(lineTotals[line].minorUnits) }
        for index in parser.request.metadata.indices {
            let pair = parser.request.metadata[index]
            image.appendMetadata(
                name: parser.bytes(of: pair.key), value: parser.bytes(of: pair.value))
        }
        for index in entries.indices {
            let entry = entries[index]
            if entry.isAutomatic && !entry.isGood { continue }
            if purpose == .apply && entry.isGood {
                entries[index].redemption = ledger.redemptions.next(
                    nowMilliseconds: now.millisecondsSinceEpoch)
            }
            beginImageEntry(index, catalog, parser)
            if entry.isGood { consume(index, catalog, parser, &ledger) }
        }
        image.finish()
    }

    /// What the image says of the order as a whole.
    private mutating func orderFacts(
        _ purpose: EvaluationContext.Purpose, _ parser: borrowing RequestParser,
        _ ledger: borrowing Ledger, at now: Instant
    ) -> OrderFacts {
        let request = canonicalRequest.fingerprint(of: parser, codeHashes: codeHashes)
        var facts = OrderFacts(
            state: purpose == .apply ? .applied : .reserved,
            decidedAt: now.millisecondsSinceEpoch, request: request)
        if purpose == .reserve { facts.expiresAt = expiry(parser, at: now).millisecondsSinceEpoch }
        if purpose == .apply { facts.reservedAt = takenOverHoldTime(ledger) }
        if parser.request.mode == .partial { facts.modes.insert(.partial) }
        if parser.request.considersAutoCoupons { facts.modes.insert(.auto) }
        if purchase.hasCart {
            let totals = Totals(purchase, entries)
            facts.modes.insert(.hasCart)
            facts.currency = purchase.currency.packed
            facts.subtotal = purchase.subtotal.minorUnits
            facts.shipping = (purchase.shipping ?? .zero).minorUnits
            facts.discount = totals.discount.minorUnits
            facts.shippingDiscount = totals.shippingDiscount.minorUnits
            facts.total = totals.total.minorUnits
        }
        return facts
    }

    /// When a hold that is made now lapses.
    func expiry(_ parser: borrowing RequestParser, at now: Instant) -> Instant {
        Instant(
            millisecondsSinceEpoch: now.millisecondsSinceEpoch
                + parser.request.holdSeconds * 1_000)
    }

    /// When the holds that are taken over were made; 0 when there are none.
    private func takenOverHoldTime(_ ledger: borrowing Ledger) -> Int64 {
        if let order = own.order {
            let facts = ledger.image(of: order).facts
            if facts.state == .reserved { return facts.decidedAt }
        }
        guard let session = own.session else { return 0 }
        return ledger.image(of: session).facts.decidedAt
    }

    /// Writes an entry's facts and texts into the image, and what its reply says beside the verdict.
    private mutating func beginImageEntry(
        _ index: Int, _ catalog: borrowing Catalog, _ parser: borrowing RequestParser
    ) {
        let entry = entries[index]
        var facts = CodeFacts(flags: [])
        if let refusal = entry.refusal {
            facts.reason = refusal.reason.rawValue
        } else {
            facts.flags.insert(.valid)
            facts.redemption = entry.redemption
            facts.discount = (entry.discount + entry.payment).minorUnits
            facts.shippingDiscount = entry.shippingDiscount.minorUnits
        }
        let tellsLines = entry.isGood && entry.coupon != nil && hasSeveralEntries
        if tellsLines { facts.flags.insert(.hasLineDiscounts) }
        if entry.isAutomatic { facts.flags.insert(.automatic) }
        if entry.giftCard != nil { facts.flags.insert(.giftCard) }
        if let code = entry.code, catalog.isCaseSensitive(code) {
            facts.flags.insert(.caseSensitive)
        }
        if let coupon = entry.coupon, !catalog.isReusableAfterRelease(coupon) {
            facts.flags.insert(.keepsUse)
        }
        beginImageCode(facts, entry, catalog, parser)
        if tellsLines {
            for line in purchase.lines.indices {
                image.appendCodeLineDiscount(share(of: entry, line).minorUnits)
            }
        }
        fragment.removeAll()
        if entry.isGood { appendFacts(of: entry, catalog) }
        image.write(fragment: fragment)
    }

    private mutating func beginImageCode(
        _ facts: CodeFacts, _ entry: Entry, _ catalog: borrowing Catalog,
        _ parser: borrowing RequestParser
    ) {
        switch entry.subject {
        case .unknown:
            let place = entry.place ?? 0
            image.beginCode(
                facts, code: parser.bytes(of: parser.request.codes[place].code), coupon: Span(),
                usageKey: Span())
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

    /// What an entry takes off a line.
    func share(of entry: Entry, _ line: Int) -> Money {
        entry.shares.isEmpty ? .zero : shares[Int(entry.shares.first) + line]
    }

    /// Lists in the image what the entry consumes.
    private mutating func consume(
        _ index: Int, _ catalog: borrowing Catalog, _ parser: borrowing RequestParser,
        _ ledger: inout Ledger
    ) {
        let entry = entries[index]
        switch entry.subject {
        case .unknown: preconditionFailure("a code that does not exist is never consumed")
        case .giftCard(let card, _):
            let definition = catalog.giftCard(card)
            detail.removeAll()
            let counter = ledger.usage.createIfAbsent(
                .giftCard, catalog.usageKey(of: card), catalog.usageKeyHash(of: card), detail.bytes,
                startingAt: definition.amount - definition.balance)
            image.append(counter, in: ledger.usage, amount: entry.payment)
        case .coupon(let coupon, _):
            for place in entry.counters.range {
                let item = counted[place]
                let counter =
                    item.id ?? createCounter(item, index, of: coupon, catalog, parser, &ledger)
                let isMoney = item.limit == .budget
                image.append(
                    counter, in: ledger.usage,
                    amount: isMoney
                        ? entry.discount + entry.shippingDiscount : Money(minorUnits: 1))
            }
        }
    }

    /// Creates a counter if it does not exist, with the count from before the daemon.
    private mutating func createCounter(
        _ item: EntryCounter, _ index: Int, of coupon: CouponID, _ catalog: borrowing Catalog,
        _ parser: borrowing RequestParser, _ ledger: inout Ledger
    ) -> CounterID {
        let start = Money(minorUnits: item.start)
        writeDetail(of: item.counter, index, purchase.currency, catalog, parser)
        if item.counter == .sharedOffer {
            let store = catalog.store(of: coupon)
            return ledger.usage.createIfAbsent(
                item.counter, catalog.sharedCounterKey(of: store),
                catalog.sharedCounterKeyHash(of: store), detail.bytes, startingAt: start)
        }
        return ledger.usage.createIfAbsent(
            item.counter, catalog.usageKey(of: coupon), catalog.usageKeyHash(of: coupon),
            detail.bytes, startingAt: start)
    }
}

extension UsageTable {
    fileprivate mutating func createIfAbsent(
        _ kind: CounterKind, _ key: Span<UInt8>, _ keyHash: UInt64, _ detail: Span<UInt8>,
        startingAt start: Money
    ) -> CounterID {
        createIfAbsent(
            kind, couponKey: key, couponHash: keyHash, detail: detail,
            startingAt: UInt64(max(0, start.minorUnits)))
    }
}

extension OrderImageWriter {
    // The buffer lies beside the writer in one value: it is handed over whole, and lent here.
    fileprivate mutating func write(fragment: borrowing ByteBuffer) {
        writeFragment(fragment.bytes)
    }

    /// Lists what the current code consumes: so many uses, or so much money.
    fileprivate mutating func append(
        _ counter: CounterID, in usage: borrowing UsageTable, amount: Money
    ) {
        appendConsumption(of: counter, in: usage, amount: UInt64(amount.minorUnits))
    }
}
