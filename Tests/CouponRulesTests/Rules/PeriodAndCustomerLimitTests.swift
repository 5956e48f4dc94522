import CouponRules
import Testing

private func goodScene() -> Scene { Scene(percent: "10", of: [Item(at: 1_000)]) }

/// A limit for a period, as a coupon sets it and as a refusal names it.
struct Period: CustomTestStringConvertible, Sendable {
    var kind: LimitKind
    var scope: Refusal.Scope
    var limit: @Sendable (inout UseLimits, Int64) -> Void

    var testDescription: String { kind.code.description }

    static let all = [
        Period(kind: .day, scope: .day) { $0.perDay = $1 },
        Period(kind: .week, scope: .week) { $0.perWeek = $1 },
        Period(kind: .month, scope: .month) { $0.perMonth = $1 },
        Period(kind: .bookingDate, scope: .bookingDate) { $0.perBookingDate = $1 },
    ]
}

@Suite struct `A limit for a period` {
    @Test(arguments: Period.all)
    func `counts used and held uses`(period: Period) {
        var scene = goodScene()
        period.limit(&scene.coupon.limits, 5)
        scene.uses[period.kind] = UseCount(used: 3, held: 1)
        #expect(scene.verdict().refusals.isEmpty)
        scene.uses[period.kind].held = 3
        var refusal = Refusal(.periodLimitReached)
        refusal.scope = period.scope
        refusal.limit = 5
        refusal.actual = 6
        #expect(scene.verdict().refusals == [refusal])
    }

    @Test(arguments: Period.all)
    func `ignores the counts of other periods`(period: Period) {
        var scene = goodScene()
        period.limit(&scene.coupon.limits, 1)
        for kind in LimitKind.allCases where kind != period.kind { scene.uses[kind].used = 9 }
        #expect(scene.verdict().refusals.isEmpty)
    }

    @Test func `is checked for the shortest period first and the booked date last`() {
        var scene = goodScene()
        var found: [Refusal.Scope] = []
        for period in Period.all.reversed() {
            period.limit(&scene.coupon.limits, 1)
            scene.uses[period.kind].used = 1
            found += scene.verdict().refusals.map(\.scope)
        }
        #expect(found == [.bookingDate, .month, .week, .day])
        let all = scene.verdict(explains: true).refusals
        #expect(all.map(\.scope) == [.day, .week, .month, .bookingDate])
        #expect(all.allSatisfy { $0.reason == .periodLimitReached })
    }

    @Test func `counts for the uses left`() {
        var candidate = Candidate(coupon: Coupon(), terms: CodeTerms())
        candidate.coupon.limits.total = 100
        candidate.coupon.limits.perWeek = 20
        candidate.uses[.week] = UseCount(used: 16, held: 1)
        #expect(candidate.usesLeft == 3)
        candidate.offer = Offer()
        candidate.offer?.limit = 2
        #expect(candidate.usesLeft == 2)
        candidate.terms.isOncePerCustomer = true
        #expect(candidate.usesLeft == 1)
        candidate.coupon.limits.perCustomer = 3
        candidate.uses[.customer].used = 3
        #expect(candidate.usesLeft == 0)
    }
}

@Suite struct `A limit for each customer` {
    @Test(arguments: [Shopper(id: "cus_7"), Shopper(email: "ann@example.com")])
    func `counts the customer's used and held uses`(shopper: Shopper) {
        var scene = goodScene()
        scene.coupon.limits.perCustomer = 2
        scene.shopper = shopper
        scene.uses[.customer].used = 1
        #expect(scene.verdict().refusals.isEmpty)
        scene.uses[.customer].held = 1
        var refusal = Refusal(.customerLimitReached)
        refusal.limit = 2
        refusal.actual = 2
        #expect(scene.verdict().refusals == [refusal])
    }

    @Test func `of a code is one use`() {
        var scene = goodScene()
        scene.terms.isOncePerCustomer = true
        scene.shopper = Shopper(id: "cus_7")
        #expect(scene.verdict().refusals.isEmpty)
        scene.uses[.codeCustomer].used = 1
        var refusal = Refusal(.customerLimitReached)
        refusal.limit = 1
        refusal.actual = 1
        #expect(scene.verdict().refusals == [refusal])

        // The coupon's limit comes first.
        scene.coupon.limits.perCustomer = 3
        scene.uses[.customer].used = 3
        #expect(scene.verdict().refusals.map(\.limit) == [3])
        #expect(scene.verdict(explains: true).refusals.map(\.limit) == [3, 1])
    }

    @Test(arguments: [nil, Shopper(groups: ["vip"]), Shopper(orders: 0)])
    func `requires an identified customer`(shopper: Shopper?) {
        var scene = goodScene()
        scene.shopper = shopper
        scene.coupon.limits.perCustomer = 1
        scene.uses[.customer].used = 1
        var refusal = Refusal(.customerRequired)
        refusal.scope = .perCustomer
        #expect(scene.verdict(explains: true).refusals == [refusal])
        scene.coupon.limits.perCustomer = 0
        #expect(scene.verdict().refusals.isEmpty)
        scene.terms.isOncePerCustomer = true
        #expect(scene.verdict(explains: true).refusals == [refusal])
    }

    @Test func `requires an identified customer after the other customer rules`() {
        var scene = goodScene()
        var found: [Refusal.Scope] = []
        scene.coupon.limits.perCustomer = 1
        found += scene.verdict().refusals.map(\.scope)
        scene.require(previousOrdersAtMost: 3)
        found += scene.verdict().refusals.map(\.scope)
        scene.require(groups: ["vip"])
        found += scene.verdict().refusals.map(\.scope)
        scene.require(customers: ["cus_7"])
        found += scene.verdict().refusals.map(\.scope)
        #expect(found == [.perCustomer, .previousOrders, .groups, .customers])
    }
}
