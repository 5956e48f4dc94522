import CouponCatalog
import Testing

/// A coupon that breaks one rule, and the fault that it must have.
struct BrokenCoupon: Sendable, CustomTestStringConvertible {
    /// The fields after `id`, of which the first stands on line 4.
    var fields: String
    var line = 4
    /// After `coupons[0].`; empty for the coupon itself.
    var field: String
    var fragment: String

    var testDescription: String { fields }

    init(_ fields: String, line: Int = 4, _ field: String, _ fragment: String) {
        self.fields = fields
        self.line = line
        self.field = field
        self.fragment = fragment
    }

    /// A whole file, in which nothing else is wrong.
    var yaml: String {
        var lines = fields.split(separator: "\n").map { "  " + $0 }
        if !fields.contains("discount") && !fields.contains("type:") {
            lines.append("  discount: {kind: percentage, percent: 10}")
        }
        return "currency: USD\ncoupons:\n- id: c1\n" + lines.joined(separator: "\n")
    }
}

@Suite struct `A broken coupon is reported with line, field and reason` {
    private func check(_ broken: BrokenCoupon) {
        let path = broken.field.isEmpty ? "coupons[0]" : "coupons[0].\(broken.field)"
        expectOneFault(read(broken.yaml).faults, line: broken.line, field: path, broken.fragment)
    }

    @Test(arguments: [
        BrokenCoupon("namme: x", "namme", "Did you mean `name`?"),
        BrokenCoupon("expires_at: 2099-01-01", "expires_at", "Here that is `ends_at`."),
        BrokenCoupon("xyzzy: 1", "xyzzy", "There is no field `xyzzy` here."),
        BrokenCoupon("name: [a]", "name", "Found a list where a text is expected."),
        BrokenCoupon("name: {a: b}", "name", "Found a map where a text is expected."),
        BrokenCoupon("status: disabled", "status", "not one of active, inactive, archived"),
        BrokenCoupon("type: accesss", "type", "Did you mean `access`?"),
        BrokenCoupon("case_sensitive: yes", "case_sensitive", "Found `yes` where `true` or"),
        BrokenCoupon("case_sensitive: \"true\"", "case_sensitive", "Found the text \"true\""),
        BrokenCoupon(
            "metadata: {a: {b: c}}", "metadata.a", "Found a map where a text is expected."),
        BrokenCoupon("used: -1", "used", "at least 0"),
        BrokenCoupon(
            "discount_given: 1\ndiscount: {kind: percentage}", line: 5, "discount",
            "`percent` is missing"),
        BrokenCoupon("revenue: 9.00", "revenue", "whole minor units"),
        BrokenCoupon("duration: twice", "duration", "not one of once, repeating, forever"),
        BrokenCoupon("duration: repeating", "duration", "`duration_in_months` is missing"),
        BrokenCoupon(
            "duration: once\nduration_in_months: 3", line: 5, "duration_in_months",
            "Only `duration: repeating`"),
        BrokenCoupon("duration_in_months: 3", "duration_in_months", "Only `duration: repeating`"),
    ])
    func `in its plain fields`(broken: BrokenCoupon) { check(broken) }

    @Test(arguments: [
        BrokenCoupon("codes: SUMMER", "codes", "write [SUMMER]"),
        BrokenCoupon("codes: {a: b}", "codes", "Found a map where a list is expected."),
        BrokenCoupon("codes: [A, ~]", "codes[1]", "empty element"),
        BrokenCoupon("codes: [A, \"\"]", "codes[1]", "A name must not be empty."),
        BrokenCoupon("codes: [\"a\\nb\"]", "codes[0]", "control character"),
        BrokenCoupon(
            "codes: [\(String(repeating: "é", count: 128))]", "codes[0]", "has 256 bytes"),
        BrokenCoupon("codes: [[A]]", "codes[0]", "Found a list where a text is expected."),
        BrokenCoupon("codes: [{max_uses: 1}]", "codes[0]", "`code` is missing"),
        BrokenCoupon("codes: [{code: A, max_uses: 0}]", "codes[0].max_uses", "at least 1"),
        BrokenCoupon("codes: [{code: A, max_use: 1}]", "codes[0].max_use", "`max_uses`"),
        BrokenCoupon(
            "codes: [{code: A, max_uses: 2, multi_use: false}]", "codes[0].max_uses",
            "has one use, not 2"),
        BrokenCoupon(
            "codes: [{code: A, customer_credit: cc}]", "codes[0].customer_credit",
            "needs a `customer`"),
        BrokenCoupon(
            "codes:\n- {code: A, starts_at: 2026-02-01, ends_at: 2026-01-01}", line: 5,
            "codes[0].ends_at", "after `starts_at`"),
        BrokenCoupon(
            "ends_at: 2026-01-01\ncodes:\n- A\n- {code: B, starts_at: 2026-02-01}",
            line: 7, "codes[1].starts_at", "The coupon ends before this"),
        BrokenCoupon(
            "starts_at: 2026-01-01\ncodes: [{code: B, ends_at: 2025-02-01}]", line: 5,
            "codes[0].ends_at", "starts after this"),
        BrokenCoupon("codes_file: [a.csv]", "codes_file", "Found a list where a text is expected."),
        BrokenCoupon("codes_file: \"\"", "codes_file", "must not be empty"),
    ])
    func `in its codes`(broken: BrokenCoupon) { check(broken) }

    @Test(arguments: [
        BrokenCoupon("starts_at: tomorrow", "starts_at", "`tomorrow` is not a time"),
        BrokenCoupon("starts_at: 2026-02-30", "starts_at", "a day that the calendar does not"),
        BrokenCoupon("starts_at: 1781115871000", "starts_at", "milliseconds"),
        BrokenCoupon("starts_at: 20270831", "starts_at", "write a day as 2027-08-31"),
        BrokenCoupon("ends_at: \"2027\"", "ends_at", "write a day as 2027-08-31"),
        BrokenCoupon(
            "starts_at: 2026-06-02\nends_at: 2026-06-01", line: 5, "ends_at",
            "after `starts_at`"),
        BrokenCoupon(
            "starts_at: 2026-06-01T10:00\nends_at: 2026-06-01T10:00", line: 5, "ends_at",
            "after `starts_at`"),
        BrokenCoupon(
            "starts_at: 2026-06-01T10:00Z\nends_at: 2026-06-01T11:00+02:00", line: 5,
            "ends_at", "after `starts_at`"),
        BrokenCoupon("timezone: Europe/Berln", "timezone", "Did you mean `Europe/Berlin`?"),
        BrokenCoupon("timezone: utc", "timezone", "Did you mean `UTC`?"),
        BrokenCoupon("blackout: [2026-12-24, soon]", "blackout[1]", "`soon` is not a date"),
        BrokenCoupon("blackout: [2026-12-26/2026-12-24]", "blackout[0]", "ends before it begins"),
        BrokenCoupon("blackout: [2026-12-24T10:00]", "blackout[0]", "is not a date"),
        BrokenCoupon("windows: [{days: [monday]}]", "windows[0].days[0]", "Did you mean `mon`?"),
        BrokenCoupon("windows: [{days: [mon, mon]}]", "windows[0].days[1]", "named twice"),
        BrokenCoupon("windows: [{from: \"9:00\"}]", "windows[0].from", "is not a time of day"),
        BrokenCoupon("windows: [{from: \"24:00\"}]", "windows[0].from", "00:00 to 23:59"),
        BrokenCoupon("windows: [{to: \"24:01\"}]", "windows[0].to", "00:00 to 24:00"),
        BrokenCoupon("windows: [{from: 09:00, to: 09:00}]", "windows[0]", "ends when it begins"),
        BrokenCoupon("windows: [{}]", "windows[0]", "names `days`, or hours"),
    ])
    func `in its times`(broken: BrokenCoupon) { check(broken) }

    @Test(arguments: [
        BrokenCoupon("requires: {min_subtotal: 50.00}", "requires.min_subtotal", "1500 for 15.00"),
        BrokenCoupon("requires: {min_subtotal: -1}", "requires.min_subtotal", "at least 0"),
        BrokenCoupon(
            "requires: {min_subtotal: 9007199254740992}", "requires.min_subtotal",
            "at most 9007199254740991"),
        BrokenCoupon(
            "requires: {min_subtotal: {US: 1}}", "requires.min_subtotal.US",
            "is not a currency"),
        BrokenCoupon(
            "requires: {min_subtotal: {USD: 1, usd: 2}}", "requires.min_subtotal.usd",
            "named twice"),
        BrokenCoupon(
            "requires: {min_subtotal: 2, max_subtotal: 1}", "requires.max_subtotal",
            "no cart has both"),
        BrokenCoupon(
            "requires: {min_items: 3, max_items: 2}", "requires.max_items",
            "no cart has both"),
        BrokenCoupon("requires: {min_items: 0}", "requires.min_items", "at least 1"),
        BrokenCoupon(
            "requires: {min_items: two}", "requires.min_items", "a whole number is expected"),
        BrokenCoupon("requires: {min_items: \"2\"}", "requires.min_items", "without quotes"),
        BrokenCoupon(
            "requires: {min_items: 02}", "requires.min_items", "a whole number is expected"),
        BrokenCoupon("requires: {base: covered}", "requires.base", "not one of cart, eligible"),
        BrokenCoupon("requires: {customers: cus_7}", "requires.customers", "write [cus_7]"),
        BrokenCoupon(
            "requires: {customers: [\" \"]}", "requires.customers[0]", "must not be empty"),
        BrokenCoupon(
            "requires: {max_previous_orders: -1}", "requires.max_previous_orders",
            "at least 0"),
        BrokenCoupon(
            "requires: {context: {country: US}}", "requires.context.country",
            "write [US]"),
        BrokenCoupon("requires: [1]", "requires", "Found a list where a map is expected."),
        BrokenCoupon("applies_to: shoes", "applies_to", "where a map is expected"),
        BrokenCoupon(
            "applies_to: {on_sale: [\"true\"]}", "applies_to.on_sale",
            "exclude_sale_items"),
        BrokenCoupon("excludes: {quantity: [2]}", "excludes.quantity", "`min_items`"),
        BrokenCoupon(
            "applies_to: [{product: [a]}, {product: b}]", "applies_to[1].product",
            "write [b]"),
        BrokenCoupon(
            "type: presale\napplies_to: {bundle: [b]}", line: 5, "applies_to",
            "Only discount and comp coupons may cover `bundle`; this is presale."),
        BrokenCoupon(
            "type: access\noffers: [{id: o, applies_to: {bundle: [b]}}]", line: 5,
            "offers", "may cover `bundle`"),
    ])
    func `in what it asks and covers`(broken: BrokenCoupon) { check(broken) }

    @Test(arguments: [
        BrokenCoupon("limits: {total: 0}", "limits.total", "at least 1"),
        BrokenCoupon("limits: {per_costumer: 1}", "limits.per_costumer", "`per_customer`"),
        BrokenCoupon("limits: {budget: 0}", "limits.budget", "at least 1"),
        BrokenCoupon("limits: {on_budget: partial}", "limits.on_budget", "needs a `budget`"),
        BrokenCoupon(
            "limits: {budget: 1, on_budget: stop}", "limits.on_budget",
            "not one of refuse, partial"),
        BrokenCoupon(
            "stacking: {priority: high}", "stacking.priority", "a whole number is expected"),
        BrokenCoupon("stacking: {base: cart}", "stacking.base", "not one of remaining, original"),
        BrokenCoupon("offers: [{limit: 1}]", "offers[0]", "`id` is missing"),
        BrokenCoupon(
            "offers:\n- {id: o}\n- {id: o}", line: 6, "offers[1]",
            "The offer on line 5 also has the id `o`."),
        BrokenCoupon(
            "offers: [{id: o, global: true, applies_to: {event: [e]}}]",
            "offers[0].applies_to", "takes no `applies_to`"),
        BrokenCoupon("offers: [{id: o, counter: x}]", "offers[0].counter", "give the offer a"),
        BrokenCoupon("offers: [{id: o, ticket_limit: 0}]", "offers[0].ticket_limit", "at least 1"),
        BrokenCoupon(
            "offers: [{id: o, start_date: 2026-01-01}]", "offers[0].start_date",
            "Here that is `starts_at`."),
        BrokenCoupon(
            "offers: [{id: o, starts_at: 2026-02-01, ends_at: 2026-01-01}]",
            "offers[0].ends_at", "after `starts_at`"),
        BrokenCoupon(
            "ends_at: 2026-01-01\noffers: [{id: o, starts_at: 2026-02-01}]", line: 5,
            "offers[0].starts_at", "ends before this"),
    ])
    func `in its limits, stacking and offers`(broken: BrokenCoupon) { check(broken) }
}
