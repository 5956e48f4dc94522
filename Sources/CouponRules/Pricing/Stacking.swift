// Several coupons in one order are priced one after the other, and each is computed on what the
// ones before it have left. So their order is part of the contract: first the priority that a shop
// gives, then the kind, where discounts on single units come before discounts on the sum.

/// How a coupon combines with others in one order.
package struct Stacking: Hashable, Sendable, BitwiseCopyable {
    /// What a discount is computed on.
    package enum Base: UInt8, Sendable, CaseIterable, BitwiseCopyable {
        /// What the codes before it have left of each line.
        case remaining
        /// Full prices; still no line goes below zero.
        case original

        /// The name in definitions.
        package var code: StaticString {
            switch self {
            case .remaining: "remaining"
            case .original: "original"
            }
        }
    }

    /// Whether it stands alone.
    package var isExclusive = false
    /// At most one coupon of a group is used; ``Symbol/unmentioned`` means no group.
    package var group = Symbol.unmentioned
    /// Lower comes first.
    package var priority: Int64 = 100
    package var base = Base.remaining

    package init() {}
}

extension Coupon {
    /// The place of its kind of discount among coupons of the same priority; lower comes first.
    ///
    /// Tiers have the place of the lowest tier, clauses that of the first clause.
    package func judgingRank(in tables: borrowing RuleTables) -> Int {
        switch discount.kind {
        case .tiers:
            let lowest = tables.tiers[Int(discount.parts.first)]
            return Discount.judgingRank(of: lowest.percent == nil ? .fixedAmount : .percentage)
        case .clauses:
            let first = tables.discountClauses[Int(discount.parts.first)]
            return Discount.judgingRank(of: first.discount.kind)
        case .none, .percentage, .fixedAmount, .fixedPerItem, .fixedPerLine, .fixedPrice, .shipping,
            .giftItem, .buyXGetY:
            return Discount.judgingRank(of: discount.kind)
        }
    }
}

extension Discount {
    fileprivate static func judgingRank(of kind: Kind) -> Int {
        switch kind {
        case .fixedPrice: 0
        case .buyXGetY: 1
        case .fixedPerItem: 2
        case .fixedPerLine: 3
        case .percentage: 4
        case .fixedAmount: 5
        case .shipping: 6
        case .giftItem: 7
        case .none: 8
        case .tiers, .clauses:
            preconditionFailure("a discount made of parts has the rank of a part")
        }
    }
}
