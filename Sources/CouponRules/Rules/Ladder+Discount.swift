// The rules that come with a discount: its budget, and what its tiers, clauses and sets need.

extension Ladder {
    /// Something must be left of the budget; whether it is enough is known with the discount.
    mutating func requireBudget(
        _ candidate: borrowing Candidate, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables
    ) {
        guard let budget = tables.budget(of: candidate, on: purchase), budget.left <= .zero
        else { return }
        refuse(budget.refusal)
    }

    // MARK: Tiers

    /// The lowest tier is met when any is.
    mutating func requireTierSubtotal(
        _ candidate: borrowing Candidate, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables, _ cover: borrowing Cover
    ) {
        let lowest = tables.tiers[Int(candidate.coupon.discount.parts.first)]
        guard purchase.hasCart,
            let least = tables.amount(in: lowest.minimumSubtotal, for: purchase.currency)
        else { return }
        require(
            cover.subtotal(of: purchase).minorUnits, atLeast: least.minorUnits,
            or: .belowMinimumAmount)
    }

    mutating func requireTierItems(
        _ candidate: borrowing Candidate, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables, _ cover: borrowing Cover
    ) {
        let lowest = tables.tiers[Int(candidate.coupon.discount.parts.first)]
        guard purchase.hasCart, lowest.minimumSubtotal.isEmpty else { return }
        require(
            cover.itemCount(of: purchase), atLeast: lowest.minimumItems, or: .belowMinimumQuantity)
    }

    // MARK: Sets

    /// Something must be bought. Where `buy` covers all that the coupon does, it is the cover that
    /// finds nothing.
    mutating func requireTrigger(
        _ candidate: borrowing Candidate, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables, _ cover: borrowing Cover
    ) {
        let buys = tables.sets[Int(candidate.coupon.discount.parts.first)].buys
        if !purchase.hasCart || buys.isEmpty || cover.hasTrigger { return }
        var refusal = Refusal(.requiredItemsMissing)
        let map = tables.maps[Int(buys.first)]
        refusal.scope = .attribute(tables.clauses[Int(map.first)].attribute)
        refuse(refusal)
    }

    /// Enough must be bought for one set, and a unit must be left to be got with it.
    mutating func requireTriggerCount(
        _ candidate: borrowing Candidate, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables, _ cover: borrowing Cover
    ) {
        let terms = tables.sets[Int(candidate.coupon.discount.parts.first)]
        let counts = SetCounts(purchase, cover)
        // Nothing bought and nothing to be got are other refusals.
        if counts.triggers == 0 { return }
        if counts.triggers < terms.buyQuantity {
            require(counts.triggers, atLeast: terms.buyQuantity, or: .belowMinimumQuantity)
        } else if !cover.isEmpty && counts.sets(terms) == 0 {
            // All that could be got is needed as a trigger: one more unit makes a set.
            require(counts.triggers, atLeast: terms.buyQuantity + 1, or: .belowMinimumQuantity)
        }
    }
}

// MARK: Currency

extension Discount {
    /// Whether a part that counts for this cart has no amount in its currency.
    func partsLack(
        _ currency: Currency, _ cover: borrowing Cover, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables
    ) -> Bool {
        switch kind {
        case .tiers: tiersLack(currency, cover, purchase, tables)
        case .clauses: clausesLack(currency, cover, purchase, tables)
        default: false
        }
    }

    /// The measure counts, and the tier that is met.
    private func tiersLack(
        _ currency: Currency, _ cover: borrowing Cover, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables
    ) -> Bool {
        // All tiers name the same currencies.
        let lowest = tables.tiers[Int(parts.first)]
        if tables.lacks(currency, in: lowest.minimumSubtotal) { return true }
        guard let plain = plain(ofTiersMetBy: cover, purchase, tables) else { return false }
        return tables.lacks(currency, in: plain.amounts)
    }

    /// Clauses that have a line of the cart count, and no others.
    private func clausesLack(
        _ currency: Currency, _ cover: borrowing Cover, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables
    ) -> Bool {
        for index in purchase.lines.indices where cover[index] {
            let plain = tables.discountClauses[cover.clause(of: index)].discount
            if tables.lacks(currency, in: plain.amounts) || tables.lacks(currency, in: plain.caps) {
                return true
            }
        }
        return false
    }
}
