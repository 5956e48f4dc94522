// The definitions of the reference model: plain values that are also written as the JSON that the
// daemon reads. It shares nothing with the daemon, so that a rule that one of them reads wrongly is
// wrong in one place only.

/// The reference model: a slow, plain reading of the contract.
enum Reference {
    /// Attribute to values.
    typealias Attributes = [String: [String]]
    /// Currency to minor units; empty if the amount is not given.
    typealias Amounts = [String: Int64]

    struct Catalog {
        var coupons: [Coupon] = []
        var cards: [Card] = []
        /// Whether several coupons may own one code.
        var sharesCodes = false
    }

    struct Coupon {
        var id = ""
        var type = "discount"
        var status = "active"
        var codes: [Code] = []
        var discount: Discount?
        var clauses: [Clause] = []
        /// Bounds the sum of the clauses.
        var clausesCap: Amounts = [:]
        /// One of these; without any, everything is covered.
        var appliesTo: [Attributes] = []
        var excludes: Attributes = [:]
        var skipsSaleItems = false
        var requires = Requirements()
        var startsAt: Moment?
        var endsAt: Moment?
        var zone = "UTC"
        var blackout: [DayRange] = []
        var windows: [Window] = []
        var offers: [Offer] = []
        var limits = ResourceLimits()
        var stacking = Stacking()
        var isReusable = true
        /// Uses, and money given, from before the daemon.
        var used: Int64 = 0
        var given: Amounts = [:]
    }

    struct Code {
        var text = ""
        var usesMax: Int64?
        var customer: String?
        var startsAt: Moment?
        var endsAt: Moment?
        /// true: once for each customer; false: once.
        var multiUse: Bool?
        var used: Int64 = 0
    }

    struct Discount {
        var kind = "percentage"
        /// Parts per million: 100000 is 10 %.
        var percent: Int64?
        var amount: Amounts = [:]
        var cap: Amounts = [:]
        var rounding = "half_up"
        var spread = "proportional"
        var unitsMax: Int64?
        var units = "dearest"
        var tiers: [Tier] = []
        var buy = Bought()
        /// Its percentage is ``percent``.
        var get = Bought()
        var timesMax: Int64?
        /// Of a gift item.
        var product = ""
        var quantity: Int64 = 1
    }

    struct Tier {
        var minSubtotal: Amounts = [:]
        var minItems: Int64?
        var percent: Int64?
        var amount: Amounts = [:]
    }

    struct Bought {
        var quantity: Int64 = 1
        var appliesTo: Attributes = [:]
    }

    struct Clause {
        var appliesTo: Attributes = [:]
        var discount = Discount()
    }

    struct Requirements {
        var minSubtotal: Amounts = [:]
        var maxSubtotal: Amounts = [:]
        var minItems: Int64?
        var maxItems: Int64?
        var base = "cart"
        var contains: Attributes = [:]
        var context: Attributes = [:]
        var customers: [String] = []
        var groups: [String] = []
        var ordersMax: Int64?
    }

    /// Days of the calendar, `2026-07-04`, both ends included.
    struct DayRange {
        var first = ""
        var last = ""
    }

    /// Hours of the week, by the local clock.
    struct Window {
        var days: [String] = []
        /// Minutes since midnight; the whole day when both are nil.
        var from: Int64?
        var to: Int64?
    }

    struct Offer {
        var id = ""
        var startsAt: Moment?
        var endsAt: Moment?
        var zone: String?
        var limit: Int64?
        var counter: String?
        var ticketLimit: Int64?
        var isGlobal = false
        var blackout: [DayRange] = []
        var appliesTo: Attributes = [:]
        var context: Attributes = [:]
    }

    struct ResourceLimits {
        var total: Int64?
        var perCode: Int64?
        var perCustomer: Int64?
        var perDay: Int64?
        var perWeek: Int64?
        var perMonth: Int64?
        var perBookingDate: Int64?
        var budget: Amounts = [:]
        var cutsToBudget = false
    }

    struct Stacking {
        var isExclusive = false
        var group: String?
        var priority: Int64 = 100
        var base = "remaining"
    }

    struct Card {
        var id = ""
        var code = ""
        var amount: Int64 = 0
        var balance: Int64 = 0
        var currency = "USD"
        var status = "active"
        var expiresAt: Moment?
    }
}

// MARK: As definitions

/// Members of an object without those that have no value.
func members(_ all: (String, JSON?)...) -> JSON {
    var kept: [String: JSON] = [:]
    for (name, value) in all {
        switch value {
        case nil, .null, .list([]), .object([:]): continue
        case let value?: kept[name] = value
        }
    }
    return .object(kept)
}

extension Reference {
    static func json(_ amounts: Amounts) -> JSON { .object(amounts.mapValues { .integer($0) }) }
    static func json(_ attributes: Attributes) -> JSON {
        .object(attributes.mapValues { .list($0.map { .text($0) }) })
    }
    static func json(_ number: Int64?) -> JSON? { number.map { .integer($0) } }
    static func json(_ text: String?) -> JSON? { text.map { .text($0) } }
    static func json(_ isTrue: Bool) -> JSON? { isTrue ? true : nil }
    static func json(_ ranges: [DayRange]) -> JSON {
        .list(
            ranges.map { range in
                .text(range.first == range.last ? range.first : "\(range.first)/\(range.last)")
            })
    }
    static func json(percent: Int64?) -> JSON? {
        percent.map { parts in
            let fraction = String(parts % 10_000 + 10_000).dropFirst()
            return .text("\(parts / 10_000).\(fraction)")
        }
    }
    static func json(minutes: Int64?) -> JSON? {
        minutes.map { .text(twoDigits($0 / 60) + ":" + twoDigits($0 % 60)) }
    }
    static func twoDigits(_ number: Int64) -> String { String(String(number + 100).suffix(2)) }
}

extension Reference.Catalog {
    /// The file that the daemon reads.
    var json: JSON {
        members(
            ("code_scope", sharesCodes ? "coupon" : nil), ("coupons", .list(coupons.map(\.json))),
            ("gift_cards", .list(cards.map(\.json))))
    }
}

extension Reference.Coupon {
    var json: JSON {
        members(
            ("id", .text(id)), ("type", .text(type)), ("status", .text(status)),
            ("codes", .list(codes.map(\.json))), ("discount", discount?.json),
            ("discounts", .list(clauses.map(\.json))), ("cap", Reference.json(clausesCap)),
            ("applies_to", .list(appliesTo.map { Reference.json($0) })),
            ("excludes", Reference.json(excludes)),
            ("exclude_sale_items", Reference.json(skipsSaleItems)), ("requires", requires.json),
            ("starts_at", Reference.json(startsAt?.text)),
            ("ends_at", Reference.json(endsAt?.text)),
            ("timezone", .text(zone)), ("blackout", Reference.json(blackout)),
            ("windows", .list(windows.map(\.json))), ("offers", .list(offers.map(\.json))),
            ("limits", limits.json), ("stacking", stacking.json),
            ("reusable_after_release", isReusable ? nil : false),
            ("used", used == 0 ? nil : .integer(used)), ("discount_given", Reference.json(given)))
    }
}

extension Reference.Code {
    var json: JSON {
        members(
            ("code", .text(text)), ("max_uses", Reference.json(usesMax)),
            ("customer", Reference.json(customer)), ("starts_at", Reference.json(startsAt?.text)),
            ("ends_at", Reference.json(endsAt?.text)),
            ("multi_use", multiUse.map { .boolean($0) }),
            ("used", used == 0 ? nil : .integer(used)))
    }
}

extension Reference.Discount {
    var json: JSON {
        let buys = kind == "buy_x_get_y"
        return members(
            ("kind", .text(kind)), ("percent", buys ? nil : Reference.json(percent: percent)),
            ("amount", Reference.json(amount)), ("cap", Reference.json(cap)),
            ("rounding", rounding == "half_up" ? nil : .text(rounding)),
            ("spread", spread == "proportional" ? nil : .text(spread)),
            ("max_units", Reference.json(unitsMax)),
            ("units", units == "dearest" ? nil : .text(units)),
            ("tiers", .list(tiers.map(\.json))), ("buy", buys ? buy.json(percent: nil) : nil),
            ("get", buys ? get.json(percent: percent) : nil),
            ("max_times", Reference.json(timesMax)),
            ("product", product.isEmpty ? nil : .text(product)),
            ("quantity", product.isEmpty ? nil : .integer(quantity)))
    }
}

extension Reference.Tier {
    var json: JSON {
        members(
            ("min_subtotal", Reference.json(minSubtotal)), ("min_items", Reference.json(minItems)),
            ("percent", Reference.json(percent: percent)), ("amount", Reference.json(amount)))
    }
}

extension Reference.Bought {
    func json(percent: Int64?) -> JSON {
        members(
            ("quantity", .integer(quantity)), ("applies_to", Reference.json(appliesTo)),
            ("percent", Reference.json(percent: percent)))
    }
}

extension Reference.Clause {
    var json: JSON {
        guard case .object(var all) = discount.json else { return .absent }
        if !appliesTo.isEmpty { all["applies_to"] = Reference.json(appliesTo) }
        return .object(all)
    }
}

extension Reference.Requirements {
    var json: JSON {
        members(
            ("min_subtotal", Reference.json(minSubtotal)),
            ("max_subtotal", Reference.json(maxSubtotal)), ("min_items", Reference.json(minItems)),
            ("max_items", Reference.json(maxItems)), ("base", base == "cart" ? nil : .text(base)),
            ("contains", Reference.json(contains)), ("context", Reference.json(context)),
            ("customers", .list(customers.map { .text($0) })),
            ("groups", .list(groups.map { .text($0) })),
            ("max_previous_orders", Reference.json(ordersMax)))
    }
}

extension Reference.Window {
    var json: JSON {
        members(
            ("days", .list(days.map { .text($0) })), ("from", Reference.json(minutes: from)),
            ("to", Reference.json(minutes: to)))
    }
}

extension Reference.Offer {
    var json: JSON {
        members(
            ("id", .text(id)), ("starts_at", Reference.json(startsAt?.text)),
            ("ends_at", Reference.json(endsAt?.text)), ("timezone", Reference.json(zone)),
            ("limit", Reference.json(limit)), ("counter", Reference.json(counter)),
            ("ticket_limit", Reference.json(ticketLimit)), ("global", Reference.json(isGlobal)),
            ("blackout", Reference.json(blackout)), ("applies_to", Reference.json(appliesTo)),
            ("context", Reference.json(context)))
    }
}

extension Reference.ResourceLimits {
    var json: JSON {
        members(
            ("total", Reference.json(total)), ("per_code", Reference.json(perCode)),
            ("per_customer", Reference.json(perCustomer)), ("per_day", Reference.json(perDay)),
            ("per_week", Reference.json(perWeek)), ("per_month", Reference.json(perMonth)),
            ("per_booking_date", Reference.json(perBookingDate)),
            ("budget", Reference.json(budget)), ("on_budget", cutsToBudget ? "partial" : nil))
    }
}

extension Reference.Stacking {
    var json: JSON {
        members(
            ("exclusive", Reference.json(isExclusive)), ("group", Reference.json(group)),
            ("priority", priority == 100 ? nil : .integer(priority)),
            ("base", base == "remaining" ? nil : .text(base)))
    }
}

extension Reference.Card {
    var json: JSON {
        members(
            ("id", .text(id)), ("code", .text(code)), ("amount", .integer(amount)),
            ("balance", .integer(balance)), ("currency", .text(currency)),
            ("status", .text(status)), ("expires_at", Reference.json(expiresAt?.text)))
    }
}
