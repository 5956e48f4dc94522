/// A time as people write it, before its zone is known.
///
/// Requests and definitions use the same forms: ISO 8601 with an offset, ISO 8601 without one
/// (read in the coupon's zone), a bare date (also in the coupon's zone), or Unix seconds.
package enum Moment: Hashable, Sendable, BitwiseCopyable {
    case instant(Instant)
    case local(CivilTime)
    case date(CivilDate)

    /// Why a text is not a moment.
    package enum Fault: Error, Equatable, Sendable {
        case notATime
        case noSuchDate
        case millisecondsNotSeconds
        /// A day or a year without separators, such as 20270831 or 2027.
        case compactDate
        /// A day as a spreadsheet counts it, such as 46204 for 2026-07-01.
        case spreadsheetDay
    }

    /// Unix seconds, 0 ... ``Instant/secondsMax``, except numbers that look like a date.
    package static func unixSeconds(_ seconds: Int64) throws(Fault) -> Moment {
        guard seconds <= Instant.secondsMax else { throw .millisecondsNotSeconds }
        guard seconds >= 0 else { throw .notATime }
        if looksLikeDate(seconds) { throw .compactDate }
        if spreadsheetDays.contains(seconds) { throw .spreadsheetDay }
        return .instant(Instant(secondsSinceEpoch: seconds))
    }

    /// The days from 1982 to 2064 as spreadsheets count them, from the end of 1899. As seconds they are
    /// within the first day of 1970.
    private static let spreadsheetDays: ClosedRange<Int64> = 30_000...60_000

    /// Whether a number reads as YYYYMMDD or YYYY of the years 1900 ... 2199. As seconds all of
    /// them are within 1970, when no coupon begins or ends, so refusing them costs nothing.
    private static func looksLikeDate(_ number: Int64) -> Bool {
        let years: ClosedRange<Int64> = 1_900...2_199
        if years.contains(number) { return true }
        let (year, monthAndDay) = number.quotientAndRemainder(dividingBy: 10_000)
        let (month, day) = monthAndDay.quotientAndRemainder(dividingBy: 100)
        return years.contains(year) && (1...12).contains(month) && (1...31).contains(day)
    }

    /// Reads `2026-06-01`, `2026-06-01T09:30`, `2026-06-01T09:30:15.250Z` or `…+02:00`; a space may
    /// stand for the `T`; fractions beyond milliseconds are cut off; digits alone are Unix seconds.
    package static func parse(_ text: Span<UInt8>) throws(Fault) -> Moment {
        var reader = DigitReader(text)
        if reader.isSpreadsheetTime(of: spreadsheetDays) { throw .spreadsheetDay }
        if let seconds = reader.wholeNumber() { return try unixSeconds(seconds) }

        guard let year = reader.number(digits: 4), reader.skip("-"),
            let month = reader.number(digits: 2), reader.skip("-"),
            let day = reader.number(digits: 2)
        else { throw .notATime }
        guard let date = CivilDate(year: year, month: month, day: day) else { throw .noSuchDate }
        if reader.isAtEnd { return .date(date) }

        guard reader.skip("T") || reader.skip("t") || reader.skip(" "),
            let hour = reader.number(digits: 2), reader.skip(":"),
            let minute = reader.number(digits: 2)
        else { throw .notATime }
        var second = 0
        var milliseconds = 0
        if reader.skip(":") {
            guard let seconds = reader.number(digits: 2) else { throw .notATime }
            second = seconds
            if reader.skip(".") || reader.skip(",") {
                guard let fraction = reader.millisecondFraction() else { throw .notATime }
                milliseconds = fraction
            }
        }
        // A leap second is read as the second before it; 24:00 is not accepted.
        guard hour <= 23, minute <= 59, second <= 60 else { throw .notATime }
        let ofDay = Int64((hour * 60 + minute) * 60 + min(second, 59)) * 1_000 + Int64(milliseconds)
        let local = CivilTime(milliseconds: CivilTime(startOf: date).milliseconds + ofDay)
        if reader.isAtEnd { return .local(local) }

        guard let offsetMinutes = reader.offsetMinutes(), reader.isAtEnd else { throw .notATime }
        return .instant(
            Instant(millisecondsSinceEpoch: local.milliseconds - Int64(offsetMinutes) * 60_000))
    }
}

/// A cursor over the digits and separators of a time.
private struct DigitReader: ~Escapable {
    private let text: Span<UInt8>
    private var index = 0

    @_lifetime(copy text)
    init(_ text: Span<UInt8>) { self.text = text }

    var isAtEnd: Bool { index == text.count }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard index < text.count, UInt32(text[index]) == character.value else { return false }
        index += 1
        return true
    }

    /// The whole text as one number, when it is one to eighteen digits.
    func wholeNumber() -> Int64? {
        guard (1...18).contains(text.count) else { return nil }
        var number: Int64 = 0
        for position in 0..<text.count {
            guard let digit = digit(at: position) else { return nil }
            number = number * 10 + Int64(digit)
        }
        return number
    }

    /// Whether it is a day of `days`, a point or comma and digits: a time as spreadsheets count it.
    func isSpreadsheetTime(of days: ClosedRange<Int64>) -> Bool {
        guard text.count > 6, text[5] == UInt8(ascii: ".") || text[5] == UInt8(ascii: ",") else {
            return false
        }
        for position in 6..<text.count where digit(at: position) == nil { return false }
        guard let day = DigitReader(text.extracting(0..<5)).wholeNumber() else { return false }
        return days.contains(day)
    }

    mutating func number(digits: Int) -> Int? {
        var number = 0
        for _ in 0..<digits {
            guard let digit = digit(at: index) else { return nil }
            number = number * 10 + digit
            index += 1
        }
        return number
    }

    /// One or more digits after the point; digits beyond milliseconds are cut off.
    mutating func millisecondFraction() -> Int? {
        var milliseconds = 0
        var weight = 100
        let first = index
        while let digit = digit(at: index) {
            milliseconds += digit * weight
            weight /= 10
            index += 1
        }
        return index == first ? nil : milliseconds
    }

    /// `Z`, `+hh:mm`, `+hhmm` or `+hh`, in minutes east of UTC.
    mutating func offsetMinutes() -> Int? {
        if skip("Z") || skip("z") { return 0 }
        let sign = skip("+") ? 1 : skip("-") ? -1 : 0
        guard sign != 0, let hours = number(digits: 2) else { return nil }
        var minutes = 0
        if !isAtEnd {
            _ = skip(":")
            guard let read = number(digits: 2) else { return nil }
            minutes = read
        }
        guard hours <= 18, minutes <= 59 else { return nil }
        return sign * (hours * 60 + minutes)
    }

    private func digit(at position: Int) -> Int? {
        guard position < text.count else { return nil }
        let value = text[position] &- UInt8(ascii: "0")
        return value <= 9 ? Int(value) : nil
    }
}
