// From covered lines to money. Each kind first says what it would take off; the sum is then bounded
// by the cap and by what the request asked for, and spread over the lines when it was bounded or had
// no lines of its own.

extension Judge {
    /// Fills `lineDiscounts`, `discount` and `shippingDiscount` for a claim that passed its rules.
    mutating func computeDiscount(
        _ claim: borrowing Claim, _ purchase: borrowing Purchase, _ tables: borrowing RuleTables
    ) {
        let rule = claim.coupon.discount
        let amount = tables.amount(in: rule.amounts, for: purchase.currency) ?? .zero
        let most = min(
            tables.amount(in: rule.caps, for: purchase.currency) ?? .largest,
            claim.discountMax ?? .largest)

        switch rule.kind {
        case .none: return
        case .percentage:
            let total = coveredTotal
            let share = rule.percent.map { $0.of(total, rounding: rule.rounding) } ?? .zero
            spreadDiscount(min(share, most))
        case .fixedAmount:
            spreadDiscount(min(amount, coveredTotal, most))
        case .fixedPerItem:
            takeOffEachLine(purchase, atMost: most) { line, left in
                // Beyond what money can be, the product is certainly more than what is left.
                min(min(amount, line.unitPrice).times(line.quantity) ?? left, left)
            }
        case .fixedPerLine:
            takeOffEachLine(purchase, atMost: most) { _, left in min(amount, left) }
        case .fixedPrice:
            takeOffEachLine(purchase, atMost: most) { line, left in
                guard let price = amount.times(line.quantity), price < left else { return .zero }
                return left - price
            }
        case .shipping:
            let off =
                rule.percent.map { $0.of(remainingShipping, rounding: rule.rounding) } ?? amount
            shippingDiscount = min(off, remainingShipping, most)
        }
    }

    /// What is left of the covered lines together.
    private var coveredTotal: Money {
        var sum = Money.zero
        for index in coveredRemaining.indices { sum += coveredRemaining[index] }
        return sum
    }

    /// Takes `off` each covered line; when the sum passes `most`, exactly that is spread instead.
    private mutating func takeOffEachLine(
        _ purchase: borrowing Purchase, atMost most: Money,
        _ off: (Purchase.Line, _ left: Money) -> Money
    ) {
        var sum = Money.zero
        for index in purchase.lines.indices where isCovered[index] {
            lineDiscounts[index] = off(purchase.lines[index], coveredRemaining[index])
            sum += lineDiscounts[index]
        }
        if sum > most { spreadDiscount(most) } else { discount = sum }
    }

    /// Spreads `total` over what is left of the covered lines.
    private mutating func spreadDiscount(_ total: Money) {
        spread.divide(total, over: coveredRemaining, into: &lineDiscounts)
        discount = total
    }
}
