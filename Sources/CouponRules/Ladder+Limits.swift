// The rules about how often. Whoever asks has counted already, and left out what the judged order
// itself uses or holds; here a count is only held against its limit.

extension Check {
    /// The kinds of limit that one check asks, in the order in which they are told: the coupon's
    /// before the code's and the offer's, the shortest period first and the booked date last.
    fileprivate var limitKinds: ClosedRange<UInt8>? {
        switch self {
        case .usesLimit: LimitKind.total.rawValue...LimitKind.offer.rawValue
        case .customerLimit: LimitKind.customer.rawValue...LimitKind.codeCustomer.rawValue
        case .periodLimits: LimitKind.day.rawValue...LimitKind.bookingDate.rawValue
        default: nil
        }
    }
}

extension Judge {
    /// The next limit of `check` that is reached, after those that were `told`.
    func limitRefusal(
        _ check: Check, after told: Int, _ candidate: borrowing Candidate,
        _ purchase: borrowing Purchase
    ) -> Refusal? {
        if check == .customerLimit && !purchase.customer.isIdentified { return nil }
        guard let kinds = check.limitKinds else { return nil }
        var left = told
        for raw in kinds {
            guard let refusal = limitRefusal(raw, candidate) else { continue }
            if left == 0 { return refusal }
            left -= 1
        }
        return nil
    }

    private func limitRefusal(_ rawKind: UInt8, _ candidate: borrowing Candidate) -> Refusal? {
        guard let kind = LimitKind(rawValue: rawKind) else { return nil }
        let limit = candidate.limit(of: kind)
        let uses = candidate.uses[kind]
        if limit == 0 || uses.sum < limit { return nil }
        var refusal = Refusal(kind.reason)
        refusal.scope = kind.scope
        refusal.limit = limit
        refusal.actual = uses.sum
        if kind.reason == .usageLimitReached && uses.held > 0 { refusal.held = uses.held }
        return refusal
    }
}

extension LimitKind {
    /// Why a code is refused when its limit of this kind is reached.
    fileprivate var reason: Reason {
        switch self {
        case .total, .code, .offer: .usageLimitReached
        case .customer, .codeCustomer: .customerLimitReached
        case .day, .week, .month, .bookingDate: .periodLimitReached
        case .budget: .budgetExhausted
        }
    }

    fileprivate var scope: Refusal.Scope {
        switch self {
        case .total: .coupon
        case .code: .code
        case .offer: .offer
        case .day: .day
        case .week: .week
        case .month: .month
        case .bookingDate: .bookingDate
        case .customer, .codeCustomer, .budget: .none
        }
    }
}
