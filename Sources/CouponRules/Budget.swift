// A budget is asked for twice. Early, among the rules: when nothing is left of it, nothing else
// matters. And late, when the discount is known: one that passes what is left is refused, or cut to
// it where the coupon says so. Discounts on the cart and on shipping count alike.

extension Judge {
    /// Nothing left in the cart's currency.
    func budgetRefusal(
        _ candidate: borrowing Candidate, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables
    ) -> Refusal? {
        guard let budget = budget(candidate, purchase, tables) else { return nil }
        let spent = candidate.uses[.budget].sum
        return spent < budget.minorUnits ? nil : exhausted(budget, spent: spent)
    }

    /// Holds a computed discount to what is left of the budget.
    mutating func holdToBudget(
        _ candidate: borrowing Candidate, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables
    ) {
        guard let budget = budget(candidate, purchase, tables) else { return }
        let spent = candidate.uses[.budget].sum
        let left = Money(minorUnits: budget.minorUnits - spent)
        if discount + shippingDiscount <= left { return }
        if candidate.coupon.limits.cutsToBudget && left > .zero {
            cutDiscount(to: left)
        } else {
            clearDiscounts(purchase.lines.count)
            refuse(exhausted(budget, spent: spent))
        }
    }

    private func budget(
        _ candidate: borrowing Candidate, _ purchase: borrowing Purchase,
        _ tables: borrowing RuleTables
    ) -> Money? {
        guard purchase.hasCart else { return nil }
        return tables.amount(in: candidate.coupon.limits.budget, for: purchase.currency)
    }

    private func exhausted(_ budget: Money, spent: Int64) -> Refusal {
        var refusal = Refusal(.budgetExhausted)
        refusal.limit = budget.minorUnits
        refusal.actual = spent
        return refusal
    }

    /// A discount is either off shipping or off lines, where each keeps its part of it.
    private mutating func cutDiscount(to left: Money) {
        if shippingDiscount > .zero {
            shippingDiscount = left
            return
        }
        clauseDiscounts.empty()
        for line in lineDiscounts.indices { clauseDiscounts.append(lineDiscounts[line]) }
        allocation.divide(left, over: clauseDiscounts, into: &lineDiscounts)
        discount = left
    }
}
