import CouponRules
import Testing

/// 2 × 10.00 on p1 and 3 × 5.00 on p2: 35.00 and five items, of which p1 has 20.00 and two.
private func scene(base: BoundBase = .cart) -> Scene {
    var scene = Scene(percent: "10", of: [Item("p1", 2, at: 1_000), Item("p2", 3, at: 500)])
    scene.apply(to: ["product": ["p1"]])
    scene.coupon.requirements.base = base
    return scene
}

private func below(_ reason: Reason, limit: Int64, actual: Int64) -> Refusal {
    var refusal = Refusal(reason)
    refusal.limit = limit
    refusal.actual = actual
    refusal.missing = limit - actual
    return refusal
}

private func above(_ reason: Reason, limit: Int64, actual: Int64) -> Refusal {
    var refusal = Refusal(reason)
    refusal.limit = limit
    refusal.actual = actual
    return refusal
}

@Suite struct `A bound` {
    @Test(arguments: zip([BoundBase.cart, .eligible], [3_500, 2_000]))
    func `on the subtotal is met when it is reached`(base: BoundBase, subtotal: Int64) {
        var scene = scene(base: base)
        scene.shipping = 10_000
        scene.require(subtotalFrom: ["USD": subtotal])
        #expect(scene.verdict().refusals.isEmpty)
        scene.require(subtotalFrom: ["USD": subtotal + 1])
        #expect(
            scene.verdict().refusals
                == [below(.belowMinimumAmount, limit: subtotal + 1, actual: subtotal)])

        scene.require(subtotalFrom: [:])
        scene.require(subtotalUpTo: ["USD": subtotal])
        #expect(scene.verdict().refusals.isEmpty)
        scene.require(subtotalUpTo: ["USD": subtotal - 1])
        #expect(
            scene.verdict().refusals
                == [above(.aboveMaximumAmount, limit: subtotal - 1, actual: subtotal)])
    }

    @Test(arguments: zip([BoundBase.cart, .eligible], [5, 2]))
    func `on the items counts units`(base: BoundBase, count: Int64) {
        var scene = scene(base: base)
        scene.coupon.requirements.minimumItems = count
        scene.coupon.requirements.maximumItems = count
        #expect(scene.verdict().refusals.isEmpty)
        scene.coupon.requirements.minimumItems = count + 1
        #expect(
            scene.verdict().refusals
                == [below(.belowMinimumQuantity, limit: count + 1, actual: count)])
        scene.coupon.requirements.minimumItems = 0
        scene.coupon.requirements.maximumItems = count - 1
        #expect(
            scene.verdict().refusals
                == [above(.aboveMaximumQuantity, limit: count - 1, actual: count)])
    }

    @Test func `is in the cart's currency`() {
        var scene = scene()
        scene.require(subtotalFrom: ["USD": 1, "JPY": 3_501])
        #expect(scene.verdict().reason == nil)
        scene.currency = "JPY"
        #expect(scene.verdict().reason == .belowMinimumAmount)
    }
}

@Suite struct `A currency` {
    static let rules: [@Sendable (inout Scene) -> Void] = [
        { $0.cap(["USD": 100]) }, { $0.require(subtotalFrom: ["USD": 100]) },
        { $0.require(subtotalUpTo: ["USD": 9_000]) },
        {
            $0.coupon.discount = Discount(.fixedAmount)
            $0.give(["USD": 100])
        },
    ]

    @Test(arguments: rules.indices)
    func `must be one of those that a rule has amounts in`(rule: Int) {
        var scene = scene()
        Self.rules[rule](&scene)
        #expect(scene.verdict().refusals.isEmpty)
        scene.currency = "EUR"
        #expect(scene.verdict().refusals == [Refusal(.currencyNotSupported)])
        #expect(scene.verdict(explains: true).refusals == [Refusal(.currencyNotSupported)])
        // Without a cart the currency is not checked.
        scene.items = nil
        #expect(scene.verdict().refusals.isEmpty)
    }

    @Test func `does not matter to a bare percentage`() {
        var scene = scene()
        scene.currency = "EUR"
        #expect(scene.verdict().discount == 200)
    }
}

@Suite struct `A cart` {
    /// A rule that looks into the cart, on a coupon that gives no money.
    static let cartRules: [@Sendable (inout Scene) -> Void] = [
        { $0.require(contains: ["product": ["p9"]]) },
        { $0.require(subtotalFrom: ["USD": 100]) },
        { $0.require(subtotalUpTo: ["USD": 100]) },
        { $0.coupon.requirements.minimumItems = 1 },
        { $0.coupon.requirements.maximumItems = 1 },
    ]

    @Test(arguments: [EvaluationContext.Purpose.reserve, .apply])
    func `is required by a coupon that gives money`(purpose: EvaluationContext.Purpose) {
        var scene = Scene(percent: "10")
        scene.purpose = purpose
        #expect(scene.verdict().refusals == [Refusal(.cartRequired)])
        scene.items = [Item(at: 1_000)]
        #expect(scene.verdict().refusals.isEmpty)
    }

    @Test(arguments: cartRules.indices)
    func `is required by a coupon with a cart rule`(rule: Int) {
        var scene = Scene()
        scene.coupon.kind = .access
        Self.cartRules[rule](&scene)
        scene.purpose = .apply
        #expect(scene.verdict(explains: true).refusals == [Refusal(.cartRequired)])
        scene.purpose = .validate
        #expect(scene.verdict(explains: true).refusals.isEmpty)
    }

    @Test func `is not required by a coupon without cart rules`() {
        var scene = Scene()
        scene.coupon.kind = .access
        scene.purpose = .apply
        #expect(scene.verdict().refusals.isEmpty)
    }

    @Test(arguments: [EvaluationContext.Purpose.validate, .reserve, .apply])
    func `without lines has no eligible items`(purpose: EvaluationContext.Purpose) {
        var scene = Scene(percent: "10", of: [])
        scene.purpose = purpose
        #expect(scene.verdict().refusals == [Refusal(.noEligibleItems)])
        scene.coupon.kind = .comp
        #expect(scene.verdict().refusals == [Refusal(.noEligibleItems)])
        // The same holds for a coupon that gives nothing.
        scene.coupon.kind = .discount
        scene.coupon.discount = .none
        #expect(scene.verdict().refusals == [Refusal(.noEligibleItems)])
    }
}

@Suite struct `A code that opens access` {
    static let kinds = CouponKind.allCases.filter(\.opensAccess)

    @Test(arguments: kinds, [[], [Item("p1", at: 1_000)]])
    func `may be tried before anything it covers is in the cart`(kind: CouponKind, items: [Item]) {
        for discount in [Scene(), Scene(percent: "10"), Scene(.shipping, 100)] {
            var scene = discount
            scene.items = items
            scene.shipping = 500
            scene.coupon.kind = kind
            scene.apply(to: ["event": ["241"]])
            for purpose in [EvaluationContext.Purpose.validate, .reserve] {
                scene.purpose = purpose
                #expect(scene.verdict().refusals.isEmpty)
                #expect(scene.verdict().shippingDiscount == 0)
            }
            scene.purpose = .apply
            #expect(scene.verdict().refusals == [Refusal(.noEligibleItems)])
        }
    }

    @Test func `needs a line in the cart to be used, even when it covers everything`() {
        var scene = Scene(.none, [])
        scene.coupon.kind = .presale
        scene.purpose = .apply
        #expect(scene.verdict().refusals == [Refusal(.noEligibleItems)])
        scene.items = [Item(at: 0)]
        #expect(scene.verdict().refusals.isEmpty)
    }

    @Test func `has no effect when its covered lines are free`() {
        var scene = Scene(percent: "10", of: [Item(at: 0)])
        scene.coupon.kind = .presale
        #expect(scene.verdict().refusals == [Refusal(.noEffect)])
    }
}

@Suite struct `A zero discount` {
    @Test(
        arguments: [
            Scene(percent: "10", of: [Item(at: 0)]), Scene(percent: "1", of: [Item(at: 49)]),
            Scene(.fixedAmount, 100, [Item(at: 0)]), Scene(.fixedPerItem, 100, [Item(at: 0)]),
            Scene(.fixedPerLine, 100, [Item(at: 0)]),
            Scene(.fixedPrice, 100, [Item("p1", 2, at: 100)]),
        ])
    func `is refused`(scene: Scene) {
        #expect(scene.verdict().refusals == [Refusal(.noEffect)])
        #expect(scene.verdict(explains: true).refusals == [Refusal(.noEffect)])
    }

    @Test func `is allowed for comp and access coupons`() {
        var comp = Scene(percent: "100", of: [Item(at: 0)])
        comp.coupon.kind = .comp
        #expect(comp.verdict().refusals.isEmpty)
        let none = Scene(.none, [Item(at: 100)])
        #expect(none.verdict().refusals.isEmpty)
        #expect(none.verdict().shares == [0])
    }

    @Test func `off shipping is allowed until shipping is known`() {
        var scene = Scene(.shipping, 500, [Item(at: 1_000)])
        #expect(scene.verdict().refusals.isEmpty)
        #expect(scene.verdict().shippingDiscount == 0)
        scene.purpose = .reserve
        #expect(scene.verdict().refusals == [Refusal(.noEffect)])
        scene.purpose = .apply
        #expect(scene.verdict().refusals == [Refusal(.noEffect)])
        // Shipping is known to be free, so nothing can be taken off it.
        scene.purpose = .validate
        scene.shipping = 0
        #expect(scene.verdict().refusals == [Refusal(.noEffect)])
    }
}
