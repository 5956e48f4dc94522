import CouponRules
import FlatStorage

/// The sentence of a refusal, for logs and for shops without words of their own.
///
/// It is in English and states the fact that helps, with its number if there is one. Shops
/// translate from the reason, so a sentence may change; a reason may not. A purchase without a cart
/// has no currency (`Currency.none`): its sentences leave amounts out.
package enum RefusalMessage {
    /// Writes the sentence as a string value. Amounts are in `currency`. `attribute` is the name that
    /// the refusal's scope stands for, or empty.
    package static func write(
        _ refusal: Refusal, currency: Currency, attribute: Span<UInt8>, _ json: inout JSONWriter
    ) {
        json.beginString()
        switch refusal.reason {
        case .codeUnknown: json.append("This code does not exist.")
        case .couponInactive: json.append("This code is not active.")
        case .couponArchived: json.append("This code is no longer offered.")
        case .notStarted:
            writeTimed("This code is not valid yet", "; it starts ", refusal.startsAt, &json)
        case .expired: writeTimed("This code has expired", "; it ended ", refusal.endedAt, &json)
        case .blackoutDate: json.append("This code cannot be used on this date.")
        case .outsideTimeWindow: json.append("This code cannot be used at this time.")
        case .usageLimitReached: writeUsageLimit(refusal, &json)
        case .budgetExhausted: json.append("The budget of this code is used up.")
        case .periodLimitReached:
            json.append("The usage limit of this code for this period is reached.")
        case .currencyNotSupported: writeCurrency(currency, &json)
        case .contextNotEligible, .requiredItemsMissing, .customerRequired:
            writeAboutAttribute(refusal, attribute, &json)
        case .customerNotEligible: json.append("This customer is not eligible for this code.")
        case .customerGroupNotEligible:
            json.append("The groups of this customer are not eligible for this code.")
        case .notFirstOrder: writePreviousOrders(refusal, &json)
        case .customerLimitReached:
            json.append("The usage limit of this code for this customer is reached.")
        case .cartRequired: json.append("This code can only be used with a cart.")
        case .noEligibleItems:
            json.append(
                currency == .none
                    ? "This code does not cover this purchase."
                    : "No item in the cart is covered by this code.")
        case .belowMinimumAmount: writeBelowAmount(refusal, currency, &json)
        case .aboveMaximumAmount: writeAboveAmount(refusal, currency, &json)
        case .belowMinimumQuantity: writeBelowQuantity(refusal, &json)
        case .aboveMaximumQuantity: writeAboveQuantity(refusal, &json)
        case .notCombinable: json.append("This code cannot be combined with another one.")
        case .noEffect: json.append("This code would not change the price.")
        case .giftCardEmpty: json.append("This gift card has no balance left.")
        }
        json.endString()
    }

    private static func writeTimed(
        _ fact: StaticString, _ link: StaticString, _ instant: Instant?,
        _ json: inout JSONWriter
    ) {
        json.append(fact)
        if let instant, instant != .distantPast, instant != .distantFuture {
            json.append(link)
            json.appendTime(instant)
        }
        json.append(".")
    }

    private static func writeUsageLimit(_ refusal: Refusal, _ json: inout JSONWriter) {
        if let held = refusal.held, held > 0 {
            json.append("All uses of this code are taken; some are held and may become free again.")
        } else {
            json.append("The usage limit of this code is reached.")
        }
    }

    private static func writeCurrency(_ currency: Currency, _ json: inout JSONWriter) {
        guard currency != .none else {
            return json.append("This code has no amount in this currency.")
        }
        json.append("This code has no amount in ")
        json.appendLetters(of: currency)
        json.append(".")
    }

    private static func writeAboutAttribute(
        _ refusal: Refusal, _ attribute: Span<UInt8>, _ json: inout JSONWriter
    ) {
        switch refusal.reason {
        case .customerRequired:
            if refusal.scope == .previousOrders {
                json.append("This code requires the number of the customer's previous orders.")
            } else {
                json.append("This code requires a customer.")
            }
        case .requiredItemsMissing: json.append("The cart lacks an item that this code requires.")
        default:
            guard !attribute.isEmpty else { return json.append("This code does not apply here.") }
            json.append("This code does not apply to this ")
            json.appendEscaped(attribute)
            json.append(".")
        }
    }

    private static func writePreviousOrders(_ refusal: Refusal, _ json: inout JSONWriter) {
        guard let limit = refusal.limit, limit > 0 else {
            return json.append("This code is for first orders only.")
        }
        json.append("This code is for customers with at most ")
        writeCount(limit, "previous order", "previous orders", &json)
        json.append(".")
    }

    private static func writeBelowAmount(
        _ refusal: Refusal, _ currency: Currency, _ json: inout JSONWriter
    ) {
        guard let missing = refusal.missing, currency != .none else {
            return json.append("The cart is below the minimum amount of this code.")
        }
        json.append("Spend ")
        writePrice(missing, currency, &json)
        json.append(" more to use this code.")
    }

    private static func writeAboveAmount(
        _ refusal: Refusal, _ currency: Currency, _ json: inout JSONWriter
    ) {
        guard let limit = refusal.limit, currency != .none else {
            return json.append("The cart is above the maximum amount of this code.")
        }
        json.append("This code is for carts of at most ")
        writePrice(limit, currency, &json)
        json.append(".")
    }

    private static func writeBelowQuantity(_ refusal: Refusal, _ json: inout JSONWriter) {
        guard let missing = refusal.missing else {
            return json.append("The cart has too few items for this code.")
        }
        json.append("Add ")
        writeCount(missing, "more item", "more items", &json)
        json.append(" to use this code.")
    }

    private static func writeAboveQuantity(_ refusal: Refusal, _ json: inout JSONWriter) {
        guard let limit = refusal.limit else {
            return json.append("The cart has too many items for this code.")
        }
        json.append("This code is for at most ")
        writeCount(limit, "item", "items", &json)
        json.append(".")
    }

    private static func writeCount(
        _ count: Int64, _ one: StaticString, _ many: StaticString, _ json: inout JSONWriter
    ) {
        json.appendDigits(of: count)
        json.append(" ")
        json.append(count == 1 ? one : many)
    }

    private static func writePrice(
        _ minorUnits: Int64, _ currency: Currency, _ json: inout JSONWriter
    ) {
        json.appendAmount(Money(minorUnits: minorUnits), in: currency)
        json.append(" ")
        json.appendLetters(of: currency)
    }
}
