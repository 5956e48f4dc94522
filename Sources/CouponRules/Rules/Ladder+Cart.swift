// The rules about the contents of the cart. Bounds and tickets count original prices and
// quantities: earlier discounts change nothing here.

extension Ladder {
    mutating func requireItems(
        _ candidate: borrowing Candidate, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables
    ) {
        guard purchase.hasCart else { return }
        for index in candidate.coupon.requirements.contains.range
        where !purchase.someLine(meets: tables.clauses[index], by: tables) {
            var refusal = Refusal(.requiredItemsMissing)
            refusal.scope = .attribute(tables.clauses[index].attribute)
            refuse(refusal)
            if isDecided { return }
        }
    }

    mutating func requireCover(
        _ candidate: borrowing Candidate, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables, _ evaluation: EvaluationContext, _ cover: borrowing Cover
    ) {
        // A presale code is tried before anything it is for is in the cart.
        let isEarly = candidate.coupon.kind.opensAccess && evaluation.purpose != .apply
        if isEarly && purchase.hasCart { return }
        if cover.isNone(of: purchase, by: candidate, in: tables) {
            refuse(Refusal(.noEligibleItems))
        }
    }

    /// More covered units than the offer of a code that opens access is for.
    mutating func requireTicketLimit(
        _ candidate: borrowing Candidate, _ purchase: borrowing Purchase, _ cover: borrowing Cover
    ) {
        guard purchase.hasCart, let limit = candidate.offer?.ticketLimit else { return }
        require(cover.itemCount(of: purchase), atMost: limit, or: .aboveMaximumQuantity)
    }

    // MARK: Bounds

    mutating func requireMinimumSubtotal(
        _ candidate: borrowing Candidate, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables, _ cover: borrowing Cover
    ) {
        let bound = candidate.coupon.requirements.minimumSubtotal
        guard purchase.hasCart, let bound = tables.amount(in: bound, for: purchase.currency)
        else { return }
        let actual = boundedSubtotal(candidate, purchase, cover)
        require(actual.minorUnits, atLeast: bound.minorUnits, or: .belowMinimumAmount)
    }

    mutating func requireMaximumSubtotal(
        _ candidate: borrowing Candidate, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables, _ cover: borrowing Cover
    ) {
        let bound = candidate.coupon.requirements.maximumSubtotal
        guard purchase.hasCart, let bound = tables.amount(in: bound, for: purchase.currency)
        else { return }
        let actual = boundedSubtotal(candidate, purchase, cover)
        require(actual.minorUnits, atMost: bound.minorUnits, or: .aboveMaximumAmount)
    }

    mutating func requireMinimumItems(
        _ candidate: borrowing Candidate, _ purchase: borrowing Purchase, _ cover: borrowing Cover
    ) {
        guard purchase.hasCart else { return }
        require(
            boundedItemCount(candidate, purchase, cover),
            atLeast: candidate.coupon.requirements.minimumItems, or: .belowMinimumQuantity)
    }

    mutating func requireMaximumItems(
        _ candidate: borrowing Candidate, _ purchase: borrowing Purchase, _ cover: borrowing Cover
    ) {
        guard purchase.hasCart else { return }
        require(
            boundedItemCount(candidate, purchase, cover),
            atMost: candidate.coupon.requirements.maximumItems, or: .aboveMaximumQuantity)
    }

    /// Original prices of the lines that the coupon's bounds look at.
    private func boundedSubtotal(
        _ candidate: borrowing Candidate, _ purchase: borrowing Purchase, _ cover: borrowing Cover
    ) -> Money {
        candidate.coupon.requirements.base == .cart
            ? purchase.subtotal : cover.subtotal(of: purchase)
    }

    private func boundedItemCount(
        _ candidate: borrowing Candidate, _ purchase: borrowing Purchase, _ cover: borrowing Cover
    ) -> Int64 {
        candidate.coupon.requirements.base == .cart
            ? purchase.itemCount : cover.itemCount(of: purchase)
    }

    /// Reaching a bound passes.
    @inline(__always)
    mutating func require(_ actual: Int64, atLeast limit: Int64, or reason: Reason) {
        if actual < limit { refuse(reason, limit: limit, actual: actual, missing: limit - actual) }
    }

    @inline(__always)
    mutating func require(_ actual: Int64, atMost limit: Int64, or reason: Reason) {
        if actual > limit { refuse(reason, limit: limit, actual: actual, missing: nil) }
    }

    private mutating func refuse(_ reason: Reason, limit: Int64, actual: Int64, missing: Int64?) {
        var refusal = Refusal(reason)
        refusal.limit = limit
        refusal.actual = actual
        refusal.missing = missing
        refuse(refusal)
    }
}

extension Purchase {
    fileprivate func someLine(meets clause: Clause, by tables: borrowing RuleTables) -> Bool {
        for index in lines.indices where line(lines[index], meets: clause, by: tables) {
            return true
        }
        return false
    }
}
