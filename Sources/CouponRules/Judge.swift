// Judging one candidate: first its rules in order of precedence, then its money.
//
// Three values do the work and keep their memory to themselves: `Cover` finds the lines that a
// candidate covers, `Ladder` checks its rules and keeps the refusals, `Pricing` computes its
// discount and keeps the remaining prices for the next candidate. The judge only calls them in
// order. Nothing here reads a clock, allocates after warm-up, or knows where counts are kept.
//
// A candidate, its purchase and the tables travel together as three arguments and not as one value:
// a struct cannot store a borrow of a noncopyable purchase, and a copy of a candidate is hundreds
// of bytes for each call.

/// Judges candidates on one purchase after another.
package struct Judge: ~Copyable {
    private var cover: Cover
    // These two are readable across the package, so that reading a verdict is a load: a getter that
    // is called across modules retains the array that it returns.
    @usableFromInline package private(set) var ladder: Ladder
    @usableFromInline package private(set) var pricing: Pricing

    package init(lineCapacity: Int = 16) {
        cover = Cover(lineCapacity: lineCapacity)
        ladder = Ladder()
        pricing = Pricing(lineCapacity: lineCapacity)
    }

    // MARK: Verdict

    // The arrays are lent (`_read`) and not returned: a returned array would be retained.

    /// The failing rules of the last candidate in order of precedence: the first one only, unless
    /// the evaluation explains. Empty when the candidate is valid.
    @inlinable package var refusals: [Refusal] { _read { yield ladder.refusals } }
    /// The discount of the last candidate on each line.
    @inlinable package var lineDiscounts: [Money] { _read { yield pricing.lines.discounts } }
    /// The sum of `lineDiscounts`.
    @inlinable package var discount: Money { pricing.lines.total }
    @inlinable package var shippingDiscount: Money { pricing.shippingDiscount }

    /// Whether `candidate`, judged last, covers nothing of the cart; without one, whether the
    /// context rules out that it covers anything.
    package func coversNone(
        _ candidate: borrowing Candidate, on purchase: borrowing Purchase,
        by tables: borrowing RuleTables
    ) -> Bool {
        cover.isNone(of: purchase, by: candidate, in: tables)
    }

    // MARK: Judging

    /// Begins with a purchase at its full prices.
    package mutating func begin(_ purchase: borrowing Purchase) { pricing.begin(purchase) }

    /// The verdict on a code that does not exist.
    package mutating func refuseUnknownCode(_ purchase: borrowing Purchase) {
        begin(purchase)
        ladder.begin(explains: false)
        ladder.refuse(Refusal(.codeUnknown))
        pricing.clear(lineCount: purchase.lines.count)
    }

    /// Judges the rules and the discount of `candidate`. The result is in `refusals`, or in the
    /// discounts when there are no refusals.
    package mutating func judge(
        _ candidate: borrowing Candidate, on purchase: borrowing Purchase,
        by tables: borrowing RuleTables, _ evaluation: EvaluationContext
    ) {
        examine(candidate, on: purchase, by: tables, evaluation)
        if refusals.isEmpty { priceCovered(candidate, purchase, tables, evaluation) }
    }

    /// Judges the rules of `candidate` alone. The result is in `refusals`.
    package mutating func examine(
        _ candidate: borrowing Candidate, on purchase: borrowing Purchase,
        by tables: borrowing RuleTables, _ evaluation: EvaluationContext
    ) {
        pricing.clear(lineCount: purchase.lines.count)
        cover.find(of: purchase, by: candidate, in: tables)
        ladder.examine(candidate, purchase, tables, evaluation, cover)
    }

    /// Computes what `candidate`, whose rules hold, takes off what the candidates before it have
    /// left; afterwards `refusals` says why it cannot, or the discounts say how much.
    package mutating func price(
        _ candidate: borrowing Candidate, on purchase: borrowing Purchase,
        by tables: borrowing RuleTables, _ evaluation: EvaluationContext
    ) {
        pricing.clear(lineCount: purchase.lines.count)
        ladder.begin(explains: evaluation.explains)
        // Other candidates may have been judged since this one was examined.
        cover.find(of: purchase, by: candidate, in: tables)
        priceCovered(candidate, purchase, tables, evaluation)
    }

    /// Takes the discount of the candidate that was priced last off the prices that the next
    /// candidate sees. Once for each candidate.
    package mutating func deduct() { pricing.deduct() }

    /// Prices a candidate whose cover was found last.
    private mutating func priceCovered(
        _ candidate: borrowing Candidate, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables, _ evaluation: EvaluationContext
    ) {
        // A code that opens access may pass before anything it covers is in the cart: no money yet.
        guard candidate.coupon.givesMoney, !cover.isEmpty else { return }

        pricing.compute(candidate, purchase, tables, cover)
        if pricing.total == .zero {
            if candidate.mustGiveMoney(on: purchase, evaluation) {
                ladder.refuse(Refusal(.noEffect))
            }
            return
        }
        guard let budget = tables.budget(of: candidate, on: purchase), pricing.total > budget.left
        else { return }
        if candidate.coupon.limits.cutsToBudget && budget.left > .zero {
            pricing.cut(to: budget.left)
        } else {
            pricing.clear(lineCount: purchase.lines.count)
            ladder.refuse(budget.refusal)
        }
    }

    // MARK: Gift cards

    /// Judges the rules of `card`. The result is in `refusals`.
    package mutating func examine(
        _ card: borrowing GiftCardCandidate, on purchase: borrowing Purchase,
        _ evaluation: EvaluationContext
    ) {
        pricing.clear(lineCount: purchase.lines.count)
        ladder.begin(explains: evaluation.explains)
        GiftCardRules(card).examine(purchase, evaluation, &ladder)
    }

    /// The payment of a `card` whose rules hold towards the amount `due`; zero when it is refused.
    ///
    /// Without a cart the amount is nil, and only an empty card is refused.
    package mutating func pay(_ card: borrowing GiftCardCandidate, due: Money?) -> Money {
        pricing.clear(lineCount: lineDiscounts.count)
        ladder.begin(explains: false)
        return GiftCardRules(card).pay(due, &ladder)
    }
}
