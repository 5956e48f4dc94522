// From covered lines to money. Each kind first computes its discount; the cap and the request's
// amount then bound the sum, which is allocated to the lines when it was bounded or is not made of
// line discounts.

/// Takes plain discounts off the lines of a purchase and keeps the remaining value of each.
@usableFromInline
package struct LinePricing: ~Copyable {
    /// The last discount on each line.
    @usableFromInline package private(set) var discounts: [Money] = []
    /// The sum of `discounts`.
    @usableFromInline package private(set) var total = Money.zero

    /// The value of each line after the discounts deducted so far.
    private var remaining: [Money] = []
    /// The part of `remaining` that the discount may take; zero on lines without a part in it.
    private var eligible: [Money] = []
    /// The only clause whose lines take part, while clauses are computed one by one.
    private var clause: Int?
    /// Whether the discount is computed on full prices, even after other discounts.
    private var usesFullPrices = false
    /// Whether `units` says how many units of each line take part.
    private var takesSomeUnits = false
    private var units: UnitSelection
    private var allocation: Allocation

    init(lineCapacity: Int) {
        discounts.reserveCapacity(lineCapacity)
        remaining.reserveCapacity(lineCapacity)
        eligible.reserveCapacity(lineCapacity)
        units = UnitSelection(lineCapacity: lineCapacity)
        allocation = Allocation(lineCapacity: lineCapacity)
    }

    /// Begins with a purchase at its full prices.
    mutating func begin(_ purchase: borrowing Purchase) {
        remaining.fill(with: .zero, count: purchase.lines.count)
        for index in remaining.indices { remaining[index] = purchase.lines[index].value }
    }

    /// Forgets the last discount.
    mutating func clear(lineCount: Int) {
        total = .zero
        discounts.fill(with: .zero, count: lineCount)
    }

    /// Deducts the last discount from the remaining values.
    mutating func deduct() {
        for index in remaining.indices { remaining[index] -= discounts[index] }
    }

    // MARK: Which lines

    /// Lets all covered lines take part.
    mutating func selectLines(_ cover: borrowing Cover, usesFullPrices: Bool) {
        self.usesFullPrices = usesFullPrices
        clause = nil
        eligible.fill(with: .zero, count: remaining.count)
        for index in eligible.indices where cover[index] { eligible[index] = remaining[index] }
    }

    /// Lets the lines of one clause take part, as if they were all that is covered.
    mutating func selectLines(ofClause clause: Int, _ cover: borrowing Cover) {
        self.clause = clause
        for index in remaining.indices {
            eligible[index] = takesPart(index, cover) ? remaining[index] : .zero
            discounts[index] = .zero
        }
    }

    private func takesPart(_ index: Int, _ cover: borrowing Cover) -> Bool {
        guard cover[index] else { return false }
        guard let clause else { return true }
        return cover.clause(of: index) == clause
    }

    /// The part of the line at `index` that takes part in the last discount.
    func eligible(of index: Int) -> Money { eligible[index] }

    /// The sum of the eligible values.
    private var eligibleTotal: Money {
        var sum = Money.zero
        for index in eligible.indices { sum += eligible[index] }
        return sum
    }

    // MARK: Discounts

    /// Takes money off the selected lines, by a percentage or in one of the fixed ways.
    mutating func discount(
        by rule: Discount, _ purchase: borrowing Purchase, _ tables: borrowing RuleTables,
        _ cover: borrowing Cover, atMost most: Money
    ) {
        takesSomeUnits = rule.unitsMost > 0 || units.isRestricted
        if takesSomeUnits {
            takeUnits(rule.unitsMost > 0 ? rule.unitsMost : .max, rule.units, purchase, cover)
        }
        switch rule.kind {
        case .percentage: discountByPercentage(rule, purchase, cover, atMost: most)
        case .fixedAmount:
            let amount = tables.amount(in: rule.amounts, for: purchase.currency) ?? .zero
            allocate(min(amount, eligibleTotal, most), by: rule.allocationMethod, purchase)
        case .fixedPerItem, .fixedPerLine, .fixedPrice:
            let amount = tables.amount(in: rule.amounts, for: purchase.currency) ?? .zero
            discountEachLine(by: rule, amount, purchase, cover, atMost: most)
        case .none, .giftItem, .shipping, .tiers, .clauses, .buyXGetY:
            preconditionFailure("a discount that is not plain has no lines of its own")
        }
    }

    /// Takes a percentage off the units that are got with those that are bought.
    mutating func discountSets(
        by rule: Discount, _ purchase: borrowing Purchase, _ tables: borrowing RuleTables,
        _ cover: borrowing Cover, atMost most: Money
    ) {
        units.takeSetUnits(of: rule, purchase, tables, cover, left: remaining)
        takesSomeUnits = true
        weighTakenUnits(purchase)
        discountByPercentage(rule, purchase, cover, atMost: most)
    }

    /// Takes a percentage off the selected lines. On full prices it may exceed the remaining
    /// values.
    private mutating func discountByPercentage(
        _ rule: Discount, _ purchase: borrowing Purchase, _ cover: borrowing Cover,
        atMost most: Money
    ) {
        let left = eligibleTotal
        var base = left
        if usesFullPrices {
            base = .zero
            for index in purchase.lines.indices { base += self.base(of: index, purchase, cover) }
        }
        let share = rule.percent.map { $0.of(base, rounding: rule.rounding) } ?? .zero
        allocate(min(share, left, most), by: rule.allocationMethod, purchase)
    }

    /// Takes its own discount off each selected line, at most its eligible value. When the sum
    /// passes `most`, exactly that is allocated instead; and where one unit takes all, it takes the
    /// sum.
    private mutating func discountEachLine(
        by rule: Discount, _ amount: Money, _ purchase: borrowing Purchase,
        _ cover: borrowing Cover, atMost most: Money
    ) {
        var sum = Money.zero
        for index in purchase.lines.indices where takesPart(index, cover) {
            let line = purchase.lines[index]
            let count = takesSomeUnits ? units.taken(of: index) : line.quantity
            let base = base(of: index, purchase, cover)
            let off =
                switch rule.kind {
                // A product beyond the largest amount certainly exceeds the base.
                case .fixedPerItem: min(amount, line.unitPrice).times(count) ?? base
                case .fixedPrice: max(.zero, base - (amount.times(count) ?? base))
                default: amount
                }
            discounts[index] = min(off, eligible[index])
            sum += discounts[index]
        }
        if sum > most || rule.allocationMethod.bearer != nil {
            allocate(min(sum, most), by: rule.allocationMethod, purchase)
        } else {
            total = sum
        }
    }

    /// The base of a line's discount: the remaining value of its units that take part, or
    /// their full price.
    private func base(
        of index: Int, _ purchase: borrowing Purchase, _ cover: borrowing Cover
    ) -> Money {
        guard usesFullPrices && takesPart(index, cover) else { return eligible[index] }
        let line = purchase.lines[index]
        if !takesSomeUnits { return line.value }
        return line.value.share(units.taken(of: index), of: line.quantity, rounding: .down)
    }

    // MARK: Units

    /// Lets the first `most` units that any clause covers take part, and no others, until
    /// ``allowAllUnits()``.
    mutating func allowUnits(
        _ most: Int64, _ order: UnitOrder, _ purchase: borrowing Purchase, _ cover: borrowing Cover
    ) {
        takeUnits(most, order, purchase, cover)
        units.allowTaken()
    }

    mutating func allowAllUnits() { units.allowAll() }

    /// Narrows the selected lines to their first `most` units in `order`.
    private mutating func takeUnits(
        _ most: Int64, _ order: UnitOrder, _ purchase: borrowing Purchase, _ cover: borrowing Cover
    ) {
        units.removeLots()
        for index in purchase.lines.indices where takesPart(index, cover) {
            let line = purchase.lines[index]
            let count = units.allowed(of: line, at: index)
            units.add(UnitLot(line, at: index, left: remaining[index], count: count, order))
        }
        units.take(most, lineCount: purchase.lines.count)
        weighTakenUnits(purchase)
    }

    /// Of `q` units of a line, `k` are worth its remaining value times `k ÷ q`, rounded down.
    private mutating func weighTakenUnits(_ purchase: borrowing Purchase) {
        for index in purchase.lines.indices {
            eligible[index] = remaining[index].share(
                units.taken(of: index), of: purchase.lines[index].quantity, rounding: .down)
        }
    }

    // MARK: Allocation

    /// Makes `total` the discount and divides it over the selected lines.
    private mutating func allocate(
        _ total: Money, by method: AllocationMethod, _ purchase: borrowing Purchase
    ) {
        self.total = total
        switch method {
        case .proportional: allocation.divide(total, over: eligible, into: &discounts)
        case .even: allocation.divideEvenly(total, over: eligible, into: &discounts)
        case .cheapest: chargeOneUnit(total, .cheapest, purchase)
        case .dearest: chargeOneUnit(total, .dearest, purchase)
        }
    }

    /// Charges `total` to the one selected unit that comes first in `order` and has something left,
    /// up to its remaining value. Other shares are zero.
    private mutating func chargeOneUnit(
        _ total: Money, _ order: UnitOrder, _ purchase: borrowing Purchase
    ) {
        var first: UnitLot?
        var worth = Money.zero
        for index in purchase.lines.indices {
            discounts[index] = .zero
            let line = purchase.lines[index]
            let unit = remaining[index].share(1, of: line.quantity, rounding: .down)
            // A line of which no unit takes part has nothing eligible left.
            guard unit > .zero, eligible[index] >= unit else { continue }
            let lot = UnitLot(line, at: index, left: remaining[index], count: 1, order)
            if let first, !lot.precedes(first) { continue }
            first = lot
            worth = unit
        }
        guard let first else {
            self.total = .zero
            return
        }
        self.total = min(total, worth)
        discounts[first.line] = self.total
    }

    /// Makes `total` the discount, each line's share being that of `shares`, whose sum it is.
    mutating func setDiscounts(_ total: Money, _ shares: borrowing [Money]) {
        self.total = total
        for index in discounts.indices { discounts[index] = shares[index] }
    }

    /// Makes `total` the discount and divides it over `weights` in proportion.
    mutating func allocate(_ total: Money, over weights: borrowing [Money]) {
        self.total = total
        allocation.divide(total, over: weights, into: &discounts)
    }

    /// Cuts the discount to `total`; each line keeps its part of it.
    mutating func cut(to total: Money) {
        // The discounts become the weights; the eligible values are no longer needed.
        swap(&eligible, &discounts)
        self.total = total
        allocation.divide(total, over: eligible, into: &discounts)
    }
}
