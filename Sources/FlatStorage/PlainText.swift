// Text between quotes of JSON. Nearly all of it is plain, so eight bytes are looked at in one step.

extension Span where Element == UInt8 {
    /// Where the first byte at or after `start` is that JSON does not take as it is: a control
    /// character, a quotation mark or a backslash. The end of the span when there is none.
    @inlinable
    package func firstToEscape(from start: Int) -> Int {
        precondition(start >= 0 && start <= count, "a search starts inside its span")
        var index = start
        while let word = eightBytes(at: index), !Self.mayNeedEscapes(word) { index += 8 }
        while index < count {
            let byte = self[index]
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { break }
            index += 1
        }
        return index
    }

    /// Whether one of eight bytes needs an escape. A byte borrows from the next only where it needs
    /// one itself, so a mistake is at most a yes too many.
    @inlinable @inline(__always)
    static func mayNeedEscapes(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
        let backslashes = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
        let controls = (word &- ones &* 0x20) & ~word
        return ((quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes | controls)
            & (ones &* 0x80) != 0
    }
}
