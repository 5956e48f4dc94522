// A coupon, field by field, and what only shows when several of its fields are seen together.

import CouponRules

extension CouponDefinition {
    /// An element of `coupons`; nil when it is not a map.
    init?(_ field: DefinitionField) {
        guard var map = field.map() else { return nil }
        self.init(
            place: field.scope.place(field.node.position), path: field.path)
        let typeField = map.take("type")
        let known =
            typeField == nil ? .discount : typeField?.choice(CouponKind.allCases, named: \.code)
        kind = known ?? .discount
        takeIdentity(from: &map)
        takeWorth(from: &map, isKindKnown: known != nil)
        takeRules(from: &map)
        takeAccount(from: &map)
        map.refuseUnknownKeys(moved: homesElsewhere)
    }
}

/// Fields that other coupon systems have at the coupon itself, or that here stand one level deeper.
private let homesElsewhere = [
    "code": "codes: […]", "expires_at": "ends_at", "valid_from": "starts_at",
    "valid_until": "ends_at", "start_date": "starts_at", "end_date": "ends_at",
    "usage_limit": "limits.total", "max_uses": "limits.total", "max_redemptions": "limits.total",
    "discount_type": "discount.kind", "kind": "discount.kind", "percent": "discount.percent",
    "amount": "discount.amount", "discount_value": "discount.percent or discount.amount",
    "min_subtotal": "requires.min_subtotal", "min_items": "requires.min_items",
    "minimum_order_amount": "requires.min_subtotal", "customers": "requires.customers",
    "groups": "requires.groups", "budget": "limits.budget", "total": "limits.total",
    "per_customer": "limits.per_customer", "exclusive": "stacking.exclusive",
    "priority": "stacking.priority",
]

extension CouponDefinition {
    fileprivate mutating func takeIdentity(from map: inout FieldMap) {
        id = map.take("id")?.name()
        name = map.take("name")?.text()
        note = map.take("description")?.text()
        status =
            map.take("status")?.choice(CouponStatus.allCases, named: \.code) ?? .active
        codes = map.take("codes")?.listOfTexts().compactMap { CodeDefinition($0) } ?? []
        let file = map.take("codes_file")
        codesFile = (file?.nonEmptyText()?.trimmed).map { map.field.scope.resolve($0) }
        codesFileLine = file?.node.line ?? 0
        isCaseSensitive = map.take("case_sensitive")?.flag() ?? map.field.scope.isCaseSensitive

        if id == nil && codes.isEmpty && !map.has("id") && !map.has("codes") {
            // The first row of a codes file would do to derive an id from, but sorting that file
            // would then forget every use.
            map.field.refuse(
                file == nil
                    ? "A coupon needs an `id`, or a code in `codes` to derive one from."
                    : "A coupon whose codes are all in a file needs an `id`.")
        }
    }

    fileprivate mutating func takeWorth(from map: inout FieldMap, isKindKnown: Bool) {
        let single = map.take("discount")
        let clauses = map.take("discounts").flatMap { $0.isEmpty ? nil : $0 }
        let capField = map.take("cap")
        discount = single.flatMap { DiscountDefinition($0) }
        discounts = clauses.map(DiscountDefinition.clauses) ?? []
        cap = capField?.amounts() ?? []
        let appliesToField = map.take("applies_to")
        appliesTo = appliesToField?.cover() ?? []
        excludes = map.take("excludes")?.attributes(ofLines: true) ?? AttributeMap()
        excludesSaleItems = map.take("exclude_sale_items")?.flag() ?? false

        if single != nil, let clauses {
            clauses.refuse("A coupon has `discount` or `discounts`, not both.")
        }
        if clauses == nil, let capField, !capField.isEmpty {
            capField.refuse("Beside `discounts` a cap bounds their sum; here it is `discount.cap`.")
        } else if let capField {
            refuseStrangeCap(capField)
        }
        if single == nil && clauses == nil {
            // A misspelt type may be one that needs none.
            if isKindKnown && (kind == .discount || kind == .auto) {
                map.field.refuse("`discount` is missing: without one this coupon gives nothing.")
            }
            discount = kind == .comp ? .everything : DiscountDefinition(kind: .none)
            discount?.line = place.line
        }
        refuseBundles(in: appliesTo, at: appliesToField)
        refuseBundles(in: discounts.flatMap(\.appliesTo), at: clauses)
        let triggers = (discount?.buy?.appliesTo ?? []) + (discount?.get?.appliesTo ?? [])
        refuseBundles(in: triggers, at: single)
    }

    fileprivate mutating func takeRules(from map: inout FieldMap) {
        let requiresField = map.take("requires")
        requirements = requiresField.map { RequirementsDefinition($0) } ?? RequirementsDefinition()
        (startsAt, endsAt, windowLine) = map.takeWindow()
        timezone = map.take("timezone")?.timezone() ?? map.field.scope.timezone
        blackout = map.take("blackout")?.blackout() ?? []
        windows = map.take("windows")?.list().compactMap { TimeWindowDefinition($0) } ?? []
        let offersField = map.take("offers")
        offers = offersField.map(OfferDefinition.alternatives) ?? []
        let limitsField = map.take("limits")
        limits = limitsField.map { LimitsDefinition($0) } ?? LimitsDefinition()

        refuseBundles(in: offers.flatMap(\.appliesTo), at: offersField)
        refuseWindowsOutside(map.field.scope)
        refuseStrangeCurrencies(map.field)
        if let budget = limitsField?.value(of: "budget") { refuseStrangeBudget(budget) }
        if let requiresField {
            refuseTiersOutOfReach(requiresField)
            refuseCountsOutOfReach(requiresField)
        }
        refuseEmptyCovers(&map)
    }

    fileprivate mutating func takeAccount(from map: inout FieldMap) {
        stacking = map.take("stacking").map { StackingDefinition($0) } ?? StackingDefinition()
        duration = map.takeDuration()
        revenue = map.take("revenue")?.money()?.minorUnits
        isReusableAfterRelease = map.take("reusable_after_release")?.flag() ?? true
        used = map.take("used")?.countOrZero() ?? 0
        discountGiven = map.take("discount_given")?.amounts(leastAmount: 0) ?? []
        metadata = map.take("metadata")?.metadata() ?? []
    }
}

extension FieldMap {
    /// `duration`, and the months that belong to `repeating` and to nothing else.
    fileprivate mutating func takeDuration() -> DurationDefinition? {
        let words = ["once", "repeating", "forever"]
        let durationField = take("duration")
        let word = durationField?.choice(words.map { ($0, $0) })
        let monthsField = take("duration_in_months")
        let months = monthsField?.count()
        if word == "repeating" {
            if monthsField == nil {
                durationField?.refuse("`duration_in_months` is missing.")
            }
            return months.map { .repeating(months: $0) }
        }
        // A misspelt duration has been refused; it may have been meant to repeat.
        if durationField == nil || word != nil {
            monthsField?.refuse("Only `duration: repeating` takes a number of months.")
        }
        return word.map { $0 == "once" ? .once : .forever }
    }
}

extension CouponDefinition {
    private func refuseBundles(in cover: [AttributeMap], at field: DefinitionField?) {
        if kind == .discount || kind == .comp { return }
        if cover.contains(where: { $0.entries.contains { $0.attribute == "bundle" } }) {
            field?.refuse(
                "Only discount and comp coupons may cover `bundle`; this is \(kind.code).")
        }
    }

    /// Tiers measure covered lines, of which a cart never has more than its upper bounds allow.
    private func refuseTiersOutOfReach(_ requires: DefinitionField) {
        guard let lowest = discount?.tiers.first else { return }
        if let least = lowest.minimumItems, let most = requirements.maximumItems, most < least {
            requires.value(of: "max_items")?.refuse(
                "At most \(most) items, and the lowest tier begins at \(least): no cart has both.")
        }
        for least in lowest.minimumSubtotal {
            for most in requirements.maximumSubtotal
            where most.currency == least.currency && most.amount < least.amount {
                requires.value(of: "max_subtotal")?.refuse(
                    "At most \(most.amount.minorUnits) \(most.currency), and the lowest tier begins "
                        + "at \(least.amount.minorUnits): no cart has both.")
            }
        }
    }

    /// A code or offer is good while its coupon is, too: where the two windows have nothing in
    /// common it never is.
    private func refuseWindowsOutside(_ scope: FileScope) {
        for code in codes {
            refuseEmpty(code.startsAt, code.endsAt, line: code.windowLine, path: code.path, scope)
        }
        for offer in offers {
            // Wall clocks of two zones cannot be compared here.
            let (start, end) =
                offer.timezone ?? timezone == timezone
                ? (offer.startsAt, offer.endsAt)
                : (offer.startsAt?.ifInstant, offer.endsAt?.ifInstant)
            refuseEmpty(start, end, line: offer.windowLine, path: offer.path, scope)
        }
    }

    private func refuseEmpty(
        _ start: WrittenMoment?, _ end: WrittenMoment?, line: Int, path: String, _ scope: FileScope
    ) {
        if Moment.isEmptyWindow(from: start, to: endsAt) {
            scope.refuse(
                at: SourcePosition(line: line, column: 0), field: "\(path).starts_at",
                "The coupon ends before this: see its `ends_at`.")
        } else if Moment.isEmptyWindow(from: startsAt, to: end) {
            scope.refuse(
                at: SourcePosition(line: line, column: 0), field: "\(path).ends_at",
                "The coupon starts after this: see its `starts_at`.")
        }
    }
}

extension DiscountDefinition {
    /// What a comp coupon gives when it says nothing else.
    fileprivate static var everything: DiscountDefinition {
        var discount = DiscountDefinition(kind: .percentage)
        discount.percent = .hundred
        return discount
    }
}

extension Moment {
    fileprivate var ifInstant: Moment? {
        if case .instant = self { self } else { nil }
    }
}
