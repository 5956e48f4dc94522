// What a coupon demands and gives becomes flat values: texts become symbols, maps become clauses, and
// lists become runs of the catalog's tables.
//
// An offer keeps what it narrows (window, cover, context) apart from its coupon's, because a verdict
// says which offer fitted; only its window is cut. Offers that name the same counter count their uses
// together, across the coupons and files of a store. One counter has one limit: with two, an offer
// could be both used up and available.

import Definitions
import CouponRules
import FlatStorage

/// Fills the tables that coupons point into.
struct RuleCompiler: ~Copyable {
    private struct CounterName: Hashable {
        let store: StoreID
        let name: String
    }

    /// A counter that offers share, as the first of them defines it.
    private struct SharedCounter {
        let limit: Int64
        let place: SourcePlace
    }

    private(set) var storage = RuleStorage()
    private var counters: [CounterName: SharedCounter] = [:]
    private let faults: FaultList

    init(faults: FaultList) { self.faults = faults }

    /// Compiles all that `coupon`, whose kind, window and zone are set, does with a cart.
    mutating func compile(
        _ definition: CouponDefinition, into coupon: inout Coupon, store: StoreID,
        zones: inout ZoneCompiler
    ) {
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
        coupon.offers = offers(of: definition, coupon: coupon, store: store, zones: &zones)
        coupon.discount = discount(of: definition)
        coupon.deriveChecks()
    }

    /// The windows of the coupon's offers, cut to the coupon's.
    func windows(ofOffersOf coupon: Coupon) -> [Window] {
        coupon.offers.range.map { index in
            let offer = storage.offers[index]
            return Window(
                startsAt: max(offer.startsAt, coupon.startsAt),
                endsAt: min(offer.endsAt, coupon.endsAt))
        }
    }

    mutating func symbol(for text: String) -> Symbol { storage.vocabulary.symbolAdding(text) }

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
        if let group = written.group { stacking.group = symbol(for: group) }
        stacking.priority = written.priority
        stacking.base = written.base
        return stacking
    }

    /// Maps of which any may be met. A map without values is not a rule, so it is left out.
    private mutating func run(of maps: [AttributeMap]) -> Run {
        var runs: [Run] = []
        for map in maps {
            let clauses = clauses(of: map)
            if !clauses.isEmpty { runs.append(clauses) }
        }
        let first = storage.maps.count
        for run in runs { storage.maps.append(run) }
        return Run(first: first, count: runs.count)
    }

    /// A clause for each attribute of the map; one that is listed twice has the values of both.
    private mutating func clauses(of map: AttributeMap) -> Run {
        var attributes: [String] = []
        var values: [String: [String]] = [:]
        for entry in map.entries where !entry.values.isEmpty {
            if values[entry.attribute] == nil { attributes.append(entry.attribute) }
            values[entry.attribute, default: []] += entry.values
        }
        let first = storage.clauses.count
        for attribute in attributes {
            let clause = Clause(
                attribute: symbol(for: attribute),
                values: symbols(of: values[attribute] ?? []))
            storage.clauses.append(clause)
        }
        return Run(first: first, count: attributes.count)
    }

    private mutating func run(of blackouts: [BlackoutDefinition]) -> Run {
        let first = storage.blackouts.count
        for blackout in blackouts {
            storage.blackouts.append(DateRange(first: blackout.first, last: blackout.last))
        }
        return Run(first: first, count: blackouts.count)
    }

    private mutating func run(of windows: [TimeWindowDefinition]) -> Run {
        let first = storage.windows.count
        for window in windows {
            var weekdays: Weekdays = window.weekdays.isEmpty ? .all : []
            for weekday in window.weekdays { weekdays.insert(Weekdays(weekday)) }
            storage.windows.append(
                TimeWindow(weekdays, fromMinute: window.from, toMinute: window.to))
        }
        return Run(first: first, count: windows.count)
    }

    /// A sorted run of different symbols.
    private mutating func symbols(of texts: [String]) -> Run {
        var symbols: [Symbol] = []
        for text in texts { symbols.append(symbol(for: text)) }
        let first = storage.symbols.count
        for symbol in Set(symbols).sorted() { storage.symbols.append(symbol) }
        return Run(first: first, count: storage.symbols.count - first)
    }

    // MARK: Offers

    /// The offers of `definition`, whose window and zone `coupon` has already.
    private mutating func offers(
        of definition: CouponDefinition, coupon: Coupon, store: StoreID,
        zones: inout ZoneCompiler
    ) -> Run {
        let first = storage.offers.count
        for written in definition.offers {
            let place = definition.place.atLine(written.line)
            let offer = offer(written, coupon: coupon, store: store, place: place, &zones)
            storage.offers.append(offer)
        }
        return Run(first: first, count: definition.offers.count)
    }

    private mutating func offer(
        _ written: OfferDefinition, coupon: Coupon, store: StoreID, place: SourcePlace,
        _ zones: inout ZoneCompiler
    ) -> Offer {
        var offer = Offer()
        offer.id = symbol(for: written.id)
        offer.zone = coupon.zone
        if let name = written.timezone {
            offer.zone = zones.zone(named: name, place: place, field: written.path + ".timezone")
        }
        let own = zones.window(from: written.startsAt, to: written.endsAt, in: offer.zone)
        own.check(in: coupon, at: place.atLine(written.windowLine), path: written.path, faults)
        let window = own.cut(to: coupon)
        offer.startsAt = window.startsAt
        offer.endsAt = window.endsAt
        offer.blackouts = run(of: written.blackout)
        // A global offer has none: it covers what its coupon covers.
        offer.appliesTo = run(of: written.appliesTo)
        offer.context = clauses(of: written.context)
        offer.limit = written.limit ?? 0
        offer.ticketLimit = written.ticketLimit ?? 0
        if let counter = written.counter {
            offer.counter = symbol(for: counter)
            // Reading has refused one without a limit.
            if let limit = written.limit { share(counter, limit, written, store, place) }
        }
        return offer
    }

    /// Notes the limit of a shared counter, or refuses one that differs from another offer's.
    private mutating func share(
        _ counter: String, _ limit: Int64, _ written: OfferDefinition, _ store: StoreID,
        _ place: SourcePlace
    ) {
        let counter = CounterName(store: store, name: counter)
        let known = counters[counter] ?? SharedCounter(limit: limit, place: place)
        counters[counter] = known
        if known.limit == limit { return }
        faults.refuse(
            place, written.path + ".limit",
            "The offers of the counter “\(counter.name)” share one limit: it is \(limit) here, and "
                + "\(known.limit) at \(known.place.text).")
    }

    // MARK: Discounts

    /// What the coupon gives: its only discount, or all its clauses together.
    private mutating func discount(of definition: CouponDefinition) -> Discount {
        if let written = definition.discount { return discount(of: written) }
        var clauses: [DiscountClause] = []
        for written in definition.discounts {
            let cover = run(of: written.appliesTo)
            clauses.append(DiscountClause(appliesTo: cover, discount: discount(of: written)))
        }
        var discount = Discount(.clauses)
        discount.caps = run(of: definition.cap)
        discount.parts = Run(first: storage.discountClauses.count, count: clauses.count)
        for clause in clauses { storage.discountClauses.append(clause) }
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
        let first = storage.tiers.count
        for written in tiers {
            var tier = Tier()
            tier.minimumSubtotal = run(of: written.minimumSubtotal)
            tier.minimumItems = written.minimumItems ?? 0
            tier.percent = written.percent
            tier.amounts = run(of: written.amount)
            storage.tiers.append(tier)
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
        storage.sets.append(terms)
        return Run(first: storage.sets.count - 1, count: 1)
    }

    private mutating func run(of amounts: AmountMap) -> Run {
        let first = storage.amounts.count
        for amount in amounts { storage.amounts.append(amount) }
        return Run(first: first, count: amounts.count)
    }
}
