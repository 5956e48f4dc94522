// A coupon judged with one of its offers: each rule of the offer beside the coupon's own.

import CouponRules
import Testing

private func at(_ seconds: Int64) -> Instant { Instant(secondsSinceEpoch: seconds) }
private func day(_ number: Int32) -> CivilDate { CivilDate(daysSinceEpoch: number) }

/// Half price on 2 seats at 20.00 and 3 at 10.00, with an offer without rules.
private func goodScene() -> Scene {
    var scene = Scene(
        percent: "50", of: [Item("seat", 2, at: 2_000), Item("stand", 3, at: 1_000)])
    scene.offer = Offer()
    return scene
}

@Suite struct `An offer` {
    @Test func `without rules changes nothing`() {
        #expect(goodScene().verdict().refusals.isEmpty)
        #expect(goodScene().verdict().shares == [2_000, 1_500])
    }

    @Test(
        arguments: [(2_000, 2_500, 2_900), (2_500, 2_900, 2_000), (2_900, 2_000, 2_500)])
    func `starts when the latest of coupon, code and offer does`(
        coupon: Int64, code: Int64, offer: Int64
    ) {
        var scene = goodScene()
        scene.coupon.startsAt = at(coupon)
        scene.terms.startsAt = at(code)
        scene.offer?.startsAt = at(offer)
        scene.now = at(2_899)
        var refusal = Refusal(.notStarted)
        refusal.startsAt = at(2_900)
        #expect(scene.verdict().refusals == [refusal])
        scene.now = at(2_900)
        #expect(scene.verdict().refusals.isEmpty)
    }

    @Test(
        arguments: [(2_000, 2_500, 2_900), (2_500, 2_900, 2_000), (2_900, 2_000, 2_500)])
    func `ends when the earliest of coupon, code and offer does`(
        coupon: Int64, code: Int64, offer: Int64
    ) {
        var scene = goodScene()
        scene.coupon.endsAt = at(coupon)
        scene.terms.endsAt = at(code)
        scene.offer?.endsAt = at(offer)
        scene.now = at(1_999)
        #expect(scene.verdict().refusals.isEmpty)
        scene.now = at(2_000)
        var refusal = Refusal(.expired)
        refusal.endedAt = at(2_000)
        #expect(scene.verdict().refusals == [refusal])
    }

    @Test func `may have the only window`() {
        var scene = goodScene()
        scene.offer?.startsAt = at(1_500)
        #expect(scene.verdict().reason == .notStarted)
        scene.offer = Offer()
        scene.offer?.endsAt = at(500)
        #expect(scene.verdict().reason == .expired)
    }

    @Test func `has blackout dates in its own zone`() {
        var scene = goodScene()
        scene.offer(blackouts: [DateRange(first: day(4), last: day(5))])
        for (date, isGood) in [(day(3), true), (day(4), false), (day(5), false), (day(6), true)] {
            scene.offerBookingDate = date
            #expect(scene.verdict().refusals == (isGood ? [] : [Refusal(.blackoutDate)]))
        }
    }

    @Test func `also has the coupon's blackout dates in the coupon's zone`() {
        var scene = goodScene()
        scene.offer(blackouts: [DateRange(first: day(4), last: day(4))])
        scene.blackOut(DateRange(first: day(8), last: day(8)))
        // West of the coupon's zone it is the day before.
        for (date, offerDate, isGood) in [(4, 3, true), (5, 4, false), (8, 7, false), (9, 8, true)]
        {
            scene.bookingTime = BookingTime(date: day(Int32(date)))
            scene.offerBookingDate = day(Int32(offerDate))
            #expect(scene.verdict().refusals.isEmpty == isGood, "\(date)")
        }
    }

    @Test func `may require a context beside the coupon's`() {
        var scene = goodScene()
        scene.require(context: ["country": ["US"]])
        scene.offer(context: ["seller": ["1"]])
        for (context, attribute) in [
            ([:], "country"), (["seller": ["1"]], "country"), (["country": ["US"]], "seller"),
            (["country": ["US"], "seller": ["2"]], "seller"),
        ] as [(Words, String)] {
            scene.context = context
            var refusal = Refusal(.contextNotEligible)
            refusal.scope = scene.scope(attribute)
            #expect(scene.verdict().refusals == [refusal])
        }
        scene.context = ["country": ["US"], "seller": ["1"]]
        #expect(scene.verdict().refusals.isEmpty)
    }

    @Test func `narrows the coupon's cover`() {
        var scene = goodScene()
        scene.offer(to: ["product": ["stand"]])
        #expect(scene.verdict().shares == [0, 1_500])
        scene.apply(to: ["product": ["seat"]])
        #expect(scene.verdict().refusals == [Refusal(.noEligibleItems)])
        scene.offer(to: ["product": ["seat"]], ["product": ["stand"]])
        #expect(scene.verdict().shares == [2_000, 0])
    }

    @Test func `narrows the triggers and the units to get`() {
        var scene = goodScene()
        scene.give(buying: 1, getting: 1)
        #expect(scene.verdict().shares == [0, 2_000])
        scene.offer(to: ["product": ["seat"]])
        #expect(scene.verdict().shares == [2_000, 0])
    }

    @Test func `is judged on the context without a cart, as its coupon is`() {
        var scene = goodScene()
        scene.items = nil
        scene.apply(to: ["site": ["1", "2"]])
        scene.offer(to: ["event": ["241"]])
        for (context, isGood) in [
            ([:], true), (["event": ["241"]], true), (["event": ["242"]], false),
            (["site": ["3"]], false), (["site": ["1"], "event": ["241"]], true),
        ] as [(Words, Bool)] {
            scene.context = context
            #expect(scene.verdict().refusals == (isGood ? [] : [Refusal(.noEligibleItems)]))
        }
    }

    @Test func `has a limit that is checked after the coupon's and the code's`() {
        var scene = goodScene()
        scene.offer?.limit = 5
        scene.uses[.offer] = UseCount(used: 3, held: 1)
        #expect(scene.verdict().refusals.isEmpty)
        scene.uses[.offer].held = 2
        var refusal = Refusal(.usageLimitReached)
        refusal.scope = .offer
        refusal.limit = 5
        refusal.actual = 5
        refusal.held = 2
        #expect(scene.verdict().refusals == [refusal])

        scene.coupon.limits.perCode = 1
        scene.uses[.code].used = 1
        #expect(scene.verdict().refusals.map(\.scope) == [.code])
        scene.coupon.limits.total = 1
        scene.uses[.total].used = 1
        #expect(scene.verdict().refusals.map(\.scope) == [.coupon])
    }
}
