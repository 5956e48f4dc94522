/// Why a code was refused, in order of precedence: permanent reasons first, then reasons about
/// the customer, then those that the shopper can still change. A reply gives the first that holds.
///
/// The codes are on the wire: never rename one. Also update `Reasons.md` in the documentation.
package enum Reason: UInt8, CaseIterable, Comparable, Sendable, BitwiseCopyable {
    case codeUnknown
    case couponInactive
    case couponArchived
    case notStarted
    case expired
    case blackoutDate
    case outsideTimeWindow
    case usageLimitReached
    case budgetExhausted
    case periodLimitReached
    case currencyNotSupported
    case contextNotEligible
    case customerRequired
    case customerNotEligible
    case customerGroupNotEligible
    case notFirstOrder
    case customerLimitReached
    case cartRequired
    case requiredItemsMissing
    case noEligibleItems
    case belowMinimumAmount
    case aboveMaximumAmount
    case belowMinimumQuantity
    case aboveMaximumQuantity
    case notCombinable
    case noEffect
    case giftCardEmpty

    package static func < (left: Reason, right: Reason) -> Bool { left.rawValue < right.rawValue }

    /// The stable name that clients read.
    package var code: StaticString {
        switch self {
        case .codeUnknown: "code_unknown"
        case .couponInactive: "coupon_inactive"
        case .couponArchived: "coupon_archived"
        case .notStarted: "not_started"
        case .expired: "expired"
        case .blackoutDate: "blackout_date"
        case .outsideTimeWindow: "outside_time_window"
        case .usageLimitReached: "usage_limit_reached"
        case .budgetExhausted: "budget_exhausted"
        case .periodLimitReached: "period_limit_reached"
        case .currencyNotSupported: "currency_not_supported"
        case .contextNotEligible: "context_not_eligible"
        case .customerRequired: "customer_required"
        case .customerNotEligible: "customer_not_eligible"
        case .customerGroupNotEligible: "customer_group_not_eligible"
        case .notFirstOrder: "not_first_order"
        case .customerLimitReached: "customer_limit_reached"
        case .cartRequired: "cart_required"
        case .requiredItemsMissing: "required_items_missing"
        case .noEligibleItems: "no_eligible_items"
        case .belowMinimumAmount: "below_minimum_amount"
        case .aboveMaximumAmount: "above_maximum_amount"
        case .belowMinimumQuantity: "below_minimum_quantity"
        case .aboveMaximumQuantity: "above_maximum_quantity"
        case .notCombinable: "not_combinable"
        case .noEffect: "no_effect"
        case .giftCardEmpty: "gift_card_empty"
        }
    }
}

/// A refusal with the facts a shop needs to explain it.
@usableFromInline
package struct Refusal: Hashable, Sendable, BitwiseCopyable {
    /// Which limit, rule or attribute it was about.
    package enum Scope: Hashable, Sendable, BitwiseCopyable {
        case none
        case coupon
        case code
        case offer
        case day
        case week
        case month
        case bookingDate
        case customers
        case groups
        case previousOrders
        /// A limit for each customer, or a code that is good once for each.
        case perCustomer
        case attribute(Symbol)
    }

    package var reason: Reason
    package var scope = Scope.none
    /// The bound of the rule and the actual value: minor units for amounts, else a count.
    package var limit: Int64?
    package var actual: Int64?
    /// How much more would have passed.
    package var missing: Int64?
    /// Uses that other orders hold, or of a gift card the minor units.
    package var held: Int64?
    package var startsAt: Instant?
    package var endedAt: Instant?
    /// The place, among the codes that are judged together, of the one that it conflicts with.
    package var conflictsWith: Int?

    package init(_ reason: Reason) { self.reason = reason }
}
