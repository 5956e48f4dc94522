// A coupon as its author wrote it: every field of the definition grammar, typed and checked on its
// own, with the place it came from. What a field means for judging is decided when it is compiled.

import CouponRules

/// Where something stands in a definition file, for messages that a person can act on.
package struct SourcePlace: Hashable, Sendable {
    /// The path as the operator named it.
    package var file: String
    /// 1-based.
    package var line: Int

    package init(file: String, line: Int) {
        self.file = file
        self.line = line
    }
}

/// One thing wrong with a definition.
package struct DefinitionFault: Error, Hashable, Sendable {
    package var place: SourcePlace
    /// The path of the field inside its file, such as `coupons[3].discount.percent`.
    package var field: String
    /// A sentence: what is wrong and, where it helps, what would be right.
    package var message: String

    package init(place: SourcePlace, field: String, message: String) {
        self.place = place
        self.field = field
        self.message = message
    }
}

/// Attribute -> values, in the order written.
package struct AttributeMap: Hashable, Sendable {
    package struct Entry: Hashable, Sendable {
        package var attribute: String
        package var values: [String]

        package init(attribute: String, values: [String]) {
            self.attribute = attribute
            self.values = values
        }
    }

    package var entries: [Entry]

    package init(entries: [Entry] = []) { self.entries = entries }
    package var isEmpty: Bool { entries.isEmpty }
}

/// Amounts per currency, in the order written; an amount without a currency has been given the
/// file's.
package typealias AmountMap = [CurrencyAmount]

/// A window's edge as written: compiled to an instant once the zone is known.
package typealias WrittenMoment = Moment

package struct DiscountDefinition: Hashable, Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case percentage
        case fixedAmount = "fixed_amount"
        case fixedPerItem = "fixed_per_item"
        case fixedPerLine = "fixed_per_line"
        case fixedPrice = "fixed_price"
        case shipping
        case buyXGetY = "buy_x_get_y"
        case tiers
        case giftItem = "gift_item"
        case none
    }

    package enum Spread: String, Sendable, CaseIterable {
        case proportional, even, cheapest, dearest
    }

    package enum UnitChoice: String, Sendable, CaseIterable {
        case dearest, cheapest
    }

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

    package var kind: Kind
    package var percent: Percent?
    package var amount: AmountMap = []
    package var cap: AmountMap = []
    package var rounding = Rounding.halfUp
    package var spread = Spread.proportional
    package var maxUnits: Int64?
    package var units = UnitChoice.dearest
    package var tiers: [Tier] = []
    package var buy: Buy?
    package var get: Get?
    package var maxTimes: Int64?
    /// Of a gift item.
    package var product: String?
    package var quantity: Int64?
    /// What one clause of `discounts` covers; empty on a coupon's only discount.
    package var appliesTo: [AttributeMap] = []
    package var line = 0

    package init(kind: Kind) { self.kind = kind }
}

package struct RequirementsDefinition: Hashable, Sendable {
    package var minimumSubtotal: AmountMap = []
    package var maximumSubtotal: AmountMap = []
    package var minimumItems: Int64?
    package var maximumItems: Int64?
    package var base = BoundBase.cart
    package var contains = AttributeMap()
    package var context = AttributeMap()
    /// Trimmed; those with an `@` lower-cased.
    package var customers: [String] = []
    package var groups: [String] = []
    package var maximumPreviousOrders: Int64?

    package init() {}
}

/// Days on which a coupon does not hold, both ends included.
package struct BlackoutDefinition: Hashable, Sendable {
    package var first: CivilDate
    package var last: CivilDate

    package init(first: CivilDate, last: CivilDate) {
        self.first = first
        self.last = last
    }
}

/// `{days: [mon, tue], from: "09:00", to: "17:00"}`.
package struct TimeWindowDefinition: Hashable, Sendable {
    /// 1 (Monday) ... 7 (Sunday); empty means every day.
    package var weekdays: [Int]
    /// Minutes of the day, 0 ..< 1440; `to` may be 1440, or before `from` when it ends after midnight.
    package var from: Int
    package var to: Int

    package init(weekdays: [Int], from: Int, to: Int) {
        self.weekdays = weekdays
        self.from = from
        self.to = to
    }
}

package struct OfferDefinition: Hashable, Sendable {
    package var id: String
    package var name: String?
    package var startsAt: WrittenMoment?
    package var endsAt: WrittenMoment?
    package var timezone: String?
    package var limit: Int64?
    package var counter: String?
    package var ticketLimit: Int64?
    package var isGlobal = false
    package var blackout: [BlackoutDefinition] = []
    package var isTaggable = false
    package var appliesTo: [AttributeMap] = []
    package var context = AttributeMap()
    package var line = 0

    package init(id: String) { self.id = id }
}

package struct LimitsDefinition: Hashable, Sendable {
    package enum OnBudget: String, Sendable, CaseIterable {
        case refuse, partial
    }

    package var total: Int64?
    package var perCustomer: Int64?
    package var perCode: Int64?
    package var perDay: Int64?
    package var perWeek: Int64?
    package var perMonth: Int64?
    package var perBookingDate: Int64?
    package var budget: AmountMap = []
    package var onBudget = OnBudget.refuse

    package init() {}
}

package struct StackingDefinition: Hashable, Sendable {
    package enum Base: String, Sendable, CaseIterable {
        case remaining, original
    }

    package var isExclusive = false
    package var group: String?
    package var priority: Int64 = 100
    package var base = Base.remaining

    package init() {}
}

/// A code and what it says beyond its coupon.
package struct CodeDefinition: Hashable, Sendable {
    /// As written; normalised when compiled.
    package var text: String
    package var maxUses: Int64?
    package var customer: String?
    package var startsAt: WrittenMoment?
    package var endsAt: WrittenMoment?
    package var isMultiUse: Bool?
    package var revenue: Int64?
    package var customerCredit: String?
    package var used: Int64 = 0
    package var discountGiven: AmountMap = []
    package var line: Int

    package init(text: String, line: Int) {
        self.text = text
        self.line = line
    }
}

package enum DurationDefinition: Hashable, Sendable {
    case once
    case repeating(months: Int64)
    case forever
}

/// A key and a text, in the order written.
package struct MetadataEntry: Hashable, Sendable {
    package var key: String
    package var value: String

    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }
}

package struct CouponDefinition: Hashable, Sendable {
    package var place: SourcePlace
    /// `coupons[3]`: what the fields of this coupon's faults begin with.
    package var path: String

    package var id: String?
    package var name: String?
    package var note: String?
    package var kind = CouponKind.discount
    package var status = CouponStatus.active
    package var codes: [CodeDefinition] = []
    /// Resolved against the folder of the file that names it.
    package var codesFile: String?
    package var codesFileLine = 0
    package var discount: DiscountDefinition?
    package var discounts: [DiscountDefinition] = []
    package var appliesTo: [AttributeMap] = []
    package var excludes = AttributeMap()
    package var excludesSaleItems = false
    package var requirements = RequirementsDefinition()
    package var startsAt: WrittenMoment?
    package var endsAt: WrittenMoment?
    /// An IANA name; the file's default has been filled in, `UTC` when neither says.
    package var timezone = "UTC"
    package var blackout: [BlackoutDefinition] = []
    package var windows: [TimeWindowDefinition] = []
    package var offers: [OfferDefinition] = []
    package var limits = LimitsDefinition()
    package var stacking = StackingDefinition()
    package var duration: DurationDefinition?
    package var revenue: Int64?
    package var isReusableAfterRelease = true
    package var isCaseSensitive = false
    package var used: Int64 = 0
    package var discountGiven: AmountMap = []
    package var metadata: [MetadataEntry] = []
    /// Bounds the sum of the `discounts` clauses.
    package var cap: AmountMap = []

    package init(place: SourcePlace, path: String) {
        self.place = place
        self.path = path
    }
}

package struct GiftCardDefinition: Hashable, Sendable {
    package var place: SourcePlace
    package var path: String

    package var id: String?
    package var code: String
    package var amount: Money
    package var balance: Money
    package var currency: Currency
    package var isActive = true
    package var expiresAt: WrittenMoment?
    package var purchasedBy: [MetadataEntry] = []
    package var createdAt: WrittenMoment?

    package init(
        place: SourcePlace, path: String, code: String, amount: Money, balance: Money,
        currency: Currency
    ) {
        self.place = place
        self.path = path
        self.code = code
        self.amount = amount
        self.balance = balance
        self.currency = currency
    }
}

/// Who may claim a code that another coupon of the store already has.
package enum CodeScope: String, Sendable, CaseIterable {
    /// Nobody: a code belongs to one coupon of the store.
    case store
    /// Any other coupon: a code is unique inside its coupon only.
    case coupon
}

/// One definition file, read and checked field by field.
package struct CatalogFile: Hashable, Sendable {
    package var path: String
    package var store = "default"
    package var codeScope = CodeScope.store
    package var timezone = "UTC"
    package var coupons: [CouponDefinition] = []
    package var giftCards: [GiftCardDefinition] = []

    package init(path: String) { self.path = path }
}
