// The one reading of a code's text, for definitions and for requests alike, so that what a shopper
// types finds what an author wrote: trimmed, in normalisation form KC, and beside it the form in
// which upper and lower case are the same.
//
// Nearly every code is ASCII, where trimming and lower-casing bytes is all there is to it and
// nothing is allocated. Any other text takes the long way (see UnicodeFolding).

import FlatStorage

/// A code's text, normalised. One value is read again and again: its memory is kept.
package struct CodeText: ~Copyable {
    /// Why a text is not a code.
    package enum Fault: Error, Equatable, Sendable {
        case empty
        /// More than ``bytesMax`` bytes are left after normalising.
        case tooLong
        case notUTF8
    }

    /// Of the normalised text.
    package static let bytesMax = 255
    /// Normalising shortens what trimming left to a quarter at the very most. Much longer
    /// texts are refused unread, so that a request cannot make us normalise a novel.
    private static let unreadBytesMax = 4_096

    private var exactBytes = ByteBuffer(capacity: CodeText.bytesMax)
    private var foldedBytes = ByteBuffer(capacity: CodeText.bytesMax)

    package init() {}

    /// The normalised text in its own case, 1 ... 255 bytes once a text has been read.
    package var exact: Span<UInt8> { @_lifetime(borrow self) get { exactBytes.bytes } }

    /// The same for every way to write the text in upper and lower case.
    package var folded: Span<UInt8> { @_lifetime(borrow self) get { foldedBytes.bytes } }

    /// The hash of ``folded`` by which catalogs find codes, and which stands for a code on disk.
    package var foldedHash: UInt64 { durableHash64(foldedBytes.bytes) }

    /// Whether the normalised text is ASCII, so that folding it is lower-casing its letters.
    private(set) var isASCII = true

    /// Reads `text`. When it is not a code, the value is left empty.
    package mutating func read(_ text: Span<UInt8>) throws(Fault) {
        exactBytes.removeAll()
        foldedBytes.removeAll()
        var union: UInt8 = 0
        for index in 0..<text.count { union |= text[index] }
        if union < 0x80 { try readASCII(text) } else { try readUnicode(text) }
    }

    private mutating func readASCII(_ text: Span<UInt8>) throws(Fault) {
        var first = 0
        var end = text.count
        while first < end, CodeText.isSpace(text[first]) { first += 1 }
        while end > first, CodeText.isSpace(text[end - 1]) { end -= 1 }
        guard first < end else { throw .empty }
        guard end - first <= CodeText.bytesMax else { throw .tooLong }
        isASCII = true
        let trimmed = text.extracting(first..<end)
        exactBytes.append(trimmed)
        foldedBytes.append(trimmed)
        for index in 0..<foldedBytes.count {
            foldedBytes[index] = CodeText.lowerCased(foldedBytes[index])
        }
    }

    private mutating func readUnicode(_ text: Span<UInt8>) throws(Fault) {
        guard text.count <= CodeText.unreadBytesMax else { throw .tooLong }
        guard let written = try? UTF8Span(validating: text) else { throw .notUTF8 }
        let exact = String(copying: written).normalisedAsCode()
        guard !exact.isEmpty else { throw .empty }
        guard exact.utf8.count <= CodeText.bytesMax else { throw .tooLong }
        exactBytes.append(exact.utf8.span)
        isASCII = exact.utf8.allSatisfy { $0 < 0x80 }
        foldedBytes.append(exact.caseFolded().utf8.span)
    }

    /// Tab, line feed, vertical tab, form feed, carriage return and space.
    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0D).contains(byte)
    }

    /// An ASCII letter in lower case; any other byte as it is.
    static func lowerCased(_ byte: UInt8) -> UInt8 {
        byte &- 0x41 < 26 ? byte | 0x20 : byte
    }
}
