// A discount: what each kind of it needs, what goes with it, and what makes no sense beside it.

import CouponRules

extension DefinitionField {
    /// The only discount of a coupon.
    func discount() -> DiscountDefinition? {
        guard let map = map() else { return nil }
        return DiscountReading(map, isClause: false).definition
    }

    /// The clauses of `discounts`: a line takes the first that covers it, so only the last may
    /// cover everything.
    func discountClauses() -> [DiscountDefinition] {
        let fields = list()
        return fields.enumerated().compactMap { index, field in
            guard let map = field.map() else { return nil }
            let clause = DiscountReading(map, isClause: true).definition
            if let clause, clause.appliesTo.isEmpty, index < fields.count - 1 {
                field.refuse(
                    "Without `applies_to` this covers every line, so the clauses after it are "
                        + "never used: only the last clause may omit it.")
            }
            return clause
        }
    }
}

/// The fields of one discount, taken from its map and then checked against its kind.
private struct DiscountReading {
    /// Nil when the kind is missing or unknown.
    var definition: DiscountDefinition?

    private let field: DefinitionField
    private var given: [(name: String, field: DefinitionField)] = []

    init(_ map: FieldMap, isClause: Bool) {
        var map = map
        field = map.field
        let kind = map.require("kind", "it says what the discount does")?
            .choice(Discount.Kind.named, named: \.code)
        var discount = DiscountDefinition(kind: kind ?? .none)
        discount.line = field.node.line

        // A price of nothing is a gift; nothing off a price is no discount.
        let leastAmount: Int64 = kind == .fixedPrice ? 0 : 1
        discount.percent = take("percent", of: &map)?.percent()
        discount.amount = take("amount", of: &map)?.amounts(leastAmount: leastAmount) ?? []
        discount.cap = take("cap", of: &map)?.amounts() ?? []
        discount.rounding =
            take("rounding", of: &map)?.choice(Rounding.allCases, named: \.code) ?? .halfUp
        discount.allocationMethod =
            take("spread", of: &map)?.choice(AllocationMethod.allCases, named: \.code)
            ?? .proportional
        discount.maxUnits = take("max_units", of: &map)?.count()
        discount.units =
            take("units", of: &map)?.choice(UnitOrder.allCases, named: \.code)
            ?? .dearest
        discount.tiers = take("tiers", of: &map)?.tiers() ?? []
        discount.buy = take("buy", of: &map)?.buy()
        discount.get = take("get", of: &map)?.get()
        discount.maxTimes = take("max_times", of: &map)?.count()
        discount.product = take("product", of: &map)?.name()
        discount.quantity = take("quantity", of: &map)?.count()
        if isClause { discount.appliesTo = map.take("applies_to")?.cover() ?? [] }
        map.refuseUnknownKeys(
            moved: isClause ? [:] : ["applies_to": "applies_to, beside `discount`"])

        guard let kind else { return }
        definition = discount
        checkKind(kind, isClause: isClause)
        checkCap(of: discount)
    }

    private mutating func take(_ name: String, of map: inout FieldMap) -> DefinitionField? {
        // An empty map or list says no more than a field left out.
        guard let value = map.take(name), !value.isEmpty else { return nil }
        given.append((name, value))
        return value
    }

    private func isGiven(_ name: String) -> Bool { given.contains { $0.name == name } }

    private func checkKind(_ kind: Discount.Kind, isClause: Bool) {
        if isClause && !kind.mayBeClause {
            field.refuse(
                "`\(kind.code)` cannot be a clause of `discounts`: only percentage and the "
                    + "fixed kinds can.")
            return
        }
        let fields = kind.fields
        for name in fields.needed where !isGiven(name) {
            field.refuse("`\(name)` is missing: \(kind.code) needs it.")
        }
        if !fields.oneOf.isEmpty {
            let count = fields.oneOf.count(where: isGiven)
            let names = fields.oneOf.map { "`\($0)`" }.joined(separator: " and ")
            if count != 1 {
                let found = count == 0 ? "none is here" : "both are here"
                field.refuse("\(kind.code) needs one of \(names); \(found).")
            }
        }
        let known = fields.needed + fields.oneOf + fields.also
        for (name, value) in given where !known.contains(name) {
            let taken = known.isEmpty ? "nothing" : known.joined(separator: ", ")
            value.refuse("`\(name)` has no meaning with \(kind.code), which takes \(taken).")
        }
    }

    /// A cap in a currency that the amounts lack could never be reached, and where it lacks one of
    /// theirs, no cart in that currency could ever use the discount.
    private func checkCap(of discount: DiscountDefinition) {
        guard let cap = given.first(where: { $0.name == "cap" })?.field else { return }
        let amounts = discount.amountsOfCarts
        // An empty cap has been told, if it is anything at all.
        guard !amounts.isEmpty, !discount.cap.isEmpty else { return }
        let idle = discount.cap.currencies(lackingIn: amounts)
        for currency in idle {
            cap.refuse("This caps \(currency), in which the discount names no amount.")
        }
        if !idle.isEmpty { return }
        for currency in amounts.currencies(lackingIn: discount.cap) {
            cap.refuse(
                "The discount names an amount in \(currency), and this caps none: no cart in "
                    + "\(currency) could use it.")
        }
    }
}

extension Discount.Kind {
    /// A clause computes on its own lines only, by a percentage or a fixed amount.
    fileprivate var mayBeClause: Bool {
        switch self {
        case .percentage, .fixedAmount, .fixedPerItem, .fixedPerLine, .fixedPrice: true
        case .shipping, .buyXGetY, .tiers, .giftItem, .clauses, .none: false
        }
    }

    /// Which fields a discount of this kind has: all of `needed`, one of `oneOf`, any of `also`.
    fileprivate var fields: (needed: [String], oneOf: [String], also: [String]) {
        let worth = ["cap", "rounding", "spread"]
        let units = ["max_units", "units"]
        return switch self {
        case .percentage: (["percent"], [], worth + units)
        case .fixedAmount, .fixedPerItem, .fixedPrice: (["amount"], [], worth + units)
        case .fixedPerLine: (["amount"], [], worth)
        case .shipping: ([], ["percent", "amount"], ["cap", "rounding"])
        case .buyXGetY: (["buy", "get"], [], ["max_times"] + worth)
        case .tiers: (["tiers"], [], worth + units)
        case .giftItem: (["product"], [], ["quantity"])
        case .clauses, .none: ([], [], [])
        }
    }
}

extension DefinitionField {
    /// `buy: {quantity, applies_to}`.
    fileprivate func buy() -> DiscountDefinition.Buy? {
        guard var map = map() else { return nil }
        let quantity = map.require("quantity", "it says how many must be bought")?.count()
        let appliesTo = map.take("applies_to")?.cover() ?? []
        map.refuseUnknownKeys()
        return quantity.map { DiscountDefinition.Buy(quantity: $0, appliesTo: appliesTo) }
    }

    /// `get: {quantity, applies_to, percent}`; without `percent` they are free.
    fileprivate func get() -> DiscountDefinition.Get? {
        guard var map = map() else { return nil }
        let quantity = map.require("quantity", "it says how many are discounted")?.count()
        let appliesTo = map.take("applies_to")?.cover() ?? []
        let percent = map.take("percent")?.percent() ?? .hundred
        map.refuseUnknownKeys()
        return quantity.map {
            DiscountDefinition.Get(quantity: $0, appliesTo: appliesTo, percent: percent)
        }
    }

    /// `[{min_subtotal | min_items, percent | amount}]`, ascending in one measure.
    fileprivate func tiers() -> [DiscountDefinition.Tier] {
        let fields = list()
        var tiers: [DiscountDefinition.Tier] = []
        for field in fields {
            guard let tier = field.tier() else { continue }
            if let previous = tiers.last { field.refuseUnless(tier, isAbove: previous) }
            tiers.append(tier)
        }
        return tiers
    }

    private func tier() -> DiscountDefinition.Tier? {
        guard var map = map() else { return nil }
        var tier = DiscountDefinition.Tier()
        let subtotal = map.take("min_subtotal")
        let items = map.take("min_items")
        let percent = map.take("percent")
        let amount = map.take("amount")
        tier.minimumSubtotal = subtotal?.amounts(leastAmount: 0) ?? []
        tier.minimumItems = items?.count()
        tier.percent = percent?.percent()
        tier.amount = amount?.amounts() ?? []
        map.refuseUnknownKeys()
        if (subtotal == nil) == (items == nil) {
            refuse("A tier has one measure: either `min_subtotal` or `min_items`.")
        }
        if (percent == nil) == (amount == nil) {
            refuse("A tier has one worth: either `percent` or `amount`.")
        }
        if !tier.amount.isEmpty {
            let usable = Set(tier.amount.map(\.currency))
            for bound in tier.minimumSubtotal where !usable.contains(bound.currency) {
                refuse("This tier begins at an amount in \(bound.currency), but gives none in it.")
            }
        }
        return tier
    }

    private func refuseUnless(
        _ tier: DiscountDefinition.Tier, isAbove previous: DiscountDefinition.Tier
    ) {
        if let items = tier.minimumItems, let previousItems = previous.minimumItems {
            if items <= previousItems {
                refuse("Tiers ascend: \(items) items do not follow after \(previousItems).")
            }
            return
        }
        guard !tier.minimumSubtotal.isEmpty, !previous.minimumSubtotal.isEmpty else {
            let hasMeasure = tier.minimumItems != nil || !tier.minimumSubtotal.isEmpty
            let previousHas = previous.minimumItems != nil || !previous.minimumSubtotal.isEmpty
            if hasMeasure && previousHas {
                refuse("All tiers have one measure: `min_subtotal` and `min_items` do not mix.")
            }
            return
        }
        let bounds = Dictionary(
            uniqueKeysWithValues: previous.minimumSubtotal.map { ($0.currency, $0.amount) })
        if Set(bounds.keys) != Set(tier.minimumSubtotal.map(\.currency)) {
            refuse("All tiers name the same currencies; this one differs from the one before.")
        }
        for bound in tier.minimumSubtotal {
            guard let before = bounds[bound.currency], bound.amount <= before else { continue }
            refuse(
                "Tiers ascend: \(bound.amount.minorUnits) \(bound.currency) does not follow after "
                    + "\(before.minorUnits).")
        }
    }
}
