import CouponRules
import Testing

@Suite struct `Buy some, get others` {
    /// Buy `buy` of a or s, get `get` of g or s.
    private func scene(
        _ buy: Int64, _ get: Int64, _ items: [Item], percent: String = "100", times: Int64 = 0
    ) -> Scene {
        var scene = Scene(.buyXGetY, items)
        scene.give(
            buying: buy, of: [["product": ["a", "s"]]], getting: get,
            of: [["product": ["g", "s"]]], percent: percent, timesMost: times)
        return scene
    }

    @Test(
        arguments: [
            // Two a for each g.
            (2, 1, [2, 0, 1], [0, 0, 300]), (2, 1, [4, 0, 2], [0, 0, 600]),
            (2, 1, [3, 0, 2], [0, 0, 300]), (2, 1, [4, 0, 1], [0, 0, 300]),
            // Three for two of the same.
            (2, 1, [0, 3, 0], [0, 500, 0]), (2, 1, [0, 5, 0], [0, 500, 0]),
            (2, 1, [0, 6, 0], [0, 1_000, 0]),
            // The last set may be partial.
            (2, 2, [0, 3, 0], [0, 500, 0]), (1, 3, [2, 0, 4], [0, 0, 1_200]),
            // Units that only `buy` covers are triggers first, so that s can be got.
            (1, 1, [1, 1, 0], [0, 500, 0]), (2, 1, [2, 1, 1], [0, 0, 300]),
            (2, 2, [2, 1, 1], [0, 500, 300]), (3, 1, [2, 3, 0], [0, 500, 0]),
            // One more set uses a shared unit.
            (1, 1, [1, 2, 1], [0, 500, 300]),
        ] as [(Int64, Int64, [Int64], [Int64])])
    func `makes as many sets as the cart has`(
        buy: Int64, get: Int64, quantities: [Int64], expected: [Int64]
    ) {
        let items = zip([("a", 900), ("s", 500), ("g", 300)] as [(String, Int64)], quantities)
            .filter { $0.1 > 0 }.map { Item($0.0.0, $0.1, at: $0.0.1) }
        let verdict = scene(buy, get, items).verdict()
        #expect(
            verdict.shares == zip(quantities, expected).filter { $0.0 > 0 }.map { $0.1 })
        #expect(verdict.refusals == [])
    }

    @Test func `discounts the cheapest, and never what is bought`() {
        let items = [Item("s", at: 700), Item("s", 2, at: 900), Item("s", at: 100)]
        #expect(scene(2, 1, items).verdict().shares == [0, 0, 100])
        #expect(scene(2, 2, items).verdict().shares == [700, 0, 100])
        #expect(scene(3, 1, items).verdict().shares == [0, 0, 100])
        #expect(scene(1, 1, items).verdict().shares == [700, 0, 100])
    }

    @Test func `has a percentage, rounded, capped and allocated like others`() {
        var scene = scene(2, 2, [Item("a", 2, at: 5), Item("g", at: 333), Item("g", at: 332)])
        scene.coupon.discount.percent = Percent(decimal: "10")
        #expect(scene.verdict().shares == [0, 34, 33])
        scene.coupon.discount.rounding = .down
        #expect(scene.verdict().shares == [0, 33, 33])
        scene.coupon.discount.allocationMethod = .dearest
        #expect(scene.verdict().shares == [0, 66, 0])
        scene.cap(["USD": 20])
        #expect(scene.verdict().shares == [0, 20, 0])
    }

    @Test func `stops at a number of sets`() {
        let items = [Item("s", 9, at: 500)]
        #expect(scene(2, 1, items).verdict().discount == 1_500)
        #expect(scene(2, 1, items, times: 2).verdict().discount == 1_000)
        #expect(scene(2, 1, items, times: 4).verdict().discount == 1_500)
    }

    @Test func `covers every line when it names none`() {
        var scene = Scene(.buyXGetY, [Item("x", at: 900), Item("y", at: 500), Item("z", at: 1)])
        scene.give(buying: 2, getting: 1, percent: "50")
        #expect(scene.verdict().shares == [0, 0, 1])
        scene.items = []
        #expect(scene.verdict().refusals == [Refusal(.noEligibleItems)])
    }

    @Test func `ignores lines that the coupon does not cover`() {
        var scene = scene(1, 1, [Item("a", at: 900, onSale: true), Item("g", 2, at: 5)])
        #expect(scene.verdict().discount == 5)
        scene.coupon.skipsSaleItems = true
        #expect(scene.verdict().reason == .requiredItemsMissing)
    }

    @Test func `refuses without a trigger and names its attribute`() {
        let scene = scene(2, 1, [Item("g", 5, at: 300)])
        var refusal = Refusal(.requiredItemsMissing)
        refusal.scope = scene.scope("product")
        #expect(scene.verdict(explains: true).refusals == [refusal])
    }

    @Test(
        arguments: [
            ([Item("a", at: 900), Item("g", at: 300)], 2, 1), ([Item("s", at: 500)], 2, 1),
            // Every unit that could be got is a trigger: one more unit makes a set.
            ([Item("s", 2, at: 500)], 3, 2), ([Item("a", at: 900), Item("s", at: 500)], 3, 2),
        ] as [([Item], Int64, Int64)])
    func `refuses when too few triggers are in the cart`(items: [Item], limit: Int64, actual: Int64)
    {
        var refusal = Refusal(.belowMinimumQuantity)
        refusal.limit = limit
        refusal.actual = actual
        refusal.missing = limit - actual
        #expect(scene(2, 1, items).verdict(explains: true).refusals == [refusal])
    }

    @Test func `refuses when there is nothing to get`() {
        let verdict = scene(2, 1, [Item("a", 5, at: 900), Item("x", at: 1)]).verdict(explains: true)
        #expect(verdict.refusals == [Refusal(.noEligibleItems)])
        var scene = scene(2, 1, [])
        scene.items = nil
        #expect(scene.verdict().refusals == [])
        scene.context = ["product": ["a"]]
        #expect(scene.verdict().refusals == [Refusal(.noEligibleItems)])
    }

    @Test func `has no effect on free items`() {
        let items = [Item("a", 2, at: 900), Item("g", at: 0), Item("g", at: 300)]
        #expect(scene(2, 1, items).verdict().refusals == [Refusal(.noEffect)])
        #expect(scene(1, 1, items).verdict().shares == [0, 0, 300])
    }

    @Test func `handles a million units`() {
        let million: Int64 = 1_000_000
        #expect(scene(2, 1, [Item("s", million, at: 3)]).verdict().discount == 999_999)
        let largest = Money.largest.minorUnits
        let huge = [Item("a", largest, at: 0), Item("g", largest, at: 1)]
        #expect(scene(largest, largest, huge).verdict().discount == largest)
        #expect(scene(1, 1, huge).verdict().discount == largest)
    }

    @Test func `handles hundreds of lines`() {
        let items = (0..<500).map { Item("s", 1, at: Int64($0 * 7919 % 500 + 1)) }
        // Of 500 units 250 are got: the cheapest, 1 … 250.
        #expect(scene(1, 1, items).verdict().discount == 31_375)
    }
}
