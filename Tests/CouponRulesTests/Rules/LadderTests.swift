// The ladder of refusals. A row for each pair of neighbouring rules that can fail in one request:
// the verdict has the earlier, and an explanation has both. Some neighbours exclude each other (an
// item cannot be missing from an absent cart), so a row may skip a rule.

import CouponRules
import Testing

private let noon = Instant(secondsSinceEpoch: 43_200)
private let one = Instant(secondsSinceEpoch: 46_800)
private let two = Instant(secondsSinceEpoch: 50_400)
/// The day of these hours.
private let thursday = CivilDate(daysSinceEpoch: 0)

/// Two rules that fail together.
struct Neighbours: CustomTestStringConvertible, Sendable {
    var earlier: Reason
    var later: Reason
    var arrange: @Sendable (inout Scene) -> Void

    init(_ earlier: Reason, _ later: Reason, _ arrange: @escaping @Sendable (inout Scene) -> Void) {
        self.earlier = earlier
        self.later = later
        self.arrange = arrange
    }

    var testDescription: String { "\(earlier.code) before \(later.code)" }

    static let all = [
        Neighbours(.couponInactive, .couponArchived) {
            $0.terms.isDisabled = true
            $0.coupon.status = .archived
        },
        Neighbours(.couponArchived, .notStarted) {
            $0.coupon.status = .archived
            $0.coupon.startsAt = two
        },
        Neighbours(.notStarted, .expired) {
            $0.terms.startsAt = two
            $0.coupon.endsAt = noon
        },
        Neighbours(.expired, .usageLimitReached) {
            $0.coupon.endsAt = noon
            $0.coupon.limits.total = 1
            $0.uses[.total].used = 1
        },
        Neighbours(.expired, .blackoutDate) {
            $0.coupon.endsAt = noon
            $0.blackOut(DateRange(first: thursday, last: thursday))
            $0.bookingTime = BookingTime(date: thursday)
        },
        Neighbours(.blackoutDate, .outsideTimeWindow) {
            $0.blackOut(DateRange(first: thursday, last: thursday))
            $0.hold(in: [TimeWindow(Weekdays(3))])
            $0.bookingTime = BookingTime(date: thursday)
        },
        Neighbours(.outsideTimeWindow, .usageLimitReached) {
            $0.hold(in: [TimeWindow(Weekdays(3))])
            $0.bookingTime = BookingTime(date: thursday)
            $0.coupon.limits.total = 1
            $0.uses[.total].used = 1
        },
        Neighbours(.usageLimitReached, .budgetExhausted) {
            $0.coupon.limits.perCode = 1
            $0.uses[.code].used = 1
            $0.budget(["USD": 700])
            $0.uses[.budget].used = 700
        },
        Neighbours(.budgetExhausted, .periodLimitReached) {
            $0.budget(["USD": 700])
            $0.uses[.budget].used = 700
            $0.coupon.limits.perMonth = 1
            $0.uses[.month].used = 1
        },
        Neighbours(.periodLimitReached, .currencyNotSupported) {
            $0.coupon.limits.perMonth = 1
            $0.uses[.month].used = 1
            $0.cap(["EUR": 100])
        },
        Neighbours(.usageLimitReached, .currencyNotSupported) {
            $0.coupon.limits.perCode = 1
            $0.uses[.code].used = 1
            $0.cap(["EUR": 100])
        },
        Neighbours(.currencyNotSupported, .contextNotEligible) {
            $0.cap(["EUR": 100])
            $0.require(context: ["country": ["US"]])
        },
        Neighbours(.contextNotEligible, .customerRequired) {
            $0.require(context: ["country": ["US"]])
            $0.require(customers: ["cus_7"])
        },
        Neighbours(.customerRequired, .customerNotEligible) {
            $0.require(previousOrdersAtMost: 0)
            $0.require(customers: ["cus_7"])
            $0.shopper = Shopper(id: "cus_8")
        },
        Neighbours(.customerNotEligible, .customerGroupNotEligible) {
            $0.require(customers: ["cus_7"])
            $0.require(groups: ["vip"])
            $0.shopper = Shopper(id: "cus_8", groups: ["press"])
        },
        Neighbours(.customerGroupNotEligible, .notFirstOrder) {
            $0.require(groups: ["vip"])
            $0.require(previousOrdersAtMost: 0)
            $0.shopper = Shopper(orders: 1)
        },
        Neighbours(.notFirstOrder, .customerLimitReached) {
            $0.require(previousOrdersAtMost: 0)
            $0.coupon.limits.perCustomer = 1
            $0.uses[.customer].used = 1
            $0.shopper = Shopper(id: "cus_7", orders: 1)
        },
        Neighbours(.customerLimitReached, .cartRequired) {
            $0.coupon.limits.perCustomer = 1
            $0.uses[.customer].used = 1
            $0.shopper = Shopper(id: "cus_7")
            $0.purpose = .apply
            $0.items = nil
        },
        Neighbours(.notFirstOrder, .cartRequired) {
            $0.require(previousOrdersAtMost: 0)
            $0.shopper = Shopper(orders: 1)
            $0.purpose = .apply
            $0.items = nil
        },
        Neighbours(.cartRequired, .noEligibleItems) {
            $0.apply(to: ["event": ["241"]])
            $0.context = ["event": ["242"]]
            $0.purpose = .reserve
            $0.items = nil
        },
        Neighbours(.notFirstOrder, .requiredItemsMissing) {
            $0.require(previousOrdersAtMost: 0)
            $0.shopper = Shopper(orders: 1)
            $0.require(contains: ["product": ["p9"]])
        },
        Neighbours(.requiredItemsMissing, .noEligibleItems) {
            $0.require(contains: ["product": ["p9"]])
            $0.apply(to: ["product": ["p8"]])
        },
        Neighbours(.noEligibleItems, .belowMinimumAmount) {
            $0.apply(to: ["product": ["p8"]])
            $0.require(subtotalFrom: ["USD": 5_001])
        },
        Neighbours(.belowMinimumAmount, .aboveMaximumAmount) {
            $0.require(subtotalFrom: ["USD": 5_001])
            $0.require(subtotalUpTo: ["USD": 4_999])
        },
        Neighbours(.aboveMaximumAmount, .belowMinimumQuantity) {
            $0.require(subtotalUpTo: ["USD": 4_999])
            $0.coupon.requirements.minimumItems = 3
        },
        Neighbours(.belowMinimumQuantity, .aboveMaximumQuantity) {
            $0.coupon.requirements.minimumItems = 3
            $0.coupon.requirements.maximumItems = 1
        },
        Neighbours(.belowMinimumQuantity, .aboveMaximumQuantity) {
            $0.coupon.requirements.minimumItems = 3
            $0.coupon.kind = .presale
            $0.offer = Offer()
            $0.offer?.ticketLimit = 1
        },
    ]
}

/// 20 % off a cart of 2 × 25.00 USD, at one o'clock, without a failing rule.
private func goodScene() -> Scene {
    var scene = Scene(percent: "20", of: [Item("p1", 2, at: 2_500)])
    scene.now = one
    return scene
}

@Suite struct `The ladder of refusals` {
    @Test func `accepts a valid code`() {
        let verdict = goodScene().verdict(explains: true)
        #expect(verdict.refusals.isEmpty)
        #expect(verdict.discount == 1_000)
    }

    @Test(arguments: Neighbours.all)
    func `gives the earlier of two reasons, and both when it explains`(pair: Neighbours) {
        var scene = goodScene()
        pair.arrange(&scene)
        #expect(scene.verdict().reasons == [pair.earlier])
        #expect(scene.verdict(explains: true).reasons == [pair.earlier, pair.later])
        #expect(scene.verdict().discount == 0)
        #expect(scene.verdict().shares.allSatisfy { $0 == 0 })
    }

    @Test func `is explained completely and in order`() {
        var scene = goodScene()
        scene.terms.isDisabled = true
        scene.coupon.status = .archived
        scene.terms.startsAt = two
        scene.coupon.endsAt = noon
        scene.blackOut(DateRange(first: thursday, last: thursday))
        scene.hold(in: [TimeWindow(Weekdays(3))])
        scene.bookingTime = BookingTime(date: thursday)
        scene.coupon.limits.total = 1
        scene.uses[.total].used = 1
        scene.budget(["USD": 700])
        scene.uses[.budget].used = 700
        scene.coupon.limits.perDay = 1
        scene.uses[.day].used = 1
        scene.cap(["EUR": 100])
        scene.require(context: ["country": ["US"]])
        scene.require(customers: ["cus_7"])
        scene.require(groups: ["vip"])
        scene.require(previousOrdersAtMost: 0)
        scene.shopper = Shopper(groups: ["press"], orders: 1)
        scene.require(contains: ["product": ["p9"]])
        scene.apply(to: ["product": ["p8"]])
        scene.require(subtotalFrom: ["USD": 5_001])
        scene.require(subtotalUpTo: ["USD": 4_999])
        scene.coupon.requirements.minimumItems = 3
        scene.coupon.requirements.maximumItems = 1

        let found = scene.verdict(explains: true).reasons
        #expect(
            found == [
                .couponInactive, .couponArchived, .notStarted, .expired, .blackoutDate,
                .outsideTimeWindow, .usageLimitReached, .budgetExhausted, .periodLimitReached,
                .currencyNotSupported, .contextNotEligible,
                .customerRequired, .customerGroupNotEligible, .notFirstOrder, .requiredItemsMissing,
                .noEligibleItems, .belowMinimumAmount, .aboveMaximumAmount, .belowMinimumQuantity,
                .aboveMaximumQuantity,
            ])
        #expect(found == found.sorted())
    }

    @Test func `is explained with every failing part of a rule`() {
        var scene = goodScene()
        scene.require(context: ["country": ["US"], "channel": ["app"]])
        scene.offer(context: ["event": ["241"]])
        scene.require(contains: ["product": ["p8"], "category": ["shoes"]])
        let attributes = ["country", "channel", "event", "product", "category"]
        let scopes = attributes.map { scene.scope($0) }
        #expect(scene.verdict(explains: true).refusals.map(\.scope) == scopes)
        #expect(scene.verdict().refusals.map(\.scope) == [scopes[0]])
    }

    @Test func `computes no discount when a rule fails`() {
        // 1 % of 1 cent has no effect, but only the pricing of a valid code finds that.
        var scene = Scene(percent: "1", of: [Item(at: 1)])
        #expect(scene.verdict(explains: true).reasons == [.noEffect])
        scene.coupon.requirements.minimumItems = 2
        #expect(scene.verdict(explains: true).reasons == [.belowMinimumQuantity])
    }

    @Test func `starts from the top for the next code`() {
        var judge = Judge()
        var scene = goodScene()
        scene.items?.append(Item(at: 300))
        #expect(scene.verdict(of: &judge).shares == [1_000, 60])

        scene.terms.isDisabled = true
        let refused = scene.verdict(of: &judge)
        #expect(refused.refusals == [Refusal(.couponInactive)])
        #expect(refused.discount == 0)
        #expect(refused.shares == [0, 0])

        scene.terms.isDisabled = false
        scene.items?.removeFirst()
        #expect(scene.verdict(of: &judge).shares == [60])
    }

    @Test func `has a lowest rung for a code that does not exist`() {
        var judge = Judge()
        #expect(goodScene().verdict(of: &judge).discount == 1_000)
        var purchase = Purchase()
        let isAdded = purchase.addLine(
            quantity: 1, unitPrice: Money(minorUnits: 700), isOnSale: false, attributes: .empty)
        #expect(isAdded)
        judge.refuseUnknownCode(purchase)
        #expect(judge.refusals == [Refusal(.codeUnknown)])
        #expect(judge.discount == .zero)
        #expect(judge.lineDiscounts == [.zero])
    }
}
