// Which lines a candidate covers. The coupon's own cover comes first; a discount made of clauses or
// of sets then narrows it, because a line that no part of the discount takes is not covered either.

/// The covered lines of the candidate that was looked at last.
struct Cover: ~Copyable {
    private var isCovered: [Bool] = []
    /// The number of each line's discount clause, where the discount has clauses.
    private var clauseOfLine: [Int] = []
    /// Whether a line's units can be those that are bought, where something is got with them.
    private var isTrigger: [Bool] = []
    /// Whether no line is covered.
    private(set) var isEmpty = true

    init(lineCapacity: Int) {
        isCovered.reserveCapacity(lineCapacity)
        clauseOfLine.reserveCapacity(lineCapacity)
        isTrigger.reserveCapacity(lineCapacity)
    }

    /// Whether the line at `index` is covered.
    subscript(index: Int) -> Bool {
        @inline(__always) get { isCovered[index] }
    }

    /// Finds the lines that `candidate` covers, and those that its discount takes of them.
    mutating func find(
        of purchase: borrowing Purchase, by candidate: borrowing Candidate,
        in tables: borrowing RuleTables
    ) {
        isCovered.fill(with: true, count: purchase.lines.count)
        if !candidate.coversAll {
            for index in isCovered.indices {
                isCovered[index] = purchase.covers(index, by: candidate, in: tables)
            }
        }
        switch candidate.coupon.discount.kind {
        case .clauses: narrow(toClauses: candidate.coupon.discount.parts, purchase, tables)
        case .buyXGetY: narrow(toSets: candidate.coupon.discount.parts, purchase, tables)
        case .none, .percentage, .fixedAmount, .fixedPerItem, .fixedPerLine, .fixedPrice, .shipping,
            .giftItem, .tiers:
            break
        }
        isEmpty = !isCovered.contains(true)
    }

    /// Whether `candidate`, looked at last, covers nothing of the cart; without one, whether the
    /// context rules out that it covers anything.
    func isNone(
        of purchase: borrowing Purchase, by candidate: borrowing Candidate,
        in tables: borrowing RuleTables
    ) -> Bool {
        purchase.hasCart ? isEmpty : purchase.contextRulesOut(candidate, in: tables)
    }

    /// The covered lines at original prices.
    func subtotal(of purchase: borrowing Purchase) -> Money {
        var sum = Money.zero
        for index in purchase.lines.indices where isCovered[index] {
            sum += purchase.lines[index].value
        }
        return sum
    }

    func itemCount(of purchase: borrowing Purchase) -> Int64 {
        var sum: Int64 = 0
        for index in purchase.lines.indices where isCovered[index] {
            sum += purchase.lines[index].quantity
        }
        return sum
    }

    // MARK: Clauses

    /// The clause that has the covered line at `index`.
    func clause(of index: Int) -> Int { clauseOfLine[index] }

    func hasLines(ofClause clause: Int) -> Bool { clauseOfLine.contains(clause) }

    /// Gives each covered line to the first clause that covers it; one that no clause takes is not
    /// covered.
    private mutating func narrow(
        toClauses clauses: Run, _ purchase: borrowing Purchase, _ tables: borrowing RuleTables
    ) {
        clauseOfLine.empty()
        for index in purchase.lines.indices {
            var clause = Cover.noClause
            if isCovered[index] {
                let line = purchase.lines[index]
                for place in clauses.range
                where purchase.line(
                    line, meetsAnyOf: tables.discountClauses[place].appliesTo, by: tables)
                {
                    clause = place
                    break
                }
            }
            clauseOfLine.append(clause)
            isCovered[index] = clause != Cover.noClause
        }
    }

    /// The clause of a line that no clause takes.
    private static let noClause = -1

    // MARK: Sets

    /// Whether units of the line at `index` can be bought for a set.
    func isTrigger(_ index: Int) -> Bool { isTrigger[index] }

    var hasTrigger: Bool { isTrigger.contains(true) }

    /// Finds the lines whose units can be bought and those whose units can be got, of those that
    /// the coupon covers; only the latter stay covered.
    private mutating func narrow(
        toSets sets: Run, _ purchase: borrowing Purchase, _ tables: borrowing RuleTables
    ) {
        let terms = tables.sets[Int(sets.first)]
        isTrigger.empty()
        for index in purchase.lines.indices {
            let line = purchase.lines[index]
            isTrigger.append(
                isCovered[index] && purchase.line(line, meetsAnyOf: terms.buys, by: tables))
            if isCovered[index] && !purchase.line(line, meetsAnyOf: terms.gets, by: tables) {
                isCovered[index] = false
            }
        }
    }
}
