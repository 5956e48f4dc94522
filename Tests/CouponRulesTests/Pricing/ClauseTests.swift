import CouponRules
import Testing

@Suite struct `Clauses` {
    /// 25 % off a and b, 10.00 off each c, 5 % off the rest.
    private func scene(_ items: [Item]) -> Scene {
        var scene = Scene(.clauses, items)
        let clauses: [(maps: [Words], discount: Discount)] = [
            ([["product": ["a", "b"]]], scene.plain(.percentage, percent: "25")),
            ([["product": ["b", "c"]]], scene.plain(.fixedPerItem, cents: 1_000)),
            ([], scene.plain(.percentage, percent: "5")),
        ]
        scene.give(clauses: clauses)
        return scene
    }

    @Test func `take the lines that no earlier clause covers`() {
        let verdict = scene([
            Item("a", at: 400), Item("b", 2, at: 4_000), Item("c", 3, at: 1_500),
            Item("d", at: 100), Item("c", 2, at: 600), Item("a", at: 0),
        ]).verdict()
        #expect(verdict.shares == [100, 2_000, 3_000, 5, 1_200, 0])
        #expect(verdict.discount == 6_305)
    }

    @Test func `round on their own lines`() {
        // 25 % of 1 + 1 is a half and rounds up; 25 % of one cent rounds to nothing.
        #expect(scene([Item("a", at: 1), Item("b", at: 1)]).verdict().shares == [1, 0])
        // 5 % of 10 rounds up beside it.
        #expect(
            scene([Item("a", at: 1), Item("d", at: 10), Item("b", at: 1)]).verdict().shares
                == [1, 1, 0])
    }

    @Test func `cover no line that the coupon does not`() {
        var scene = scene([Item("a", at: 400), Item("d", at: 100), Item("c", at: 2_000)])
        scene.exclude(["product": ["a"]])
        #expect(scene.verdict().shares == [0, 5, 1_000])
        scene.apply(to: ["product": ["a", "d"]])
        #expect(scene.verdict().shares == [0, 5, 0])
    }

    @Test func `decide what eligible bounds count`() {
        var scene = Scene(.clauses, [Item("a", 2, at: 400), Item("d", at: 9_000)])
        scene.give(clauses: [([["product": ["a"]]], scene.plain(.percentage, percent: "25"))])
        scene.coupon.requirements.base = .eligible
        scene.require(subtotalFrom: ["USD": 801])
        #expect(scene.verdict().refusals.first?.actual == 800)
        scene.require(subtotalFrom: ["USD": 800])
        #expect(scene.verdict().shares == [200, 0])
        scene.items = [Item("d", at: 9_000)]
        #expect(scene.verdict().reason == .noEligibleItems)
    }

    @Test func `have their own caps, allocations and unit bounds`() {
        var scene = Scene(
            .clauses,
            [Item("a", at: 5_000), Item("a", at: 1_000), Item("b", 4, at: 700), Item("c", at: 9)])
        var even = scene.plain(.percentage, percent: "50", cap: 1_000)
        even.allocationMethod = .even
        var two = scene.plain(.fixedPrice, cents: 200)
        two.unitsMost = 2
        scene.give(clauses: [
            ([["product": ["a"]]], even), ([["product": ["b"]]], two),
            ([], scene.plain(.fixedPerLine, cents: 50)),
        ])
        #expect(scene.verdict().shares == [500, 500, 1_000, 9])
    }

    @Test func `are bounded together, in proportion to what they cover`() {
        var scene = scene([Item("a", at: 2_000), Item("c", 3, at: 1_500), Item("d", at: 6_000)])
        #expect(scene.verdict().shares == [500, 3_000, 300])
        scene.cap(["USD": 1_000])
        #expect(scene.verdict().shares == [160, 360, 480])
        #expect(scene.verdict().discount == 1_000)
        scene.discountMax = 500
        #expect(scene.verdict().shares == [80, 180, 240])
        scene.cap(["USD": 3_800])
        scene.discountMax = nil
        #expect(scene.verdict().shares == [500, 3_000, 300])
    }

    @Test func `need the cart's currency only when they have a line`() {
        var scene = scene([Item("a", at: 400)])
        scene.currency = "EUR"
        #expect(scene.verdict().discount == 100)
        scene.items = [Item("a", at: 400), Item("c", at: 400)]
        #expect(scene.verdict().refusals == [Refusal(.currencyNotSupported)])
    }

    @Test func `are ruled out by a context that none of them matches`() {
        var scene = Scene(.clauses)
        let ten = scene.plain(.percentage, percent: "10")
        scene.give(clauses: [([["event": ["1"]]], ten), ([["event": ["2"], "seat": ["a"]]], ten)])
        #expect(scene.verdict().refusals == [])
        scene.context = ["event": ["2"]]
        #expect(scene.verdict().refusals == [])
        scene.context = ["event": ["3"]]
        #expect(scene.verdict().reason == .noEligibleItems)
    }

    @Test func `with a zero sum have no effect`() {
        #expect(scene([Item("d", at: 9), Item("a", at: 0)]).verdict().reason == .noEffect)
    }
}
