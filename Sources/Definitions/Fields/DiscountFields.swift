// A discount: what each kind of it needs, what goes with it, and what makes no sense beside it.

import CouponRules

extension DiscountDefinition {
    /// The only discount of a coupon.
    init?(_ field: DefinitionField) {
        guard let map = field.map(),
            let definition = DiscountReading(map, isClause: false).definition
        else { return nil }
        self = definition
    }

    /// The clauses of `discounts`: a line takes the first that covers it, so only the last may
    /// cover everything.
    static func clauses(_ field: DefinitionField) -> [DiscountDefinition] {
        let fields = field.list()
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

        // A price of 0 is a gift; an amount of 0 off a price has no effect.
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
        discount.tiers = take("tiers", of: &map).map(DiscountDefinition.Tier.ascending) ?? []
        discount.buy = take("buy", of: &map).flatMap { .init($0) }
        discount.get = take("get", of: &map).flatMap { .init($0) }
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
        // An empty cap has been refused.
        guard !amounts.isEmpty, !discount.cap.isEmpty else { return }
        discount.cap.checkCap(of: amounts, cap, named: ("the discount names no", "The discount"))
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

extension DiscountDefinition.Buy {
    /// `buy: {quantity, applies_to}`.
    fileprivate init?(_ field: DefinitionField) {
        guard var map = field.map() else { return nil }
        let quantity = map.require("quantity", "it says how many must be bought")?.count()
        let appliesTo = map.take("applies_to")?.cover() ?? []
        map.refuseUnknownKeys()
        guard let quantity else { return nil }
        self.init(quantity: quantity, appliesTo: appliesTo)
    }
}

extension DiscountDefinition.Get {
    /// `get: {quantity, applies_to, percent}`; without `percent` they are free.
    fileprivate init?(_ field: DefinitionField) {
        guard var map = field.map() else { return nil }
        let quantity = map.require("quantity", "it says how many are discounted")?.count()
        let appliesTo = map.take("applies_to")?.cover() ?? []
        let percent = map.take("percent")?.percent() ?? .hundred
        map.refuseUnknownKeys()
        guard let quantity else { return nil }
        self.init(quantity: quantity, appliesTo: appliesTo, percent: percent)
    }
}

extension DiscountDefinition.Tier {
    /// `[{min_subtotal | min_items, percent | amount}]`, ascending in one measure.
    fileprivate static func ascending(_ field: DefinitionField) -> [DiscountDefinition.Tier] {
        var tiers: [DiscountDefinition.Tier] = []
        for field in field.list() {
            guard let tier = DiscountDefinition.Tier(field) else { continue }
            if let previous = tiers.last { tier.check(isAbove: previous, field) }
            tiers.append(tier)
        }
        return tiers
    }

    private init?(_ field: DefinitionField) {
        guard var map = field.map() else { return nil }
        self.init()
        let subtotalField = map.take("min_subtotal")
        let itemsField = map.take("min_items")
        let percentField = map.take("percent")
        let amountField = map.take("amount")
        minimumSubtotal = subtotalField?.amounts(leastAmount: 0) ?? []
        minimumItems = itemsField?.count()
        percent = percentField?.percent()
        amount = amountField?.amounts() ?? []
        map.refuseUnknownKeys()
        if (subtotalField == nil) == (itemsField == nil) {
            field.refuse("A tier has one measure: either `min_subtotal` or `min_items`.")
        }
        if (percentField == nil) == (amountField == nil) {
            field.refuse("A tier has one worth: either `percent` or `amount`.")
        }
        if !amount.isEmpty {
            let usable = Set(amount.map(\.currency))
            for bound in minimumSubtotal where !usable.contains(bound.currency) {
                field.refuse(
                    "This tier begins at an amount in \(bound.currency), but gives none in it.")
            }
        }
    }

    private func check(isAbove previous: DiscountDefinition.Tier, _ field: DefinitionField) {
        if let items = minimumItems, let previousItems = previous.minimumItems {
            if items <= previousItems {
                field.refuse("Tiers ascend: \(items) items do not follow after \(previousItems).")
            }
            return
        }
        guard !minimumSubtotal.isEmpty, !previous.minimumSubtotal.isEmpty else {
            let hasMeasure = minimumItems != nil || !minimumSubtotal.isEmpty
            let previousHas = previous.minimumItems != nil || !previous.minimumSubtotal.isEmpty
            if hasMeasure && previousHas {
                field.refuse(
                    "All tiers have one measure: `min_subtotal` and `min_items` do not mix.")
            }
            return
        }
        let bounds = Dictionary(
            uniqueKeysWithValues: previous.minimumSubtotal.map { ($0.currency, $0.amount) })
        if Set(bounds.keys) != Set(minimumSubtotal.map(\.currency)) {
            field.refuse(
                "All tiers name the same currencies; this one differs from the one before.")
        }
        for bound in minimumSubtotal {
            guard let before = bounds[bound.currency], bound.amount <= before else { continue }
            field.refuse(
                "Tiers ascend: \(bound.amount.minorUnits) \(bound.currency) does not follow after "
                    + "\(before.minorUnits).")
        }
    }
}
