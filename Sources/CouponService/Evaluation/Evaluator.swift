// Evaluating an entry by itself, on the cart at its full prices. A code may belong to several coupons,
// and a coupon may have several offers: each is an option, and each option is evaluated once. Of an
// owner the first offer that passes counts, of several owners the best: the largest discount, then the
// one defined first. Where none passes, the option whose reason is furthest down the ladder counts,
// because it came closest.

import CouponCatalog
import CouponRules
import CouponStore
import FlatStorage

/// Evaluates entries, and prices those that are combined.
struct Evaluator: ~Copyable {
    private var judge = Judge()
    /// Not private: the recorder creates the counters that a use needs.
    var counters = EntryCounters()
    private var own = OwnOrders.none
    /// The best option so far of the owner at hand, and of all owners before it.
    private var bestOfOwner = EvaluatedOption()
    private var best = EvaluatedOption()

    /// Begins with a request, for which the uses of `own` orders do not count.
    mutating func begin(_ own: OwnOrders) {
        self.own = own
        counters.begin(own)
    }

    /// Evaluates one entry by itself, with its money when it is the only one.
    mutating func evaluate(
        _ index: Int, _ entries: inout Entries, _ catalog: borrowing Catalog,
        _ request: borrowing IncomingRequest,
        _ ledger: borrowing Ledger
    ) {
        switch entries.rows[index].subject {
        case .unknown:
            judge.refuseUnknownCode(request.purchase)
            entries.keepRefusals(of: index, from: judge)
        case .giftCard(let card, _):
            let candidate = prepareCard(index, card, &entries, catalog, request, ledger)
            judge.begin(request.purchase)
            judge.examine(candidate, on: request.purchase, entries.rows[index].evaluation)
            entries.keepRefusals(of: index, from: judge)
        case .coupon: evaluateCoupon(index, &entries, catalog, request, ledger)
        }
    }

    private mutating func evaluateCoupon(
        _ index: Int, _ entries: inout Entries, _ catalog: borrowing Catalog,
        _ request: borrowing IncomingRequest,
        _ ledger: borrowing Ledger
    ) {
        let hold = own.hold(of: index, entries, catalog, ledger)
        let first = hold?.owner ?? entries.firstOwner(of: index)
        let offers = catalog.coupons[Int(first.coupon.index)].offers
        if (hold != nil || entries.rows[index].owners.count == 1) && offers.count < 2 {
            let only = Option(owner: first, offer: offers.isEmpty ? nil : Int(offers.first))
            prepare(index, only, heldSince: hold?.since, &entries, catalog, request, ledger)
            return evaluateOnly(index, &entries, catalog, request)
        }
        if let hold {
            evaluateOffers(
                of: hold.owner, index, heldSince: hold.since, &entries, catalog, request,
                ledger)
            return bestOfOwner.restore(to: index, &entries)
        }
        for place in entries.rows[index].owners.range {
            let mark = entries.mark
            let counterCount = counters.count
            evaluateOffers(
                of: entries.owner(place), index, heldSince: nil, &entries, catalog, request,
                ledger)
            let isFirst = place == entries.rows[index].owners.range.lowerBound
            if isFirst || bestOfOwner.rank.isBetter(than: best.rank) {
                best = bestOfOwner
            } else {
                entries.truncate(to: mark)
                counters.truncate(to: counterCount)
            }
        }
        best.restore(to: index, &entries)
    }

    /// Evaluates an entry that has one option, once it is prepared.
    private mutating func evaluateOnly(
        _ index: Int, _ entries: inout Entries, _ catalog: borrowing Catalog,
        _ request: borrowing IncomingRequest
    ) {
        judge.begin(request.purchase)
        if entries.count > 1 {
            judge.examine(
                entries.candidates[index], on: request.purchase, by: catalog.tables,
                entries.rows[index].evaluation)
            return entries.keepRefusals(of: index, from: judge)
        }
        judge.judge(
            entries.candidates[index], on: request.purchase, by: catalog.tables,
            entries.rows[index].evaluation)
        entries.keepRefusals(of: index, from: judge)
        if entries.rows[index].isGood { entries.keepMoney(of: index, from: judge) }
    }

    // MARK: Options

    /// Finds the first offer of an owner that passes, or else the one that comes closest, and leaves it
    /// in `bestOfOwner`. A code that opens access passes even where it covers nothing; an offer that
    /// covers something is preferred.
    private mutating func evaluateOffers(
        of owner: CodeOwner, _ index: Int, heldSince: Instant?, _ entries: inout Entries,
        _ catalog: borrowing Catalog,
        _ request: borrowing IncomingRequest, _ ledger: borrowing Ledger
    ) {
        let offers = catalog.coupons[Int(owner.coupon.index)].offers
        let first = Option(owner: owner, offer: offers.isEmpty ? nil : Int(offers.first))
        let rank = evaluate(first, index, heldSince: heldSince, &entries, catalog, request, ledger)
        bestOfOwner.keep(rank, index, entries)
        for offer in offers.range.dropFirst() {
            if bestOfOwner.rank.isValid && bestOfOwner.rank.isFitting { return }
            let mark = entries.mark
            let counterCount = counters.count
            let next = Option(owner: owner, offer: offer)
            let rank = evaluate(
                next, index, heldSince: heldSince, &entries, catalog, request, ledger)
            if rank.isBetterOffer(than: bestOfOwner.rank) {
                bestOfOwner.keep(rank, index, entries)
            } else {
                entries.truncate(to: mark)
                counters.truncate(to: counterCount)
            }
        }
    }

    /// Evaluates an entry as one of its options, rules and money. Where the entry is one of several its
    /// money is only compared: what it takes off is computed when the entries are combined.
    private mutating func evaluate(
        _ option: Option, _ index: Int, heldSince: Instant?, _ entries: inout Entries,
        _ catalog: borrowing Catalog,
        _ request: borrowing IncomingRequest, _ ledger: borrowing Ledger
    ) -> Rank {
        prepare(index, option, heldSince: heldSince, &entries, catalog, request, ledger)
        judge.begin(request.purchase)
        judge.examine(
            entries.candidates[index], on: request.purchase, by: catalog.tables,
            entries.rows[index].evaluation)
        entries.keepRefusals(of: index, from: judge)
        let coversNone = judge.coversNone(
            entries.candidates[index], on: request.purchase, by: catalog.tables)
        if entries.rows[index].isGood {
            judge.price(
                entries.candidates[index], on: request.purchase, by: catalog.tables,
                entries.rows[index].evaluation)
            if entries.count == 1 {
                entries.keepRefusals(of: index, from: judge)
                if entries.rows[index].isGood { entries.keepMoney(of: index, from: judge) }
            }
        }
        return Rank(judge, isFitting: !coversNone, definedAt: option.owner.coupon)
    }

    /// Where the offer that was chosen cannot cover what the context says, prepares the first offer of
    /// its coupon that can, so that the usage of an offer that is sold out is found, too.
    mutating func preferCoveringOffer(
        of index: Int, _ entries: inout Entries, _ catalog: borrowing Catalog,
        _ request: borrowing IncomingRequest,
        _ ledger: borrowing Ledger
    ) {
        guard case .coupon(let coupon, let code) = entries.rows[index].subject,
            let chosen = entries.rows[index].offer,
            request.purchase.contextRulesOut(entries.candidates[index], in: catalog.tables)
        else { return }
        let owner = CodeOwner(coupon: coupon, code: code)
        for offer in catalog.coupons[Int(coupon.index)].offers.range {
            let option = Option(owner: owner, offer: offer)
            prepare(index, option, heldSince: nil, &entries, catalog, request, ledger)
            if !request.purchase.contextRulesOut(entries.candidates[index], in: catalog.tables) {
                return
            }
        }
        let option = Option(owner: owner, offer: chosen)
        prepare(index, option, heldSince: nil, &entries, catalog, request, ledger)
    }

    // MARK: Candidates

    /// Makes the entry's candidate: coupon, code, offer, evaluation context, and the uses that count
    /// against it.
    private mutating func prepare(
        _ index: Int, _ option: Option, heldSince: Instant?, _ entries: inout Entries,
        _ catalog: borrowing Catalog,
        _ request: borrowing IncomingRequest, _ ledger: borrowing Ledger
    ) {
        let owner = option.owner
        entries.candidates[index].begin(
            catalog.coupons[Int(owner.coupon.index)],
            owner.code.map { catalog.terms(of: $0) })
        if let offer = option.offer {
            entries.candidates[index].offer = catalog.tables.offers[offer]
        }
        if let place = entries.rows[index].place {
            let context = request.contexts[place]
            entries.candidates[index].discountMax = request.fields.codes[place].amount
            entries.candidates[index].context = context.attributes
            entries.candidates[index].lineMarks = context.lineMarks
        }
        entries.rows[index].subject = .coupon(owner.coupon, owner.code)
        entries.rows[index].offer = option.offer
        setTime(of: index, heldSince: heldSince, &entries, catalog, request)
        counters.read(index, &entries, catalog, request, ledger)
        if let offer = entries.candidates[index].offer, offer.counter != .unmentioned {
            let beside = entries.usesBeside(index, of: offer.counter)
            entries.candidates[index].uses[.offer].used += beside
            entries.rows[index].usesBeside = beside
        }
    }

    /// As of when the candidate is evaluated: the instant of the request, or that of the hold that it
    /// takes over, or now; and the date that it is booked for.
    private func setTime(
        of index: Int, heldSince: Instant?, _ entries: inout Entries, _ catalog: borrowing Catalog,
        _ request: borrowing IncomingRequest
    ) {
        var evaluation = entries.rows[index].evaluation
        let zone = entries.candidates[index].coupon.zone
        if let at = request.fields.at {
            evaluation.instant = catalog.zones.instant(of: at, in: zone)
        } else if let heldSince, evaluation.purpose != .reserve {
            // A hold that is renewed is evaluated as of now; otherwise it could be kept for ever.
            evaluation.instant = heldSince
        } else {
            evaluation.instant = request.now
        }
        let booking = request.fields.bookingDate
        let limitsDates = entries.candidates[index].coupon.limits.perBookingDate > 0
        if limitsDates || entries.candidates[index].coupon.isJudgedByBookingTime {
            evaluation.bookingTime = catalog.zones.bookingTime(
                of: booking, orAt: evaluation.instant, in: zone)
        }
        if let offer = entries.candidates[index].offer, !offer.blackouts.isEmpty {
            evaluation.offerBookingDate =
                catalog.zones.bookingTime(
                    of: booking, orAt: evaluation.instant, in: offer.zone
                ).date
        }
        entries.rows[index].evaluation = evaluation
    }

    private mutating func prepareCard(
        _ index: Int, _ card: GiftCardID, _ entries: inout Entries, _ catalog: borrowing Catalog,
        _ request: borrowing IncomingRequest, _ ledger: borrowing Ledger
    ) -> GiftCardCandidate {
        let definition = catalog.giftCard(card)
        let terms = GiftCardTerms(
            isActive: definition.isActive, currency: definition.currency,
            expiresAt: definition.expiresAt, amount: definition.amount)
        let candidate = GiftCardCandidate(
            terms: terms, spent: counters.uses(ofCard: card, catalog, ledger),
            amountMax: entries.rows[index].place.flatMap { request.fields.codes[$0].amount })
        entries.rows[index].cardCandidate = candidate
        if let at = request.fields.at {
            entries.rows[index].evaluation.instant = catalog.zones.instant(of: at, in: .utc)
        } else if entries.rows[index].evaluation.purpose != .reserve,
            let since = own.holdTime(ofCard: catalog.id(of: card), ledger)
        {
            entries.rows[index].evaluation.instant = since
        }
        return candidate
    }

    // MARK: Prices

    /// Begins to price entries one after the other, from full prices.
    mutating func beginPricing(_ purchase: borrowing Purchase) { judge.begin(purchase) }

    /// Prices an entry, whose rules hold, on what the entries before it have left.
    mutating func price(
        _ index: Int, _ entries: inout Entries, _ catalog: borrowing Catalog,
        _ request: borrowing IncomingRequest
    ) {
        judge.price(
            entries.candidates[index], on: request.purchase, by: catalog.tables,
            entries.rows[index].evaluation)
        if let refusal = judge.refusals.first {
            entries.refuse(index, refusal)
        } else {
            entries.keepMoney(of: index, from: judge)
            judge.deduct()
        }
    }

    /// Lets a gift card pay what it can of `due`, which is nil without a cart.
    mutating func pay(_ index: Int, _ entries: inout Entries, due: Money?) {
        guard let candidate = entries.rows[index].cardCandidate else { return }
        let payment = judge.pay(candidate, due: due)
        if let refusal = judge.refusals.first {
            entries.refuse(index, refusal)
        } else {
            entries.rows[index].payment = payment
        }
    }
}

/// An owner of a code, with one of its offers where it has any.
private struct Option: BitwiseCopyable {
    var owner: CodeOwner
    var offer: Int?
}

/// How good an option is, to choose between several.
private struct Rank: BitwiseCopyable {
    var isValid = false
    /// Whether it covers something; a code that opens access may pass without.
    var isFitting = false
    private var money = Money.zero
    /// How far down the ladder the refusal is.
    private var step: UInt8 = 0
    private var place: UInt32 = 0

    init() {}

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

    /// Between an offer and one before it of the same owner.
    func isBetterOffer(than other: Rank) -> Bool {
        isValid ? !other.isValid || isFitting : !other.isValid && step > other.step
    }
}

/// An entry as it was evaluated with one option.
private struct EvaluatedOption {
    private(set) var rank = Rank()
    private var entry = Entry(
        place: nil, evaluation: EvaluationContext(purpose: .validate, instant: .distantPast))
    private var candidate = Candidate(coupon: Coupon(), terms: CodeTerms())

    mutating func keep(_ rank: Rank, _ index: Int, _ entries: borrowing Entries) {
        self.rank = rank
        entry = entries.rows[index]
        candidate = entries.candidates[index]
    }

    func restore(to index: Int, _ entries: inout Entries) {
        entries.rows[index] = entry
        entries.candidates[index] = candidate
    }
}

extension ZoneTable {
    /// The instant that `moment` means; a bare date is its beginning.
    fileprivate func instant(of moment: Moment, in zone: ZoneID) -> Instant {
        switch moment {
        case .instant(let instant): instant
        case .local(let time): instant(of: time, in: zone)
        case .date(let date): instant(of: CivilTime(startOf: date), in: zone)
        }
    }
}
