import CouponCatalog
import Testing

@Suite struct `A broken discount is reported with line, field and reason` {
    @Test(arguments: [
        BrokenCoupon("discount: 20", "discount", "Found `20` where a map is expected."),
        BrokenCoupon("discount: {percent: 20}", "discount", "`kind` is missing"),
        BrokenCoupon(
            "discount: {kind: percent, percent: 20}", "discount.kind",
            "Did you mean `percentage`?"),
        BrokenCoupon("discount: {kind: percentage}", "discount", "`percent` is missing"),
        BrokenCoupon(
            "discount: {kind: percentage, percent: 0}", "discount.percent",
            "is not a percentage"),
        BrokenCoupon(
            "discount: {kind: percentage, percent: 100.0001}", "discount.percent",
            "up to 100"),
        BrokenCoupon(
            "discount: {kind: percentage, percent: 1.00001}", "discount.percent",
            "at most four digits"),
        BrokenCoupon(
            "discount: {kind: percentage, percent: 1e1}", "discount.percent",
            "is not a percentage"),
        BrokenCoupon(
            "discount: {kind: percentage, percent: 5, amount: 5}", "discount.amount",
            "`amount` has no meaning with percentage"),
        BrokenCoupon(
            "discount: {kind: percentage, percent: 5, cap: 0}", "discount.cap",
            "at least 1"),
        BrokenCoupon(
            "discount: {kind: percentage, percent: 5, rounding: up}", "discount.rounding",
            "not one of half_up, half_even, down"),
        BrokenCoupon(
            "discount: {kind: percentage, percent: 5, spread: evenly}",
            "discount.spread", "Did you mean `even`?"),
        BrokenCoupon("discount: {kind: fixed_amount}", "discount", "`amount` is missing"),
        BrokenCoupon(
            "discount: {kind: fixed_amount, amount: {}}", "discount",
            "`amount` is missing"),
        BrokenCoupon(
            "discount: {kind: fixed_amount, amount: 0}", "discount.amount",
            "does nothing here"),
        BrokenCoupon(
            "discount: {kind: fixed_amount, amount: 15.00}", "discount.amount",
            "whole minor units"),
        BrokenCoupon(
            "discount: {kind: fixed_amount, amount: 5, cap: {EUR: 3}}", "discount.cap",
            "This caps EUR, in which the discount names no amount."),
        BrokenCoupon(
            "discount: {kind: fixed_per_line, amount: 5, max_units: 2}",
            "discount.max_units", "has no meaning with fixed_per_line"),
        BrokenCoupon("discount: {kind: shipping}", "discount", "none is here"),
        BrokenCoupon(
            "discount: {kind: shipping, percent: 5, amount: 5}", "discount",
            "both are here"),
        BrokenCoupon("discount: {kind: gift_item}", "discount", "`product` is missing"),
        BrokenCoupon(
            "discount: {kind: none, percent: 5}", "discount.percent",
            "which takes nothing"),
        BrokenCoupon(
            "discount: {kind: percentage, percent: 5, applies_to: {product: [p]}}",
            "discount.applies_to", "beside `discount`"),
    ])
    func `in its kind`(broken: BrokenCoupon) { check(broken) }

    @Test(arguments: [
        BrokenCoupon(
            "discount: {kind: buy_x_get_y, buy: {quantity: 2}}", "discount",
            "`get` is missing"),
        BrokenCoupon(
            "discount: {kind: buy_x_get_y, get: {quantity: 2}}", "discount",
            "`buy` is missing"),
        BrokenCoupon(
            "discount: {kind: buy_x_get_y, buy: {}, get: {quantity: 1}}", "discount",
            "`buy` is missing"),
        BrokenCoupon(
            "discount: {kind: buy_x_get_y, buy: {quantity: 0}, get: {quantity: 1}}",
            "discount.buy.quantity", "at least 1"),
        BrokenCoupon("discount: {kind: tiers, tiers: []}", "discount", "`tiers` is missing"),
        BrokenCoupon(
            "discount: {kind: tiers, tiers: [{percent: 5}]}", "discount.tiers[0]",
            "A tier has one measure"),
        BrokenCoupon(
            "discount: {kind: tiers, tiers: [{min_items: 2}]}", "discount.tiers[0]",
            "A tier has one worth"),
        BrokenCoupon(
            "discount:\n  kind: tiers\n  tiers:\n  - {min_items: 2, percent: 5}\n"
                + "  - {min_items: 2, percent: 9}",
            line: 8, "discount.tiers[1]", "2 items do not follow after 2"),
        BrokenCoupon(
            "discount:\n  kind: tiers\n  tiers:\n  - {min_items: 2, percent: 5}\n"
                + "  - {min_subtotal: 9, percent: 9}",
            line: 8, "discount.tiers[1]", "do not mix"),
        BrokenCoupon(
            "discount:\n  kind: tiers\n  tiers:\n  - {min_subtotal: 900, percent: 5}\n"
                + "  - {min_subtotal: 800, percent: 9}",
            line: 8, "discount.tiers[1]", "800 USD does not follow after 900"),
        BrokenCoupon(
            "discount:\n  kind: tiers\n  tiers:\n  - {min_subtotal: 900, percent: 5}\n"
                + "  - {min_subtotal: {EUR: 1000}, percent: 9}",
            line: 8, "discount.tiers[1]", "the same currencies"),
        BrokenCoupon(
            "discount: {kind: tiers, tiers: [{min_subtotal: 9, amount: {EUR: 1}}]}",
            "discount.tiers[0]", "gives none in it"),
    ])
    func `in its tiers and sets`(broken: BrokenCoupon) { check(broken) }

    @Test(arguments: [
        BrokenCoupon(
            "discounts:\n- {kind: percentage, percent: 5}\n- {kind: percentage, percent: 6}",
            line: 5, "discounts[0]", "covers every line"),
        BrokenCoupon(
            "discounts: [{kind: shipping, percent: 5}]", "discounts[0]",
            "cannot be a clause"),
        BrokenCoupon(
            "discount: {kind: none}\ndiscounts: [{kind: percentage, percent: 5}]",
            line: 5, "discounts", "not both"),
        BrokenCoupon("cap: 5\ndiscount: {kind: none}", "cap", "here it is `discount.cap`"),
        BrokenCoupon(
            "name: no discount here\ndiscounts: []", line: 3, "",
            "`discount` is missing"),
        BrokenCoupon("type: auto", line: 3, "", "`discount` is missing"),
        BrokenCoupon(
            "discount: {kind: fixed_amount, amount: {USD: 5}}\nrequires: {min_subtotal: {EUR: 5}}",
            line: 3, "",
            "No currency is named by all of discount.amount (USD), "
                + "requires.min_subtotal (EUR)"),
    ])
    func `in how it stands in its coupon`(broken: BrokenCoupon) { check(broken) }

    private func check(_ broken: BrokenCoupon) {
        let path = broken.field.isEmpty ? "coupons[0]" : "coupons[0].\(broken.field)"
        expectOneFault(read(broken.yaml).faults, line: broken.line, field: path, broken.fragment)
    }
}
