// Judging one coupon: first its rules in order of precedence, then its money.
//
// The rules a coupon has are the set bits of its `checks`; the judge walks them from the lowest bit,
// asks each, and stops at the first that fails unless it was told to explain. Nothing here reads a
// clock, allocates after warm-up, or knows where counts are kept.

/// One code held out for one coupon, with one of its offers where it has any: what is to be judged.
package struct Claim: Sendable, BitwiseCopyable {
    package var coupon: Coupon
    package var terms: CodeTerms
    package var offer: Offer?
    package var uses = UseCounts()
    /// The most that the request wants this code to discount.
    package var discountMax: Money?
    /// Attributes that the request gives this code alone, a run of ``Purchase/attributes``.
    package var context = Run.empty
    /// Which lines match that context: a run of ``Purchase/lineMarks``, one for each line; empty
    /// when all do.
    package var lineMarks = Run.empty

    package init(coupon: Coupon, terms: CodeTerms) {
        self.coupon = coupon
        self.terms = terms
    }

    /// The limit of a kind on uses; 0 is none. Money budgets are no such limit.
    package func limit(of kind: LimitKind) -> Int64 {
        switch kind {
        case .total: coupon.limits.total
        case .code: terms.usesLimit > 0 ? terms.usesLimit : coupon.limits.perCode
        case .offer: offer?.limit ?? 0
        case .customer: coupon.limits.perCustomer
        case .codeCustomer: terms.isOncePerCustomer ? 1 : 0
        case .day: coupon.limits.perDay
        case .week: coupon.limits.perWeek
        case .month: coupon.limits.perMonth
        case .bookingDate: coupon.limits.perBookingDate
        case .budget: 0
        }
    }

    /// How often it could be used now, over the limits on counts; nil when it has none.
    package var usesLeft: Int64? {
        var left: Int64?
        for raw in 0..<LimitKind.budget.rawValue {
            guard let kind = LimitKind(rawValue: raw) else { continue }
            let limit = limit(of: kind)
            if limit > 0 { left = min(left ?? .max, limit - uses[kind].sum) }
        }
        return left
    }
}

/// What the judgement is for.
package struct Occasion: Hashable, Sendable, BitwiseCopyable {
    package enum Purpose: UInt8, Sendable, BitwiseCopyable {
        case validate, reserve, apply
    }

    package var purpose: Purpose
    /// When starts and ends are judged.
    package var instant: Instant
    /// What blackout dates and weekday/hour windows are judged on, in the coupon's zone. Only a
    /// coupon that ``Coupon/isJudgedByBookingTime`` needs it.
    package var bookingTime: BookingTime?
    /// Whether every failing rule is wanted, not only the first.
    package var explains: Bool

    package init(purpose: Purpose, instant: Instant, explains: Bool = false) {
        self.purpose = purpose
        self.instant = instant
        self.explains = explains
    }
}

/// Judges claims on one purchase after another; its arrays keep their memory.
package struct Judge: ~Copyable {
    /// The failing rules of the last claim in order of precedence: the first one only, unless the
    /// occasion asked for all. Empty when the claim is good.
    package private(set) var refusals: [Refusal] = []
    /// What the last claim takes off each line.
    package internal(set) var lineDiscounts: [Money] = []
    /// The sum of `lineDiscounts`.
    package internal(set) var discount = Money.zero
    package internal(set) var shippingDiscount = Money.zero

    /// What is left of each line, and of shipping, before the next claim.
    var remaining: [Money] = []
    var remainingShipping = Money.zero
    /// The part of `remaining` that the claim covers; zero on lines that it does not.
    var coveredRemaining: [Money] = []
    var isCovered: [Bool] = []
    /// Of each line the number of the discount clause that has it, where the discount has clauses.
    var clauseOfLine: [Int] = []
    /// Whether a line's units can be those that are bought, where something is got with them.
    var isTrigger: [Bool] = []
    /// How many units of each line take part, where a discount is for some units only.
    var unitsTaken: [Int64] = []
    var lots: Heap<UnitLot>
    /// What the clauses that have been computed take off each line, and what of it they cover.
    var clauseDiscounts: [Money] = []
    var clauseRemaining: [Money] = []
    var spread: Spread

    package init(lineCapacity: Int = 16) {
        refusals.reserveCapacity(Checks.all.rawValue.nonzeroBitCount + 1)
        lineDiscounts.reserveCapacity(lineCapacity)
        remaining.reserveCapacity(lineCapacity)
        coveredRemaining.reserveCapacity(lineCapacity)
        isCovered.reserveCapacity(lineCapacity)
        clauseOfLine.reserveCapacity(lineCapacity)
        isTrigger.reserveCapacity(lineCapacity)
        unitsTaken.reserveCapacity(lineCapacity)
        clauseDiscounts.reserveCapacity(lineCapacity)
        clauseRemaining.reserveCapacity(lineCapacity)
        lots = Heap(capacity: lineCapacity)
        spread = Spread(lineCapacity: lineCapacity)
    }

    /// Begins with a purchase at its full prices.
    package mutating func begin(_ purchase: borrowing Purchase) {
        remaining.removeAll(keepingCapacity: true)
        for index in purchase.lines.indices { remaining.append(purchase.lines[index].value) }
        remainingShipping = purchase.shipping ?? .zero
        clearDiscounts(purchase.lines.count)
    }

    /// The verdict on a code that does not exist.
    package mutating func refuseUnknownCode(_ purchase: borrowing Purchase) {
        begin(purchase)
        refusals.removeAll(keepingCapacity: true)
        refusals.append(Refusal(.codeUnknown))
    }

    /// Judges `claim`; afterwards `refusals` says why not, or the discounts say how much.
    package mutating func judge(
        _ claim: borrowing Claim, on purchase: borrowing Purchase,
        by tables: borrowing RuleTables, _ occasion: Occasion
    ) {
        refusals.removeAll(keepingCapacity: true)
        clearDiscounts(purchase.lines.count)
        cover(purchase, by: claim.coupon, in: tables)
        if claim.coupon.discount.narrowsCover {
            narrowCover(claim.coupon.discount, purchase, tables)
        }

        var pending = claim.checks.rawValue
        while pending != 0 {
            let check = Checks(rawValue: pending & (0 &- pending))
            pending &= pending - 1
            guard let refusal = ask(check, claim, purchase, tables, occasion) else { continue }
            refusals.append(refusal)
            if !occasion.explains { return }
        }
        // What opens access may pass before anything it covers is in the cart: no money yet.
        guard refusals.isEmpty, claim.coupon.givesMoney, isCovered.contains(true) else { return }

        computeDiscount(claim, purchase, tables)
        if shouldGiveMoney(claim.coupon, purchase, occasion) && discount + shippingDiscount == .zero
        {
            refusals.append(Refusal(.noEffect))
        }
    }

    /// Whether a claim that comes to nothing is refused. A shipping coupon may be tried before
    /// shipping is known; a comp coupon gives what there is.
    private func shouldGiveMoney(
        _ coupon: Coupon, _ purchase: borrowing Purchase, _ occasion: Occasion
    ) -> Bool {
        if coupon.kind == .comp { return false }
        let awaitsShipping = coupon.discount.kind == .shipping && purchase.shipping == nil
        return !(awaitsShipping && occasion.purpose == .validate)
    }

    private mutating func clearDiscounts(_ lineCount: Int) {
        discount = .zero
        shippingDiscount = .zero
        lineDiscounts.removeAll(keepingCapacity: true)
        for _ in 0..<lineCount { lineDiscounts.append(.zero) }
    }

    private mutating func narrowCover(
        _ rule: Discount, _ purchase: borrowing Purchase, _ tables: borrowing RuleTables
    ) {
        if rule.kind == .clauses {
            coverByClauses(rule, purchase, tables)
        } else {
            coverBySets(rule, purchase, tables)
        }
    }

    private mutating func cover(
        _ purchase: borrowing Purchase, by coupon: Coupon, in tables: borrowing RuleTables
    ) {
        isCovered.removeAll(keepingCapacity: true)
        coveredRemaining.removeAll(keepingCapacity: true)
        let coversAll =
            coupon.appliesTo.isEmpty && coupon.excludes.isEmpty && !coupon.skipsSaleItems
        for index in purchase.lines.indices {
            let covered =
                coversAll || purchase.covers(purchase.lines[index], by: coupon, in: tables)
            isCovered.append(covered)
            coveredRemaining.append(covered ? remaining[index] : .zero)
        }
    }
}
