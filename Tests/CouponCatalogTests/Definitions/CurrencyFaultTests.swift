import CouponCatalog
import Testing

@Suite struct `Currencies that never meet are reported with line, field and reason` {
    @Test(arguments: [
        BrokenCoupon(
            "discount: {kind: fixed_amount, amount: {USD: 5, JPY: 6}, cap: {USD: 3}}",
            "discount.cap", "names an amount in JPY, and this caps none"),
        BrokenCoupon(
            "discount:\n  kind: tiers\n  cap: {USD: 3}\n"
                + "  tiers: [{min_subtotal: {USD: 5, EUR: 6}, percent: 10}]",
            line: 6, "discount.cap", "no cart in EUR could use it"),
        BrokenCoupon(
            "discounts: [{kind: fixed_amount, amount: {USD: 5, EUR: 6}, cap: {USD: 3}}]",
            "discounts[0].cap", "names an amount in EUR"),
        BrokenCoupon(
            "cap: {USD: 9}\ndiscounts: [{kind: fixed_amount, amount: {USD: 5, EUR: 6}}]",
            "cap", "A clause names an amount in EUR, and this caps none"),
        BrokenCoupon(
            "cap: {USD: 9, EUR: 9}\ndiscounts: [{kind: fixed_amount, amount: {USD: 5}}]",
            "cap", "This caps EUR, in which no clause names an amount."),
    ])
    func `in a cap`(broken: BrokenCoupon) { check(broken) }

    @Test(arguments: [
        BrokenCoupon(
            "discount: {kind: fixed_amount, amount: {USD: 5, JPY: 6}}\n"
                + "limits:\n  total: 5\n  budget: {USD: 100}",
            line: 7, "limits.budget", "names an amount in JPY, but the budget has none"),
        BrokenCoupon(
            "discounts: [{kind: fixed_per_item, amount: {EUR: 6}}]\nlimits: {budget: {USD: 100}}",
            line: 5, "limits.budget", "names an amount in EUR"),
        BrokenCoupon(
            "limits: {budget: {EUR: 100}}\nrequires: {min_subtotal: {USD: 5}}", line: 3, "",
            "No currency is named by all of requires.min_subtotal (USD), limits.budget (EUR)"),
    ])
    func `in a budget`(broken: BrokenCoupon) { check(broken) }

    @Test(arguments: [
        BrokenCoupon(
            "requires: {min_subtotal: {USD: 5}}\ndiscounts:\n"
                + "- {applies_to: {product: [p]}, kind: fixed_amount, amount: {USD: 5}}\n"
                + "- {kind: fixed_amount, amount: {EUR: 5}}",
            line: 7, "discounts", "This clause names no amount in USD"),
        BrokenCoupon(
            "requires: {max_subtotal: {USD: 5, JPY: 9}}\n"
                + "discounts: [{kind: percentage, percent: 5, cap: {EUR: 5}}]",
            line: 5, "discounts", "This clause names no amount in JPY or USD"),
    ])
    func `in a clause`(broken: BrokenCoupon) { check(broken) }

    @Test(arguments: [
        "discount: {kind: percentage, percent: 5, cap: {USD: 5, EUR: 6}}\n"
            + "limits: {budget: {USD: 9}}",
        "discount: {kind: fixed_amount, amount: {USD: 5}}\nlimits: {budget: {USD: 9, EUR: 9}}",
        "cap: {EUR: 9, USD: 9}\ndiscounts:\n"
            + "- {applies_to: {product: [p]}, kind: fixed_amount, amount: {USD: 5}}\n"
            + "- {kind: percentage, percent: 5}",
        "discount: {kind: fixed_amount, amount: {USD: 5, EUR: 6}}\n"
            + "requires: {min_subtotal: {USD: 9}}",
        "discount: {kind: tiers, cap: {USD: 5}, tiers: [{min_items: 2, percent: 5}]}",
    ])
    func `but those that meet somewhere pass`(fields: String) {
        #expect(read(BrokenCoupon(fields, "", "").yaml).faults == [])
    }

    @Test(arguments: [
        BrokenCoupon(
            "discount: {kind: tiers, tiers: [{min_items: 5, percent: 5}]}\n"
                + "requires:\n  min_items: 1\n  max_items: 4",
            line: 7, "requires.max_items", "At most 4 items, and the lowest tier begins at 5"),
        BrokenCoupon(
            "discount: {kind: tiers, tiers: [{min_subtotal: 500, percent: 5}]}\n"
                + "requires: {max_subtotal: 499}",
            line: 5, "requires.max_subtotal",
            "At most 499 USD, and the lowest tier begins at 500"),
    ])
    func `nor is a tier out of reach`(broken: BrokenCoupon) { check(broken) }

    @Test func `unless its bound is the lowest tier's own`() {
        let fields =
            "discount: {kind: tiers, tiers: [{min_items: 5, percent: 5}, {min_items: 9, percent: 9}]}"
            + "\nrequires: {max_items: 5}"
        #expect(read(BrokenCoupon(fields, "", "").yaml).faults == [])
    }

    private func check(_ broken: BrokenCoupon) {
        let path = broken.field.isEmpty ? "coupons[0]" : "coupons[0].\(broken.field)"
        expectOneFault(read(broken.yaml).faults, line: broken.line, field: path, broken.fragment)
    }
}
