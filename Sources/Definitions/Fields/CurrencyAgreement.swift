// A cart has one currency, and every amount of a coupon that it meets must be named in it: what is
// worth, what bounds it, what is asked. Whether that can ever be is seen when a file is read, by
// comparing the currencies that the coupon names in several places.

import CouponRules

extension [CurrencyAmount] {
    /// The currencies named here and not in `other`, each once, in the order written.
    func currencies(lackingIn other: AmountMap) -> [Currency] {
        var lacking: [Currency] = []
        for currency in map(\.currency)
        where !lacking.contains(currency) && !other.contains(where: { $0.currency == currency }) {
            lacking.append(currency)
        }
        return lacking
    }

    /// Refuses a cap in a currency that `amounts` lack, unless it may be idle, or else the lack of a
    /// cap in one of theirs.
    func checkCap(
        of amounts: AmountMap, _ field: DefinitionField, named: (none: String, some: String),
        mayBeIdle: Bool = false
    ) {
        let idle = mayBeIdle ? [] : currencies(lackingIn: amounts)
        for currency in idle {
            field.refuse("This caps \(currency), in which \(named.none) amount.")
        }
        if !idle.isEmpty { return }
        for currency in amounts.currencies(lackingIn: self) {
            field.refuse(
                "\(named.some) names an amount in \(currency), and this caps none: no cart in "
                    + "\(currency) could use it.")
        }
    }
}

extension DiscountDefinition {
    /// What it gives and where its tiers begin: a cart in another currency has no use for it. Empty
    /// when it goes by percentages and counts alone, which fit every currency.
    var amountsOfCarts: AmountMap { amount + tiers.flatMap { $0.amount + $0.minimumSubtotal } }
}

extension CouponDefinition {
    /// The amounts of all its discounts.
    private var amountsOfCarts: AmountMap {
        (discount?.amountsOfCarts ?? []) + discounts.flatMap(\.amountsOfCarts)
    }

    /// The cap beside `discounts`: as that of one discount, but a clause without amounts may meet a
    /// cart in any currency.
    func refuseStrangeCap(_ field: DefinitionField) {
        if cap.isEmpty { return }
        let amounts = amountsOfCarts
        let mayBeIdle = discounts.contains(where: \.amountsOfCarts.isEmpty)
        cap.checkCap(
            of: amounts, field, named: ("no clause names an", "A clause"), mayBeIdle: mayBeIdle)
    }

    /// A budget that lacks a currency has nothing to give in it.
    func refuseStrangeBudget(_ field: DefinitionField) {
        if limits.budget.isEmpty { return }
        for currency in amountsOfCarts.currencies(lackingIn: limits.budget) {
            field.refuse(
                "The discount names an amount in \(currency), but the budget has none: no cart "
                    + "in \(currency) could use the coupon.")
        }
    }

    /// Some currency is named by all amounts that every cart meets, and by those of each clause.
    func refuseStrangeCurrencies(_ field: DefinitionField) {
        let tierAmounts = discount?.tiers.flatMap { $0.minimumSubtotal + $0.amount } ?? []
        let worth = (discount?.amount ?? []) + tierAmounts
        let named: [(name: String, amounts: AmountMap)] = [
            ("discount.amount", discount?.amount ?? []), ("discount.tiers", tierAmounts),
            // Beside amounts, a cap or budget in another currency has its own fault.
            ("discount.cap", worth.isEmpty ? discount?.cap ?? [] : []),
            ("cap", amountsOfCarts.isEmpty ? cap : []),
            ("requires.min_subtotal", requirements.minimumSubtotal),
            ("requires.max_subtotal", requirements.maximumSubtotal),
            ("limits.budget", amountsOfCarts.isEmpty ? limits.budget : []),
        ].filter { !$0.amounts.isEmpty }
        guard var common = named.first.map({ Set($0.amounts.map(\.currency)) }) else { return }
        for (_, amounts) in named { common.formIntersection(amounts.map(\.currency)) }
        guard common.isEmpty else { return refuseStrangeClauses(field, unless: common) }
        let places = named.map { place in
            "\(place.name) (\(place.amounts.map(\.currency.description).joined(separator: ", ")))"
        }
        field.refuse(
            "No currency is named by all of \(places.joined(separator: ", ")): no cart could ever "
                + "use this coupon.")
    }

    private func refuseStrangeClauses(_ field: DefinitionField, unless common: Set<Currency>) {
        let names = common.map(\.description).sorted().joined(separator: " or ")
        for clause in discounts {
            let amounts = clause.amount.isEmpty ? clause.cap : clause.amount
            if amounts.isEmpty || amounts.contains(where: { common.contains($0.currency) }) {
                continue
            }
            field.scope.refuse(
                at: SourcePosition(line: clause.line, column: 0), field: field.path + ".discounts",
                "This clause names no amount in \(names), as the rest of the coupon does: no cart "
                    + "could ever use it.")
        }
    }
}
