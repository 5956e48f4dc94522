import CouponRules
import Testing

@Suite struct `A customer rule` {
    @Test func `on identity requires an id or an e-mail`() {
        var scene = Scene(percent: "10", of: [Item(at: 1_000)])
        scene.require(customers: ["cus_7", "ann@example.com"])
        var refusal = Refusal(.customerRequired)
        refusal.scope = .customers
        #expect(scene.verdict().refusals == [refusal])
        // Groups and order counts do not identify a customer.
        scene.shopper = Shopper(groups: ["vip"], orders: 0)
        #expect(scene.verdict().refusals == [refusal])
    }

    @Test(
        arguments: [
            (Shopper(id: "cus_7"), nil), (Shopper(email: "ann@example.com"), nil),
            (Shopper(id: "cus_8", email: "ann@example.com"), nil),
            (Shopper(id: "cus_8"), Reason.customerNotEligible),
            (Shopper(email: "bob@example.com"), .customerNotEligible),
            (Shopper(id: "cus_8", email: "bob@example.com"), .customerNotEligible),
        ])
    func `on identity matches an id or an e-mail`(shopper: Shopper, expected: Reason?) {
        var scene = Scene(percent: "10", of: [Item(at: 1_000)])
        scene.require(customers: ["cus_1", "cus_7", "ann@example.com", "zoe@example.com"])
        scene.shopper = shopper
        #expect(scene.verdict().refusals == (expected.map { [Refusal($0)] } ?? []))
    }

    @Test func `may come with the code`() {
        var scene = Scene(percent: "10", of: [Item(at: 1_000)])
        scene.bindCode(to: "cus_7")
        #expect(scene.verdict().refusals.map(\.scope) == [.customers])
        scene.shopper = Shopper(id: "cus_8")
        #expect(scene.verdict().refusals == [Refusal(.customerNotEligible)])
        scene.shopper = Shopper(id: "cus_7")
        #expect(scene.verdict().refusals.isEmpty)

        scene.bindCode(to: "ann@example.com")
        #expect(scene.verdict().reason == .customerNotEligible)
        scene.shopper?.email = "ann@example.com"
        #expect(scene.verdict().reason == nil)
    }

    @Test func `of the code applies beside the coupon's`() {
        var scene = Scene(percent: "10", of: [Item(at: 1_000)])
        scene.require(customers: ["cus_1", "cus_2"])
        scene.bindCode(to: "cus_2")
        for (id, isGood) in [("cus_1", false), ("cus_2", true), ("cus_3", false)] {
            scene.shopper = Shopper(id: id)
            #expect(scene.verdict().refusals.isEmpty == isGood, "\(id)")
        }
    }

    @Test func `for an unknown owner matches no customer`() {
        var scene = Scene(percent: "10", of: [Item(at: 1_000)])
        scene.terms.isBoundToCustomer = true
        scene.shopper = Shopper(id: "cus_unheard_of")
        #expect(scene.verdict().reason == .customerNotEligible)
    }

    @Test func `on groups matches any of them`() {
        var scene = Scene(percent: "10", of: [Item(at: 1_000)])
        scene.require(groups: ["vip", "press"])
        #expect(scene.verdict().refusals.map(\.reason) == [.customerRequired])
        #expect(scene.verdict().refusals.map(\.scope) == [.groups])
        for (shopper, isGood) in [
            (Shopper(id: "cus_7"), false), (Shopper(groups: []), false),
            (Shopper(groups: ["staff"]), false), (Shopper(groups: ["staff", "press"]), true),
        ] {
            scene.shopper = shopper
            let expected: [Refusal] = isGood ? [] : [Refusal(.customerGroupNotEligible)]
            #expect(scene.verdict().refusals == expected)
        }
    }

    @Test func `on earlier orders requires their number`() {
        var scene = Scene(percent: "10", of: [Item(at: 1_000)])
        scene.require(previousOrdersAtMost: 2)
        scene.shopper = Shopper(id: "cus_7")
        #expect(scene.verdict().refusals.map(\.reason) == [.customerRequired])
        #expect(scene.verdict().refusals.map(\.scope) == [.previousOrders])
        scene.shopper?.orders = 2
        #expect(scene.verdict().refusals.isEmpty)
        scene.shopper?.orders = 3
        var refusal = Refusal(.notFirstOrder)
        refusal.limit = 2
        refusal.actual = 3
        #expect(scene.verdict().refusals == [refusal])
    }

    @Test func `for the first order allows no earlier order`() {
        var scene = Scene(percent: "10", of: [Item(at: 1_000)])
        scene.require(previousOrdersAtMost: 0)
        scene.shopper = Shopper(orders: 0)
        #expect(scene.verdict().reason == nil)
        scene.shopper = Shopper(orders: 1)
        #expect(scene.verdict().reason == .notFirstOrder)
    }
}
