// A discount that grows with what is covered. Its tiers have one measure and ascend, so the highest
// that is met is the last one met; it stands in for the discount, and the rest is as ever.

extension Judge {
    /// `rule`, of tiers, as the plain discount that its highest met tier makes of it; nil when none is
    /// met.
    func plainDiscount(
        ofTiers rule: Discount, _ purchase: borrowing Purchase, _ tables: borrowing RuleTables
    ) -> Discount? {
        var met: Tier?
        for index in rule.parts.range {
            let tier = tables.tiers[index]
            if !isMet(tier, purchase, tables) { break }
            met = tier
        }
        guard let met else { return nil }
        var plain = rule
        plain.kind = met.percent == nil ? .fixedAmount : .percentage
        plain.percent = met.percent
        plain.amounts = met.amounts
        return plain
    }

    private func isMet(
        _ tier: Tier, _ purchase: borrowing Purchase, _ tables: borrowing RuleTables
    ) -> Bool {
        if tier.minimumSubtotal.isEmpty { return coveredItemCount(purchase) >= tier.minimumItems }
        guard let least = tables.amount(in: tier.minimumSubtotal, for: purchase.currency) else {
            return false
        }
        return coveredSubtotal(purchase) >= least
    }

    /// Whether the measure, or the tier that counts, has no amount in the cart's currency.
    func tierLacksCurrency(
        _ rule: Discount, _ purchase: borrowing Purchase, _ tables: borrowing RuleTables
    ) -> Bool {
        // All tiers name the same currencies.
        let lowest = tables.tiers[Int(rule.parts.first)]
        if tables.lacks(purchase.currency, in: lowest.minimumSubtotal) { return true }
        guard let plain = plainDiscount(ofTiers: rule, purchase, tables) else { return false }
        return tables.lacks(purchase.currency, in: plain.amounts)
    }

    /// The lowest tier is met when any is.
    func tierSubtotalRefusal(
        _ rule: Discount, _ purchase: borrowing Purchase, _ tables: borrowing RuleTables
    ) -> Refusal? {
        let lowest = tables.tiers[Int(rule.parts.first)]
        guard purchase.hasCart,
            let least = tables.amount(in: lowest.minimumSubtotal, for: purchase.currency)
        else { return nil }
        return belowRefusal(
            .belowMinimumAmount, limit: least.minorUnits,
            actual: coveredSubtotal(purchase).minorUnits)
    }

    func tierItemsRefusal(
        _ rule: Discount, _ purchase: borrowing Purchase, _ tables: borrowing RuleTables
    ) -> Refusal? {
        let lowest = tables.tiers[Int(rule.parts.first)]
        guard purchase.hasCart, lowest.minimumSubtotal.isEmpty else { return nil }
        return belowRefusal(
            .belowMinimumQuantity, limit: lowest.minimumItems, actual: coveredItemCount(purchase))
    }
}
