import CouponRules
import Testing

extension Scene {
    /// With at most `most` units taking part.
    fileprivate func taking(_ most: Int64, _ order: UnitOrder = .dearest) -> Scene {
        var scene = self
        scene.coupon.discount.unitsMost = most
        scene.coupon.discount.units = order
        return scene
    }
}

@Suite struct `A bound on units` {
    static let cart = [
        Item("a", 3, at: 1_000), Item("b", 1, at: 4_000), Item("c", 2, at: 500),
        Item("d", 4, at: 0),
    ]

    @Test(
        arguments: [
            (1, .dearest, [0, 2_000, 0, 0]), (2, .dearest, [500, 2_000, 0, 0]),
            (5, .dearest, [1_500, 2_000, 250, 0]), (6, .dearest, [1_500, 2_000, 500, 0]),
            (100, .dearest, [1_500, 2_000, 500, 0]), (5, .cheapest, [0, 0, 250, 0]),
            (8, .cheapest, [1_000, 0, 500, 0]), (10, .cheapest, [1_500, 2_000, 500, 0]),
        ] as [(Int64, UnitOrder, [Int64])])
    func `lets the dearest take part, or the cheapest`(
        most: Int64, order: UnitOrder, expected: [Int64]
    ) {
        let verdict = Scene(percent: "50", of: Self.cart).taking(most, order).verdict()
        #expect(verdict.shares == expected)
        #expect(verdict.discount == expected.reduce(0, +))
    }

    @Test(
        arguments: [
            (.fixedAmount, [400, 1_600, 0, 0]), (.fixedPerItem, [1_000, 2_000, 0, 0]),
            (.fixedPrice, [0, 2_000, 0, 0]),
        ] as [(Discount.Kind, [Int64])])
    func `applies to the fixed kinds`(kind: Discount.Kind, expected: [Int64]) {
        #expect(Scene(kind, 2_000, Self.cart).taking(2).verdict().shares == expected)
    }

    @Test func `counts covered units`() {
        var scene = Scene(percent: "10", of: Self.cart).taking(2)
        scene.apply(to: ["product": ["a", "c"]])
        #expect(scene.verdict().shares == [200, 0, 0, 0])
    }

    @Test func `takes units of the line with more units first when prices are equal`() {
        let items = [Item("a", 2, at: 900), Item("b", 3, at: 900), Item("c", 3, at: 900)]
        #expect(Scene(percent: "100", of: items).taking(4).verdict().shares == [0, 2_700, 900])
    }

    @Test func `works with a cap and every allocation`() {
        var scene = Scene(percent: "50", of: Self.cart).taking(2)
        scene.cap(["USD": 1_000])
        for (allocationMethod, expected) in [
            (.proportional, [200, 800, 0, 0]), (.even, [500, 500, 0, 0]),
            (.cheapest, [1_000, 0, 0, 0]), (.dearest, [0, 1_000, 0, 0]),
        ] as [(AllocationMethod, [Int64])] {
            scene.coupon.discount.allocationMethod = allocationMethod
            #expect(scene.verdict().shares == expected)
        }
    }

    @Test func `that leaves only free units has no effect`() {
        let verdict = Scene(percent: "50", of: Self.cart).taking(3, .cheapest).verdict()
        #expect(verdict.refusals == [Refusal(.noEffect)])
    }

    @Test func `handles a million units`() {
        let million = Item("a", 1_000_000, at: 333)
        let base = Scene(percent: "10", of: [million, Item("b", 1_000_000, at: 332)])
        #expect(base.taking(1_000_001).verdict().discount == 33_300_033)
        let each = Scene(.fixedPerItem, 2, [million])
        #expect(each.taking(999_999).verdict().discount == 1_999_998)
    }

    @Test func `handles hundreds of lines`() {
        let items = (0..<500).map { Item("a", 1, at: Int64($0 * 7919 % 500 + 1)) }
        // 500, 499, … 251.
        let scene = Scene(percent: "100", of: items)
        #expect(scene.taking(250).verdict().discount == 93_875)
        #expect(scene.taking(250, .cheapest).verdict().discount == 31_375)
    }
}

@Suite struct `A gift item` {
    @Test func `gives no money and is valid`() {
        let verdict = Scene(.giftItem, [Item("a", at: 500)]).verdict()
        #expect(verdict.refusals == [])
        #expect(verdict.discount == 0)
        #expect(verdict.shares == [0])
    }

    @Test func `needs a cart only for its rules`() {
        var scene = Scene(.giftItem)
        scene.purpose = .apply
        #expect(scene.verdict().refusals == [])
        scene.require(subtotalFrom: ["USD": 6_000])
        #expect(scene.verdict().refusals == [Refusal(.cartRequired)])
        scene.items = [Item("a", at: 5_999)]
        #expect(scene.verdict().reason == .belowMinimumAmount)
        scene.items = []
        #expect(scene.verdict().reason == .noEligibleItems)
    }
}
