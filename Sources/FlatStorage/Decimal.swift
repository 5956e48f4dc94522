// Numbers in decimal. Most are amounts of a few digits.

/// The two digits of each number 0 ... 99.
@usableFromInline
let digitPairs: StaticString = """
    0001020304050607080910111213141516171819\
    2021222324252627282930313233343536373839\
    4041424344454647484950515253545556575859\
    6061626364656667686970717273747576777879\
    8081828384858687888990919293949596979899
    """

extension ByteBuffer {
    /// Appends a number in decimal, at least `width` digits wide.
    @inlinable
    package mutating func append(digits number: UInt64, width: Int = 1) {
        let digitCount = max(ByteBuffer.digitCount(of: number), width)
        let end = used + digitCount
        if end > allocated { grow(toHold: end) }
        // Digits are written from the last to the first.
        var rest = number
        var index = end
        while index - used >= 2 {
            let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
            index -= 2
            // SAFETY: both places lie between `used` and `end`, for which there is room, and the
            // table has two bytes for each pair below 100.
            unsafe UnsafeMutableRawPointer(base + index).copyMemory(
                from: digitPairs.utf8Start + 2 * Int(truncatingIfNeeded: pair), byteCount: 2)
            rest = quotient
        }
        if index > used { unsafe base[used] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest) }
        used = end
    }

    @inlinable
    static func digitCount(of number: UInt64) -> Int {
        var count = 1
        var rest = number
        while rest >= 10_000 {
            rest /= 10_000
            count += 4
        }
        return rest < 100 ? (rest < 10 ? count : count + 1) : (rest < 1_000 ? count + 2 : count + 3)
    }
}
