// A discount that grows with the cover. Its tiers have one measure and ascend, so the highest
// tier that is met is the last one met. It stands in for the discount; all else stays as it is.

extension Discount {
    /// A discount of tiers as the plain discount of its highest met tier; nil when none is met.
    func plain(
        ofTiersMetBy cover: borrowing Cover, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables
    ) -> Discount? {
        var met: Tier?
        for index in parts.range {
            let tier = tables.tiers[index]
            if !tier.isMet(by: cover, purchase, tables) { break }
            met = tier
        }
        guard let met else { return nil }
        var plain = self
        plain.kind = met.percent == nil ? .fixedAmount : .percentage
        plain.percent = met.percent
        plain.amounts = met.amounts
        return plain
    }
}

extension Tier {
    fileprivate func isMet(
        by cover: borrowing Cover, _ purchase: borrowing Purchase, _ tables: borrowing RuleTables
    ) -> Bool {
        if minimumSubtotal.isEmpty { return cover.itemCount(of: purchase) >= minimumItems }
        guard let least = tables.amount(in: minimumSubtotal, for: purchase.currency) else {
            return false
        }
        return cover.subtotal(of: purchase) >= least
    }
}
