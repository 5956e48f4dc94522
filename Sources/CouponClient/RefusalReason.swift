/// Why a code is refused. The names are stable: shops translate from them. A newer daemon may have
/// reasons that are not listed here.
public struct RefusalReason: RawRepresentable, Hashable, Sendable, Codable {
    /// The name on the wire.
    public var rawValue: String

    /// The reason with this name on the wire.
    public init(rawValue: String) { self.rawValue = rawValue }
}

extension RefusalReason {
    /// The code does not exist in this store.
    public static let codeUnknown = RefusalReason(rawValue: "code_unknown")
    /// The coupon, code or gift card is switched off.
    public static let couponInactive = RefusalReason(rawValue: "coupon_inactive")
    /// The coupon is archived.
    public static let couponArchived = RefusalReason(rawValue: "coupon_archived")
    /// The code is not valid yet; `startsAt` is when it starts.
    public static let notStarted = RefusalReason(rawValue: "not_started")
    /// The code is not valid any more; `endedAt` is when it ended.
    public static let expired = RefusalReason(rawValue: "expired")
    /// The booking date is a blackout date.
    public static let blackoutDate = RefusalReason(rawValue: "blackout_date")
    /// The booking date is outside the coupon's weekdays or hours.
    public static let outsideTimeWindow = RefusalReason(rawValue: "outside_time_window")
    /// No use is left.
    public static let usageLimitReached = RefusalReason(rawValue: "usage_limit_reached")
    /// The coupon's budget is spent, or too small for this discount.
    public static let budgetExhausted = RefusalReason(rawValue: "budget_exhausted")
    /// No use is left for this day, week, month or booking date.
    public static let periodLimitReached = RefusalReason(rawValue: "period_limit_reached")
    /// The coupon has no amount in the cart's currency.
    public static let currencyNotSupported = RefusalReason(rawValue: "currency_not_supported")
    /// The request's channel, country, site … is not covered; `scope` is the attribute.
    public static let contextNotEligible = RefusalReason(rawValue: "context_not_eligible")
    /// The coupon requires a customer.
    public static let customerRequired = RefusalReason(rawValue: "customer_required")
    /// The coupon is for other customers.
    public static let customerNotEligible = RefusalReason(rawValue: "customer_not_eligible")
    /// The customer is in none of the coupon's groups.
    public static let customerGroupNotEligible = RefusalReason(
        rawValue: "customer_group_not_eligible")
    /// The customer has ordered before.
    public static let notFirstOrder = RefusalReason(rawValue: "not_first_order")
    /// The customer has no use left.
    public static let customerLimitReached = RefusalReason(rawValue: "customer_limit_reached")
    /// The coupon requires a cart.
    public static let cartRequired = RefusalReason(rawValue: "cart_required")
    /// The cart lacks items that the coupon requires.
    public static let requiredItemsMissing = RefusalReason(rawValue: "required_items_missing")
    /// The coupon covers nothing in the cart.
    public static let noEligibleItems = RefusalReason(rawValue: "no_eligible_items")
    /// The cart is worth too little; `missing` is the difference.
    public static let belowMinimumAmount = RefusalReason(rawValue: "below_minimum_amount")
    /// The cart is worth too much.
    public static let aboveMaximumAmount = RefusalReason(rawValue: "above_maximum_amount")
    /// The cart has too few items; `missing` is how many more it needs.
    public static let belowMinimumQuantity = RefusalReason(rawValue: "below_minimum_quantity")
    /// The cart has too many items.
    public static let aboveMaximumQuantity = RefusalReason(rawValue: "above_maximum_quantity")
    /// The code cannot be combined with the one in `conflictsWith`.
    public static let notCombinable = RefusalReason(rawValue: "not_combinable")
    /// The discount would be zero.
    public static let noEffect = RefusalReason(rawValue: "no_effect")
    /// The gift card holds no money.
    public static let giftCardEmpty = RefusalReason(rawValue: "gift_card_empty")

    /// The reasons listed here, in order of precedence.
    public static let known: [RefusalReason] = [
        .codeUnknown, .couponInactive, .couponArchived, .notStarted, .expired, .blackoutDate,
        .outsideTimeWindow, .usageLimitReached, .budgetExhausted, .periodLimitReached,
        .currencyNotSupported, .contextNotEligible, .customerRequired, .customerNotEligible,
        .customerGroupNotEligible, .notFirstOrder, .customerLimitReached, .cartRequired,
        .requiredItemsMissing, .noEligibleItems, .belowMinimumAmount, .aboveMaximumAmount,
        .belowMinimumQuantity, .aboveMaximumQuantity, .notCombinable, .noEffect, .giftCardEmpty,
    ]
}
