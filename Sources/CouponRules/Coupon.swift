// A coupon as the rules read it: a flat value. Everything of varying length (amounts per currency,
// covered values, customers) lies in tables beside it, and `checks` has a bit for each rule that
// the coupon really has, so a coupon without rules costs next to nothing to judge.

/// A compiled coupon. See ``Checks`` for the order in which its rules are checked.
@usableFromInline
package struct Coupon: Sendable, BitwiseCopyable {
    /// Set by ``deriveChecks()``; until then no rule is checked.
    package internal(set) var checks = Checks()
    package var kind = CouponKind.discount
    package var status = CouponStatus.active
    /// Half-open: good from `startsAt` until just before `endsAt`.
    package var startsAt = Instant.distantPast
    package var endsAt = Instant.distantFuture
    package var zone = ZoneID.utc
    /// A run of ``DateRange``: days on which it is not valid.
    package var blackouts = Run.empty
    /// A run of ``TimeWindow``: it is valid in each of them; without any it is valid at all hours.
    package var windows = Run.empty

    package var discount = Discount.none
    /// A line is covered when it meets all clauses of any of these maps; no map covers all lines.
    package var appliesTo = Run.empty
    /// A line that meets any of these clauses is not covered.
    package var excludes = Run.empty
    package var skipsSaleItems = false

    @usableFromInline package var limits = UseLimits()
    /// Uses from before the daemon, counted until the first use is recorded.
    package var usesBefore: Int64 = 0
    /// A run of ``CurrencyAmount``: money given away before the daemon, like `usesBefore`.
    package var givenBefore = Run.empty
    /// A run of ``Offer``; a coupon that has offers is judged with one of them.
    package var offers = Run.empty
    package var stacking = Stacking()

    package var requirements = Requirements()

    package init() {}
}

package enum CouponKind: UInt8, Sendable, CaseIterable, BitwiseCopyable {
    case discount, presale, reserve, comp, auto, invite, access

    /// The name in definitions and replies.
    package var code: StaticString {
        switch self {
        case .discount: "discount"
        case .presale: "presale"
        case .reserve: "reserve"
        case .comp: "comp"
        case .auto: "auto"
        case .invite: "invite"
        case .access: "access"
        }
    }

    /// Whether its codes open something instead of giving money.
    package var opensAccess: Bool {
        switch self {
        case .presale, .reserve, .invite, .access: true
        case .discount, .comp, .auto: false
        }
    }
}

package enum CouponStatus: UInt8, Sendable, CaseIterable, BitwiseCopyable {
    case active, inactive, archived

    /// The name in definitions and replies.
    package var code: StaticString {
        switch self {
        case .active: "active"
        case .inactive: "inactive"
        case .archived: "archived"
        }
    }
}

/// Which cart lines a bound looks at.
package enum BoundBase: UInt8, Sendable, CaseIterable, BitwiseCopyable {
    case cart, eligible

    /// The name in definitions.
    package var code: StaticString {
        switch self {
        case .cart: "cart"
        case .eligible: "eligible"
        }
    }
}

/// What a coupon requires of a purchase.
package struct Requirements: Sendable, BitwiseCopyable {
    /// Runs of ``CurrencyAmount``.
    package var minimumSubtotal = Run.empty
    package var maximumSubtotal = Run.empty
    /// Sums of quantities; 0 means no bound.
    package var minimumItems: Int64 = 0
    package var maximumItems: Int64 = 0
    package var base = BoundBase.cart
    /// Clauses, each of which some line must meet.
    package var contains = Run.empty
    /// Clauses, each of which the request's context must meet.
    package var context = Run.empty
    /// Customer ids and (with an `@`) e-mail addresses, sorted by symbol.
    package var customers = Run.empty
    /// Groups, sorted by symbol.
    package var groups = Run.empty
    /// The most orders that the customer may have made before; read where `limitsPreviousOrders`.
    package var previousOrdersMax: Int64 = 0
    package var limitsPreviousOrders = false

    package init() {}
}

/// An amount in one currency.
package struct CurrencyAmount: Hashable, Sendable, BitwiseCopyable {
    package var currency: Currency
    package var amount: Money

    package init(currency: Currency, amount: Money) {
        self.currency = currency
        self.amount = amount
    }
}

/// One key of a cover or requirement: an attribute and the values that meet it.
package struct Clause: Hashable, Sendable, BitwiseCopyable {
    package var attribute: Symbol
    /// A run of symbols, sorted.
    package var values: Run

    package init(attribute: Symbol, values: Run) {
        self.attribute = attribute
        self.values = values
    }
}

/// The terms of one code beside those of its coupon.
@usableFromInline
package struct CodeTerms: Hashable, Sendable, BitwiseCopyable {
    package var startsAt = Instant.distantPast
    package var endsAt = Instant.distantFuture
    /// The most uses of this code; 0 means the coupon's `limits.perCode`.
    @usableFromInline package var usesLimit: Int64 = 0
    /// Whether it is good once for each customer.
    @usableFromInline package var isOncePerCustomer = false
    package var usesBefore: Int64 = 0
    /// The only customer who may use it (an id, or an e-mail with an `@`).
    package var customer = Symbol.unmentioned
    package var isBoundToCustomer = false
    package var isDisabled = false

    package init() {}
}

/// The tables that coupons of one catalog point into.
package struct RuleTables: ~Escapable {
    package let amounts: Span<CurrencyAmount>
    /// Each map is a run of ``clauses``.
    package let maps: Span<Run>
    package let clauses: Span<Clause>
    package let symbols: Span<Symbol>
    package let tiers: Span<Tier>
    package let discountClauses: Span<DiscountClause>
    package let sets: Span<SetTerms>
    package let blackouts: Span<DateRange>
    package let windows: Span<TimeWindow>
    package let offers: Span<Offer>

    @_lifetime(
        copy amounts, copy maps, copy clauses, copy symbols, copy tiers, copy discountClauses,
        copy sets, copy blackouts, copy windows, copy offers)
    package init(
        amounts: Span<CurrencyAmount>, maps: Span<Run>, clauses: Span<Clause>,
        symbols: Span<Symbol>, tiers: Span<Tier>, discountClauses: Span<DiscountClause>,
        sets: Span<SetTerms>, blackouts: Span<DateRange>, windows: Span<TimeWindow>,
        offers: Span<Offer>
    ) {
        self.amounts = amounts
        self.maps = maps
        self.clauses = clauses
        self.symbols = symbols
        self.tiers = tiers
        self.discountClauses = discountClauses
        self.sets = sets
        self.blackouts = blackouts
        self.windows = windows
        self.offers = offers
    }

    /// The amount of `run` in `currency`, if it has one.
    package func amount(in run: Run, for currency: Currency) -> Money? {
        for index in run.range where amounts[index].currency == currency {
            return amounts[index].amount
        }
        return nil
    }

    /// Whether `run` names amounts, and none in `currency`.
    package func lacks(_ currency: Currency, in run: Run) -> Bool {
        !run.isEmpty && amount(in: run, for: currency) == nil
    }

    /// Whether the sorted `run` of symbols holds `symbol`.
    package func contains(_ symbol: Symbol, in run: Run) -> Bool {
        if symbol == .unmentioned { return false }
        var low = run.range.lowerBound
        var high = run.range.upperBound
        while low < high {
            let middle = low + (high - low) / 2
            if symbols[middle] == symbol { return true }
            if symbols[middle] < symbol { low = middle + 1 } else { high = middle }
        }
        return false
    }
}
