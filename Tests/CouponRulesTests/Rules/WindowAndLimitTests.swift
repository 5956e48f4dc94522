import CouponRules
import Testing

private func at(_ seconds: Int64) -> Instant { Instant(secondsSinceEpoch: seconds) }

@Suite struct `A coupon's window` {
    @Test(
        arguments: zip(
            [at(1_999), at(2_000), at(2_999), at(3_000)], [Reason.notStarted, nil, nil, .expired]))
    func `opens inclusively and closes exclusively`(now: Instant, expected: Reason?) {
        var scene = Scene(percent: "10", of: [Item(at: 1_000)])
        scene.coupon.startsAt = at(2_000)
        scene.coupon.endsAt = at(3_000)
        scene.now = now
        #expect(scene.verdict().reason == expected)
    }

    @Test func `is exact to the millisecond`() {
        var scene = Scene(percent: "10", of: [Item(at: 1_000)])
        scene.coupon.endsAt = Instant(millisecondsSinceEpoch: 2_000_001)
        scene.now = at(2_000)
        #expect(scene.verdict().reason == nil)
        scene.now = Instant(millisecondsSinceEpoch: 2_000_001)
        #expect(scene.verdict().reason == .expired)
    }

    @Test(arguments: [(2_000, 2_500, 2_500), (2_500, 2_000, 2_500), (nil, 2_500, 2_500)])
    func `starts when the later of coupon and code does`(
        coupon: Int64?, code: Int64, expected: Int64
    ) {
        var scene = Scene(percent: "10", of: [Item(at: 1_000)])
        if let coupon { scene.coupon.startsAt = at(coupon) }
        scene.terms.startsAt = at(code)
        scene.now = at(expected - 1)
        var refusal = Refusal(.notStarted)
        refusal.startsAt = at(expected)
        #expect(scene.verdict().refusals == [refusal])
        scene.now = at(expected)
        #expect(scene.verdict().refusals.isEmpty)
    }

    @Test(arguments: [(2_000, 2_500, 2_000), (2_500, 2_000, 2_000), (nil, 2_500, 2_500)])
    func `ends when the earlier of coupon and code does`(
        coupon: Int64?, code: Int64, expected: Int64
    ) {
        var scene = Scene(percent: "10", of: [Item(at: 1_000)])
        if let coupon { scene.coupon.endsAt = at(coupon) }
        scene.terms.endsAt = at(code)
        scene.now = at(expected)
        var refusal = Refusal(.expired)
        refusal.endedAt = at(expected)
        #expect(scene.verdict().refusals == [refusal])
        scene.now = at(expected - 1)
        #expect(scene.verdict().refusals.isEmpty)
    }
}

@Suite struct `A limit on uses` {
    @Test(
        arguments: [
            (UseCount(used: 0, held: 0), true), (UseCount(used: 99, held: 0), true),
            (UseCount(used: 100, held: 0), false), (UseCount(used: 98, held: 1), true),
            (UseCount(used: 98, held: 2), false), (UseCount(used: 101, held: 0), false),
        ])
    func `counts used and held uses`(uses: UseCount, isGood: Bool) {
        var scene = Scene(percent: "10", of: [Item(at: 1_000)])
        scene.coupon.limits.total = 100
        scene.uses[.total] = uses
        #expect(scene.verdict().refusals.isEmpty == isGood)
    }

    @Test func `reports its scope, its number and the held uses`() {
        var scene = Scene(percent: "10", of: [Item(at: 1_000)])
        scene.coupon.limits.total = 10
        scene.uses[.total] = UseCount(used: 7, held: 3)
        var refusal = Refusal(.usageLimitReached)
        refusal.scope = .coupon
        refusal.limit = 10
        refusal.actual = 10
        refusal.held = 3
        #expect(scene.verdict().refusals == [refusal])

        scene.uses[.total] = UseCount(used: 10)
        refusal.held = nil
        #expect(scene.verdict().refusals == [refusal])
    }

    @Test func `of the coupon comes before the code's`() {
        var scene = Scene(percent: "10", of: [Item(at: 1_000)])
        scene.coupon.limits.total = 2
        scene.coupon.limits.perCode = 1
        scene.uses[.total].used = 2
        scene.uses[.code].used = 1
        #expect(scene.verdict().refusals.map(\.scope) == [.coupon])
        scene.uses[.total].used = 1
        let refusal = scene.verdict().refusals.first
        #expect(refusal?.scope == .code)
        #expect(refusal?.limit == 1)
        #expect(refusal?.actual == 1)
    }

    @Test func `of a code replaces the coupon's limit per code`() {
        var scene = Scene(percent: "10", of: [Item(at: 1_000)])
        scene.coupon.limits.perCode = 1
        scene.terms.usesLimit = 5
        scene.uses[.code] = UseCount(used: 3, held: 1)
        #expect(scene.verdict().refusals.isEmpty)
        scene.uses[.code].held = 2
        #expect(scene.verdict().refusals.first?.limit == 5)
        #expect(scene.verdict().refusals.first?.held == 2)

        // A coupon without any limit may have a code with one.
        scene.coupon.limits.perCode = 0
        #expect(scene.verdict().reason == .usageLimitReached)
    }

    @Test(
        arguments: [
            (0, 0, nil), (100, 0, 83), (0, 20, 15), (100, 20, 15), (18, 20, 1),
        ])
    func `leaves the smallest number that any limit leaves`(
        coupon: Int64, code: Int64, expected: Int64?
    ) {
        var candidate = Candidate(coupon: Coupon(), terms: CodeTerms())
        candidate.coupon.limits.total = coupon
        candidate.coupon.limits.perCode = code
        candidate.uses[.total] = UseCount(used: 16, held: 1)
        candidate.uses[.code] = UseCount(used: 3, held: 2)
        #expect(candidate.usesLeft == expected)
    }
}

@Suite struct `A status` {
    @Test func `other than active refuses`() {
        var scene = Scene(percent: "10", of: [Item(at: 1_000)])
        scene.coupon.status = .inactive
        #expect(scene.verdict().refusals == [Refusal(.couponInactive)])
        scene.coupon.status = .archived
        #expect(scene.verdict().refusals == [Refusal(.couponArchived)])
        scene.coupon.status = .active
        #expect(scene.verdict().refusals.isEmpty)
    }

    @Test func `of a disabled code is inactive`() {
        var scene = Scene(percent: "10", of: [Item(at: 1_000)])
        scene.terms.isDisabled = true
        #expect(scene.verdict().refusals == [Refusal(.couponInactive)])
    }
}
