// The rules about what is in the cart. Bounds and tickets count original prices and quantities:
// what other codes took off before changes nothing here.

extension Judge {
    func containsRefusal(
        after told: Int, _ coupon: Coupon, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables
    ) -> Refusal? {
        guard purchase.hasCart else { return nil }
        var left = told
        nextClause: for index in coupon.requirements.contains.range {
            let clause = tables.clauses[index]
            for line in purchase.lines.indices
            where purchase.line(purchase.lines[line], meets: clause, by: tables) {
                continue nextClause
            }
            if left == 0 {
                var refusal = Refusal(.requiredItemsMissing)
                refusal.scope = .attribute(clause.attribute)
                return refusal
            }
            left -= 1
        }
        return nil
    }

    func coverRefusal(
        _ candidate: borrowing Candidate, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables,
        _ evaluation: EvaluationContext
    ) -> Refusal? {
        // A presale code is tried before anything it is for is in the cart.
        let isEarly = candidate.coupon.kind.opensAccess && evaluation.purpose != .apply
        if isEarly && purchase.hasCart { return nil }
        return coversNone(candidate, on: purchase, by: tables) ? Refusal(.noEligibleItems) : nil
    }

    /// Whether `candidate`, judged last, covers nothing of the cart; without one, whether the context
    /// rules out that it covers anything.
    package func coversNone(
        _ candidate: borrowing Candidate, on purchase: borrowing Purchase,
        by tables: borrowing RuleTables
    ) -> Bool {
        purchase.hasCart
            ? !isCovered.contains(true) : purchase.contextRulesOut(candidate, in: tables)
    }

    func subtotalRefusal(
        _ check: Check, _ coupon: Coupon, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables
    ) -> Refusal? {
        let needs = coupon.requirements
        let isMinimum = check == .minimumSubtotal
        let run = isMinimum ? needs.minimumSubtotal : needs.maximumSubtotal
        guard purchase.hasCart, let bound = tables.amount(in: run, for: purchase.currency)
        else { return nil }
        let actual = boundedSubtotal(coupon, purchase).minorUnits
        return isMinimum
            ? belowRefusal(.belowMinimumAmount, limit: bound.minorUnits, actual: actual)
            : aboveRefusal(.aboveMaximumAmount, limit: bound.minorUnits, actual: actual)
    }

    func itemCountRefusal(
        _ check: Check, _ coupon: Coupon, _ purchase: borrowing Purchase
    ) -> Refusal? {
        guard purchase.hasCart else { return nil }
        let needs = coupon.requirements
        let actual = boundedItemCount(coupon, purchase)
        return check == .minimumItems
            ? belowRefusal(.belowMinimumQuantity, limit: needs.minimumItems, actual: actual)
            : aboveRefusal(.aboveMaximumQuantity, limit: needs.maximumItems, actual: actual)
    }

    /// More covered units than the offer of a code that opens access is for.
    func ticketRefusal(_ candidate: borrowing Candidate, _ purchase: borrowing Purchase) -> Refusal?
    {
        guard purchase.hasCart, let limit = candidate.offer?.ticketLimit else { return nil }
        return aboveRefusal(
            .aboveMaximumQuantity, limit: limit, actual: coveredItemCount(purchase))
    }

    /// Reaching a bound passes.
    func belowRefusal(_ reason: Reason, limit: Int64, actual: Int64) -> Refusal? {
        if actual >= limit { return nil }
        var refusal = Refusal(reason)
        refusal.limit = limit
        refusal.actual = actual
        refusal.missing = limit - actual
        return refusal
    }

    private func aboveRefusal(_ reason: Reason, limit: Int64, actual: Int64) -> Refusal? {
        if actual <= limit { return nil }
        var refusal = Refusal(reason)
        refusal.limit = limit
        refusal.actual = actual
        return refusal
    }

    /// Original prices of the lines that the coupon's bounds look at.
    private func boundedSubtotal(_ coupon: Coupon, _ purchase: borrowing Purchase) -> Money {
        coupon.requirements.base == .cart ? purchase.subtotal : coveredSubtotal(purchase)
    }

    private func boundedItemCount(_ coupon: Coupon, _ purchase: borrowing Purchase) -> Int64 {
        coupon.requirements.base == .cart ? purchase.itemCount : coveredItemCount(purchase)
    }

    /// The covered lines at original prices.
    func coveredSubtotal(_ purchase: borrowing Purchase) -> Money {
        var sum = Money.zero
        for index in purchase.lines.indices where isCovered[index] {
            sum += purchase.lines[index].value
        }
        return sum
    }

    func coveredItemCount(_ purchase: borrowing Purchase) -> Int64 {
        var sum: Int64 = 0
        for index in purchase.lines.indices where isCovered[index] {
            sum += purchase.lines[index].quantity
        }
        return sum
    }
}
