// A coupon with several discounts. A line belongs to the first clause that covers it, and to none when
// none does; then it is not covered. Each clause is computed as if its lines were all there is, with a
// rounding, a cap and a spread of its own, and what they take off is added up.

extension Judge {
    /// Gives each covered line to its clause; one that no clause takes is not covered.
    mutating func coverByClauses(
        _ rule: Discount, _ purchase: borrowing Purchase, _ tables: borrowing RuleTables
    ) {
        clauseOfLine.empty()
        for index in purchase.lines.indices {
            let clause = isCovered[index] ? clauseIndex(of: index, rule, purchase, tables) : nil
            clauseOfLine.append(clause ?? noClause)
            if clause == nil {
                isCovered[index] = false
                coveredRemaining[index] = .zero
            }
        }
    }

    private func clauseIndex(
        of line: Int, _ rule: Discount, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables
    ) -> Int? {
        for index in rule.parts.range {
            let cover = tables.discountClauses[index].appliesTo
            if purchase.line(purchase.lines[line], meetsAnyOf: cover, by: tables) { return index }
        }
        return nil
    }

    /// Whether a clause that has a line of this cart lacks its currency; other clauses do not matter.
    func clauseLacksCurrency(
        _ rule: Discount, _ purchase: borrowing Purchase, _ tables: borrowing RuleTables
    ) -> Bool {
        for index in purchase.lines.indices where isCovered[index] {
            let discount = tables.discountClauses[clauseOfLine[index]].discount
            if tables.lacks(purchase.currency, in: discount.amounts)
                || tables.lacks(purchase.currency, in: discount.caps)
            {
                return true
            }
        }
        return false
    }

    /// Computes clause after clause; a sum beyond `most` is cut to it and spread in proportion to what
    /// the clauses cover.
    mutating func discountByClauses(
        _ rule: Discount, _ purchase: borrowing Purchase, _ tables: borrowing RuleTables,
        atMost most: Money
    ) {
        clauseDiscounts.empty()
        clauseRemaining.empty()
        for _ in purchase.lines.indices {
            clauseDiscounts.append(.zero)
            clauseRemaining.append(.zero)
        }
        if rule.unitsMost > 0 { allowUnits(rule.unitsMost, rule.units, of: purchase) }
        var sum = Money.zero
        for index in rule.parts.range where clauseOfLine.contains(index) {
            coverOnly(linesOf: index)
            let clause = tables.discountClauses[index].discount
            let cap = tables.amount(in: clause.caps, for: purchase.currency) ?? .largest
            discountLines(by: clause, purchase, tables, atMost: cap)
            sum += discount
            for line in purchase.lines.indices {
                clauseDiscounts[line] += lineDiscounts[line]
                clauseRemaining[line] += coveredRemaining[line]
            }
        }
        // The next discount that is computed knows nothing of these clauses.
        unitsAllowed.empty()
        discount = min(sum, most)
        if sum > most {
            allocation.divide(most, over: clauseRemaining, into: &lineDiscounts)
        } else {
            for line in purchase.lines.indices { lineDiscounts[line] = clauseDiscounts[line] }
        }
    }

    /// Lets the first `most` units that any clause covers take part, and no others.
    private mutating func allowUnits(
        _ most: Int64, _ order: UnitOrder, of purchase: borrowing Purchase
    ) {
        narrowCover(to: most, order, of: purchase)
        for line in unitsTaken.indices { unitsAllowed.append(unitsTaken[line]) }
    }

    /// As if the lines of `clause` were all that is covered.
    private mutating func coverOnly(linesOf clause: Int) {
        for line in clauseOfLine.indices {
            isCovered[line] = clauseOfLine[line] == clause
            coveredRemaining[line] = isCovered[line] ? remaining[line] : .zero
            lineDiscounts[line] = .zero
        }
    }
}

/// The clause of a line that no clause takes.
private let noClause = -1
