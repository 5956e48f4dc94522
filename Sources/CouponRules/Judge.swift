// Judging one coupon: first its rules in order of precedence, then its money.
//
// The rules a coupon has are its `checks`; the judge walks them in order of precedence, asks each, and
// stops at the first that fails unless it was told to explain. Nothing here reads a clock, allocates
// after warm-up, or knows where counts are kept.

/// Judges candidates on one purchase after another; its arrays keep their memory.
package struct Judge: ~Copyable {
    /// The failing rules of the last candidate in order of precedence: the first one only, unless the
    /// evaluation asked for all. Empty when the candidate is good.
    package private(set) var refusals: [Refusal] = []
    /// What the last candidate takes off each line.
    package internal(set) var lineDiscounts: [Money] = []
    /// The sum of `lineDiscounts`.
    package internal(set) var discount = Money.zero
    package internal(set) var shippingDiscount = Money.zero

    /// What is left of each line, and of shipping, before the next candidate.
    var remaining: [Money] = []
    var remainingShipping = Money.zero
    /// The part of `remaining` that the candidate covers; zero on lines that it does not.
    var coveredRemaining: [Money] = []
    var isCovered: [Bool] = []
    /// Of each line the number of the discount clause that has it, where the discount has clauses.
    var clauseOfLine: [Int] = []
    /// Whether a line's units can be those that are bought, where something is got with them.
    var isTrigger: [Bool] = []
    /// How many units of each line take part, where a discount is for some units only.
    var unitsTaken: [Int64] = []
    /// Whether `unitsTaken` is about the discount that is being computed.
    var takesSomeUnits = false
    /// How many units of each line may take part, where one limit is for several clauses; empty
    /// when all may.
    var unitsAllowed: [Int64] = []
    /// Whether the discount is computed on full prices, whatever was taken off before.
    var computesOnFullPrices = false
    var lots: Heap<UnitLot>
    /// What the clauses that have been computed take off each line, and what of it they cover. The
    /// former is also where a whole discount is kept while it is cut.
    var clauseDiscounts: [Money] = []
    var clauseRemaining: [Money] = []
    var allocation: Allocation

    package init(lineCapacity: Int = 16) {
        refusals.reserveCapacity(Check.allCases.count + 1)
        lineDiscounts.reserveCapacity(lineCapacity)
        remaining.reserveCapacity(lineCapacity)
        coveredRemaining.reserveCapacity(lineCapacity)
        isCovered.reserveCapacity(lineCapacity)
        clauseOfLine.reserveCapacity(lineCapacity)
        isTrigger.reserveCapacity(lineCapacity)
        unitsTaken.reserveCapacity(lineCapacity)
        unitsAllowed.reserveCapacity(lineCapacity)
        clauseDiscounts.reserveCapacity(lineCapacity)
        clauseRemaining.reserveCapacity(lineCapacity)
        lots = Heap(capacity: lineCapacity)
        allocation = Allocation(lineCapacity: lineCapacity)
    }

    /// Begins with a purchase at its full prices.
    package mutating func begin(_ purchase: borrowing Purchase) {
        remaining.empty()
        for index in purchase.lines.indices { remaining.append(purchase.lines[index].value) }
        remainingShipping = purchase.shipping ?? .zero
        clearDiscounts(purchase.lines.count)
    }

    /// The verdict on a code that does not exist.
    package mutating func refuseUnknownCode(_ purchase: borrowing Purchase) {
        begin(purchase)
        refusals.empty()
        refuse(Refusal(.codeUnknown))
    }

    /// Judges `candidate`, rules and money; afterwards `refusals` says why not, or the discounts say
    /// how much.
    package mutating func judge(
        _ candidate: borrowing Candidate, on purchase: borrowing Purchase,
        by tables: borrowing RuleTables, _ evaluation: EvaluationContext
    ) {
        examine(candidate, on: purchase, by: tables, evaluation)
        if refusals.isEmpty { priceCovered(candidate, purchase, tables, evaluation) }
    }

    /// Judges the rules of `candidate` alone; afterwards `refusals` says why not.
    package mutating func examine(
        _ candidate: borrowing Candidate, on purchase: borrowing Purchase,
        by tables: borrowing RuleTables, _ evaluation: EvaluationContext
    ) {
        beginVerdict(purchase.lines.count)
        cover(purchase, by: candidate, in: tables)
        var pending = candidate.checks
        while let check = pending.removeFirst() {
            var told = 0
            while let refusal = ask(check, after: told, candidate, purchase, tables, evaluation) {
                refusals.append(refusal)
                if !evaluation.explains { return }
                if !check.hasParts { break }
                told += 1
            }
        }
    }

    /// Computes what `candidate`, whose rules hold, takes off what the candidates before it have left;
    /// afterwards `refusals` says why that does not stand, or the discounts say how much.
    package mutating func price(
        _ candidate: borrowing Candidate, on purchase: borrowing Purchase,
        by tables: borrowing RuleTables, _ evaluation: EvaluationContext
    ) {
        beginVerdict(purchase.lines.count)
        // Whatever was covered last, other candidates have been judged and settled since.
        cover(purchase, by: candidate, in: tables)
        priceCovered(candidate, purchase, tables, evaluation)
    }

    /// The money of a candidate whose cover was found last.
    private mutating func priceCovered(
        _ candidate: borrowing Candidate, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables, _ evaluation: EvaluationContext
    ) {
        // What opens access may pass before anything it covers is in the cart: no money yet.
        guard candidate.coupon.givesMoney, isCovered.contains(true) else { return }

        computeDiscount(candidate, purchase, tables)
        if discount + shippingDiscount == .zero {
            if shouldGiveMoney(candidate.coupon, purchase, evaluation) {
                refuse(Refusal(.noEffect))
            }
        } else if !candidate.coupon.limits.budget.isEmpty {
            holdToBudget(candidate, purchase, tables)
        }
    }

    /// Whether a candidate that comes to nothing is refused. A shipping coupon may be tried before
    /// shipping is known; a comp coupon gives what there is.
    private func shouldGiveMoney(
        _ coupon: Coupon, _ purchase: borrowing Purchase, _ evaluation: EvaluationContext
    ) -> Bool {
        if coupon.kind == .comp { return false }
        let awaitsShipping = coupon.discount.kind == .shipping && purchase.shipping == nil
        return !(awaitsShipping && evaluation.purpose == .validate)
    }

    mutating func refuse(_ refusal: Refusal) { refusals.append(refusal) }

    /// Forgets the last verdict.
    mutating func beginVerdict(_ lineCount: Int) {
        refusals.empty()
        clearDiscounts(lineCount)
    }

    mutating func clearDiscounts(_ lineCount: Int) {
        discount = .zero
        shippingDiscount = .zero
        lineDiscounts.empty()
        for _ in 0..<lineCount { lineDiscounts.append(.zero) }
    }

    /// Finds the lines that `candidate` covers, and those that its discount takes of them.
    private mutating func cover(
        _ purchase: borrowing Purchase, by candidate: borrowing Candidate,
        in tables: borrowing RuleTables
    ) {
        isCovered.empty()
        coveredRemaining.empty()
        let coversAll = candidate.coversAll
        for index in purchase.lines.indices {
            let covered = coversAll ? true : purchase.covers(index, by: candidate, in: tables)
            isCovered.append(covered)
            coveredRemaining.append(covered ? remaining[index] : .zero)
        }
        switch candidate.coupon.discount.kind {
        case .clauses: coverByClauses(candidate.coupon.discount, purchase, tables)
        case .buyXGetY: coverBySets(candidate.coupon.discount, purchase, tables)
        case .none, .percentage, .fixedAmount, .fixedPerItem, .fixedPerLine, .fixedPrice, .shipping,
            .giftItem, .tiers:
            break
        }
    }
}
