import CouponRules
import FlatStorage

// Replies have a fixed shape, so they are written straight into bytes: no tree is built and nothing
// is allocated once the buffer has grown to its working size. The writer sets the commas; what may
// stand where is up to its caller.

/// Writes JSON.
@usableFromInline
package struct ReplyWriter: ~Copyable {
    /// What was written. Complete lines may be taken off its front at any time.
    @usableFromInline package var bytes: ByteBuffer
    @usableFromInline var needsComma = false

    /// A writer that appends to `bytes`.
    package init(appendingTo bytes: consuming ByteBuffer) { self.bytes = bytes }

    /// Gives the buffer back.
    package consuming func finish() -> ByteBuffer { bytes }

    // MARK: Structure

    @inlinable
    package mutating func beginObject() {
        separate()
        bytes.append(UInt8(ascii: "{"))
        needsComma = false
    }

    @inlinable
    package mutating func endObject() {
        bytes.append(UInt8(ascii: "}"))
        needsComma = true
    }

    @inlinable
    package mutating func beginArray() {
        separate()
        bytes.append(UInt8(ascii: "["))
        needsComma = false
    }

    @inlinable
    package mutating func endArray() {
        bytes.append(UInt8(ascii: "]"))
        needsComma = true
    }

    /// A key that needs no escapes. One value must follow.
    @inlinable @inline(__always)
    package mutating func key(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(name)
        bytes.append("\":")
        needsComma = false
    }

    /// A key of any text. One value must follow.
    package mutating func key(_ name: Span<UInt8>) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    @inlinable @inline(__always)
    mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    // MARK: Values

    @inlinable
    package mutating func null() {
        separate()
        bytes.append("null")
    }

    @inlinable
    package mutating func boolean(_ value: Bool) {
        separate()
        if value { bytes.append("true") } else { bytes.append("false") }
    }

    @inlinable
    package mutating func integer(_ value: Int64) {
        separate()
        appendDigits(of: value)
    }

    @inlinable
    package mutating func money(_ value: Money) { integer(value.minorUnits) }

    /// A string of valid UTF-8.
    package mutating func string(_ text: Span<UInt8>) {
        beginString()
        appendEscaped(text)
        endString()
    }

    /// A string that needs no escapes.
    @inlinable @inline(__always)
    package mutating func string(_ text: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(text)
        bytes.append(UInt8(ascii: "\""))
    }

    /// A string of any text, for paths that may allocate. It is named apart, because a literal
    /// would rather be a `String` than the `StaticString` that costs nothing.
    package mutating func string(copying text: String) {
        let copy = Array(text.utf8)
        string(copy.span)
    }

    /// A value that is JSON already, such as an id to echo. It is not empty.
    @inlinable
    package mutating func raw(_ json: Span<UInt8>) {
        separate()
        bytes.append(json)
    }

    /// An instant as ISO 8601 in UTC, with milliseconds only where there are some. An end that is
    /// open (``Instant/distantPast``, ``Instant/distantFuture``) is null.
    package mutating func instant(_ value: Instant) {
        guard value != .distantPast && value != .distantFuture else { return null() }
        beginString()
        appendTime(value)
        endString()
    }

    // MARK: Strings in pieces

    /// Begins a string that `append…` methods fill and ``endString()`` ends.
    @inlinable
    package mutating func beginString() {
        separate()
        bytes.append(UInt8(ascii: "\""))
    }

    @inlinable
    package mutating func endString() { bytes.append(UInt8(ascii: "\"")) }

    /// Appends to a string what needs no escapes.
    @inlinable
    package mutating func append(_ text: StaticString) { bytes.append(text) }

    /// Appends UTF-8 to a string, escaping what JSON asks for and nothing else.
    package mutating func appendEscaped(_ text: Span<UInt8>) {
        var copied = 0
        while true {
            let end = text.firstToEscape(from: copied)
            bytes.append(text.extracting(copied..<end))
            if end == text.count { return }
            appendEscape(of: text[end])
            copied = end + 1
        }
    }

    private mutating func appendEscape(of byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): bytes.append("\\\"")
        case UInt8(ascii: "\\"): bytes.append("\\\\")
        case UInt8(ascii: "\n"): bytes.append("\\n")
        case UInt8(ascii: "\r"): bytes.append("\\r")
        case UInt8(ascii: "\t"): bytes.append("\\t")
        default:
            bytes.append("\\u00")
            bytes.append(byte < 0x10 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
            let low = byte & 0x0F
            bytes.append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10)
        }
    }

    /// Appends an integer in decimal, at least `width` digits wide.
    @inlinable
    package mutating func appendDigits(of value: Int64, width: Int = 1) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        bytes.append(digits: value.magnitude, width: width)
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

    /// Appends an instant as ISO 8601 in UTC.
    package mutating func appendTime(_ instant: Instant) {
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
        if milliseconds != 0 {
            bytes.append(UInt8(ascii: "."))
            appendDigits(of: milliseconds, width: 3)
        }
        bytes.append(UInt8(ascii: "Z"))
    }
}
