// The rules about how often. Whoever asks has counted already, and left out what the judged order
// itself uses or holds; here a count is only held against its limit.

extension Judge {
    /// The coupon's limit comes first, then the code's, then the offer's.
    func usesRefusal(_ claim: borrowing Claim) -> Refusal? {
        if let refusal = usesRefusal(claim, .total, .coupon) { return refusal }
        if let refusal = usesRefusal(claim, .code, .code) { return refusal }
        return usesRefusal(claim, .offer, .offer)
    }

    private func usesRefusal(
        _ claim: borrowing Claim, _ kind: LimitKind, _ scope: Refusal.Scope
    ) -> Refusal? {
        guard var refusal = limitRefusal(.usageLimitReached, claim, kind, scope) else { return nil }
        let held = claim.uses[kind].held
        refusal.held = held > 0 ? held : nil
        return refusal
    }

    /// The shortest period comes first, and the date that is booked last.
    func periodRefusal(_ claim: borrowing Claim) -> Refusal? {
        let reason = Reason.periodLimitReached
        if let refusal = limitRefusal(reason, claim, .day, .day) { return refusal }
        if let refusal = limitRefusal(reason, claim, .week, .week) { return refusal }
        if let refusal = limitRefusal(reason, claim, .month, .month) { return refusal }
        return limitRefusal(reason, claim, .bookingDate, .bookingDate)
    }

    /// The coupon's limit comes first, then that of a code which is good once for each.
    func customerLimitRefusal(
        _ claim: borrowing Claim, _ purchase: borrowing Purchase
    ) -> Refusal? {
        guard purchase.customer.isIdentified else { return nil }
        let reason = Reason.customerLimitReached
        if let refusal = limitRefusal(reason, claim, .customer, .none) { return refusal }
        return limitRefusal(reason, claim, .codeCustomer, .none)
    }

    private func limitRefusal(
        _ reason: Reason, _ claim: borrowing Claim, _ kind: LimitKind, _ scope: Refusal.Scope
    ) -> Refusal? {
        let limit = claim.limit(of: kind)
        if limit == 0 { return nil }
        let actual = claim.uses[kind].sum
        if actual < limit { return nil }
        var refusal = Refusal(reason)
        refusal.scope = scope
        refusal.limit = limit
        refusal.actual = actual
        return refusal
    }
}
