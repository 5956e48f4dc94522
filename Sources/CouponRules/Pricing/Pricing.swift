// The value of a candidate that passed its rules. A plain discount goes to the lines or to
// shipping; tiers, clauses and sets come down to plain discounts on some of the lines or units.

/// Prices candidates one after the other; each is computed on the prices that those before it left.
@usableFromInline
package struct Pricing: ~Copyable {
    // Readable across the package for the same reason as in ``Judge``.
    @usableFromInline package private(set) var lines: LinePricing
    /// The last candidate's discount on shipping.
    @usableFromInline package private(set) var shippingDiscount = Money.zero
    /// The price of shipping after the discounts deducted so far.
    private var remainingShipping = Money.zero
    private var clauses: ClausePricing

    init(lineCapacity: Int) {
        lines = LinePricing(lineCapacity: lineCapacity)
        clauses = ClausePricing(lineCapacity: lineCapacity)
    }

    /// The last candidate's discount on lines and shipping together.
    var total: Money { lines.total + shippingDiscount }

    /// Begins with a purchase at its full prices.
    mutating func begin(_ purchase: borrowing Purchase) {
        lines.begin(purchase)
        remainingShipping = purchase.shipping ?? .zero
    }

    /// Forgets the last discount.
    mutating func clear(lineCount: Int) {
        lines.clear(lineCount: lineCount)
        shippingDiscount = .zero
    }

    /// Deducts the last discount from the remaining prices.
    mutating func deduct() {
        lines.deduct()
        remainingShipping -= shippingDiscount
    }

    /// Cuts the discount to `total`. It is either off shipping or off lines.
    mutating func cut(to total: Money) {
        if shippingDiscount > .zero { shippingDiscount = total } else { lines.cut(to: total) }
    }

    /// Computes the discount of `candidate`, of which `cover` has the lines.
    mutating func compute(
        _ candidate: borrowing Candidate, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables, _ cover: borrowing Cover
    ) {
        var rule = candidate.coupon.discount
        if let tickets = candidate.offer?.ticketLimit, tickets > 0 {
            rule.unitsMost = rule.unitsMost > 0 ? min(rule.unitsMost, tickets) : tickets
        }
        let usesFullPrices = candidate.coupon.stacking.base == .original
        let most = min(
            tables.amount(in: rule.caps, for: purchase.currency) ?? .largest,
            candidate.discountMax ?? .largest)

        lines.selectLines(cover, usesFullPrices: usesFullPrices)
        switch rule.kind {
        case .none, .giftItem: return
        case .percentage, .fixedAmount, .fixedPerItem, .fixedPerLine, .fixedPrice:
            lines.discount(by: rule, purchase, tables, cover, atMost: most)
        case .shipping:
            let amount = tables.amount(in: rule.amounts, for: purchase.currency) ?? .zero
            let base = usesFullPrices ? purchase.shipping ?? .zero : remainingShipping
            let off = rule.percent.map { $0.of(base, rounding: rule.rounding) } ?? amount
            shippingDiscount = min(off, remainingShipping, most)
        case .tiers:
            guard let plain = rule.plain(ofTiersMetBy: cover, purchase, tables) else { return }
            lines.discount(by: plain, purchase, tables, cover, atMost: most)
        case .clauses: clauses.discount(by: rule, purchase, tables, cover, atMost: most, &lines)
        case .buyXGetY: lines.discountSets(by: rule, purchase, tables, cover, atMost: most)
        }
    }
}
