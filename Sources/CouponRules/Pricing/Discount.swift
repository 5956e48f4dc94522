// A discount as a flat value. The kinds that are made of parts — tiers, clauses, sets — have a run
// of parts in tables beside it; when they are priced, each comes down to a plain discount on some
// of the lines or units.

/// How a coupon turns covered lines into money.
package struct Discount: Sendable, BitwiseCopyable {
    package enum Kind: UInt8, Sendable, CaseIterable, BitwiseCopyable {
        case none
        case percentage
        case fixedAmount
        case fixedPerItem
        case fixedPerLine
        case fixedPrice
        case shipping
        /// Something is given beside the cart, and no money.
        case giftItem
        /// The highest of several tiers that is met: a percentage or a fixed amount.
        case tiers
        /// Discounts of their own for different lines.
        case clauses
        /// A percentage off the units that are got with those that are bought.
        case buyXGetY

        /// The kinds that a definition may name: all but `clauses`, which is a list of discounts.
        package static let named: [Kind] = [
            .percentage, .fixedAmount, .fixedPerItem, .fixedPerLine, .fixedPrice, .shipping,
            .buyXGetY, .tiers, .giftItem, .none,
        ]

        /// The name in definitions and replies.
        package var code: StaticString {
            switch self {
            case .none: "none"
            case .percentage: "percentage"
            case .fixedAmount: "fixed_amount"
            case .fixedPerItem: "fixed_per_item"
            case .fixedPerLine: "fixed_per_line"
            case .fixedPrice: "fixed_price"
            case .shipping: "shipping"
            case .giftItem: "gift_item"
            case .tiers: "tiers"
            case .clauses: "clauses"
            case .buyXGetY: "buy_x_get_y"
            }
        }
    }

    package var kind: Kind
    package var percent: Percent?
    /// Runs of ``CurrencyAmount``.
    package var amounts = Run.empty
    package var caps = Run.empty
    package var rounding = Rounding.halfUp
    package var allocationMethod = AllocationMethod.proportional
    /// The most covered units that take part, the first in the order of `units`; 0 means no bound.
    package var unitsMost: Int64 = 0
    package var units = UnitOrder.dearest
    /// A run of ``Tier``, ``DiscountClause`` or one ``SetTerms``, as the kind says.
    package var parts = Run.empty

    package init(_ kind: Kind) { self.kind = kind }

    package static let none = Discount(.none)

    /// Whether it takes money off the cart or off shipping.
    package var givesMoney: Bool { kind != .none && kind != .giftItem }

    /// Whether its parts say more closely than the coupon which lines are covered.
    package var narrowsCover: Bool { kind == .clauses || kind == .buyXGetY }
}

/// One step of a discount that grows with the cover. All tiers of a coupon have the same measure,
/// and the lowest comes first.
package struct Tier: Sendable, BitwiseCopyable {
    /// A run of ``CurrencyAmount``; empty where `minimumItems` is the measure.
    package var minimumSubtotal = Run.empty
    package var minimumItems: Int64 = 0
    /// Its discount: a percentage, or else a run of ``CurrencyAmount``.
    package var percent: Percent?
    package var amounts = Run.empty

    package init() {}
}

/// One of several discounts of a coupon, for lines of its own.
package struct DiscountClause: Sendable, BitwiseCopyable {
    /// As ``Coupon/appliesTo``, beside the coupon's own.
    package var appliesTo: Run
    /// A percentage or one of the fixed kinds.
    package var discount: Discount

    package init(appliesTo: Run, discount: Discount) {
        self.appliesTo = appliesTo
        self.discount = discount
    }
}

/// The terms of a set: units to buy, units to get with them, and how many sets.
package struct SetTerms: Sendable, BitwiseCopyable {
    /// Units of each set, at least 1.
    package var buyQuantity: Int64
    package var getQuantity: Int64
    /// As ``Coupon/appliesTo``, beside the coupon's own.
    package var buys: Run
    package var gets: Run
    /// 0 means no bound.
    package var setsMost: Int64 = 0

    package init(buyQuantity: Int64, getQuantity: Int64, buys: Run, gets: Run) {
        self.buyQuantity = buyQuantity
        self.getQuantity = getQuantity
        self.buys = buys
        self.gets = gets
    }
}

/// How a total is divided over the covered lines.
package enum AllocationMethod: UInt8, Sendable, CaseIterable, BitwiseCopyable {
    /// In proportion to what is left of each.
    case proportional
    /// The same to each, as far as it is worth that much.
    case even
    /// All of it to one unit, as far as that is worth so much.
    case cheapest
    case dearest

    /// The name in definitions and replies.
    package var code: StaticString {
        switch self {
        case .proportional: "proportional"
        case .even: "even"
        case .cheapest: "cheapest"
        case .dearest: "dearest"
        }
    }

    /// The order whose first unit takes the whole discount; nil when it is divided.
    package var bearer: UnitOrder? {
        switch self {
        case .proportional, .even: nil
        case .cheapest: .cheapest
        case .dearest: .dearest
        }
    }
}

/// By original unit price.
package enum UnitOrder: UInt8, Sendable, CaseIterable, BitwiseCopyable {
    case dearest
    case cheapest

    /// The name in definitions and replies.
    package var code: StaticString {
        switch self {
        case .dearest: "dearest"
        case .cheapest: "cheapest"
        }
    }
}
