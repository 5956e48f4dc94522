// JSON by RFC 8259, read here and not by libyaml, because YAML is not a superset in the ways that
// matter: libyaml refuses the surrogate pairs with which JSON escapes an emoji, reads comments,
// single quotes and trailing commas that JSON has not, and would take `nul` for a text. Foundation
// would read it strictly, but reports no lines, keeps the last of two equal keys, and turns numbers
// into doubles. This reader keeps every number as its digits and knows the line of everything.

/// Reads a JSON text into a tree.
struct JSONSyntax {
    private let bytes: [UInt8]
    private var index = 0
    /// How far the position was counted, so that each byte is counted once.
    private var countedIndex = 0
    private var counted = SourcePosition(line: 1, column: 1)
    private var duplicates: [DuplicateKey] = []

    /// Reads `text`, which is one JSON value.
    static func tree(of text: String) throws(SyntaxFault) -> DefinitionTree {
        var reader = JSONSyntax(bytes: Array(text.utf8))
        let root = try reader.value(path: "", depth: 0)
        reader.skipSpace()
        guard reader.index == reader.bytes.count else {
            throw reader.fault("something follows the end of the value")
        }
        return DefinitionTree(root: root, duplicates: reader.duplicates)
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

    private func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    /// Of the next byte.
    private mutating func position() -> SourcePosition {
        while countedIndex < index {
            counted.advance(over: bytes[countedIndex])
            countedIndex += 1
        }
        return counted
    }

    private mutating func fault(_ message: String) -> SyntaxFault {
        SyntaxFault(at: position(), message: "This is not JSON: \(message).")
    }

    private mutating func skipSpace() {
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\n"), UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
                index += 1
            default: return
            }
        }
    }

    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard let found = next, UInt32(found) == byte.value else { return false }
        index += 1
        return true
    }

    private mutating func value(path: String, depth: Int) throws(SyntaxFault) -> DefinitionNode {
        skipSpace()
        guard depth <= nestingDepthMax else {
            throw fault("lists and objects are nested too deep")
        }
        let start = position()
        switch next {
        case UInt8(ascii: "{"): return try object(path: path, depth: depth)
        case UInt8(ascii: "["): return try array(path: path, depth: depth)
        case UInt8(ascii: "\""):
            return DefinitionNode(content: .scalar(try string(), .quoted), position: start)
        case UInt8(ascii: "t"): return try literal("true", .boolean)
        case UInt8(ascii: "f"): return try literal("false", .boolean)
        case UInt8(ascii: "n"): return try literal("null", .null)
        case let byte? where byte == UInt8(ascii: "-") || isDigit(byte):
            return DefinitionNode(content: .scalar(try number(), .number), position: start)
        case nil: throw fault("it ends where a value is expected")
        default: throw fault("a value is expected, which begins with one of { [ \" - digit t f n")
        }
    }

    private mutating func object(path: String, depth: Int) throws(SyntaxFault) -> DefinitionNode {
        let start = position()
        index += 1
        var entries: [DefinitionNode.Entry] = []
        var linesByKey: [String: Int] = [:]
        skipSpace()
        if take("}") { return DefinitionNode(content: .map([]), position: start) }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else {
                throw fault("a key in double quotes is expected")
            }
            let keyPosition = position()
            let key = try string()
            skipSpace()
            guard take(":") else {
                throw fault("a colon is expected after the key \"\(key.shortened)\"")
            }
            let value = try value(path: path.appendingKey(key), depth: depth + 1)
            if let firstLine = linesByKey.updateValue(keyPosition.line, forKey: key) {
                linesByKey[key] = firstLine
                duplicates.append(
                    DuplicateKey(
                        path: path, key: key, position: keyPosition, firstLine: firstLine))
            } else {
                entries.append(.init(key: key, position: keyPosition, value: value))
            }
            skipSpace()
            if take("}") { return DefinitionNode(content: .map(entries), position: start) }
            guard take(",") else { throw fault("a comma or } is expected in the object") }
        }
    }

    private mutating func array(path: String, depth: Int) throws(SyntaxFault) -> DefinitionNode {
        let start = position()
        index += 1
        var elements: [DefinitionNode] = []
        skipSpace()
        if take("]") { return DefinitionNode(content: .list([]), position: start) }
        while true {
            elements.append(try value(path: path.appendingIndex(elements.count), depth: depth + 1))
            skipSpace()
            if take("]") { return DefinitionNode(content: .list(elements), position: start) }
            guard take(",") else { throw fault("a comma or ] is expected in the array") }
        }
    }

    private mutating func literal(
        _ word: String, _ notation: DefinitionNode.Notation
    ) throws(SyntaxFault) -> DefinitionNode {
        let start = position()
        for byte in word.utf8 {
            guard next == byte else { throw fault("an unknown word; did you mean `\(word)`") }
            index += 1
        }
        return DefinitionNode(content: .scalar(word, notation), position: start)
    }

    /// `-?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?`, as it stands.
    private mutating func number() throws(SyntaxFault) -> String {
        let start = index
        _ = take("-")
        if !take("0"), skipDigits() == 0 { throw fault("a digit is expected after the minus sign") }
        if take("."), skipDigits() == 0 {
            throw fault("a digit is expected after the decimal point")
        }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            if skipDigits() == 0 { throw fault("a digit is expected in the exponent") }
        }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    private mutating func skipDigits() -> Int {
        let start = index
        while let byte = next, isDigit(byte) { index += 1 }
        return index - start
    }

    private mutating func string() throws(SyntaxFault) -> String {
        index += 1
        var text: [UInt8] = []
        while let byte = next {
            index += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): text.append(contentsOf: String(try escape()).utf8)
            case 0..<0x20: throw fault("a control character inside a string must be escaped")
            default: text.append(byte)
            }
        }
        throw fault("a string is not closed")
    }

    /// What follows a backslash.
    private mutating func escape() throws(SyntaxFault) -> Unicode.Scalar {
        guard let byte = next else { throw fault("a string is not closed") }
        index += 1
        switch byte {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try escapedScalar()
        default: throw fault("a backslash is followed by an unknown escape")
        }
    }

    /// Four hexadecimal digits, or two such escapes that are a surrogate pair.
    private mutating func escapedScalar() throws(SyntaxFault) -> Unicode.Scalar {
        let first = try fourHexDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard (0xD800..<0xDC00).contains(first), take("\\"), take("u") else {
            throw fault("half of a surrogate pair is not a character")
        }
        let second = try fourHexDigits()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw fault("half of a surrogate pair is not a character") }
        return scalar
    }

    private mutating func fourHexDigits() throws(SyntaxFault) -> UInt32 {
        var number: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw fault("four hexadecimal digits are expected after \\u")
            }
            number = number << 4 | UInt32(digit)
            index += 1
        }
        return number
    }
}

extension String {
    /// The path of a map's entry, seen from the path of the map.
    package func appendingKey(_ key: String) -> String { isEmpty ? key : "\(self).\(key)" }

    /// The path of a list's element, seen from the path of the list.
    func appendingIndex(_ index: Int) -> String { "\(self)[\(index)]" }
}
