/// For how long orders are kept that hold nothing.
///
/// As long as an order is on record, no request applies it a second time, and a release that is
/// repeated is answered as a replay.
package struct OrderKeeping: Equatable, Sendable {
    /// An order that used nothing is forgotten so long after its end, and sooner where room is needed.
    package var unusedMilliseconds: Int64 = 24 * 3_600_000
    /// An order that used something is archived so long after it was applied, or
    /// ``bookingMilliseconds`` after the time that it is booked for, if that is later.
    package var retentionMilliseconds: Int64 = 400 * dayMilliseconds

    /// Thirty days: complaints and refunds come after the booked day.
    package static let bookingMilliseconds: Int64 = 30 * dayMilliseconds
    private static let dayMilliseconds: Int64 = 86_400_000

    package init() {}

    /// The ``OrderFacts/keptFrom`` of an order that is decided at that time of day when the calendar of
    /// the purge has come to `calendar`; 0 for an unknown calendar.
    ///
    /// A clock that is ahead keeps an order longer, so that a day of it does not matter. One that is
    /// behind would have it forgotten as soon as it is put right.
    package static func start(ofOrderDecidedAt wall: Int64, calendar: Int64) -> Int64 {
        let ahead = wall - calendar
        return calendar > 0 && (ahead < -1_000 || ahead > dayMilliseconds) ? calendar : 0
    }

    /// Whether an order may be archived when it is `today`, in milliseconds since 1970.
    package func isDue(_ facts: OrderFacts, today: Int64) -> Bool {
        facts.state != .reserved
            && earliestDue(facts) <= today.subtractingReportingOverflow(retentionMilliseconds).0
    }

    /// The day on which an order expires, less the retention: orders without a booking expire in the
    /// order in which they were decided, under any retention.
    func earliestDue(_ facts: OrderFacts) -> Int64 {
        let start = facts.keptFrom > 0 ? facts.keptFrom : facts.decidedAt
        guard facts.bookedFor > 0 else { return start }
        let afterBooking = facts.bookedFor &+ Self.bookingMilliseconds &- retentionMilliseconds
        return max(start, afterBooking)
    }
}

/// Orders on record, by what has become of them.
package struct OrderCounts: Equatable, Sendable {
    package private(set) var reserved = 0
    package private(set) var applied = 0
    package private(set) var partlyApplied = 0
    /// Released, ``unused`` ones included.
    package private(set) var released = 0
    /// Over, and using nothing: they make room for new ones.
    package internal(set) var unused = 0

    package init() {}

    mutating func add(_ state: OrderState) { change(state, by: 1) }

    mutating func remove(_ state: OrderState) { change(state, by: -1) }

    private mutating func change(_ state: OrderState, by difference: Int) {
        switch state {
        case .reserved: reserved += difference
        case .applied: applied += difference
        case .partlyApplied: partlyApplied += difference
        case .released: released += difference
        }
    }
}
