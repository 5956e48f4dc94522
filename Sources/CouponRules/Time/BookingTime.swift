// Blackout dates, weekdays and hours are compared with the local date and time in the coupon's
// zone, never with an instant. So the hour that a zone repeats in autumn is inside a window both
// times, and a window in the hour that it skips in spring does not open on that day.

/// The local date, and perhaps the local time of day, that a purchase is made for.
package struct BookingTime: Hashable, Sendable, BitwiseCopyable {
    package var date: CivilDate
    /// 0 ..< 1440. Nil is a whole day: only its date and weekday are judged.
    package var minuteOfDay: Int?

    package init(date: CivilDate, minuteOfDay: Int? = nil) {
        self.date = date
        self.minuteOfDay = minuteOfDay
    }

    /// The date and minute of `time`; seconds are dropped, because windows have none.
    package init(_ time: CivilTime) {
        self.init(date: time.date, minuteOfDay: Int(time.millisecondsOfDay / 60_000))
    }
}

extension ZoneTable {
    /// The local time in `zone` at `moment`, or at `now` when no moment is given. A bare date is
    /// the same day in every zone; a local time that the zone skips moves forward.
    package func bookingTime(
        of moment: Moment?, orAt now: Instant, in zone: ZoneID
    ) -> BookingTime {
        switch moment {
        case nil: BookingTime(civilTime(of: now, in: zone))
        case .instant(let instant): BookingTime(civilTime(of: instant, in: zone))
        case .local(let time):
            BookingTime(civilTime(of: instant(of: time, in: zone), in: zone))
        case .date(let date): BookingTime(date: date)
        }
    }
}

/// Days from `first` to `last`, both included.
package struct DateRange: Hashable, Sendable, BitwiseCopyable {
    package var first: CivilDate
    package var last: CivilDate

    package init(first: CivilDate, last: CivilDate) {
        self.first = first
        self.last = last
    }

    package func contains(_ date: CivilDate) -> Bool { first <= date && date <= last }
}

/// Days of the week.
package struct Weekdays: OptionSet, Hashable, Sendable, BitwiseCopyable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The day with this ISO 8601 number: 1 (Monday) ... 7 (Sunday).
    package init(_ weekday: Int) { self.init(rawValue: 1 << UInt8(weekday - 1)) }

    package static let all = Weekdays(rawValue: 0b111_1111)
}

/// Hours of some days of the week, half-open.
///
/// A window whose `toMinute` is before its `fromMinute` runs past midnight. It belongs to the day
/// on which it starts: Sunday 23:00–02:00 contains Monday 01:00 but not Sunday 01:00.
package struct TimeWindow: Hashable, Sendable, BitwiseCopyable {
    package var weekdays: Weekdays
    /// Minutes of the day, 0 ..< 1440; `toMinute` may be 1440, and is never `fromMinute`.
    package var fromMinute: Int
    package var toMinute: Int

    package init(_ weekdays: Weekdays = .all, fromMinute: Int = 0, toMinute: Int = minutesPerDay) {
        self.weekdays = weekdays
        self.fromMinute = fromMinute
        self.toMinute = toMinute
    }

    package static let minutesPerDay = 24 * 60

    /// Whether `time` lies inside. A whole day lies inside when the window starts on it.
    package func contains(_ time: BookingTime) -> Bool {
        let startsToday = weekdays.contains(Weekdays(time.date.weekday))
        guard let minute = time.minuteOfDay else { return startsToday }
        if fromMinute < toMinute {
            return startsToday && fromMinute <= minute && minute < toMinute
        }
        if minute >= fromMinute { return startsToday }
        return minute < toMinute && weekdays.contains(Weekdays(time.date.previous.weekday))
    }
}
