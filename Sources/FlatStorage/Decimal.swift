// Numbers as people read them. Most are amounts of a few digits.

extension ByteBuffer {
    /// Appends a number in decimal, at least `width` digits wide.
    @inlinable
    package mutating func append(digits number: UInt64, width: Int = 1) {
        var digitCount = 1
        var bound: UInt64 = 10
        while number >= bound {
            digitCount += 1
            // 20 digits are as many as there can be, and their bound does not fit.
            if digitCount == 20 { break }
            bound *= 10
        }
        digitCount = max(digitCount, width)
        let end = used + digitCount
        if end > allocated { grow(toHold: end) }
        // Digits come last first.
        var rest = number
        var index = end
        while index > used {
            index -= 1
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            // SAFETY: `index` lies between `used` and `end`, for which there is room.
            unsafe base[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit)
            rest = quotient
        }
        used = end
    }
}
