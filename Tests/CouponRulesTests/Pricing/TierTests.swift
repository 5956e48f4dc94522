import CouponRules
import Testing

@Suite struct `Tiers` {
    private static let bySubtotal = [
        Step(subtotal: 5_000, percent: "5"), Step(subtotal: 10_000, percent: "10"),
        Step(subtotal: 20_000, cents: 3_000),
    ]
    private static let byItems = [
        Step(items: 2, cents: 100), Step(items: 5, percent: "50"), Step(items: 10, percent: "60"),
    ]

    private func scene(_ steps: [Step], _ items: [Item]) -> Scene {
        var scene = Scene(.tiers, items)
        scene.give(tiers: steps)
        return scene
    }

    @Test(
        arguments: [
            (5_000, 250), (9_999, 500), (10_000, 1_000), (19_999, 2_000), (20_000, 3_000),
            (900_000, 3_000),
        ] as [(Int64, Int64)])
    func `give the discount of the highest met tier`(price: Int64, expected: Int64) {
        #expect(scene(Self.bySubtotal, [Item(at: price)]).verdict().discount == expected)
    }

    @Test(
        arguments: [(2, 100), (4, 100), (5, 250), (9, 450), (10, 600), (1_000_000, 60_000_000)]
            as [(Int64, Int64)])
    func `may count items`(quantity: Int64, expected: Int64) {
        #expect(scene(Self.byItems, [Item("a", quantity, at: 100)]).verdict().discount == expected)
    }

    @Test func `are refused below the lowest with the missing amount`() {
        var refusal = Refusal(.belowMinimumAmount)
        refusal.limit = 5_000
        refusal.actual = 4_999
        refusal.missing = 1
        #expect(scene(Self.bySubtotal, [Item(at: 4_999)]).verdict().refusals == [refusal])

        refusal = Refusal(.belowMinimumQuantity)
        refusal.limit = 2
        refusal.actual = 1
        refusal.missing = 1
        #expect(scene(Self.byItems, [Item(at: 4_999)]).verdict().refusals == [refusal])
    }

    @Test func `are measured on covered lines, all units of them`() {
        var scene = scene(Self.bySubtotal, [Item("a", 2, at: 5_000), Item("b", at: 90_000)])
        scene.apply(to: ["product": ["a"]])
        scene.coupon.discount.unitsMost = 1
        #expect(scene.verdict().shares == [500, 0])
    }

    @Test func `are bounded, rounded and allocated like plain discounts`() {
        var scene = scene(
            [Step(items: 2, percent: "50")], [Item("a", at: 5_001), Item("b", at: 100)])
        scene.coupon.discount.rounding = .down
        #expect(scene.verdict().discount == 2_550)
        scene.coupon.discount.allocationMethod = .even
        #expect(scene.verdict().shares == [2_450, 100])
        scene.cap(["USD": 150])
        #expect(scene.verdict().shares == [75, 75])
    }

    @Test func `have the place of other minimums in the ladder`() {
        var scene = scene(Self.byItems, [Item("a", at: 100)])
        scene.require(subtotalFrom: ["USD": 200])
        scene.coupon.requirements.minimumItems = 3
        scene.coupon.requirements.maximumItems = 0
        scene.require(subtotalUpTo: ["USD": 50])
        #expect(
            scene.verdict(explains: true).reasons == [
                .belowMinimumAmount, .aboveMaximumAmount, .belowMinimumQuantity,
                .belowMinimumQuantity,
            ])
        scene.give(tiers: Self.bySubtotal)
        #expect(
            scene.verdict(explains: true).reasons == [
                .belowMinimumAmount, .belowMinimumAmount, .aboveMaximumAmount,
                .belowMinimumQuantity,
            ])
    }

    @Test func `need an amount in the cart's currency for the met tier`() {
        var scene = scene(Self.bySubtotal, [Item(at: 100)])
        scene.currency = "EUR"
        #expect(scene.verdict().refusals == [Refusal(.currencyNotSupported)])
        scene.give(tiers: Self.byItems)
        scene.items = [Item("a", 2, at: 100)]
        #expect(scene.verdict().refusals == [Refusal(.currencyNotSupported)])
        scene.items = [Item("a", 5, at: 100)]
        #expect(scene.verdict().discount == 250)
    }

    @Test func `of free things have no effect`() {
        #expect(
            scene(Self.byItems, [Item("a", 5, at: 0)]).verdict().refusals == [Refusal(.noEffect)])
    }

    @Test func `need a cart`() {
        var scene = scene(Self.bySubtotal, [])
        #expect(scene.verdict().reason == .noEligibleItems)
        scene.items = nil
        #expect(scene.verdict().refusals == [])
        scene.purpose = .apply
        #expect(scene.verdict().refusals == [Refusal(.cartRequired)])
    }
}
