import CouponCatalog
import Testing

/// Two are bought and one is got.
private let setOfThree = "kind: buy_x_get_y, get: {quantity: 1}, buy: {quantity: 2}"

@Suite struct `Rules of a coupon that leave nothing are reported with line, field and reason` {
    private func check(_ broken: BrokenCoupon) {
        expectOneFault(
            read(broken.yaml).faults, line: broken.line, field: "coupons[0].\(broken.field)",
            broken.fragment)
    }

    @Test(arguments: [
        BrokenCoupon(
            "applies_to: {product: [p1, p2]}\nexcludes: {product: [p2, p1, p3]}", "applies_to",
            "no line could ever be covered"),
        BrokenCoupon(
            "excludes: {product: [p1]}\napplies_to:\n- {product: [p1], event: [e]}\n"
                + "- {product: [p1]}", line: 6, "applies_to", "are in `excludes`"),
        BrokenCoupon(
            "applies_to: {product: [p1]}\noffers:\n- {id: o1}\n- id: o2\n"
                + "  applies_to: {product: [p2]}", line: 8, "offers[1].applies_to",
            "the coupon covers none"),
        BrokenCoupon(
            "excludes: {product: [p2]}\noffers: [{id: o2, applies_to: {product: [p2]}}]", line: 5,
            "offers[0].applies_to", "the coupon covers none"),
        BrokenCoupon(
            "applies_to: {product: [p1]}\ndiscounts:\n"
                + "- {kind: percentage, percent: 5, applies_to: {product: [p1]}}\n"
                + "- {kind: percentage, percent: 6, applies_to: {product: [p2]}}", line: 7,
            "discounts[1].applies_to", "the coupon covers none"),
        BrokenCoupon(
            "applies_to: {product: [p1]}\ndiscount: {kind: buy_x_get_y, "
                + "buy: {quantity: 1, applies_to: {product: [p2]}}, get: {quantity: 1}}", line: 5,
            "discount.buy.applies_to", "the coupon covers none"),
        BrokenCoupon(
            "applies_to: [{product: [p1]}, {product: [p3], event: [e]}]\n"
                + "excludes: {product: [p3]}\ndiscount: {kind: buy_x_get_y, buy: {quantity: 1},\n"
                + "  get: {quantity: 1, applies_to: [{product: [p2]}, {product: [p3]}]}}", line: 7,
            "discount.get.applies_to", "the coupon covers none"),
    ])
    func `as covers`(broken: BrokenCoupon) { check(broken) }

    @Test(arguments: [
        "applies_to: {product: [p1, p2]}\nexcludes: {product: [p2]}",
        "applies_to: [{product: [p1]}, {event: [e]}]\nexcludes: {product: [p1]}",
        // A line may be of several categories.
        "applies_to: {category: [a]}\nexcludes: {category: [a]}",
        "applies_to: {category: [a]}\noffers: [{id: o, applies_to: {category: [b]}}]",
        "applies_to: {product: [p1]}\noffers: [{id: o, applies_to: {event: [e]}}]",
        "applies_to: {event: [e]}\noffers: [{id: o, applies_to: {product: [p1]}}]",
        "applies_to: {product: [p1]}\noffers: [{id: o, applies_to: [{product: [p2]}, "
            + "{product: [p1]}]}]",
        "excludes: {product: [p1]}\noffers: [{id: o, applies_to: {product: [p1, p2]}}]",
    ])
    func `unless a line can meet them`(fields: String) {
        #expect(read(BrokenCoupon(fields, "", "").yaml).faults == [])
    }

    @Test(arguments: [
        BrokenCoupon(
            "discount: {\(setOfThree)}\nrequires: {max_items: 2}", line: 5, "requires.max_items",
            "needs 2 to be bought and one more"),
        BrokenCoupon(
            "discount: {\(setOfThree)}\nrequires: {base: eligible,\n  max_items: 1}", line: 6,
            "requires.max_items", "needs 2 to be bought"),
        BrokenCoupon(
            "type: access\noffers: [{id: a, ticket_limit: 2}, {id: b, ticket_limit: 4}]\n"
                + "requires: {base: eligible, min_items: 5}", line: 6, "requires.min_items",
            "no offer has a `ticket_limit` over 4"),
    ])
    func `as counts`(broken: BrokenCoupon) { check(broken) }

    @Test(arguments: [
        "discount: {\(setOfThree)}\nrequires: {max_items: 3}",
        // Of these only what is got is eligible.
        "discount: {kind: buy_x_get_y, buy: {quantity: 2}, get: {quantity: 1, applies_to: "
            + "{category: [a]}}}\nrequires: {base: eligible, max_items: 1}",
        "type: access\noffers: [{id: a, ticket_limit: 4}]\nrequires: {base: eligible, min_items: 4}",
        "type: access\noffers: [{id: a, ticket_limit: 4}]\nrequires: {min_items: 5}",
        "type: access\noffers: [{id: a, ticket_limit: 4}, {id: b}]\n"
            + "requires: {base: eligible, min_items: 5}",
        "offers: [{id: a, ticket_limit: 4}]\nrequires: {base: eligible, min_items: 5}",
        "type: access\nrequires: {base: eligible, min_items: 5}",
    ])
    func `unless a cart can have them`(fields: String) {
        #expect(read(BrokenCoupon(fields, "", "").yaml).faults == [])
    }
}
