// The most tickets of one order: units that are discounted, or that access is opened for.

import CouponRules
import Testing

/// 3 at 10.00, 1 at 40.00 and 2 at 5.00 USD.
private let cart = [Item("a", 3, at: 1_000), Item("b", 1, at: 4_000), Item("c", 2, at: 500)]

extension Scene {
    /// With an offer for at most `tickets` tickets.
    fileprivate func limited(to tickets: Int64) -> Scene {
        var scene = self
        scene.offer = Offer()
        scene.offer?.ticketLimit = tickets
        return scene
    }
}

@Suite struct `A ticket limit of a discount` {
    @Test(
        arguments: [
            (1, [0, 2_000, 0]), (2, [500, 2_000, 0]), (5, [1_500, 2_000, 250]),
            (6, [1_500, 2_000, 500]), (9, [1_500, 2_000, 500]),
        ] as [(Int64, [Int64])])
    func `bounds the units that take part, dearest first`(tickets: Int64, expected: [Int64]) {
        let verdict = Scene(percent: "50", of: cart).limited(to: tickets).verdict()
        #expect(verdict.shares == expected)
        #expect(verdict.discount == expected.reduce(0, +))
        #expect(verdict.refusals.isEmpty)
    }

    @Test func `uses the discount's order of units`() {
        var scene = Scene(percent: "50", of: cart).limited(to: 3)
        scene.coupon.discount.units = .cheapest
        #expect(scene.verdict().shares == [500, 0, 500])
    }

    @Test(arguments: [(2, 5), (5, 2)])
    func `counts only when it is below the bound on units`(tickets: Int64, units: Int64) {
        var scene = Scene(percent: "50", of: cart).limited(to: tickets)
        scene.coupon.discount.unitsMost = units
        #expect(scene.verdict().shares == [500, 2_000, 0])
    }

    @Test(
        arguments: [
            (.fixedAmount, [400, 1_600, 0]), (.fixedPerItem, [1_000, 2_000, 0]),
            (.fixedPerLine, [1_000, 2_000, 0]), (.fixedPrice, [0, 2_000, 0]),
        ] as [(Discount.Kind, [Int64])])
    func `applies to the fixed kinds`(kind: Discount.Kind, expected: [Int64]) {
        #expect(Scene(kind, 2_000, cart).limited(to: 2).verdict().shares == expected)
    }

    @Test func `excludes lines without a ticket from an amount for each line`() {
        #expect(Scene(.fixedPerLine, 300, cart).limited(to: 2).verdict().shares == [300, 300, 0])
        #expect(Scene(.fixedPerLine, 300, cart).limited(to: 5).verdict().shares == [300, 300, 300])
    }

    @Test func `bounds a tier's units but not its measure`() {
        var scene = Scene(.tiers, cart).limited(to: 1)
        scene.give(tiers: [Step(items: 1, percent: "10"), Step(items: 6, percent: "50")])
        #expect(scene.verdict().shares == [0, 2_000, 0])
    }

    @Test func `bounds all clauses together`() {
        var scene = Scene(.clauses, cart).limited(to: 3)
        let half = scene.plain(.percentage, percent: "50")
        let tenth = scene.plain(.percentage, percent: "10")
        scene.give(clauses: [
            ([["product": ["b", "c"]]], half), ([["product": ["a"]]], tenth),
        ])
        #expect(scene.verdict().shares == [200, 2_000, 0])

        var free = scene
        free.offer = nil
        #expect(free.verdict().shares == [300, 2_000, 500])
    }

    @Test func `applies beside a clause's own bound on units`() {
        var scene = Scene(.clauses, cart).limited(to: 5)
        var half = scene.plain(.percentage, percent: "50")
        half.unitsMost = 2
        half.units = .cheapest
        let tenth = scene.plain(.percentage, percent: "10")
        scene.give(clauses: [([["product": ["a", "c"]]], half), ([], tenth)])
        // Of the cheapest line one unit has a ticket; the clause's other unit is of the next.
        #expect(scene.verdict().shares == [500, 400, 250])
    }

    @Test func `bounds the units that are got, cheapest first`() {
        var scene = Scene(.buyXGetY, cart).limited(to: 1)
        scene.give(buying: 1, getting: 1)
        #expect(scene.verdict().shares == [0, 0, 500])
        #expect(scene.limited(to: 3).verdict().shares == [1_000, 0, 1_000])
        #expect(scene.limited(to: 4).verdict().shares == [1_000, 0, 1_000])
    }

    @Test func `does not apply to shipping`() {
        var scene = Scene(.shipping, 300, cart).limited(to: 1)
        scene.shipping = 500
        #expect(scene.verdict().shippingDiscount == 300)
    }

    @Test func `does not apply to the next code`() {
        var judge = Judge()
        var scene = Scene(.clauses, cart)
        scene.give(clauses: [([], scene.plain(.percentage, percent: "50"))])
        #expect(scene.limited(to: 1).verdict(of: &judge).shares == [0, 2_000, 0])
        #expect(scene.verdict(of: &judge).shares == [1_500, 2_000, 500])
        let next = Scene(.fixedPerItem, 100, cart).verdict(of: &judge)
        #expect(next.shares == [300, 100, 200])
    }
}

@Suite struct `A ticket limit of access` {
    @Test(arguments: [CouponKind.presale, .reserve, .invite, .access])
    func `refuses more covered units`(kind: CouponKind) {
        var scene = Scene(.none, cart).limited(to: 4)
        scene.coupon.kind = kind
        scene.apply(to: ["product": ["a", "b"]])
        #expect(scene.verdict().refusals.isEmpty)
        scene.offer?.ticketLimit = 3
        var refusal = Refusal(.aboveMaximumQuantity)
        refusal.limit = 3
        refusal.actual = 4
        #expect(scene.verdict().refusals == [refusal])
    }

    @Test func `is not checked without a cart`() {
        var scene = Scene(.none).limited(to: 1)
        scene.coupon.kind = .presale
        #expect(scene.verdict().refusals.isEmpty)
    }

    @Test func `never refuses a coupon that gives money`() {
        #expect(Scene(percent: "50", of: cart).limited(to: 1).verdict().refusals.isEmpty)
    }
}
