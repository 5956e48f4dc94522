import FlatStorage

/// Gives every redemption a number of its own.
///
/// Numbers rise and are never given twice, also not after a restart: the last one is stored, and
/// the high bits are the time, so that even a state that went back behind it goes on above what it
/// had given, as long as the clock does not go back as well.
package struct RedemptionNumbers: Sendable {
    /// The number given last; 0 before the first.
    package private(set) var last: UInt64

    package init(last: UInt64 = 0) { self.last = last }

    /// Bits below the milliseconds: a million redemptions per millisecond before numbers run ahead
    /// of the clock.
    private static let sequenceBits: UInt64 = 20

    /// The number that ``next(nowMilliseconds:)`` would give, without giving it.
    package func upcoming(nowMilliseconds: Int64) -> UInt64 {
        // 44 bits of milliseconds last until the year 2527; a clock beyond, or before 1970, counts
        // as that bound, and numbers still rise.
        let clamped = UInt64(min(max(nowMilliseconds, 0), (1 << 44) - 1))
        return max(last + 1, clamped << Self.sequenceBits)
    }

    /// A new number, given at `nowMilliseconds` since 1970.
    package mutating func next(nowMilliseconds: Int64) -> UInt64 {
        last = upcoming(nowMilliseconds: nowMilliseconds)
        return last
    }

    /// Appends a number as shops see it: `red_` and 13 characters of Crockford's base 32, which has
    /// no letter that is taken for a digit. Equal length makes the texts sort like the numbers.
    package static func append(_ number: UInt64, to buffer: inout ByteBuffer) {
        buffer.append("red_")
        // 13 · 5 = 65 bits: the first character holds the top four.
        for index in 0..<13 {
            let digit = UInt8(truncatingIfNeeded: number >> UInt64(60 - 5 * index) & 0x1F)
            buffer.append(character(of: digit))
        }
    }

    /// 0–9, then the letters without i, l, o and u.
    private static func character(of digit: UInt8) -> UInt8 {
        switch digit {
        case ..<10: UInt8(ascii: "0") + digit
        case ..<18: UInt8(ascii: "a") + (digit - 10)
        case ..<20: UInt8(ascii: "j") + (digit - 18)
        case ..<22: UInt8(ascii: "m") + (digit - 20)
        case ..<27: UInt8(ascii: "p") + (digit - 22)
        default: UInt8(ascii: "v") + (digit - 27)
        }
    }
}
