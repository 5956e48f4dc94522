// A budget is checked twice. Early, among the rules: when nothing is left of it, nothing else
// matters. And late, when the discount is known: one that exceeds the rest is refused, or cut to
// it where the coupon says so. Discounts on the cart and on shipping count alike.

/// The money that a coupon may give away in the cart's currency, and the money it gave.
struct Budget: BitwiseCopyable {
    private let limit: Money
    private let spent: Int64

    fileprivate init(_ limit: Money, spent: Int64) {
        self.limit = limit
        self.spent = spent
    }

    var left: Money { Money(minorUnits: limit.minorUnits - spent) }

    /// The refusal of a discount that does not fit.
    var refusal: Refusal {
        var refusal = Refusal(.budgetExhausted)
        refusal.limit = limit.minorUnits
        refusal.actual = spent
        return refusal
    }
}

extension RuleTables {
    /// The budget of `candidate` for this purchase, if it has one.
    @inline(__always)
    func budget(of candidate: borrowing Candidate, on purchase: borrowing Purchase) -> Budget? {
        guard !candidate.coupon.limits.budget.isEmpty, purchase.hasCart,
            let limit = amount(in: candidate.coupon.limits.budget, for: purchase.currency)
        else { return nil }
        return Budget(limit, spent: candidate.uses[.budget].sum)
    }
}
