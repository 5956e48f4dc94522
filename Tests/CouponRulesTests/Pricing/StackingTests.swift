// Several codes on one cart, judged one after the other.

import CouponRules
import Testing

extension Scene {
    /// Computed on full prices, without earlier discounts.
    fileprivate var onFullPrices: Scene {
        var scene = self
        scene.coupon.stacking.base = .original
        return scene
    }

    /// The same coupon with both bases.
    fileprivate var onBothBases: (remaining: Scene, original: Scene) { (self, onFullPrices) }

    fileprivate func covering(_ products: String...) -> Scene {
        var scene = self
        scene.apply(to: ["product": products])
        return scene
    }
}

private let cart = [Item("a", 1, at: 6_000), Item("b", 2, at: 2_000)]

@Suite struct `Several codes` {
    private func shares(_ scenes: Scene...) -> [[Int64]] {
        Scene.verdicts(of: scenes).map(\.shares)
    }

    @Test func `are each computed on what the ones before have left`() {
        let tenth = Scene(percent: "10", of: cart)
        let five = Scene(.fixedAmount, 500, cart)
        #expect(shares(tenth, tenth) == [[600, 400], [540, 360]])
        #expect(shares(tenth, five) == [[600, 400], [300, 200]])
        #expect(shares(five, tenth) == [[300, 200], [570, 380]])
    }

    @Test func `are allocated over what is left of each line`() {
        let half = Scene(percent: "50", of: cart).covering("a")
        let seven = Scene(.fixedAmount, 700, cart)
        #expect(shares(half, seven) == [[3_000, 0], [300, 400]])
    }

    @Test func `take no line below zero and have no effect when nothing is left`() {
        let most = Scene(percent: "90", of: cart)
        let fixed = Scene(.fixedPerItem, 1_500, cart)
        let verdicts = Scene.verdicts(of: [most, fixed, fixed, most])
        #expect(verdicts.map(\.shares) == [[5_400, 3_600], [600, 400], [0, 0], [0, 0]])
        #expect(verdicts.map(\.reason) == [nil, nil, .noEffect, .noEffect])
    }

    @Test func `ignore a refused one`() {
        var refused = Scene(percent: "90", of: cart)
        refused.coupon.requirements.minimumItems = 9
        let tenth = Scene(percent: "10", of: cart)
        #expect(shares(refused, tenth) == [[0, 0], [600, 400]])

        // So do they with one that is refused only when its discount is known.
        var poor = Scene(percent: "90", of: cart)
        poor.budget(["USD": 8_999])
        let verdicts = Scene.verdicts(of: [poor, tenth])
        #expect(verdicts.map(\.reason) == [.budgetExhausted, nil])
        #expect(verdicts.map(\.discount) == [0, 1_000])
    }

    @Test func `are computed on what a budget cut left`() {
        var cut = Scene(percent: "90", of: cart)
        cut.budget(["USD": 1_000])
        cut.coupon.limits.cutsToBudget = true
        #expect(shares(cut, Scene(percent: "50", of: cart)) == [[600, 400], [2_700, 1_800]])
    }

    @Test func `count full prices for minimums and tiers`() {
        let half = Scene(percent: "50", of: cart)
        var large = Scene(.fixedAmount, 100, cart)
        large.require(subtotalFrom: ["USD": 10_000])
        var tiers = Scene(.tiers, cart)
        tiers.give(tiers: [Step(subtotal: 1, percent: "1"), Step(subtotal: 10_000, percent: "10")])
        let verdicts = Scene.verdicts(of: [half, large, tiers])
        #expect(verdicts.map(\.discount) == [5_000, 100, 490])
        #expect(verdicts.flatMap(\.refusals).isEmpty)
    }

    @Test func `choose units by full prices and discount what is left of them`() {
        let half = Scene(percent: "50", of: cart).covering("a")
        var unit = Scene(percent: "100", of: cart)
        unit.coupon.discount.unitsMost = 2
        #expect(shares(half, unit) == [[3_000, 0], [3_000, 2_000]])
        unit.coupon.discount.unitsMost = 1
        #expect(shares(half, unit) == [[3_000, 0], [3_000, 0]])
    }

    @Test func `take shipping one after the other`() {
        var half = Scene(.shipping, cart)
        half.coupon.discount.percent = Percent(decimal: "50")
        half.shipping = 1_000
        var fixed = Scene(.shipping, 800, cart)
        fixed.shipping = 1_000
        let verdicts = Scene.verdicts(of: [half, half, fixed, half])
        #expect(verdicts.map(\.shippingDiscount) == [500, 250, 250, 0])
        #expect(verdicts.map(\.reason) == [nil, nil, nil, .noEffect])

        var full = half
        full.coupon.stacking.base = .original
        let others = Scene.verdicts(of: [half, full, full])
        #expect(others.map(\.shippingDiscount) == [500, 500, 0])
    }

    @Test func `begin at full prices for the next cart`() {
        var judge = Judge()
        let half = Scene(percent: "50", of: cart)
        #expect(half.verdict(of: &judge).discount == 5_000)
        judge.deduct()
        #expect(half.verdict(of: &judge).discount == 5_000)
    }
}

@Suite struct `A discount on full prices` {
    private let quarter = Scene(percent: "25", of: cart)
    private let most = Scene(percent: "75", of: cart)

    /// The discount of a coupon on each line after `first`, with either base.
    private func shares(
        after first: Scene, _ scene: Scene
    ) -> (remaining: [Int64], original: [Int64]) {
        let (remaining, original) = scene.onBothBases
        return (
            Scene.verdicts(of: [first, remaining])[1].shares,
            Scene.verdicts(of: [first, original])[1].shares
        )
    }

    @Test func `is a percentage of them and at most what is left`() {
        let tenth = Scene(percent: "10", of: cart)
        #expect(shares(after: quarter, tenth) == ([450, 300], [600, 400]))
        let half = Scene(percent: "50", of: cart)
        #expect(shares(after: most, half) == ([750, 500], [1_500, 1_000]))
    }

    @Test func `is allocated over what is left`() {
        let half = Scene(percent: "50", of: cart).covering("a")
        let fifth = Scene(percent: "7", of: cart)
        #expect(shares(after: half, fifth) == ([210, 280], [300, 400]))
    }

    @Test func `of each line is at most what is left of it`() {
        let price = Scene(.fixedPrice, 1_500, cart)
        #expect(shares(after: quarter, price) == ([3_000, 0], [4_500, 1_000]))
        let item = Scene(.fixedPerItem, 1_800, cart)
        #expect(shares(after: most, item) == ([1_500, 1_000], [1_500, 1_000]))
        let line = Scene(.fixedPerLine, 1_200, cart)
        #expect(shares(after: most, line) == ([1_200, 1_000], [1_200, 1_000]))
    }

    @Test func `of some units counts their full prices`() {
        var unit = Scene(percent: "10", of: cart).covering("b")
        unit.coupon.discount.unitsMost = 1
        #expect(shares(after: quarter, unit) == ([0, 150], [0, 200]))
        unit.coupon.discount.kind = .fixedPrice
        unit.give(["USD": 1_400])
        #expect(shares(after: quarter, unit) == ([0, 100], [0, 600]))
    }

    @Test func `of a set counts the full price of the units that are got`() {
        var got = Scene(.buyXGetY, cart)
        got.give(buying: 1, getting: 1, percent: "50")
        #expect(shares(after: quarter, got) == ([0, 750], [0, 1_000]))
        got.give(buying: 1, getting: 1, percent: "100")
        #expect(shares(after: quarter, got) == ([0, 1_500], [0, 1_500]))
    }

    @Test func `of clauses counts the full prices of each clause's lines`() {
        var clauses = Scene(.clauses, cart)
        let tenth = clauses.plain(.percentage, percent: "10")
        let price = clauses.plain(.fixedPrice, cents: 1_300)
        clauses.give(clauses: [([["product": ["a"]]], tenth), ([], price)])
        #expect(shares(after: quarter, clauses) == ([450, 400], [600, 1_400]))
        #expect(shares(after: most, clauses) == ([150, 0], [600, 1_000]))
    }

    @Test func `of tiers is that of the tier`() {
        var tiers = Scene(.tiers, cart)
        tiers.give(tiers: [Step(items: 1, percent: "10"), Step(items: 3, percent: "20")])
        #expect(shares(after: quarter, tiers) == ([900, 600], [1_200, 800]))
    }

    @Test func `is capped like any other`() {
        var capped = Scene(percent: "10", of: cart)
        capped.cap(["USD": 800])
        #expect(shares(after: quarter, capped) == ([450, 300], [480, 320]))
    }

    @Test func `is the same on either base when it is alone`() {
        for kind in [Discount.Kind.fixedAmount, .fixedPerItem, .fixedPerLine, .fixedPrice] {
            let (remaining, original) = Scene(kind, 1_234, cart).onBothBases
            #expect(remaining.verdict().shares == original.verdict().shares)
        }
        #expect(quarter.onFullPrices.verdict().shares == [1_500, 1_000])
    }
}

@Suite struct `The order of pricing` {
    @Test func `goes by the kind of discount`() {
        let kinds: [Discount.Kind] = [
            .fixedPrice, .buyXGetY, .fixedPerItem, .fixedPerLine, .percentage, .fixedAmount,
            .shipping, .giftItem, .none,
        ]
        let ranks = kinds.map { Scene($0).judgingRank }
        #expect(ranks == ranks.sorted())
        #expect(Set(ranks).count == kinds.count)
    }

    @Test func `goes by the lowest tier`() {
        var scene = Scene()
        scene.give(tiers: [Step(items: 1, percent: "5"), Step(items: 2, cents: 500)])
        #expect(scene.judgingRank == Scene(.percentage).judgingRank)
        scene.give(tiers: [Step(items: 1, cents: 500), Step(items: 2, percent: "5")])
        #expect(scene.judgingRank == Scene(.fixedAmount).judgingRank)
    }

    @Test func `goes by the first clause`() {
        var scene = Scene()
        let price = scene.plain(.fixedPrice, cents: 100)
        let amount = scene.plain(.fixedAmount, cents: 100)
        scene.give(clauses: [([], price), ([], amount)])
        #expect(scene.judgingRank == Scene(.fixedPrice).judgingRank)
        scene.give(clauses: [([], amount), ([], price)])
        #expect(scene.judgingRank == Scene(.fixedAmount).judgingRank)
    }
}
