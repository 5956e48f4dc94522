// Covers, requirements and times: texts become symbols, maps become clauses, lists become runs.

import Definitions
import CouponRules
import FlatStorage

extension CatalogBuilder {
    mutating func compileRules(of definition: CouponDefinition, into coupon: inout Coupon) {
        coupon.appliesTo = run(of: definition.appliesTo)
        coupon.excludes = clauses(of: definition.excludes)
        coupon.skipsSaleItems = definition.excludesSaleItems
        coupon.limits = limits(of: definition.limits)
        coupon.usesBefore = definition.used
        coupon.givenBefore = run(of: definition.discountGiven)
        coupon.stacking = stacking(of: definition.stacking)
        coupon.blackouts = run(of: definition.blackout)
        coupon.windows = run(of: definition.windows)

        let written = definition.requirements
        var requirements = Requirements()
        requirements.minimumSubtotal = run(of: written.minimumSubtotal)
        requirements.maximumSubtotal = run(of: written.maximumSubtotal)
        requirements.minimumItems = written.minimumItems ?? 0
        requirements.maximumItems = written.maximumItems ?? 0
        requirements.base = written.base
        requirements.contains = clauses(of: written.contains)
        requirements.context = clauses(of: written.context)
        requirements.customers = symbols(of: written.customers)
        requirements.groups = symbols(of: written.groups)
        requirements.previousOrdersMax = written.maximumPreviousOrders ?? 0
        requirements.limitsPreviousOrders = written.maximumPreviousOrders != nil
        coupon.requirements = requirements
    }

    private mutating func limits(of written: LimitsDefinition) -> UseLimits {
        var limits = UseLimits()
        limits.total = written.total ?? 0
        limits.perCode = written.perCode ?? 0
        limits.perCustomer = written.perCustomer ?? 0
        limits.perDay = written.perDay ?? 0
        limits.perWeek = written.perWeek ?? 0
        limits.perMonth = written.perMonth ?? 0
        limits.perBookingDate = written.perBookingDate ?? 0
        limits.budget = run(of: written.budget)
        limits.cutsToBudget = written.onBudget == .partial
        return limits
    }

    private mutating func stacking(of written: StackingDefinition) -> Stacking {
        var stacking = Stacking()
        stacking.isExclusive = written.isExclusive
        if let group = written.group { stacking.group = rules.vocabulary.symbolAdding(group) }
        stacking.priority = written.priority
        stacking.base = written.base
        return stacking
    }

    /// Maps of which any may be met. An empty list in a rule is an absent rule, so a map without
    /// values is none.
    mutating func run(of maps: [AttributeMap]) -> Run {
        var runs: [Run] = []
        for map in maps {
            let clauses = clauses(of: map)
            if !clauses.isEmpty { runs.append(clauses) }
        }
        let first = rules.maps.count
        for run in runs { rules.maps.append(run) }
        return Run(first: first, count: runs.count)
    }

    /// A clause for each attribute of the map; one that is listed twice has the values of both.
    mutating func clauses(of map: AttributeMap) -> Run {
        var attributes: [String] = []
        var values: [String: [String]] = [:]
        for entry in map.entries where !entry.values.isEmpty {
            if values[entry.attribute] == nil { attributes.append(entry.attribute) }
            values[entry.attribute, default: []] += entry.values
        }
        let first = rules.clauses.count
        for attribute in attributes {
            let clause = Clause(
                attribute: rules.vocabulary.symbolAdding(attribute),
                values: symbols(of: values[attribute] ?? []))
            rules.clauses.append(clause)
        }
        return Run(first: first, count: attributes.count)
    }

    mutating func run(of blackouts: [BlackoutDefinition]) -> Run {
        let first = rules.blackouts.count
        for blackout in blackouts {
            rules.blackouts.append(DateRange(first: blackout.first, last: blackout.last))
        }
        return Run(first: first, count: blackouts.count)
    }

    private mutating func run(of windows: [TimeWindowDefinition]) -> Run {
        let first = rules.windows.count
        for window in windows {
            var weekdays: Weekdays = window.weekdays.isEmpty ? .all : []
            for weekday in window.weekdays { weekdays.insert(Weekdays(weekday)) }
            rules.windows.append(
                TimeWindow(weekdays, fromMinute: window.from, toMinute: window.to))
        }
        return Run(first: first, count: windows.count)
    }

    /// A sorted run of different symbols.
    private mutating func symbols(of texts: [String]) -> Run {
        var symbols: [Symbol] = []
        for text in texts { symbols.append(rules.vocabulary.symbolAdding(text)) }
        let first = rules.symbols.count
        for symbol in Set(symbols).sorted() { rules.symbols.append(symbol) }
        return Run(first: first, count: rules.symbols.count - first)
    }
}
