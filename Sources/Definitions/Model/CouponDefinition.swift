// A coupon as its author wrote it: every field of the definition grammar, typed and checked on its
// own, with the place it came from. What a field means for judging is decided when it is compiled.

import CouponRules

/// A coupon and all it says.
///
/// In a file without faults, all errors that can be seen without zone arithmetic, code
/// normalisation, another coupon or another file have been refused.
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
    /// Its only discount, filled in where the kind of coupon says it (comp: 100 %, access: none);
    /// nil exactly when there are `discounts`.
    package var discount: DiscountDefinition?
    /// Clauses, of which a line takes the first that covers it.
    package var discounts: [DiscountDefinition] = []
    /// Bounds the sum of the `discounts` clauses.
    package var cap: AmountMap = []
    package var appliesTo: [AttributeMap] = []
    package var excludes = AttributeMap()
    package var excludesSaleItems = false
    package var requirements = RequirementsDefinition()
    package var startsAt: WrittenMoment?
    package var endsAt: WrittenMoment?
    /// Where `ends_at` stands, or `starts_at` when it has no end; 0 without either.
    package var windowLine = 0
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

    package init(place: SourcePlace, path: String) {
        self.place = place
        self.path = path
    }
}

/// A code and what it says beyond its coupon.
package struct CodeDefinition: Hashable, Sendable {
    /// As written but for spaces around it; normalised when compiled.
    package var text: String
    package var maxUses: Int64?
    package var customer: String?
    /// Where `customer` stands; 0 without one.
    package var customerLine = 0
    package var startsAt: WrittenMoment?
    package var endsAt: WrittenMoment?
    /// Where `ends_at` stands, or `starts_at` when it has no end; 0 without either.
    package var windowLine = 0
    package var isMultiUse: Bool?
    package var revenue: Int64?
    package var customerCredit: String?
    package var used: Int64 = 0
    package var discountGiven: AmountMap = []
    /// `coupons[3].codes[0]`.
    package var path: String
    package var line: Int

    package init(text: String, path: String = "", line: Int) {
        self.text = text
        self.path = path
        self.line = line
    }
}

/// For how many renewals replies say that a discount lasts.
package enum DurationDefinition: Hashable, Sendable {
    case once
    case repeating(months: Int64)
    case forever
}

/// How often and for how much money. nil does not limit; all given ones are ≥ 1.
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

/// How it goes together with other codes.
package struct StackingDefinition: Hashable, Sendable {
    package var isExclusive = false
    package var group: String?
    package var priority: Int64 = 100
    package var base = Stacking.Base.remaining

    package init() {}
}
