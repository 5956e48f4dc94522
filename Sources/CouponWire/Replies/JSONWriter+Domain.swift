import CouponRules
import FlatStorage

// How the domain's values look in JSON.

extension JSONWriter {
    @inlinable
    package mutating func money(_ value: Money) { integer(value.minorUnits) }

    /// An instant as ISO 8601 in UTC, with milliseconds only where there are some. An open end
    /// (``Instant/distantPast``, ``Instant/distantFuture``) is null.
    package mutating func instant(_ value: Instant) {
        guard value != .distantPast && value != .distantFuture else { return null() }
        beginString()
        appendTime(value)
        endString()
    }

    /// Appends an amount as people write it, such as `25.00`, with the digits of its currency.
    package mutating func appendAmount(_ amount: Money, in currency: Currency) {
        let digits = currency.minorDigits
        guard digits > 0 else { return appendDigits(of: amount.minorUnits) }
        var unit: UInt64 = 1
        for _ in 0..<digits { unit *= 10 }
        let (whole, fraction) = amount.minorUnits.magnitude.quotientAndRemainder(dividingBy: unit)
        if amount.minorUnits < 0 { bytes.append(UInt8(ascii: "-")) }
        appendDigits(of: Int64(whole))
        bytes.append(UInt8(ascii: "."))
        appendDigits(of: Int64(fraction), width: digits)
    }

    /// Appends the three letters of a currency.
    package mutating func appendLetters(of currency: Currency) {
        for index in 0..<3 { bytes.append(currency.letter(index)) }
    }

    /// Appends an instant as ISO 8601 in UTC. Milliseconds that are zero are left out unless
    /// `alwaysMilliseconds`: lines of a log are of one form.
    package mutating func appendTime(_ instant: Instant, alwaysMilliseconds: Bool = false) {
        // In UTC the wall shows the milliseconds since the epoch.
        let wall = CivilTime(milliseconds: instant.millisecondsSinceEpoch)
        let (year, month, day) = wall.date.yearMonthDay
        let (seconds, milliseconds) = wall.millisecondsOfDay.quotientAndRemainder(dividingBy: 1_000)
        appendDigits(of: Int64(year), width: 4)
        bytes.append(UInt8(ascii: "-"))
        appendDigits(of: Int64(month), width: 2)
        bytes.append(UInt8(ascii: "-"))
        appendDigits(of: Int64(day), width: 2)
        bytes.append(UInt8(ascii: "T"))
        appendDigits(of: seconds / 3_600, width: 2)
        bytes.append(UInt8(ascii: ":"))
        appendDigits(of: seconds / 60 % 60, width: 2)
        bytes.append(UInt8(ascii: ":"))
        appendDigits(of: seconds % 60, width: 2)
        if milliseconds != 0 || alwaysMilliseconds {
            bytes.append(UInt8(ascii: "."))
            appendDigits(of: milliseconds, width: 3)
        }
        bytes.append(UInt8(ascii: "Z"))
    }
}
