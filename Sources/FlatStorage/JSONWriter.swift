// JSON is written straight into bytes: no tree is built, and nothing is allocated once the buffer
// has grown to its working size. The writer sets the commas; what may stand where is up to its
// caller. Replies, the facts that a catalog prepares for them and the log are all written by it, so
// a text is escaped in one way everywhere.

/// Writes JSON.
@usableFromInline
package struct JSONWriter: ~Copyable {
    /// The text so far. It is open to others: the owner of a run of lines takes complete ones off
    /// its front, and texts that are JSON already are appended to it.
    @usableFromInline package var bytes: ByteBuffer
    @usableFromInline var needsComma: Bool

    /// A writer that appends values to `bytes`.
    package init(appendingTo bytes: consuming ByteBuffer) {
        self.bytes = bytes
        needsComma = false
    }

    /// A writer of members for an object that another writer begins and ends: each has a comma
    /// before it, the first one too. See ``members(_:)``.
    package init(membersInto bytes: consuming ByteBuffer) {
        self.bytes = bytes
        needsComma = true
    }

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

    /// Ends a line. The next value starts the next one, without a comma.
    @inlinable
    package mutating func endLine() {
        bytes.append(UInt8(ascii: "\n"))
        needsComma = false
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

    /// A key of any text, for paths that may allocate. One value must follow.
    package mutating func key(copying name: String) {
        let copy = Array(name.utf8)
        key(copy.span)
    }

    /// Members of the current object that another writer wrote, each with a comma before it. They
    /// may be none. At least one member stands before them.
    @inlinable
    package mutating func members(_ members: Span<UInt8>) { bytes.append(members) }

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

    /// A string of any text, for paths that may allocate. It has a label because a literal would
    /// otherwise become a `String` rather than the `StaticString` that costs nothing.
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

    // MARK: Strings and numbers in pieces

    /// Begins a string that `append…` methods fill and ``endString()`` ends.
    @inlinable @inline(__always)
    package mutating func beginString() {
        separate()
        bytes.append(UInt8(ascii: "\""))
    }

    @inlinable @inline(__always)
    package mutating func endString() { bytes.append(UInt8(ascii: "\"")) }

    /// Appends text that needs no escapes.
    @inlinable @inline(__always)
    package mutating func append(_ text: StaticString) { bytes.append(text) }

    /// Appends an integer in decimal, at least `width` digits wide.
    @inlinable @inline(__always)
    package mutating func appendDigits(of value: Int64, width: Int = 1) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        bytes.append(digits: value.magnitude, width: width)
    }

    /// Appends UTF-8 to a string and escapes what JSON requires: quotation marks, backslashes and
    /// the control characters below U+0020.
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
}
