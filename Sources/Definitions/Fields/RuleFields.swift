// The rules of a coupon: what it asks of the purchase and the hour, how often it may be used, and
// the offers that are its alternatives.

import CouponRules

extension RequirementsDefinition {
    init(_ field: DefinitionField) {
        guard var map = field.map() else { return }
        minimumSubtotal = map.take("min_subtotal")?.amounts(leastAmount: 0) ?? []
        let mostSubtotal = map.take("max_subtotal")
        maximumSubtotal = mostSubtotal?.amounts(leastAmount: 0) ?? []
        minimumItems = map.take("min_items")?.count()
        let mostItems = map.take("max_items")
        maximumItems = mostItems?.count()
        base =
            map.take("base")?.choice(BoundBase.allCases, named: \.code) ?? .cart
        contains = map.take("contains")?.attributes(ofLines: true) ?? AttributeMap()
        context = map.take("context")?.attributes(ofLines: false) ?? AttributeMap()
        customers = map.take("customers")?.texts().map(\.asCustomer) ?? []
        groups = map.take("groups")?.texts().map(\.trimmed) ?? []
        maximumPreviousOrders = map.take("max_previous_orders")?.countOrZero()
        map.refuseUnknownKeys()

        if let least = minimumItems, let most = maximumItems, most < least {
            mostItems?.refuse("At most \(most) and at least \(least) items: no cart has both.")
        }
        for most in maximumSubtotal {
            for least in minimumSubtotal
            where least.currency == most.currency && most.amount < least.amount {
                mostSubtotal?.refuse(
                    "At most \(most.amount.minorUnits) and at least \(least.amount.minorUnits) "
                        + "\(most.currency): no cart has both.")
            }
        }
    }
}

extension TimeWindowDefinition {
    /// `{days: [mon, tue], from: "09:00", to: "17:00"}`. Without `days` every day, without `from`
    /// from midnight, without `to` until midnight.
    init?(_ field: DefinitionField) {
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
        self.init(weekdays: days, from: from, to: to)
    }
}

extension DefinitionField {
    fileprivate func weekdays() -> [Int] {
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
    fileprivate func minuteOfDay(most: Int) -> Int? {
        guard let text = text() else { return nil }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let isClock = parts.count == 2 && parts.allSatisfy { $0.utf8.count == 2 && $0.isDigits }
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
}

extension LimitsDefinition {
    init(_ field: DefinitionField) {
        guard var map = field.map() else { return }
        total = map.take("total")?.count()
        perCustomer = map.take("per_customer")?.count()
        perCode = map.take("per_code")?.count()
        perDay = map.take("per_day")?.count()
        perWeek = map.take("per_week")?.count()
        perMonth = map.take("per_month")?.count()
        perBookingDate = map.take("per_booking_date")?.count()
        let budgetField = map.take("budget")
        budget = budgetField?.amounts() ?? []
        let onBudgetField = map.take("on_budget")
        onBudget = onBudgetField?.choice(of: LimitsDefinition.OnBudget.self) ?? .refuse
        map.refuseUnknownKeys()
        if onBudget == .partial && budgetField?.isEmpty != false {
            onBudgetField?.refuse("`partial` needs a `budget`, and there is none.")
        }
    }
}

extension StackingDefinition {
    init(_ field: DefinitionField) {
        guard var map = field.map() else { return }
        isExclusive = map.take("exclusive")?.flag() ?? false
        group = map.take("group")?.name()
        priority = map.take("priority")?.integer(in: -1_000_000...1_000_000) ?? 100
        base =
            map.take("base")?.choice(Stacking.Base.allCases, named: \.code) ?? .remaining
        map.refuseUnknownKeys()
    }
}

extension OfferDefinition {
    /// A coupon's alternatives. Their ids are each other's only names, so none stands twice.
    static func alternatives(_ field: DefinitionField) -> [OfferDefinition] {
        var linesByID: [String: Int] = [:]
        return field.list().compactMap { field in
            guard let offer = OfferDefinition(field) else { return nil }
            if let line = linesByID[offer.id] {
                field.refuse("The offer on line \(line) also has the id `\(offer.id)`.")
            } else {
                linesByID[offer.id] = field.node.line
            }
            return offer
        }
    }

    private init?(_ field: DefinitionField) {
        guard var map = field.map() else { return nil }
        let id = map.require("id", "an offer is counted by it")?.name()
        self.init(id: id ?? "")
        path = field.path
        line = field.node.line
        name = map.take("name")?.text()
        (startsAt, endsAt, windowLine) = map.takeWindow()
        timezone = map.take("timezone")?.timezone()
        limit = map.take("limit")?.count()
        let counterField = map.take("counter")
        counter = counterField?.name()
        ticketLimit = map.take("ticket_limit")?.count()
        isGlobal = map.take("global")?.flag() ?? false
        blackout = map.take("blackout")?.blackout() ?? []
        isTaggable = map.take("taggable")?.flag() ?? false
        let appliesToField = map.take("applies_to")
        appliesTo = appliesToField?.cover() ?? []
        context = map.take("context")?.attributes(ofLines: false) ?? AttributeMap()
        map.refuseUnknownKeys(moved: [
            "start_date": "starts_at", "end_date": "ends_at", "date_filter": "blackout",
            "event_ids": "applies_to: {event: […]}", "bundle_ids": "applies_to: {bundle: […]}",
            "price_level_ids": "applies_to: {price_level: […]}",
        ])

        if isGlobal && appliesToField?.isEmpty == false {
            appliesToField?.refuse("A global offer covers everything: it takes no `applies_to`.")
        }
        if counterField != nil && limit == nil {
            counterField?.refuse(
                "A counter is a limit that offers share: give the offer a `limit`.")
        }
        if id == nil { return nil }
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
