// Text in JSON strings. Nearly all of it needs no escapes, so eight bytes are checked in one step.

extension Span where Element == UInt8 {
    /// The place of the first byte at or after `start` that JSON requires to be escaped: a control
    /// character, a quotation mark or a backslash. The end of the span if there is none.
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

    /// Whether one of eight bytes may need an escape. Only a byte that needs one borrows from the next,
    /// so the answer is never a false no.
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
