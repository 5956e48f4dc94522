// A gift card is money, not a discount: it pays what is due when every discount is taken, conflicts
// with no coupon, and has a short ladder of its own.

/// What a gift card says of itself.
package struct GiftCardTerms: Hashable, Sendable, BitwiseCopyable {
    package var isActive: Bool
    package var currency: Currency
    /// Good until just before; ``Instant/distantFuture`` when it does not expire.
    package var expiresAt: Instant
    /// What it was sold for.
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

/// A gift card held out to pay with.
package struct GiftCardCandidate: Sendable, BitwiseCopyable {
    package var terms: GiftCardTerms
    /// Minor units paid with it, or held, those of the judged order left out. A card that comes
    /// with less than its amount has paid the difference before.
    package var spent: UseCount
    /// The most that the request wants it to pay.
    package var amountMax: Money?

    package init(terms: GiftCardTerms, spent: UseCount, amountMax: Money? = nil) {
        self.terms = terms
        self.spent = spent
        self.amountMax = amountMax
    }

    /// What it can pay.
    package var balance: Money {
        max(.zero, Money(minorUnits: terms.amount.minorUnits - spent.sum))
    }
}

extension Judge {
    /// Judges the rules of `card`; afterwards `refusals` says why it cannot pay, or is empty.
    package mutating func examine(
        _ card: borrowing GiftCardCandidate, on purchase: borrowing Purchase,
        _ evaluation: EvaluationContext
    ) {
        beginVerdict(purchase.lines.count)
        let terms = card.terms
        if !terms.isActive { refuse(Refusal(.couponInactive)) }
        if isSettled(evaluation) { return }

        if evaluation.instant >= terms.expiresAt {
            var refusal = Refusal(.expired)
            refusal.endedAt = terms.expiresAt
            refuse(refusal)
        }
        if isSettled(evaluation) { return }

        if purchase.hasCart && purchase.currency != terms.currency {
            refuse(Refusal(.currencyNotSupported))
        }
        if isSettled(evaluation) { return }

        if !purchase.hasCart && evaluation.purpose != .validate { refuse(Refusal(.cartRequired)) }
    }

    /// What `card`, whose rules hold, pays of `due`; nothing when `refusals` says why.
    ///
    /// Without a cart nothing is due (nil), and only an empty card is refused.
    package mutating func pay(_ card: borrowing GiftCardCandidate, due: Money?) -> Money {
        beginVerdict(lineDiscounts.count)
        let wanted = min(due ?? .largest, card.amountMax ?? .largest)
        if due != nil && wanted == .zero {
            refuse(Refusal(.noEffect))
            return .zero
        }
        if card.balance == .zero {
            var refusal = Refusal(.giftCardEmpty)
            refusal.held = card.spent.held > 0 ? card.spent.held : nil
            refuse(refusal)
            return .zero
        }
        return due == nil ? .zero : min(card.balance, wanted)
    }

    /// Whether no further rule need be asked.
    private func isSettled(_ evaluation: EvaluationContext) -> Bool {
        !refusals.isEmpty && !evaluation.explains
    }
}
