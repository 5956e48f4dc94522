// A gift card is money, not a discount: it pays the rest of the total when every discount is
// deducted, conflicts with no coupon, and has a short ladder of its own.

/// The definition of a gift card.
package struct GiftCardTerms: Hashable, Sendable, BitwiseCopyable {
    package var isActive: Bool
    package var currency: Currency
    /// Good until just before; ``Instant/distantFuture`` when it does not expire.
    package var expiresAt: Instant
    /// The amount it was sold for.
    package var amount: Money

    package init(
        isActive: Bool = true, currency: Currency, expiresAt: Instant = .distantFuture,
        amount: Money
    ) {
        self.isActive = isActive
        self.currency = currency
        self.expiresAt = expiresAt
        self.amount = amount
    }
}

/// A gift card presented to pay with.
package struct GiftCardCandidate: Sendable, BitwiseCopyable {
    package var terms: GiftCardTerms
    /// Minor units paid with it, or held, without those of the judged order. A card that is defined
    /// with less than its amount has already paid the difference.
    package var spent: UseCount
    /// The most that the request wants it to pay.
    package var amountMax: Money?

    package init(terms: GiftCardTerms, spent: UseCount, amountMax: Money? = nil) {
        self.terms = terms
        self.spent = spent
        self.amountMax = amountMax
    }

    /// The amount it can still pay.
    package var balance: Money {
        max(.zero, Money(minorUnits: terms.amount.minorUnits - spent.sum))
    }
}

/// The rules of a gift card, in order of precedence, and its payment.
struct GiftCardRules {
    private let card: GiftCardCandidate

    init(_ card: GiftCardCandidate) { self.card = card }

    /// Checks the rules that do not depend on the amount; `ladder` keeps the refusals.
    func examine(
        _ purchase: borrowing Purchase, _ evaluation: EvaluationContext, _ ladder: inout Ladder
    ) {
        let terms = card.terms
        if !terms.isActive { ladder.refuse(Refusal(.couponInactive)) }
        if evaluation.instant >= terms.expiresAt {
            var refusal = Refusal(.expired)
            refusal.endedAt = terms.expiresAt
            ladder.refuse(refusal)
        }
        if purchase.hasCart && purchase.currency != terms.currency {
            ladder.refuse(Refusal(.currencyNotSupported))
        }
        if !purchase.hasCart && evaluation.purpose != .validate {
            ladder.refuse(Refusal(.cartRequired))
        }
    }

    /// The payment towards the amount `due`; zero when `ladder` has a refusal.
    func pay(_ due: Money?, _ ladder: inout Ladder) -> Money {
        let wanted = min(due ?? .largest, card.amountMax ?? .largest)
        if due != nil && wanted == .zero {
            ladder.refuse(Refusal(.noEffect))
            return .zero
        }
        if card.balance == .zero {
            var refusal = Refusal(.giftCardEmpty)
            refusal.held = card.spent.held > 0 ? card.spent.held : nil
            ladder.refuse(refusal)
            return .zero
        }
        return due == nil ? .zero : min(card.balance, wanted)
    }
}
