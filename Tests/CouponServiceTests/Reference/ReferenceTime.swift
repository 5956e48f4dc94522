import Foundation

// Clocks on walls. A zone's offset is asked of Foundation; everything else is counted by hand.

extension Reference {
    /// A time as it is written: a date, a local time `2026-07-04T09:30`, or an instant that
    /// ends in `Z`.
    struct Moment: Equatable {
        var text: String

        init(_ text: String) { self.text = text }

        var isDate: Bool { text.count == 10 }
        var isInstant: Bool { text.hasSuffix("Z") }
        var day: String { String(text.prefix(10)) }

        /// Seconds since midnight, as written.
        var secondOfDay: Int64 {
            let parts = text.dropFirst(11).prefix { $0 != "Z" }.split(separator: ":")
                .compactMap { Int64($0) }
            return parts.enumerated().reduce(0) { sum, part in
                sum + part.element * [3_600, 60, 1][part.offset]
            }
        }

        /// Milliseconds since 1970. A date is its first moment, or as an end the next day's.
        func instant(in zone: String, isEnd: Bool = false) -> Int64 {
            let days = Reference.dayNumber(day) + (isEnd && isDate ? 1 : 0)
            let wall = days * 86_400 + secondOfDay
            return (isInstant ? wall : Reference.second(ofWall: wall, in: zone)) * 1_000
        }
    }

    /// What clocks and calendars in a zone show.
    struct Wall: Equatable {
        var day = ""
        /// Nil when only the day is known.
        var second: Int64?

        init(day: String, second: Int64?) {
            self.day = day
            self.second = second
        }

        init(at instant: Int64, in zone: String) {
            let seconds = floored(instant, by: 1_000)
            let wall = seconds + Reference.offset(at: seconds, in: zone)
            day = Reference.day(floored(wall, by: 86_400))
            second = wall - floored(wall, by: 86_400) * 86_400
        }

        /// The Monday of its week, as a name for the week.
        var week: String {
            let number = Reference.dayNumber(day)
            return Reference.day(number - Reference.weekday(number))
        }
        var month: String { String(day.prefix(7)) }
    }

    static func floored(_ number: Int64, by divisor: Int64) -> Int64 {
        let quotient = number / divisor
        return number % divisor < 0 ? quotient - 1 : quotient
    }

    /// 0 is Monday. 1 January 1970 was a Thursday.
    static func weekday(_ dayNumber: Int64) -> Int64 { ((dayNumber + 3) % 7 + 7) % 7 }

    /// Days since 1970, by counting years and months.
    static func dayNumber(_ day: String) -> Int64 {
        let parts = day.split(separator: "-").compactMap { Int64($0) }
        var days: Int64 = 0
        for year in 1970..<parts[0] { days += isLeap(year) ? 366 : 365 }
        for month in 1..<parts[1] { days += daysIn(month, of: parts[0]) }
        return days + parts[2] - 1
    }

    static func day(_ dayNumber: Int64) -> String {
        var (rest, year, month) = (dayNumber, Int64(1970), Int64(1))
        while rest >= (isLeap(year) ? 366 : 365) {
            rest -= isLeap(year) ? 366 : 365
            year += 1
        }
        while rest >= daysIn(month, of: year) {
            rest -= daysIn(month, of: year)
            month += 1
        }
        return "\(year)-\(twoDigits(month))-\(twoDigits(rest + 1))"
    }

    private static func isLeap(_ year: Int64) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    private static func daysIn(_ month: Int64, of year: Int64) -> Int64 {
        if month == 2 { return isLeap(year) ? 29 : 28 }
        return [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    private static let zones: [String: TimeZone] = {
        let names = [
            "UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu",
        ]
        return Dictionary(
            uniqueKeysWithValues: names.map { ($0, TimeZone(identifier: $0) ?? .gmt) })
    }()

    static var zoneNames: [String] { zones.keys.sorted() }

    static func offset(at second: Int64, in zone: String) -> Int64 {
        guard zone != "UTC", let known = zones[zone] else { return 0 }
        return Int64(known.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second))))
    }

    /// The first second at which a clock in the zone shows `wall`; where clocks jump over it,
    /// it moves forward by the jump.
    static func second(ofWall wall: Int64, in zone: String) -> Int64 {
        let before = offset(at: wall - 86_400, in: zone)
        let after = offset(at: wall + 86_400, in: zone)
        for candidate in [wall - max(before, after), wall - min(before, after)]
        where candidate + offset(at: candidate, in: zone) == wall {
            return candidate
        }
        return wall - before
    }

    /// An instant as replies write it.
    static func written(_ instant: Int64) -> String {
        let wall = Wall(at: instant, in: "UTC")
        let second = wall.second ?? 0
        let fraction = instant % 1_000 == 0 ? "" : "." + String(instant % 1_000 + 1_000).dropFirst()
        return "\(wall.day)T\(twoDigits(second / 3_600)):\(twoDigits(second / 60 % 60))"
            + ":\(twoDigits(second % 60))\(fraction)Z"
    }
}

extension Reference.Window {
    static let dayNames = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

    /// Whether a window that belongs to the day with this number may open at all on it.
    private func opens(on dayNumber: Int64) -> Bool {
        days.isEmpty || days.contains(Self.dayNames[Int(Reference.weekday(dayNumber))])
    }

    func holds(on wall: Reference.Wall) -> Bool {
        let today = Reference.dayNumber(wall.day)
        guard let second = wall.second else { return opens(on: today) }
        let (from, to) = ((from ?? 0) * 60, (to ?? 24 * 60) * 60)
        if from < to { return opens(on: today) && from <= second && second < to }
        return (opens(on: today) && second >= from) || (opens(on: today - 1) && second < to)
    }
}
