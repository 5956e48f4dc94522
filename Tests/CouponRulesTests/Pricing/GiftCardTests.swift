import CouponRules
import Testing

private let now = Instant(secondsSinceEpoch: 1_000)
private let usd = Currency("USD") ?? .none
private let jpy = Currency("JPY") ?? .none

/// A card of 150.00 USD.
private func card(spent: UseCount = UseCount(), most: Int64? = nil) -> GiftCardCandidate {
    GiftCardCandidate(
        terms: GiftCardTerms(currency: usd, amount: Money(minorUnits: 15_000)), spent: spent,
        amountMax: most.map { Money(minorUnits: $0) })
}

@Suite struct `A gift card` {
    /// Why `card` cannot pay in a purchase of `currency`; nil means no cart.
    private func refusals(
        _ card: GiftCardCandidate, _ currency: Currency?,
        _ purpose: EvaluationContext.Purpose = .validate, explains: Bool = false
    ) -> [Refusal] {
        var judge = Judge()
        var purchase = Purchase()
        purchase.hasCart = currency != nil
        purchase.currency = currency ?? .none
        judge.begin(purchase)
        judge.examine(
            card, on: purchase,
            EvaluationContext(purpose: purpose, instant: now, explains: explains))
        return judge.refusals
    }

    /// How much `card` pays of `due` minor units, or why it does not.
    private func payment(
        _ card: GiftCardCandidate, _ due: Int64?
    ) -> (paid: Int64, refusals: [Refusal]) {
        var judge = Judge()
        let paid = judge.pay(card, due: due.map { Money(minorUnits: $0) })
        return (paid.minorUnits, judge.refusals)
    }

    @Test(arguments: [EvaluationContext.Purpose.validate, .reserve, .apply])
    func `that is valid has no refusals`(purpose: EvaluationContext.Purpose) {
        #expect(refusals(card(), usd, purpose).isEmpty)
    }

    @Test func `may be disabled`() {
        var card = card()
        card.terms.isActive = false
        #expect(refusals(card, usd) == [Refusal(.couponInactive)])
    }

    @Test(arguments: [(1_001, true), (1_000, false), (999, false)])
    func `is refused from the instant it expires`(second: Int64, isGood: Bool) {
        var card = card()
        card.terms.expiresAt = Instant(secondsSinceEpoch: second)
        var refusal = Refusal(.expired)
        refusal.endedAt = Instant(secondsSinceEpoch: second)
        #expect(refusals(card, usd) == (isGood ? [] : [refusal]))
    }

    @Test func `pays in its own currency`() {
        #expect(refusals(card(), jpy) == [Refusal(.currencyNotSupported)])
    }

    @Test func `may be tried without a cart, but not used`() {
        #expect(refusals(card(), nil).isEmpty)
        #expect(refusals(card(), nil, .reserve) == [Refusal(.cartRequired)])
        #expect(refusals(card(), nil, .apply) == [Refusal(.cartRequired)])
    }

    @Test func `lists all failures in order`() {
        var card = card()
        card.terms.isActive = false
        card.terms.expiresAt = now
        #expect(refusals(card, jpy) == [Refusal(.couponInactive)])
        let withCart = refusals(card, jpy, explains: true).map(\.reason)
        #expect(withCart == [.couponInactive, .expired, .currencyNotSupported])
        let without = refusals(card, nil, .apply, explains: true).map(\.reason)
        #expect(without == [.couponInactive, .expired, .cartRequired])
    }

    @Test(
        arguments: [
            (UseCount(), 15_000), (UseCount(used: 4_000, held: 1_000), 10_000),
            (UseCount(used: 15_000), 0), (UseCount(used: 14_000, held: 2_000), 0),
        ] as [(UseCount, Int64)])
    func `has a balance without paid and held amounts`(spent: UseCount, expected: Int64) {
        #expect(card(spent: spent).balance.minorUnits == expected)
    }

    @Test(
        arguments: [
            (9_000, nil, 9_000), (20_000, nil, 12_000), (12_000, nil, 12_000),
            (9_000, 5_000, 5_000), (9_000, 9_500, 9_000), (20_000, 13_000, 12_000), (1, 1, 1),
        ] as [(Int64, Int64?, Int64)])
    func `pays the least of amount due, balance and requested amount`(
        due: Int64, most: Int64?, expected: Int64
    ) {
        let payment = payment(card(spent: UseCount(used: 2_000, held: 1_000), most: most), due)
        #expect(payment.paid == expected)
        #expect(payment.refusals.isEmpty)
    }

    @Test func `has no effect when nothing is left to pay`() {
        for spent in [UseCount(), UseCount(used: 15_000)] {
            let payment = payment(card(spent: spent), 0)
            #expect(payment.paid == 0)
            #expect(payment.refusals == [Refusal(.noEffect)])
        }
        #expect(payment(card(most: 0), 500).refusals == [Refusal(.noEffect)])
    }

    @Test(arguments: [nil, 700] as [Int64?])
    func `may be empty and reports the held amount`(due: Int64?) {
        var refusal = Refusal(.giftCardEmpty)
        #expect(payment(card(spent: UseCount(used: 15_000)), due).refusals == [refusal])
        let payment = payment(card(spent: UseCount(used: 5_000, held: 10_000)), due)
        refusal.held = 10_000
        #expect(payment.refusals == [refusal])
        #expect(payment.paid == 0)
    }

    @Test func `pays nothing without a cart`() {
        let payment = payment(card(), nil)
        #expect(payment.paid == 0)
        #expect(payment.refusals.isEmpty)
    }

    @Test func `clears the verdict of the previous code`() {
        var judge = Judge()
        var scene = Scene(percent: "10", of: [Item(at: 1_000)])
        scene.terms.isDisabled = true
        #expect(scene.verdict(of: &judge).reason == .couponInactive)
        let paid = judge.pay(card(), due: Money(minorUnits: 500))
        #expect(paid.minorUnits == 500)
        #expect(judge.refusals.isEmpty)

        scene.terms.isDisabled = false
        #expect(scene.verdict(of: &judge).discount == 100)
        judge.examine(card(), on: Purchase(), EvaluationContext(purpose: .validate, instant: now))
        #expect(judge.refusals.isEmpty)
        #expect(judge.discount == .zero)
    }
}
