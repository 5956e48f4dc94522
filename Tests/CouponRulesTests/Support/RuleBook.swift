// Words become symbols and runs here, as a catalog makes them from its definitions.

import CouponRules

/// A vocabulary and the flat tables beside it.
struct RuleBook {
    private var vocabulary = ["product": Symbol.product]
    private var amounts: [CurrencyAmount] = []
    private var maps: [Run] = []
    private var clauses: [Clause] = []
    private var symbols: [Symbol] = []
    private var tiers: [Tier] = []
    private var discountClauses: [DiscountClause] = []
    private var sets: [SetTerms] = []
    private var blackouts: [DateRange] = []
    private var windows: [TimeWindow] = []
    private var offers: [Offer] = []

    var tables: RuleTables {
        @_lifetime(borrow self) get {
            RuleTables(
                amounts: amounts.span, maps: maps.span, clauses: clauses.span,
                symbols: symbols.span, tiers: tiers.span, discountClauses: discountClauses.span,
                sets: sets.span, blackouts: blackouts.span, windows: windows.span,
                offers: offers.span)
        }
    }

    mutating func define(_ word: String) -> Symbol {
        if let known = vocabulary[word] { return known }
        let symbol = Symbol(rawValue: UInt32(vocabulary.count + 1))
        vocabulary[word] = symbol
        return symbol
    }

    func lookUp(_ word: String) -> Symbol { vocabulary[word] ?? .unmentioned }

    mutating func amounts(_ perCurrency: KeyValuePairs<String, Int64>) -> Run {
        let first = amounts.count
        for (name, minorUnits) in perCurrency {
            amounts.append(
                CurrencyAmount(
                    currency: Currency(name) ?? .none, amount: Money(minorUnits: minorUnits)))
        }
        return Run(first: first, count: amounts.count - first)
    }

    mutating func words(_ words: [String]) -> Run {
        let first = symbols.count
        symbols += words.map { define($0) }.sorted()
        return Run(first: first, count: words.count)
    }

    mutating func blackouts(_ ranges: [DateRange]) -> Run {
        let first = blackouts.count
        blackouts += ranges
        return Run(first: first, count: ranges.count)
    }

    mutating func windows(_ windows: [TimeWindow]) -> Run {
        let first = self.windows.count
        self.windows += windows
        return Run(first: first, count: windows.count)
    }

    mutating func clauses(_ map: Words) -> Run {
        let first = clauses.count
        for (attribute, values) in map {
            clauses.append(Clause(attribute: define(attribute), values: words(values)))
        }
        return Run(first: first, count: map.count)
    }

    mutating func maps(_ alternatives: [Words]) -> Run {
        let first = maps.count
        for map in alternatives { maps.append(clauses(map)) }
        return Run(first: first, count: alternatives.count)
    }

    mutating func tiers(_ steps: [Step]) -> Run {
        let first = tiers.count
        for step in steps {
            var tier = Tier()
            if let subtotal = step.subtotal { tier.minimumSubtotal = amounts(["USD": subtotal]) }
            tier.minimumItems = step.items ?? 0
            tier.percent = step.percent.flatMap { Percent(decimal: $0) }
            if let cents = step.cents { tier.amounts = amounts(["USD": cents]) }
            tiers.append(tier)
        }
        return Run(first: first, count: steps.count)
    }

    mutating func discountClauses(_ clauses: [(maps: [Words], discount: Discount)]) -> Run {
        let first = discountClauses.count
        for clause in clauses {
            discountClauses.append(
                DiscountClause(appliesTo: maps(clause.maps), discount: clause.discount))
        }
        return Run(first: first, count: clauses.count)
    }

    mutating func sets(
        _ buyQuantity: Int64, _ buys: [Words], _ getQuantity: Int64, _ gets: [Words],
        _ timesMost: Int64
    ) -> Run {
        var terms = SetTerms(
            buyQuantity: buyQuantity, getQuantity: getQuantity, buys: maps(buys), gets: maps(gets))
        terms.setsMost = timesMost
        sets.append(terms)
        return Run(first: sets.count - 1, count: 1)
    }
}
