// A discount's definition becomes a flat value; what it is made of — tiers, clauses, sets — lies in
// tables of the catalog.

import Definitions
import CouponRules
import FlatStorage

extension CatalogBuilder {
    /// What the coupon gives: its only discount, or all its clauses together.
    mutating func discount(of definition: CouponDefinition) -> Discount {
        if let written = definition.discount { return discount(of: written) }
        var clauses: [DiscountClause] = []
        for written in definition.discounts {
            let cover = run(of: written.appliesTo)
            clauses.append(DiscountClause(appliesTo: cover, discount: discount(of: written)))
        }
        var discount = Discount(.clauses)
        discount.caps = run(of: definition.cap)
        discount.parts = Run(first: rules.discountClauses.count, count: clauses.count)
        for clause in clauses { rules.discountClauses.append(clause) }
        return discount
    }

    private mutating func discount(of written: DiscountDefinition) -> Discount {
        var discount = Discount(written.kind)
        discount.percent = written.percent
        discount.amounts = run(of: written.amount)
        discount.caps = run(of: written.cap)
        discount.rounding = written.rounding
        discount.allocationMethod = written.allocationMethod
        discount.unitsMost = written.maxUnits ?? 0
        discount.units = written.units
        if written.kind == .tiers { discount.parts = run(of: written.tiers) }
        if let buy = written.buy, let get = written.get {
            discount.percent = get.percent
            discount.parts = run(of: buy, get, timesMost: written.maxTimes)
        }
        return discount
    }

    private mutating func run(of tiers: [DiscountDefinition.Tier]) -> Run {
        let first = rules.tiers.count
        for written in tiers {
            var tier = Tier()
            tier.minimumSubtotal = run(of: written.minimumSubtotal)
            tier.minimumItems = written.minimumItems ?? 0
            tier.percent = written.percent
            tier.amounts = run(of: written.amount)
            rules.tiers.append(tier)
        }
        return Run(first: first, count: tiers.count)
    }

    /// The one set that the discount is made of.
    private mutating func run(
        of buy: DiscountDefinition.Buy, _ get: DiscountDefinition.Get, timesMost: Int64?
    ) -> Run {
        var terms = SetTerms(
            buyQuantity: buy.quantity, getQuantity: get.quantity, buys: run(of: buy.appliesTo),
            gets: run(of: get.appliesTo))
        terms.setsMost = timesMost ?? 0
        rules.sets.append(terms)
        return Run(first: rules.sets.count - 1, count: 1)
    }

    mutating func run(of amounts: AmountMap) -> Run {
        let first = rules.amounts.count
        for amount in amounts { rules.amounts.append(amount) }
        return Run(first: first, count: amounts.count)
    }
}
