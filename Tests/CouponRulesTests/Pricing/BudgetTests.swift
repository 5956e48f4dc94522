import CouponRules
import Testing

/// 30.00 off lines of 20.00, 45.00 and 60.00 USD, with a budget of 100.00 USD of which `spent` is
/// used.
private func scene(spent: UseCount) -> Scene {
    let items = [Item("a", at: 2_000), Item("b", at: 4_500), Item("c", at: 6_000)]
    var scene = Scene(.fixedAmount, 3_000, items)
    scene.budget(["USD": 10_000, "EUR": 5_000])
    scene.uses[.budget] = spent
    return scene
}

/// The refusal when all of the budget but what is left is spent.
private func exhausted(spent: Int64) -> Refusal {
    var refusal = Refusal(.budgetExhausted)
    refusal.limit = 10_000
    refusal.actual = spent
    return refusal
}

@Suite struct `A budget` {
    @Test(
        arguments: [
            (UseCount(), true), (UseCount(used: 7_000), true),
            (UseCount(used: 4_000, held: 3_000), true), (UseCount(used: 7_001), false),
            (UseCount(used: 4_000, held: 3_001), false), (UseCount(used: 9_999), false),
        ])
    func `refuses a discount that exceeds what is left`(spent: UseCount, isGood: Bool) {
        let verdict = scene(spent: spent).verdict()
        #expect(verdict.refusals == (isGood ? [] : [exhausted(spent: spent.sum)]))
        #expect(verdict.discount == (isGood ? 3_000 : 0))
        #expect(verdict.shares == (isGood ? [480, 1_080, 1_440] : [0, 0, 0]))
    }

    @Test(arguments: [UseCount(used: 10_000), UseCount(used: 9_000, held: 2_000)])
    func `that is used up refuses before the discount is known`(spent: UseCount) {
        for cuts in [false, true] {
            var scene = scene(spent: spent)
            scene.coupon.limits.cutsToBudget = cuts
            scene.coupon.requirements.minimumItems = 10
            #expect(scene.verdict().refusals == [exhausted(spent: spent.sum)])
            let explained = scene.verdict(explains: true).reasons
            #expect(explained == [.budgetExhausted, .belowMinimumQuantity])
        }
    }

    @Test func `with something left refuses after all other rules`() {
        var scene = scene(spent: UseCount(used: 9_000))
        scene.coupon.requirements.minimumItems = 10
        #expect(scene.verdict(explains: true).reasons == [.belowMinimumQuantity])
        scene.coupon.requirements.minimumItems = 3
        #expect(scene.verdict(explains: true).refusals == [exhausted(spent: 9_000)])
    }

    @Test func `may cut a discount to what is left, and each line keeps its part`() {
        var scene = scene(spent: UseCount(used: 9_000))
        scene.coupon.limits.cutsToBudget = true
        let verdict = scene.verdict()
        #expect(verdict.refusals.isEmpty)
        #expect(verdict.discount == 1_000)
        #expect(verdict.shares == [160, 360, 480])
    }

    @Test func `divides a cut discount by the computed shares, not by line values`() {
        // 5.00 off each line; a third of all that is left.
        var scene = scene(spent: UseCount(used: 9_500))
        scene.coupon.discount.kind = .fixedPerLine
        scene.give(["USD": 500])
        scene.coupon.limits.cutsToBudget = true
        #expect(scene.verdict().shares == [167, 167, 166])
    }

    @Test func `counts shipping too`() {
        var scene = scene(spent: UseCount(used: 9_600))
        scene.coupon.discount.kind = .shipping
        scene.shipping = 400
        #expect(scene.verdict().shippingDiscount == 400)
        scene.shipping = 401
        #expect(scene.verdict().refusals == [exhausted(spent: 9_600)])
        #expect(scene.verdict().shippingDiscount == 0)
        scene.coupon.limits.cutsToBudget = true
        #expect(scene.verdict().shippingDiscount == 400)
        #expect(scene.verdict().refusals.isEmpty)
    }

    @Test func `is of the cart's currency`() {
        var scene = scene(spent: UseCount(used: 4_000))
        scene.give(["USD": 1_000, "EUR": 1_000, "JPY": 1_000])
        scene.currency = "EUR"
        #expect(scene.verdict().refusals.isEmpty)
        scene.uses[.budget].held = 1
        #expect(scene.verdict().refusals.map(\.limit) == [5_000])
        scene.currency = "JPY"
        #expect(scene.verdict().refusals == [Refusal(.currencyNotSupported)])
    }

    @Test func `needs no currency when the coupon gives no money`() {
        var scene = scene(spent: UseCount(used: 10_000))
        scene.coupon.discount = .none
        scene.coupon.kind = .presale
        scene.require(subtotalFrom: ["USD": 1, "JPY": 1])
        #expect(scene.verdict().refusals.isEmpty)
        scene.currency = "JPY"
        #expect(scene.verdict().refusals.isEmpty)
    }

    @Test func `is not checked without a cart`() {
        var scene = scene(spent: UseCount(used: 10_000))
        scene.items = nil
        #expect(scene.verdict().refusals.isEmpty)
    }

    @Test func `does not change the refusal of a zero discount`() {
        var scene = scene(spent: UseCount(used: 9_999))
        scene.give(["USD": 0])
        #expect(scene.verdict().refusals == [Refusal(.noEffect)])
    }
}
