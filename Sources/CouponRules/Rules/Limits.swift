// How often, and for how much money, a coupon may be used. Limits and counts have the same kinds,
// so one comparison serves them all.

/// A kind of limit. `usage` lists limits in the order of the raw values.
@frozen @usableFromInline
package enum LimitKind: UInt8, CaseIterable, Sendable, BitwiseCopyable {
    case total
    case code
    case offer
    case customer
    /// One use for each customer of a code that is good once per customer.
    case codeCustomer
    case day
    case week
    case month
    case bookingDate
    /// Money given away in one currency, in minor units. All others count uses.
    case budget

    /// The name in `usage` replies.
    package var code: StaticString {
        switch self {
        case .total: "total"
        case .code: "code"
        case .offer: "offer"
        case .customer, .codeCustomer: "customer"
        case .day: "day"
        case .week: "week"
        case .month: "month"
        case .bookingDate: "booking_date"
        case .budget: "budget"
        }
    }
}

/// The limits that a coupon sets; 0 means no limit.
@usableFromInline
package struct UseLimits: Hashable, Sendable, BitwiseCopyable {
    @usableFromInline package var total: Int64 = 0
    /// Uses of each of its codes that has no limit of its own.
    @usableFromInline package var perCode: Int64 = 0
    @usableFromInline package var perCustomer: Int64 = 0
    /// Per calendar day, ISO week and month in the coupon's zone.
    @usableFromInline package var perDay: Int64 = 0
    @usableFromInline package var perWeek: Int64 = 0
    @usableFromInline package var perMonth: Int64 = 0
    @usableFromInline package var perBookingDate: Int64 = 0
    /// A run of ``CurrencyAmount``: the money it may give away in each currency.
    package var budget = Run.empty
    /// Whether a discount beyond the budget is cut to the rest of the budget instead of refused.
    package var cutsToBudget = false

    package init() {}

    /// Whether anything is limited per day, week, month or booking date.
    package var hasPeriods: Bool { perDay > 0 || perWeek > 0 || perMonth > 0 || perBookingDate > 0 }
}

/// Uses counted and held against one limit.
@frozen @usableFromInline
package struct UseCount: Hashable, Sendable, BitwiseCopyable {
    /// Uses consumed, without those of the judged order.
    @usableFromInline package var used: Int64
    /// Uses that other orders hold.
    @usableFromInline package var held: Int64

    @inlinable
    package init(used: Int64 = 0, held: Int64 = 0) {
        self.used = used
        self.held = held
    }

    /// What counts against a limit.
    @inlinable package var sum: Int64 { used + held }
}

/// A count for each kind of limit; zero for kinds that the coupon does not limit.
@frozen @usableFromInline
package struct UseCounts: Sendable, BitwiseCopyable {
    @usableFromInline var counts = InlineArray<10, UseCount>(repeating: UseCount())

    @inlinable package init() {}

    @inlinable
    package subscript(kind: LimitKind) -> UseCount {
        @inline(__always) get { counts[Int(kind.rawValue)] }
        @inline(__always) set { counts[Int(kind.rawValue)] = newValue }
    }
}
