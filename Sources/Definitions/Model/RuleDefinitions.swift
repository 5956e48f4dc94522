// What a coupon asks of a purchase and of the time of day, as its author wrote it.

import CouponRules

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

/// A window's edge as written: compiled to an instant once the zone is known.
package typealias WrittenMoment = Moment

/// What a purchase must meet. An empty amount map or list demands nothing.
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

/// One of a coupon's alternatives, with its own window, limit and cover.
package struct OfferDefinition: Hashable, Sendable {
    package var id: String
    package var name: String?
    package var startsAt: WrittenMoment?
    package var endsAt: WrittenMoment?
    /// Where `ends_at` stands, or `starts_at` when it has no end; 0 without either.
    package var windowLine = 0
    /// nil: the coupon's.
    package var timezone: String?
    package var limit: Int64?
    package var counter: String?
    package var ticketLimit: Int64?
    package var isGlobal = false
    package var blackout: [BlackoutDefinition] = []
    package var isTaggable = false
    package var appliesTo: [AttributeMap] = []
    package var context = AttributeMap()
    /// `coupons[3].offers[0]`.
    package var path = ""
    package var line = 0

    package init(id: String) { self.id = id }
}
