/// A point in time, in milliseconds since 1970-01-01T00:00:00Z.
///
/// The domain never reads a clock: the caller passes the time.
@frozen @usableFromInline
package struct Instant: Hashable, Comparable, Sendable, BitwiseCopyable {
    @usableFromInline package var millisecondsSinceEpoch: Int64

    @inlinable
    package init(millisecondsSinceEpoch: Int64) {
        self.millisecondsSinceEpoch = millisecondsSinceEpoch
    }

    @inlinable
    package init(secondsSinceEpoch: Int64) {
        self.millisecondsSinceEpoch = secondsSinceEpoch * 1_000
    }

    /// Earlier than any instant that can be written; means "no start".
    @inlinable package static var distantPast: Instant { Instant(millisecondsSinceEpoch: .min) }

    /// Later than any instant that can be written; means "no end".
    @inlinable package static var distantFuture: Instant { Instant(millisecondsSinceEpoch: .max) }

    @inlinable
    package static func < (left: Instant, right: Instant) -> Bool {
        left.millisecondsSinceEpoch < right.millisecondsSinceEpoch
    }

    /// 9999-12-31T23:59:59Z in Unix seconds. A larger number is taken for milliseconds and refused.
    package static let secondsMax: Int64 = 253_402_300_799
}

/// A calendar day without a zone, as days since 1970-01-01 in the proleptic Gregorian calendar.
@frozen @usableFromInline
package struct CivilDate: Hashable, Comparable, Sendable, BitwiseCopyable {
    @usableFromInline package var daysSinceEpoch: Int32

    @inlinable
    package init(daysSinceEpoch: Int32) { self.daysSinceEpoch = daysSinceEpoch }

    @inlinable
    package static func < (left: CivilDate, right: CivilDate) -> Bool {
        left.daysSinceEpoch < right.daysSinceEpoch
    }

    /// Nil when the calendar has no such day (2026-02-30) or the year lies outside 1 ... 9999.
    ///
    /// The arithmetic counts days in eras of 400 years that begin on 1 March, so that a leap day
    /// is the last day of its year (H. Hinnant, "chrono-compatible low-level date algorithms").
    package init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month), day >= 1,
            day <= CivilDate.dayCount(ofMonth: month, year: year)
        else { return nil }
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = shiftedYear / 400
        let yearOfEra = shiftedYear - era * 400
        let monthFromMarch = (month + 9) % 12
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        daysSinceEpoch = Int32(era * 146_097 + dayOfEra - 719_468)
    }

    /// The Gregorian year, month 1 ... 12 and day 1 ... 31.
    package var yearMonthDay: (year: Int, month: Int, day: Int) {
        let days = Int(daysSinceEpoch) + 719_468
        let era = (days >= 0 ? days : days - 146_096) / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    /// 1 (Monday) ... 7 (Sunday), as in ISO 8601.
    package var weekday: Int {
        // 1970-01-01 was a Thursday, ISO weekday 4.
        let offset = (Int(daysSinceEpoch) + 3) % 7
        return (offset < 0 ? offset + 7 : offset) + 1
    }

    package var next: CivilDate { CivilDate(daysSinceEpoch: daysSinceEpoch + 1) }
    package var previous: CivilDate { CivilDate(daysSinceEpoch: daysSinceEpoch - 1) }

    private static func dayCount(ofMonth month: Int, year: Int) -> Int {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        default: 31
        }
    }
}

/// A local date and time without a zone, in milliseconds since the local 1970-01-01T00:00.
@frozen @usableFromInline
package struct CivilTime: Hashable, Comparable, Sendable, BitwiseCopyable {
    @usableFromInline package var milliseconds: Int64

    @inlinable
    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// Midnight at the start of `date`.
    @inlinable
    package init(startOf date: CivilDate) {
        milliseconds = Int64(date.daysSinceEpoch) * CivilTime.millisecondsPerDay
    }

    @inlinable
    package static func < (left: CivilTime, right: CivilTime) -> Bool {
        left.milliseconds < right.milliseconds
    }

    @inlinable package static var millisecondsPerDay: Int64 { 86_400_000 }

    package var date: CivilDate {
        let (days, rest) = milliseconds.quotientAndRemainder(dividingBy: Self.millisecondsPerDay)
        return CivilDate(daysSinceEpoch: Int32(truncatingIfNeeded: rest < 0 ? days - 1 : days))
    }

    /// 0 ..< 86,400,000.
    package var millisecondsOfDay: Int64 {
        let rest = milliseconds % Self.millisecondsPerDay
        return rest < 0 ? rest + Self.millisecondsPerDay : rest
    }
}
