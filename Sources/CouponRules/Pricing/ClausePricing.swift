// A coupon with several discounts. A line belongs to the first clause that covers it, and to none
// when none does; then it is not covered. Each clause is computed as if its lines were all there
// is, with a rounding, a cap and an allocation of its own, and the discounts of all clauses are
// added up.

/// Computes a discount clause after clause.
struct ClausePricing: ~Copyable {
    /// The sums of the clauses so far: discount of each line, and the part of it that takes part.
    private var discounts: [Money] = []
    private var eligible: [Money] = []

    init(lineCapacity: Int) {
        discounts.reserveCapacity(lineCapacity)
        eligible.reserveCapacity(lineCapacity)
    }

    /// Writes the discounts of all clauses of `rule` into `lines`; a sum beyond `most` is cut to it
    /// and allocated in proportion to the covered values.
    mutating func discount(
        by rule: Discount, _ purchase: borrowing Purchase, _ tables: borrowing RuleTables,
        _ cover: borrowing Cover, atMost most: Money, _ lines: inout LinePricing
    ) {
        discounts.fill(with: .zero, count: purchase.lines.count)
        eligible.fill(with: .zero, count: purchase.lines.count)
        if rule.unitsMost > 0 { lines.allowUnits(rule.unitsMost, rule.units, purchase, cover) }
        var sum = Money.zero
        for clause in rule.parts.range where cover.hasLines(ofClause: clause) {
            lines.selectLines(ofClause: clause, cover)
            let plain = tables.discountClauses[clause].discount
            let cap = tables.amount(in: plain.caps, for: purchase.currency) ?? .largest
            lines.discount(by: plain, purchase, tables, cover, atMost: cap)
            sum += lines.total
            for index in purchase.lines.indices {
                discounts[index] += lines.discounts[index]
                eligible[index] += lines.eligible(of: index)
            }
        }
        lines.allowAllUnits()
        if sum > most {
            lines.allocate(most, over: eligible)
        } else {
            lines.setDiscounts(sum, discounts)
        }
    }
}
