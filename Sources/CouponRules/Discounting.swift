// From covered lines to money. Each kind first says what it would take off; the sum is then bounded
// by the cap and by what the request asked for, and spread over the lines when it was bounded or had
// no lines of its own.

extension Judge {
    /// Fills `lineDiscounts`, `discount` and `shippingDiscount` for a candidate that passed its rules.
    mutating func computeDiscount(
        _ candidate: borrowing Candidate, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables
    ) {
        computesOnFullPrices = candidate.coupon.stacking.base == .original
        let tickets = candidate.offer?.ticketLimit ?? 0
        if tickets == 0 {
            computeDiscount(by: candidate.coupon.discount, candidate, purchase, tables)
        } else {
            var rule = candidate.coupon.discount
            rule.unitsMost = rule.unitsMost > 0 ? min(rule.unitsMost, tickets) : tickets
            computeDiscount(by: rule, candidate, purchase, tables)
        }
    }

    private mutating func computeDiscount(
        by rule: Discount, _ candidate: borrowing Candidate, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables
    ) {
        let most = min(
            tables.amount(in: rule.caps, for: purchase.currency) ?? .largest,
            candidate.discountMax ?? .largest)

        switch rule.kind {
        case .none, .giftItem: return
        case .percentage, .fixedAmount, .fixedPerItem, .fixedPerLine, .fixedPrice:
            discountLines(by: rule, purchase, tables, atMost: most)
        case .shipping:
            let amount = tables.amount(in: rule.amounts, for: purchase.currency) ?? .zero
            let base = computesOnFullPrices ? purchase.shipping ?? .zero : remainingShipping
            let off = rule.percent.map { $0.of(base, rounding: rule.rounding) } ?? amount
            shippingDiscount = min(off, remainingShipping, most)
        case .tiers:
            guard let plain = plainDiscount(ofTiers: rule, purchase, tables) else { return }
            discountLines(by: plain, purchase, tables, atMost: most)
        case .clauses: discountByClauses(rule, purchase, tables, atMost: most)
        case .buyXGetY: discountSets(rule, purchase, tables, atMost: most)
        }
    }

    /// Takes money off the covered lines, by a percentage or in one of the fixed ways.
    mutating func discountLines(
        by rule: Discount, _ purchase: borrowing Purchase, _ tables: borrowing RuleTables,
        atMost most: Money
    ) {
        takesSomeUnits = rule.unitsMost > 0 || !unitsAllowed.isEmpty
        if takesSomeUnits {
            narrowCover(
                to: rule.unitsMost > 0 ? rule.unitsMost : .max, rule.units, of: purchase)
        }
        let amount = tables.amount(in: rule.amounts, for: purchase.currency) ?? .zero

        switch rule.kind {
        case .percentage:
            discountByPercentage(rule, purchase, atMost: most)
        case .fixedAmount:
            spreadDiscount(min(amount, coveredTotal, most), rule.allocationMethod, purchase)
        case .fixedPerItem:
            takeOffEachLine(by: rule, purchase, atMost: most) { line, units, base in
                // Beyond what money can be, the product is certainly more than what is left.
                min(amount, line.unitPrice).times(units) ?? base
            }
        case .fixedPerLine:
            takeOffEachLine(by: rule, purchase, atMost: most) { _, _, _ in amount }
        case .fixedPrice:
            takeOffEachLine(by: rule, purchase, atMost: most) { _, units, base in
                guard let price = amount.times(units), price < base else { return .zero }
                return base - price
            }
        case .none, .giftItem, .shipping, .tiers, .clauses, .buyXGetY:
            preconditionFailure("what takes nothing off lines is not computed on them")
        }
    }

    /// Takes a percentage off what is covered. Of full prices it may come to more than is left.
    mutating func discountByPercentage(
        _ rule: Discount, _ purchase: borrowing Purchase, atMost most: Money
    ) {
        let left = coveredTotal
        var base = left
        if computesOnFullPrices {
            base = .zero
            for index in purchase.lines.indices { base += self.base(of: index, purchase) }
        }
        let share = rule.percent.map { $0.of(base, rounding: rule.rounding) } ?? .zero
        spreadDiscount(min(share, left, most), rule.allocationMethod, purchase)
    }

    /// What the discount of a line is computed on: what is left of its units that take part, or
    /// their full price.
    private func base(of index: Int, _ purchase: borrowing Purchase) -> Money {
        guard computesOnFullPrices && isCovered[index] else { return coveredRemaining[index] }
        let line = purchase.lines[index]
        if !takesSomeUnits { return line.value }
        return line.value.share(unitsTaken[index], of: line.quantity, rounding: .down)
    }

    /// What is left of the covered lines together.
    private var coveredTotal: Money {
        var sum = Money.zero
        for index in coveredRemaining.indices { sum += coveredRemaining[index] }
        return sum
    }

    /// Takes `off` each covered line, at most what is left of it. When the sum passes `most`,
    /// exactly that is spread instead; and where one unit bears all, it bears the sum.
    private mutating func takeOffEachLine(
        by rule: Discount, _ purchase: borrowing Purchase, atMost most: Money,
        _ off: (Purchase.Line, _ units: Int64, _ base: Money) -> Money
    ) {
        var sum = Money.zero
        for index in purchase.lines.indices where isCovered[index] {
            let line = purchase.lines[index]
            let units = takesSomeUnits ? unitsTaken[index] : line.quantity
            lineDiscounts[index] = min(
                off(line, units, base(of: index, purchase)), coveredRemaining[index])
            sum += lineDiscounts[index]
        }
        if sum > most || rule.allocationMethod.bearer != nil {
            spreadDiscount(min(sum, most), rule.allocationMethod, purchase)
        } else {
            discount = sum
        }
    }

    /// Spreads `total` over what is left of the covered lines.
    private mutating func spreadDiscount(
        _ total: Money, _ allocationMethod: AllocationMethod, _ purchase: borrowing Purchase
    ) {
        discount = total
        switch allocationMethod {
        case .proportional: allocation.divide(total, over: coveredRemaining, into: &lineDiscounts)
        case .even: allocation.divideEvenly(total, over: coveredRemaining, into: &lineDiscounts)
        case .cheapest: chargeOneUnit(total, .cheapest, of: purchase)
        case .dearest: chargeOneUnit(total, .dearest, of: purchase)
        }
    }
}
