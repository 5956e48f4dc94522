// The reasons, in their order of precedence, each with a coupon or gift card and a request that
// lead to it. A test compares the order of the rows with the precedence.

/// A refused request, and the refusal.
struct RefusalRow: Sendable {
    /// The reason, as it is on the wire.
    var reason: String
    /// The coupon, in YAML's flow style, besides its id and code.
    var coupon = ""
    /// A gift card in place of the coupon, in the same style.
    var giftCard: String?
    /// The settings of its code.
    var terms = ""
    /// An earlier request of another order for the code, as an operation and its other members.
    var before: (operation: String, request: String)?
    var operation = "validate"
    /// Whether the request also names the code of ``RefusalTable/first``.
    var goesWithFirst = false
    /// The request's members besides operation and code.
    var request = ""
    /// The refusal's members besides reason and message.
    var facts = ""
}

enum RefusalTable {
    private static let percentage = "discount: {kind: percentage, percent: 10}"

    /// A cart of one line, worth 50.00.
    static let fifty =
        #""cart":{"currency":"USD","lines":[{"product":"p1","quantity":2,"unit_price":2500}]}"#

    static let rows: [RefusalRow] = [
        RefusalRow(
            reason: "coupon_inactive", coupon: "status: inactive, \(percentage)", request: fifty),
        RefusalRow(
            reason: "coupon_inactive", giftCard: "amount: 900, status: inactive", request: fifty),
        RefusalRow(
            reason: "coupon_archived", coupon: "status: archived, \(percentage)", request: fifty),
        RefusalRow(
            reason: "not_started", coupon: "starts_at: 2090-06-01T09:00:00+02:00, \(percentage)",
            request: fifty, facts: #""starts_at":"2090-06-01T07:00:00Z""#),
        // The windows of coupon and code intersect: the later start is shown.
        RefusalRow(
            reason: "not_started", coupon: "starts_at: 2090-01-01, \(percentage)",
            terms: "starts_at: 2091-01-01", facts: #""starts_at":"2091-01-01T00:00:00Z""#),
        // So does the window of an offer.
        RefusalRow(
            reason: "not_started",
            coupon: "starts_at: 2090-01-01, offers: [{id: o, starts_at: 2092-01-01}], "
                + percentage,
            facts: #""starts_at":"2092-01-01T00:00:00Z""#),
        // The window opens with its first instant.
        RefusalRow(
            reason: "not_started", coupon: "starts_at: 2026-06-01, \(percentage)",
            request: #""at":"2026-05-31T23:59:59.999Z""#,
            facts: #""starts_at":"2026-06-01T00:00:00Z""#),
        // A bare date as an end means the end of that day, in the coupon's zone.
        RefusalRow(
            reason: "expired",
            coupon: "ends_at: 2020-05-31, timezone: America/New_York, \(percentage)",
            request: fifty, facts: #""ended_at":"2020-06-01T04:00:00Z""#),
        RefusalRow(
            reason: "expired", coupon: "ends_at: 2021-01-01, \(percentage)",
            terms: "ends_at: 2020-06-01T00:00:00Z",
            facts: #""ended_at":"2020-06-01T00:00:00Z""#),
        // The window is closed at its last instant already.
        RefusalRow(
            reason: "expired", coupon: "ends_at: 2026-08-31T10:00:00Z, \(percentage)",
            request: #""at":"2026-08-31T10:00:00Z""#,
            facts: #""ended_at":"2026-08-31T10:00:00Z""#),
        RefusalRow(
            reason: "expired", giftCard: "amount: 900, expires_at: 2026-01-31", request: fifty,
            facts: #""ended_at":"2026-02-01T00:00:00Z""#),
        // The day is that of the booking; a range includes both its ends.
        RefusalRow(
            reason: "blackout_date", coupon: "blackout: [\"2026-12-24/2026-12-26\"], \(percentage)",
            request: #""booking_date":"2026-12-26""#),
        RefusalRow(
            reason: "blackout_date",
            coupon: "offers: [{id: o, blackout: [2026-07-04]}], \(percentage)",
            request: #""booking_date":"2026-07-04""#),
        RefusalRow(
            reason: "outside_time_window",
            coupon: "windows: [{days: [mon, tue]}], \(percentage)",
            request: #""booking_date":"2026-06-03""#),
        RefusalRow(
            reason: "usage_limit_reached", coupon: "limits: {total: 3}, used: 3, \(percentage)",
            terms: "max_uses: 1, used: 1", request: fifty,
            facts: #""scope":"coupon","limit":3,"actual":3"#),
        RefusalRow(
            reason: "usage_limit_reached", coupon: percentage, terms: "max_uses: 1, used: 1",
            request: fifty, facts: #""scope":"code","limit":1,"actual":1"#),
        RefusalRow(
            reason: "usage_limit_reached", coupon: "limits: {per_code: 2}, \(percentage)",
            terms: "used: 2", request: fifty, facts: #""scope":"code","limit":2,"actual":2"#),
        // Another order holds the only use; an offer has a limit of its own.
        RefusalRow(
            reason: "usage_limit_reached", coupon: "limits: {total: 1}, \(percentage)",
            before: ("reserve", fifty), request: fifty,
            facts: #""scope":"coupon","limit":1,"actual":1,"held":1"#),
        RefusalRow(
            reason: "usage_limit_reached", coupon: "offers: [{id: o, limit: 1}], \(percentage)",
            before: ("apply", fifty), request: fifty,
            facts: #""scope":"offer","limit":1,"actual":1"#),
        // Nothing is left of the budget, or less than the discount.
        RefusalRow(
            reason: "budget_exhausted",
            coupon: "limits: {budget: 500, on_budget: partial}, discount_given: 500, \(percentage)",
            request: fifty, facts: #""limit":500,"actual":500"#),
        RefusalRow(
            reason: "budget_exhausted",
            coupon: "limits: {budget: 900}, \(percentage)", before: ("reserve", fifty),
            request: fifty, facts: #""limit":900,"actual":500"#),
        RefusalRow(
            reason: "period_limit_reached", coupon: "limits: {per_booking_date: 1}, \(percentage)",
            before: ("apply", fifty + #","booking_date":"2026-07-01""#),
            request: fifty + #","booking_date":"2026-07-01T19:30""#,
            facts: #""scope":"booking_date","limit":1,"actual":1"#),
        RefusalRow(
            reason: "currency_not_supported", giftCard: "amount: 900, currency: EUR",
            request: fifty),
        RefusalRow(
            reason: "currency_not_supported",
            coupon: "discount: {kind: fixed_amount, amount: {JPY: 500, EUR: 5}}", request: fifty),
        RefusalRow(
            reason: "currency_not_supported",
            coupon: "requires: {min_subtotal: {EUR: 5}}, \(percentage)", request: fifty),
        RefusalRow(
            reason: "context_not_eligible",
            coupon: "requires: {context: {country: [US, CA]}}, \(percentage)",
            request: fifty + #","context":{"country":"FR"}"#, facts: #""scope":"country""#),
        // A rule about the context reads the context alone, not a line that says the same.
        RefusalRow(
            reason: "context_not_eligible",
            coupon: "requires: {context: {channel: [web]}}, \(percentage)",
            request: #""cart":{"currency":"USD","lines":[{"product":"p1","quantity":1,"#
                + #""unit_price":100,"channel":"web"}]}"#,
            facts: #""scope":"channel""#),
        RefusalRow(
            reason: "context_not_eligible",
            coupon: "offers: [{id: o, context: {seller: [\"1\"]}}], \(percentage)", request: fifty,
            facts: #""scope":"seller""#),
        RefusalRow(
            reason: "customer_required", coupon: "requires: {customers: [cus_7]}, \(percentage)",
            request: fifty, facts: #""scope":"customers""#),
        RefusalRow(
            reason: "customer_required", coupon: "requires: {groups: [vip]}, \(percentage)",
            request: fifty, facts: #""scope":"groups""#),
        RefusalRow(
            reason: "customer_required",
            coupon: "requires: {max_previous_orders: 0}, \(percentage)",
            request: fifty + #","customer":"cus_7""#,
            facts: #""scope":"max_previous_orders""#),
        RefusalRow(
            reason: "customer_required", coupon: "limits: {per_customer: 2}, \(percentage)",
            request: fifty, facts: #""scope":"per_customer""#),
        RefusalRow(
            reason: "customer_required", coupon: percentage, terms: "multi_use: true",
            request: fifty + #","customer":{"groups":["vip"]}"#,
            facts: #""scope":"per_customer""#),
        RefusalRow(
            reason: "customer_not_eligible",
            coupon: "requires: {customers: [cus_7, ann@example.com]}, \(percentage)",
            request: fifty + #","customer":{"id":"cus_8","email":"bob@example.com"}"#),
        RefusalRow(
            reason: "customer_not_eligible", coupon: percentage, terms: "customer: cus_7",
            request: fifty + #","customer":"cus_8""#),
        RefusalRow(
            reason: "customer_group_not_eligible",
            coupon: "requires: {groups: [vip, staff]}, \(percentage)",
            request: fifty + #","customer":{"id":"cus_7","groups":["new"]}"#),
        RefusalRow(
            reason: "not_first_order", coupon: "requires: {max_previous_orders: 0}, \(percentage)",
            request: fifty + #","customer":{"id":"cus_7","orders":3}"#,
            facts: #""limit":0,"actual":3"#),
        // The higher count of id and e-mail decides.
        RefusalRow(
            reason: "customer_limit_reached", coupon: "limits: {per_customer: 1}, \(percentage)",
            before: ("apply", fifty + #","customer":{"id":"a","email":"ann@example.com"}"#),
            request: fifty + #","customer":{"id":"b","email":" Ann@Example.com "}"#,
            facts: #""limit":1,"actual":1"#),
        RefusalRow(
            reason: "customer_limit_reached", coupon: percentage, terms: "multi_use: true",
            before: ("reserve", fifty + #","customer":"a""#),
            request: fifty + #","customer":"a""#, facts: #""limit":1,"actual":1"#),
        RefusalRow(
            reason: "cart_required", giftCard: "amount: 900", operation: "reserve",
            request: #""order":"o-card""#),
        RefusalRow(
            reason: "cart_required", coupon: percentage, operation: "apply",
            request: #""order":"o-cart""#),
        RefusalRow(
            reason: "required_items_missing",
            coupon: "requires: {contains: {product: [p9]}}, \(percentage)", request: fifty,
            facts: #""scope":"product""#),
        RefusalRow(
            reason: "no_eligible_items", coupon: "applies_to: {product: [p2]}, \(percentage)",
            request: fifty),
        RefusalRow(
            reason: "no_eligible_items", coupon: percentage,
            request: #""cart":{"currency":"USD","lines":[]}"#),
        RefusalRow(
            reason: "no_eligible_items", coupon: "excludes: {category: [gift]}, \(percentage)",
            request: fifty + #","context":{"category":["gift","new"]}"#),
        RefusalRow(
            reason: "no_eligible_items", coupon: "exclude_sale_items: true, \(percentage)",
            request: #""cart":{"currency":"USD","lines":[{"product":"p1","quantity":1,"#
                + #""unit_price":100,"on_sale":true}]}"#),
        RefusalRow(
            reason: "below_minimum_amount",
            coupon: "requires: {min_subtotal: 5001}, \(percentage)", request: fifty,
            facts: #""limit":5001,"actual":5000,"missing":1"#),
        // Only covered lines count if the bound says so.
        RefusalRow(
            reason: "below_minimum_amount",
            coupon: "applies_to: {product: [p2]}, requires: {min_subtotal: 200, base: eligible}, "
                + percentage,
            request: #""cart":{"currency":"USD","lines":[{"product":"p1","quantity":1,"#
                + #""unit_price":900},{"product":"p2","quantity":1,"unit_price":150}]}"#,
            facts: #""limit":200,"actual":150,"missing":50"#),
        RefusalRow(
            reason: "above_maximum_amount",
            coupon: "requires: {max_subtotal: 4999}, \(percentage)", request: fifty,
            facts: #""limit":4999,"actual":5000"#),
        RefusalRow(
            reason: "below_minimum_quantity", coupon: "requires: {min_items: 5}, \(percentage)",
            request: fifty, facts: #""limit":5,"actual":2,"missing":3"#),
        RefusalRow(
            reason: "above_maximum_quantity", coupon: "requires: {max_items: 1}, \(percentage)",
            request: fifty, facts: #""limit":1,"actual":2"#),
        RefusalRow(
            reason: "above_maximum_quantity",
            coupon: "type: presale, offers: [{id: o, ticket_limit: 1}]", request: fifty,
            facts: #""limit":1,"actual":2"#),
        RefusalRow(
            reason: "not_combinable", coupon: "stacking: {exclusive: true}, \(percentage)",
            goesWithFirst: true, request: fifty, facts: #""conflicts_with":"FIRST""#),
        RefusalRow(
            reason: "not_combinable", coupon: "stacking: {group: seasonal}, \(percentage)",
            goesWithFirst: true, request: fifty, facts: #""conflicts_with":"FIRST""#),
        RefusalRow(
            reason: "no_effect", coupon: percentage,
            request: #""cart":{"currency":"USD","lines":[{"product":"p1","quantity":1,"#
                + #""unit_price":0}]}"#),
        RefusalRow(
            reason: "no_effect", coupon: "discount: {kind: fixed_price, amount: 2500}",
            request: fifty),
        RefusalRow(
            reason: "no_effect", coupon: "discount: {kind: shipping, percent: 100}",
            operation: "apply", request: fifty + #","order":"o-shipping""#),
        // Another code has left nothing.
        RefusalRow(
            reason: "no_effect", coupon: "applies_to: {product: [p2]}, \(percentage)",
            goesWithFirst: true,
            request: #""cart":{"currency":"USD","lines":[{"product":"p2","quantity":1,"#
                + #""unit_price":100}]}"#),
        RefusalRow(
            reason: "no_effect", giftCard: "amount: 900",
            request: #""cart":{"currency":"USD","lines":[{"product":"p1","quantity":1,"#
                + #""unit_price":0}]}"#),
        RefusalRow(
            reason: "gift_card_empty", giftCard: "amount: 900, balance: 0", request: fifty),
        RefusalRow(
            reason: "gift_card_empty", giftCard: "amount: 900", before: ("reserve", fifty),
            request: fifty, facts: #""held":900"#),
    ]

    /// A coupon that is applied before all others, and takes the whole price of products p2.
    private static let first = """
        - id: first
          codes: [FIRST]
          discount: {kind: fixed_amount, amount: 100, spread: cheapest}
          stacking: {group: seasonal, priority: 1}
        """

    /// The code of a row: it is unique, and so is its coupon's id.
    static func code(_ index: Int) -> String { "R\(index)" }

    /// A catalog with a coupon or a gift card for each row.
    static var catalog: String {
        var coupons = "coupons:\n\(first)\n"
        var giftCards = "gift_cards:\n"
        for (index, row) in rows.enumerated() {
            if let card = row.giftCard {
                giftCards += "- {id: c\(index), code: \(code(index)), \(card)}\n"
            } else {
                let terms = row.terms.isEmpty ? "" : ", \(row.terms)"
                coupons +=
                    "- {id: c\(index), codes: [{code: \(code(index))\(terms)}], \(row.coupon)}\n"
            }
        }
        return "currency: USD\ntimezone: UTC\n" + coupons + giftCards
    }

    /// The beginning of a row's entry, up to its reason.
    static func head(_ index: Int) -> String {
        let owner = rows[index].giftCard == nil ? "coupon" : "gift_card"
        return #"{"code":"\#(code(index))","\#(owner)":"c\#(index)","valid":false,"#
            + #""reason":"\#(rows[index].reason)""#
    }

    /// The requests before a row's request.
    static func earlierRequest(_ index: Int) -> String? {
        rows[index].before.map { operation, request in
            #"{"op":"\#(operation)","order":"before-\#(index)","code":"\#(code(index))",\#(request)}"#
        }
    }

    static func request(_ index: Int) -> String {
        let row = rows[index]
        let codes =
            row.goesWithFirst
            ? #""codes":["\#(code(index))","FIRST"]"# : #""code":"\#(code(index))""#
        let rest = row.request.isEmpty ? "" : ",\(row.request)"
        return #"{"op":"\#(row.operation)",\#(codes)\#(rest)}"#
    }
}
