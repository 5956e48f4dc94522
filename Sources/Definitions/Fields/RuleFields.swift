// The rules of a coupon: what it asks of the purchase and the hour, how often it may be used, and
// the offers that are its alternatives.

import CouponRules

extension DefinitionField {
    func requirements() -> RequirementsDefinition {
        var requirements = RequirementsDefinition()
        guard var map = map() else { return requirements }
        requirements.minimumSubtotal = map.take("min_subtotal")?.amounts(leastAmount: 0) ?? []
        let maximumSubtotal = map.take("max_subtotal")
        requirements.maximumSubtotal = maximumSubtotal?.amounts(leastAmount: 0) ?? []
        requirements.minimumItems = map.take("min_items")?.count()
        let maximumItems = map.take("max_items")
        requirements.maximumItems = maximumItems?.count()
        requirements.base =
            map.take("base")?.choice(BoundBase.allCases, named: \.code) ?? .cart
        requirements.contains = map.take("contains")?.attributes(ofLines: true) ?? AttributeMap()
        requirements.context = map.take("context")?.attributes(ofLines: false) ?? AttributeMap()
        requirements.customers = map.take("customers")?.texts().map(\.asCustomer) ?? []
        requirements.groups = map.take("groups")?.texts().map(\.trimmed) ?? []
        requirements.maximumPreviousOrders = map.take("max_previous_orders")?.countOrZero()
        map.refuseUnknownKeys()

        if let least = requirements.minimumItems, let most = requirements.maximumItems, most < least
        {
            maximumItems?.refuse("At most \(most) and at least \(least) items: no cart has both.")
        }
        for most in requirements.maximumSubtotal {
            for least in requirements.minimumSubtotal
            where least.currency == most.currency && most.amount < least.amount {
                maximumSubtotal?.refuse(
                    "At most \(most.amount.minorUnits) and at least \(least.amount.minorUnits) "
                        + "\(most.currency): no cart has both.")
            }
        }
        return requirements
    }

    /// `[{days: [mon, tue], from: "09:00", to: "17:00"}]`. Without `days` every day, without `from`
    /// from midnight, without `to` until midnight.
    func windows() -> [TimeWindowDefinition] {
        list().compactMap { field in
            guard var map = field.map() else { return nil }
            let daysField = map.take("days").flatMap { $0.isEmpty ? nil : $0 }
            let days = daysField?.weekdays() ?? []
            let fromField = map.take("from")
            let toField = map.take("to")
            map.refuseUnknownKeys()
            if daysField == nil && fromField == nil && toField == nil {
                field.refuse("A window names `days`, or hours by `from` and `to`, or both.")
            }
            let from = fromField == nil ? 0 : fromField?.minuteOfDay(most: 23 * 60 + 59)
            let to = toField == nil ? 24 * 60 : toField?.minuteOfDay(most: 24 * 60)
            guard let from, let to else { return nil }
            if from == to {
                field.refuse("It ends when it begins; without `from` and `to` it is the whole day.")
            }
            return TimeWindowDefinition(weekdays: days, from: from, to: to)
        }
    }

    private func weekdays() -> [Int] {
        let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        var days: [Int] = []
        for field in list() {
            let choices = names.enumerated().map { (name: $0.element, value: $0.offset + 1) }
            guard let day = field.choice(choices) else { continue }
            if days.contains(day) {
                field.refuse("\(names[day - 1]) is named twice.")
            } else {
                days.append(day)
            }
        }
        return days
    }

    /// `09:00`, as minutes since midnight.
    private func minuteOfDay(most: Int) -> Int? {
        guard let text = text() else { return nil }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let isClock =
            parts.count == 2
            && parts.allSatisfy { part in
                part.utf8.count == 2 && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
            }
        if isClock, let hour = Int(parts[0]), let minute = Int(parts[1]), minute < 60,
            hour * 60 + minute <= most
        {
            return hour * 60 + minute
        }
        let latest = most == 24 * 60 ? "24:00" : "23:59"
        refuse(
            "`\(text.shortened)` is not a time of day: write 00:00 to \(latest), such as \"09:00\"."
        )
        return nil
    }

    func limits() -> LimitsDefinition {
        var limits = LimitsDefinition()
        guard var map = map() else { return limits }
        limits.total = map.take("total")?.count()
        limits.perCustomer = map.take("per_customer")?.count()
        limits.perCode = map.take("per_code")?.count()
        limits.perDay = map.take("per_day")?.count()
        limits.perWeek = map.take("per_week")?.count()
        limits.perMonth = map.take("per_month")?.count()
        limits.perBookingDate = map.take("per_booking_date")?.count()
        let budget = map.take("budget")
        limits.budget = budget?.amounts() ?? []
        let onBudget = map.take("on_budget")
        limits.onBudget = onBudget?.choice(of: LimitsDefinition.OnBudget.self) ?? .refuse
        map.refuseUnknownKeys()
        if limits.onBudget == .partial && (budget == nil || budget?.isEmpty == true) {
            onBudget?.refuse("`partial` needs a `budget`, and there is none.")
        }
        return limits
    }

    func stacking() -> StackingDefinition {
        var stacking = StackingDefinition()
        guard var map = map() else { return stacking }
        stacking.isExclusive = map.take("exclusive")?.flag() ?? false
        stacking.group = map.take("group")?.name()
        stacking.priority = map.take("priority")?.integer(in: -1_000_000...1_000_000) ?? 100
        stacking.base =
            map.take("base")?.choice(Stacking.Base.allCases, named: \.code) ?? .remaining
        map.refuseUnknownKeys()
        return stacking
    }

    /// A coupon's alternatives. Their ids are each other's only names, so none stands twice.
    func offers() -> [OfferDefinition] {
        var linesByID: [String: Int] = [:]
        return list().compactMap { field in
            guard let offer = field.offer() else { return nil }
            if let line = linesByID[offer.id] {
                field.refuse("The offer on line \(line) also has the id `\(offer.id)`.")
            } else {
                linesByID[offer.id] = field.node.line
            }
            return offer
        }
    }

    private func offer() -> OfferDefinition? {
        guard var map = map() else { return nil }
        let id = map.require("id", "an offer is counted by it")?.name()
        var offer = OfferDefinition(id: id ?? "")
        offer.path = path
        offer.line = node.line
        offer.name = map.take("name")?.text()
        (offer.startsAt, offer.endsAt, offer.windowLine) = map.takeWindow()
        offer.timezone = map.take("timezone")?.timezone()
        offer.limit = map.take("limit")?.count()
        let counter = map.take("counter")
        offer.counter = counter?.name()
        offer.ticketLimit = map.take("ticket_limit")?.count()
        offer.isGlobal = map.take("global")?.flag() ?? false
        offer.blackout = map.take("blackout")?.blackout() ?? []
        offer.isTaggable = map.take("taggable")?.flag() ?? false
        let appliesTo = map.take("applies_to")
        offer.appliesTo = appliesTo?.cover() ?? []
        offer.context = map.take("context")?.attributes(ofLines: false) ?? AttributeMap()
        map.refuseUnknownKeys(moved: [
            "start_date": "starts_at", "end_date": "ends_at", "date_filter": "blackout",
            "event_ids": "applies_to: {event: […]}", "bundle_ids": "applies_to: {bundle: […]}",
            "price_level_ids": "applies_to: {price_level: […]}",
        ])

        if offer.isGlobal && appliesTo?.isEmpty == false {
            appliesTo?.refuse("A global offer covers everything: it takes no `applies_to`.")
        }
        if counter != nil && offer.limit == nil {
            counter?.refuse("A counter is a limit that offers share: give the offer a `limit`.")
        }
        return id == nil ? nil : offer
    }
}

extension FieldMap {
    /// `starts_at` and `ends_at`, and the line to blame when they turn out to leave nothing.
    mutating func takeWindow() -> (start: WrittenMoment?, end: WrittenMoment?, line: Int) {
        let startField = take("starts_at")
        let endField = take("ends_at")
        let start = startField?.moment()
        let end = endField?.moment()
        if Moment.isEmptyWindow(from: start, to: end) {
            endField?.refuse("It must be after `starts_at`.")
        }
        return (start, end, (endField ?? startField)?.node.line ?? 0)
    }
}

extension String {
    /// A customer's id, trimmed; an e-mail address also lower-cased.
    package var asCustomer: String { contains("@") ? trimmed.lowercased() : trimmed }
}
