import CouponRules

// What a refusal says to people: in English, for logs and for shops without words of their own. The
// sentence states the fact that would help, with its number where there is one. Shops translate
// from the reason, so a sentence may change; a reason may not.

extension ReplyWriter {
    /// Writes the sentence of a refusal as a string value.
    ///
    /// Amounts are shown in `currency`. `attribute` is the name that the refusal's scope stands for,
    /// or empty. A purchase without a cart has no currency (`Currency.none`): its amounts are left
    /// out.
    package mutating func message(
        of refusal: Refusal, currency: Currency, attribute: Span<UInt8>
    ) {
        beginString()
        switch refusal.reason {
        case .codeUnknown: append("This code does not exist.")
        case .couponInactive: append("This code is not active.")
        case .couponArchived: append("This code is no longer offered.")
        case .notStarted:
            appendTimed("This code is not valid yet", "; it starts ", refusal.startsAt)
        case .expired: appendTimed("This code has expired", "; it ended ", refusal.endedAt)
        case .blackoutDate: append("This code cannot be used on this date.")
        case .outsideTimeWindow: append("This code cannot be used at this time.")
        case .usageLimitReached: appendUsageLimit(refusal)
        case .budgetExhausted: append("The budget of this code is used up.")
        case .periodLimitReached:
            append("This code has been used as often as it may be in this period.")
        case .currencyNotSupported: appendCurrency(currency)
        case .contextNotEligible, .requiredItemsMissing, .customerRequired:
            appendAboutAttribute(refusal, attribute)
        case .customerNotEligible: append("This code is for other customers.")
        case .customerGroupNotEligible: append("This code is for other customer groups.")
        case .notFirstOrder: appendPreviousOrders(refusal)
        case .customerLimitReached:
            append("This customer has no use of this code left.")
        case .cartRequired: append("This code can only be used with a cart.")
        case .noEligibleItems:
            append(
                currency == .none
                    ? "This code does not cover this."
                    : "No item in the cart is covered by this code.")
        case .belowMinimumAmount: appendBelowAmount(refusal, currency)
        case .aboveMaximumAmount: appendAboveAmount(refusal, currency)
        case .belowMinimumQuantity: appendBelowQuantity(refusal)
        case .aboveMaximumQuantity: appendAboveQuantity(refusal)
        case .notCombinable: append("This code cannot be combined with another one.")
        case .noEffect: append("This code would not change the price.")
        case .giftCardEmpty: append("This gift card has no balance left.")
        }
        endString()
    }

    private mutating func appendTimed(
        _ fact: StaticString, _ link: StaticString, _ instant: Instant?
    ) {
        append(fact)
        if let instant, instant != .distantPast, instant != .distantFuture {
            append(link)
            appendTime(instant)
        }
        append(".")
    }

    private mutating func appendUsageLimit(_ refusal: Refusal) {
        if let held = refusal.held, held > 0 {
            append("All uses of this code are taken; some are only held by other orders.")
        } else {
            append("This code has been used as often as it may be.")
        }
    }

    private mutating func appendCurrency(_ currency: Currency) {
        guard currency != .none else { return append("This code has no amount in this currency.") }
        append("This code has no amount in ")
        appendLetters(of: currency)
        append(".")
    }

    private mutating func appendAboutAttribute(_ refusal: Refusal, _ attribute: Span<UInt8>) {
        switch refusal.reason {
        case .customerRequired:
            if refusal.scope == .previousOrders {
                append("This code needs to know how many orders the customer has made.")
            } else {
                append("This code needs to know the customer.")
            }
        case .requiredItemsMissing: append("The cart lacks an item that this code needs.")
        default:
            guard !attribute.isEmpty else { return append("This code does not apply here.") }
            append("This code does not apply to this ")
            appendEscaped(attribute)
            append(".")
        }
    }

    private mutating func appendPreviousOrders(_ refusal: Refusal) {
        guard let limit = refusal.limit, limit > 0 else {
            return append("This code is for first orders only.")
        }
        append("This code is for customers with at most ")
        appendCount(limit, "earlier order", "earlier orders")
        append(".")
    }

    private mutating func appendBelowAmount(_ refusal: Refusal, _ currency: Currency) {
        guard let missing = refusal.missing, currency != .none else {
            return append("The cart is below the minimum amount of this code.")
        }
        append("Spend ")
        appendPrice(missing, currency)
        append(" more to use this code.")
    }

    private mutating func appendAboveAmount(_ refusal: Refusal, _ currency: Currency) {
        guard let limit = refusal.limit, currency != .none else {
            return append("The cart is above the maximum amount of this code.")
        }
        append("This code is for carts of at most ")
        appendPrice(limit, currency)
        append(".")
    }

    private mutating func appendBelowQuantity(_ refusal: Refusal) {
        guard let missing = refusal.missing else {
            return append("The cart has too few items for this code.")
        }
        append("Add ")
        appendCount(missing, "more item", "more items")
        append(" to use this code.")
    }

    private mutating func appendAboveQuantity(_ refusal: Refusal) {
        guard let limit = refusal.limit else {
            return append("The cart has too many items for this code.")
        }
        append("This code is for at most ")
        appendCount(limit, "item", "items")
        append(".")
    }

    private mutating func appendCount(_ count: Int64, _ one: StaticString, _ many: StaticString) {
        appendDigits(of: count)
        append(" ")
        append(count == 1 ? one : many)
    }

    private mutating func appendPrice(_ minorUnits: Int64, _ currency: Currency) {
        appendAmount(Money(minorUnits: minorUnits), in: currency)
        append(" ")
        appendLetters(of: currency)
    }
}
