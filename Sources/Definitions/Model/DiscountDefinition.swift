// What a coupon is worth, as its author wrote it.

import CouponRules

/// Amounts per currency, in the order written; an amount without a currency has been given the
/// file's.
package typealias AmountMap = [CurrencyAmount]

/// One discount: a coupon's only one, or a clause of its `discounts`. It has been checked that it has
/// the fields that its kind needs, and none that its kind has no use for.
package struct DiscountDefinition: Hashable, Sendable {
    /// `{min_subtotal|min_items, percent|amount}`.
    package struct Tier: Hashable, Sendable {
        package var minimumSubtotal: AmountMap = []
        package var minimumItems: Int64?
        package var percent: Percent?
        package var amount: AmountMap = []

        package init() {}
    }

    /// `buy: {quantity, applies_to}`.
    package struct Buy: Hashable, Sendable {
        package var quantity: Int64
        package var appliesTo: [AttributeMap]

        package init(quantity: Int64, appliesTo: [AttributeMap]) {
            self.quantity = quantity
            self.appliesTo = appliesTo
        }
    }

    /// `get: {quantity, applies_to, percent}`.
    package struct Get: Hashable, Sendable {
        package var quantity: Int64
        package var appliesTo: [AttributeMap]
        package var percent: Percent

        package init(quantity: Int64, appliesTo: [AttributeMap], percent: Percent) {
            self.quantity = quantity
            self.appliesTo = appliesTo
            self.percent = percent
        }
    }

    package var kind: Discount.Kind
    package var percent: Percent?
    package var amount: AmountMap = []
    package var cap: AmountMap = []
    package var rounding = Rounding.halfUp
    package var allocationMethod = AllocationMethod.proportional
    package var maxUnits: Int64?
    package var units = UnitOrder.dearest
    package var tiers: [Tier] = []
    package var buy: Buy?
    package var get: Get?
    package var maxTimes: Int64?
    /// Of a gift item.
    package var product: String?
    package var quantity: Int64?
    /// What one clause of `discounts` covers; empty on a coupon's only discount.
    package var appliesTo: [AttributeMap] = []
    /// Where it begins in its file.
    package var line = 0

    package init(kind: Discount.Kind) { self.kind = kind }
}
