/// One code held out for one coupon, with one of its offers where it has any: what is to be judged.
@usableFromInline
package struct Candidate: Sendable, BitwiseCopyable {
    @usableFromInline package var coupon: Coupon
    @usableFromInline package var terms: CodeTerms
    /// Whether it is held out with a code, or the coupon comes by itself.
    @usableFromInline package private(set) var hasCode = true
    @usableFromInline package var offer: Offer?
    @usableFromInline package var uses = UseCounts()
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

    /// Begins anew, in place: a candidate is large. A coupon that needs no code may come without terms.
    package mutating func begin(_ coupon: Coupon, _ terms: CodeTerms?) {
        self.coupon = coupon
        self.terms = terms ?? CodeTerms()
        hasCode = terms != nil
        offer = nil
        uses = UseCounts()
        discountMax = nil
        context = .empty
        lineMarks = .empty
    }

    /// The limit of a kind on uses; 0 is none. Money budgets are no such limit.
    @inlinable @inline(__always)
    package func limit(of kind: LimitKind) -> Int64 {
        switch kind {
        case .total: coupon.limits.total
        case .code:
            terms.usesLimit > 0 ? terms.usesLimit : hasCode ? coupon.limits.perCode : 0
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
    @inlinable @inline(__always)
    package var usesLeft: Int64? {
        var left = Int64.max
        for raw in 0..<LimitKind.budget.rawValue {
            guard let kind = LimitKind(rawValue: raw) else { continue }
            let limit = limit(of: kind)
            if limit > 0 { left = min(left, limit - uses[kind].sum) }
        }
        return left == .max ? nil : left
    }
}

/// What the judgement is for.
package struct EvaluationContext: Hashable, Sendable, BitwiseCopyable {
    package enum Purpose: UInt8, Sendable, BitwiseCopyable {
        case validate, reserve, apply
    }

    package var purpose: Purpose
    /// When starts and ends are judged.
    package var instant: Instant
    /// What blackout dates and weekday/hour windows are judged on, in the coupon's zone. Only a
    /// coupon that ``Coupon/isJudgedByBookingTime`` needs it.
    package var bookingTime: BookingTime?
    /// What the blackout dates of the candidate's offer are judged on, in the offer's zone. Only an
    /// offer that has any needs it.
    package var offerBookingDate: CivilDate?
    /// Whether every failing rule is wanted, not only the first.
    package var explains: Bool

    package init(purpose: Purpose, instant: Instant, explains: Bool = false) {
        self.purpose = purpose
        self.instant = instant
        self.explains = explains
    }
}

extension Candidate {
    /// Whether it covers whatever there is.
    var coversAll: Bool {
        coupon.appliesTo.isEmpty && coupon.excludes.isEmpty && !coupon.skipsSaleItems
            && lineMarks.isEmpty && (offer?.appliesTo ?? .empty).isEmpty
    }

    /// The coupon's checks and those that this code and this offer add.
    package var checks: Checks {
        var checks = coupon.checks
        if terms.isDisabled { checks.insert(.inactive) }
        if terms.startsAt != .distantPast { checks.insert(.start) }
        if terms.endsAt != .distantFuture { checks.insert(.end) }
        if terms.usesLimit > 0 { checks.insert(.usesLimit) }
        if terms.isBoundToCustomer {
            checks.insert(.customerGiven)
            checks.insert(.customers)
        }
        if terms.isOncePerCustomer {
            checks.insert(.customerGiven)
            checks.insert(.customerLimit)
        }
        if let offer { checks.formUnion(offer.checks(opensAccess: coupon.kind.opensAccess)) }
        return checks
    }

    /// Whether it must be known how often it was used, or how much it gave.
    package var isJudgedByUses: Bool {
        let checks = checks
        return checks.contains(.usesLimit) || checks.contains(.budget)
            || checks.contains(.periodLimits) || checks.contains(.customerLimit)
    }
}

extension Offer {
    /// The checks that it adds to its coupon's.
    fileprivate func checks(opensAccess: Bool) -> Checks {
        var checks = Checks()
        if startsAt != .distantPast { checks.insert(.start) }
        if endsAt != .distantFuture { checks.insert(.end) }
        if !blackouts.isEmpty { checks.insert(.blackout) }
        if limit > 0 { checks.insert(.usesLimit) }
        if !context.isEmpty { checks.insert(.context) }
        // Where money is given, the limit is no rule: it bounds the units that are discounted.
        if ticketLimit > 0 && opensAccess { checks.insert(.ticketLimit) }
        return checks
    }
}

extension EvaluationContext {
    var neededBookingTime: BookingTime {
        guard let bookingTime else {
            preconditionFailure("who judges a coupon by its dates says which date it is")
        }
        return bookingTime
    }

    var neededOfferBookingDate: CivilDate {
        guard let offerBookingDate else {
            preconditionFailure("who judges an offer by its dates says which date it is there")
        }
        return offerBookingDate
    }
}
