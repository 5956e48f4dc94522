// Judging an entry by itself, on the cart at its full prices. A code may belong to several coupons,
// and a coupon may have several offers: the best valid owner stands (the largest discount, then the
// one defined first), and of an owner the first offer that passes. Where none does, the one whose
// reason is furthest down the ladder is told, because it came closest.

import CouponCatalog
import CouponRules
import CouponStore
import CouponWire
import FlatStorage

/// An owner of a code, with one of its offers where it has any.
private struct OwnerOption: BitwiseCopyable {
    var owner: CodeOwner
    var offer: Int?
}

/// How good a verdict is, to choose between queue.
private struct Rank: BitwiseCopyable {
    let isValid: Bool
    /// Whether it covers something; what opens access may pass without.
    let isFitting: Bool
    let money: Money
    /// How far down the ladder a refusal came.
    let step: UInt8
    let place: UInt32

    init(_ judge: borrowing Judge, isFitting: Bool, definedAt coupon: CouponID) {
        isValid = judge.refusals.isEmpty
        self.isFitting = isFitting
        money = judge.discount + judge.shippingDiscount
        step = judge.refusals.first.map(\.reason.rawValue) ?? 0
        place = coupon.index
    }

    /// Between owners of one code.
    func isBetter(than other: Rank) -> Bool {
        if isValid != other.isValid { return isValid }
        if isValid && isFitting != other.isFitting { return isFitting }
        if isValid && money != other.money { return money > other.money }
        if !isValid && step != other.step { return step > other.step }
        return place < other.place
    }
}

extension Checkout {
    /// Judges one entry by itself, with its money when it is the only one.
    mutating func judgeAlone(
        _ index: Int, _ catalog: borrowing Catalog, _ parser: borrowing RequestParser,
        _ ledger: borrowing Ledger, at now: Instant
    ) {
        switch entries[index].subject {
        case .unknown:
            judge.refuseUnknownCode(purchase)
        case .giftCard(let card, _):
            let candidate = prepareCard(index, card, catalog, parser, ledger, at: now)
            judge.begin(purchase)
            judge.examine(candidate, on: purchase, entries[index].evaluation)
        case .coupon:
            choose(index, catalog, parser, ledger, at: now)
            judge.begin(purchase)
            if entries.count == 1 {
                judge.judge(
                    candidates[index], on: purchase, by: catalog.tables,
                    entries[index].evaluation)
            } else {
                judge.examine(
                    candidates[index], on: purchase, by: catalog.tables,
                    entries[index].evaluation)
            }
        }
        keepRefusals(of: index)
    }

    /// Settles with which owner and offer an entry is judged, and prepares its candidate.
    mutating func choose(
        _ index: Int, _ catalog: borrowing Catalog, _ parser: borrowing RequestParser,
        _ ledger: borrowing Ledger, at now: Instant
    ) {
        let hold = ownHold(of: index, catalog, ledger)
        let run = entries[index].owners
        let first = hold?.owner ?? owners[Int(run.first)]
        let offers = catalog.coupons[Int(first.coupon.index)].offers
        if (hold != nil || run.count == 1) && offers.count < 2 {
            let only = OwnerOption(owner: first, offer: offers.isEmpty ? nil : Int(offers.first))
            return prepare(index, only, heldSince: hold?.since, catalog, parser, ledger)
        }

        var best = OwnerOption(owner: first, offer: nil)
        if hold != nil {
            (best, _) = bestOffer(index, first, heldSince: hold?.since, catalog, parser, ledger)
        } else {
            var bestRank: Rank?
            for place in run.range {
                let (option, rank) = bestOffer(
                    index, owners[place], heldSince: nil, catalog, parser, ledger)
                if let other = bestRank, !rank.isBetter(than: other) { continue }
                (best, bestRank) = (option, rank)
            }
        }
        prepare(index, best, heldSince: hold?.since, catalog, parser, ledger)
    }

    /// Where the offer that was chosen cannot cover what the context says, chooses the first of its
    /// coupon that can: who asks how much is left is told so of an offer that is sold out, too.
    mutating func preferCoveringOffer(
        of index: Int, _ catalog: borrowing Catalog, _ parser: borrowing RequestParser,
        _ ledger: borrowing Ledger
    ) {
        guard case .coupon(let coupon, let code) = entries[index].subject,
            let chosen = entries[index].offer,
            purchase.contextRulesOut(candidates[index], in: catalog.tables)
        else { return }
        let owner = CodeOwner(coupon: coupon, code: code)
        for offer in catalog.coupons[Int(coupon.index)].offers.range {
            let option = OwnerOption(owner: owner, offer: offer)
            prepare(index, option, heldSince: nil, catalog, parser, ledger)
            if !purchase.contextRulesOut(candidates[index], in: catalog.tables) { return }
        }
        let option = OwnerOption(owner: owner, offer: chosen)
        prepare(index, option, heldSince: nil, catalog, parser, ledger)
    }

    /// The first offer of an owner that passes, or the one that comes closest. A code that opens
    /// access passes also where it covers nothing; an offer that covers something goes before.
    private mutating func bestOffer(
        _ index: Int, _ owner: CodeOwner, heldSince: Instant?, _ catalog: borrowing Catalog,
        _ parser: borrowing RequestParser, _ ledger: borrowing Ledger
    ) -> (OwnerOption, Rank) {
        let offers = catalog.coupons[Int(owner.coupon.index)].offers
        var best = OwnerOption(owner: owner, offer: offers.isEmpty ? nil : Int(offers.first))
        var bestRank = rank(of: best, index, heldSince: heldSince, catalog, parser, ledger)
        for offer in offers.range.dropFirst() {
            if bestRank.isValid && bestRank.isFitting { break }
            let next = OwnerOption(owner: owner, offer: offer)
            let rank = rank(of: next, index, heldSince: heldSince, catalog, parser, ledger)
            let isBetter =
                rank.isValid
                ? !bestRank.isValid || rank.isFitting
                : !bestRank.isValid && rank.step > bestRank.step
            if isBetter { (best, bestRank) = (next, rank) }
        }
        return (best, bestRank)
    }

    private mutating func rank(
        of option: OwnerOption, _ index: Int, heldSince: Instant?, _ catalog: borrowing Catalog,
        _ parser: borrowing RequestParser, _ ledger: borrowing Ledger
    ) -> Rank {
        prepare(index, option, heldSince: heldSince, catalog, parser, ledger)
        judge.begin(purchase)
        judge.judge(
            candidates[index], on: purchase, by: catalog.tables, entries[index].evaluation)
        let coversNone = judge.coversNone(candidates[index], on: purchase, by: catalog.tables)
        return Rank(judge, isFitting: !coversNone, definedAt: option.owner.coupon)
    }

    /// Makes the entry's candidate: coupon, code, offer, evaluation, and the uses that count against it.
    private mutating func prepare(
        _ index: Int, _ option: OwnerOption, heldSince: Instant?, _ catalog: borrowing Catalog,
        _ parser: borrowing RequestParser, _ ledger: borrowing Ledger
    ) {
        let owner = option.owner
        candidates[index].begin(
            catalog.coupons[Int(owner.coupon.index)],
            owner.code.map { catalog.terms(of: $0) })
        if let offer = option.offer { candidates[index].offer = catalog.tables.offers[offer] }
        if let place = entries[index].place {
            candidates[index].discountMax = parser.request.codes[place].amount
            candidates[index].context = contexts[place].attributes
            candidates[index].lineMarks = contexts[place].lineMarks
        }
        entries[index].subject = .coupon(owner.coupon, owner.code)
        entries[index].offer = option.offer
        settleTime(of: index, heldSince: heldSince, catalog, parser)
        readUses(of: index, catalog, parser, ledger)
        if let offer = candidates[index].offer, offer.counter != .unmentioned {
            let beside = usesBeside(index, of: offer.counter)
            candidates[index].uses[.offer].used += beside
            entries[index].usesBeside = beside
        }
    }

    /// As of when the candidate is judged: the instant asked about, or that of the hold which is being
    /// taken over, or now; and the date that it is booked for.
    private mutating func settleTime(
        of index: Int, heldSince: Instant?, _ catalog: borrowing Catalog,
        _ parser: borrowing RequestParser
    ) {
        var evaluation = entries[index].evaluation
        let zone = candidates[index].coupon.zone
        if let at = parser.request.at {
            evaluation.instant = catalog.zones.instant(of: at, in: zone)
        } else if let heldSince, evaluation.purpose != .reserve {
            // (A hold that is renewed is judged anew; otherwise it could be kept for ever.)
            evaluation.instant = heldSince
        }
        let booking = parser.request.bookingDate
        let limitsDates = candidates[index].coupon.limits.perBookingDate > 0
        if limitsDates || candidates[index].coupon.isJudgedByBookingTime {
            evaluation.bookingTime = catalog.zones.bookingTime(
                of: booking, orAt: evaluation.instant, in: zone)
        }
        if let offer = candidates[index].offer, !offer.blackouts.isEmpty {
            evaluation.offerBookingDate =
                catalog.zones.bookingTime(
                    of: booking, orAt: evaluation.instant, in: offer.zone
                ).date
        }
        entries[index].evaluation = evaluation
    }

    private mutating func prepareCard(
        _ index: Int, _ card: GiftCardID, _ catalog: borrowing Catalog,
        _ parser: borrowing RequestParser, _ ledger: borrowing Ledger, at now: Instant
    ) -> GiftCardCandidate {
        let definition = catalog.giftCard(card)
        let terms = GiftCardTerms(
            isActive: definition.isActive, currency: definition.currency,
            expiresAt: definition.expiresAt, amount: definition.amount)
        let candidate = GiftCardCandidate(
            terms: terms, spent: cardUses(of: card, catalog, ledger),
            amountMax: entries[index].place.flatMap { parser.request.codes[$0].amount })
        entries[index].cardCandidate = candidate
        if let at = parser.request.at {
            entries[index].evaluation.instant = catalog.zones.instant(of: at, in: .utc)
        } else if entries[index].evaluation.purpose != .reserve,
            let since = ownHold(ofCard: catalog.id(of: card), ledger)
        {
            entries[index].evaluation.instant = since
        }
        return candidate
    }

    /// What was paid with a card, by others, and what they hold of it.
    mutating func cardUses(
        of card: GiftCardID, _ catalog: borrowing Catalog, _ ledger: borrowing Ledger
    ) -> UseCount {
        detail.removeAll()
        let definition = catalog.giftCard(card)
        let before = definition.amount - definition.balance
        var item = EntryCounter(counter: .giftCard, limit: .total, start: before.minorUnits)
        return uses(&item, catalog.usageKey(of: card), catalog.usageKeyHash(of: card), ledger)
    }

    /// Notes what the judge has against an entry.
    mutating func keepRefusals(of index: Int) {
        entries[index].refusal = judge.refusals.first
        let first = failures.count
        if entries[index].evaluation.explains {
            for place in judge.refusals.indices { failures.append(judge.refusals[place]) }
        }
        entries[index].failures = Run(first: first, count: failures.count - first)
    }
}

extension ZoneTable {
    /// The instant that `moment` means; a bare date is its beginning.
    func instant(of moment: Moment, in zone: ZoneID) -> Instant {
        switch moment {
        case .instant(let instant): instant
        case .local(let time): instant(of: time, in: zone)
        case .date(let date): instant(of: CivilTime(startOf: date), in: zone)
        }
    }
}
