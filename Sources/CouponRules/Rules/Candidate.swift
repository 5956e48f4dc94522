/// One coupon to be judged, with the code that the request gives for it and one of its offers.
@usableFromInline
package struct Candidate: Sendable, BitwiseCopyable {
    @usableFromInline package var coupon: Coupon
    @usableFromInline package var terms: CodeTerms
    /// Whether the request gave a code; an automatic coupon has none.
    @usableFromInline package private(set) var hasCode = true
    @usableFromInline package var offer: Offer?
    @usableFromInline package var uses = UseCounts()
    /// The most that this code may discount, where the request limits it.
    package var discountMax: Money?
    /// Attributes that the request gives for this code alone, a run of ``Purchase/attributes``.
    package var context = Run.empty
    /// Which lines match that context: a run of ``Purchase/lineMarks``, one for each line; empty
    /// when all lines match.
    package var lineMarks = Run.empty

    package init(coupon: Coupon, terms: CodeTerms) {
        self.coupon = coupon
        self.terms = terms
    }

    /// Replaces the candidate in place, because it is large. An automatic coupon has no terms.
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

    /// The limit of a kind on uses; 0 means no limit. Money budgets are not limits on uses.
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

    /// How often it can still be used under its limits on uses; nil when it has none.
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

extension Candidate {
    /// Whether it covers every line without looking at it.
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

    /// Whether its rules read use counts or the spent budget.
    package var isJudgedByUses: Bool {
        let checks = checks
        return checks.contains(.usesLimit) || checks.contains(.budget)
            || checks.contains(.periodLimits) || checks.contains(.customerLimit)
    }

    /// Whether it is refused when it comes to nothing. A shipping coupon may be tried before
    /// shipping is known; a comp coupon may give nothing.
    func mustGiveMoney(on purchase: borrowing Purchase, _ evaluation: EvaluationContext) -> Bool {
        if coupon.kind == .comp { return false }
        let awaitsShipping = coupon.discount.kind == .shipping && purchase.shipping == nil
        return !(awaitsShipping && evaluation.purpose == .validate)
    }
}

extension Offer {
    /// The checks that it adds to those of its coupon.
    fileprivate func checks(opensAccess: Bool) -> Checks {
        var checks = Checks()
        if startsAt != .distantPast { checks.insert(.start) }
        if endsAt != .distantFuture { checks.insert(.end) }
        if !blackouts.isEmpty { checks.insert(.blackout) }
        if limit > 0 { checks.insert(.usesLimit) }
        if !context.isEmpty { checks.insert(.context) }
        // For a coupon that gives money, the limit is not a rule: it bounds the discounted units.
        if ticketLimit > 0 && opensAccess { checks.insert(.ticketLimit) }
        return checks
    }
}
