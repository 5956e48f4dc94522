// The rules about how often. The uses are counted before, without those that the judged order
// itself uses or holds; here a count is only compared with its limit.

extension Ladder {
    /// The coupon's own limit, then the code's and the offer's.
    mutating func requireUsesLeft(_ candidate: borrowing Candidate) {
        requireUsesLeft(.total, candidate)
        requireUsesLeft(.code, candidate)
        requireUsesLeft(.offer, candidate)
    }

    /// The shortest period first, the booked date last.
    mutating func requirePeriodUsesLeft(_ candidate: borrowing Candidate) {
        requireUsesLeft(.day, candidate)
        requireUsesLeft(.week, candidate)
        requireUsesLeft(.month, candidate)
        requireUsesLeft(.bookingDate, candidate)
    }

    mutating func requireCustomerUsesLeft(
        _ candidate: borrowing Candidate, _ purchase: borrowing Purchase
    ) {
        guard purchase.customer.isIdentified else { return }
        requireUsesLeft(.customer, candidate)
        requireUsesLeft(.codeCustomer, candidate)
    }

    /// Inlined, so that with a constant kind nothing is left but a comparison.
    @inline(__always)
    private mutating func requireUsesLeft(_ kind: LimitKind, _ candidate: borrowing Candidate) {
        let limit = candidate.limit(of: kind)
        let uses = candidate.uses[kind]
        if limit > 0 && uses.sum >= limit { refuse(kind, limit, uses) }
    }

    private mutating func refuse(_ kind: LimitKind, _ limit: Int64, _ uses: UseCount) {
        var refusal = Refusal(kind.reason)
        refusal.scope = kind.scope
        refusal.limit = limit
        refusal.actual = uses.sum
        if kind.reason == .usageLimitReached && uses.held > 0 { refusal.held = uses.held }
        refuse(refusal)
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
