// JSON without Foundation's decoder: a run reads hundreds of thousands of replies, and a decoder
// that tries one type after another is slower than all that is judged between them.

extension JSON {
    /// As text on one line, members by name; numbers, texts and names that need few escapes.
    var line: String {
        switch self {
        case .absent, .null: "null"
        case .boolean(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .text(let value): JSON.quoted(value)
        case .list(let elements): "[" + elements.map(\.line).joined(separator: ",") + "]"
        case .object(let members):
            "{"
                + members.sorted { $0.key < $1.key }
                .map { "\(JSON.quoted($0.key)):\($0.value.line)" }.joined(separator: ",") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return "\"\(escaped)\""
    }

    /// Reads what the daemon writes; nil when it is not JSON, or has numbers that are not integers.
    init?(parsing line: String) {
        var parser = ReplyParser(bytes: Array(line.utf8))
        guard let value = parser.value(), parser.isAtEnd else { return nil }
        self = value
    }
}

private struct ReplyParser {
    let bytes: [UInt8]
    private var at = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { at == bytes.count }

    private mutating func take(_ text: StaticString) -> Bool {
        let wanted = Array(text.description.utf8)
        guard at + wanted.count <= bytes.count, Array(bytes[at..<at + wanted.count]) == wanted
        else { return false }
        at += wanted.count
        return true
    }

    mutating func value() -> JSON? {
        guard at < bytes.count else { return nil }
        switch bytes[at] {
        case UInt8(ascii: "{"): return object()
        case UInt8(ascii: "["): return list()
        case UInt8(ascii: "\""): return text().map { .text($0) }
        case UInt8(ascii: "t"): return take("true") ? true : nil
        case UInt8(ascii: "f"): return take("false") ? false : nil
        case UInt8(ascii: "n"): return take("null") ? .null : nil
        default: return number()
        }
    }

    private mutating func number() -> JSON? {
        let start = at
        while at < bytes.count, bytes[at] == UInt8(ascii: "-") || (48...57).contains(bytes[at]) {
            at += 1
        }
        return Int64(String(decoding: bytes[start..<at], as: UTF8.self)).map { .integer($0) }
    }

    private mutating func text() -> String? {
        at += 1
        var decoded: [UInt8] = []
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            if byte == UInt8(ascii: "\"") { return String(decoding: decoded, as: UTF8.self) }
            guard byte == UInt8(ascii: "\\") else {
                decoded.append(byte)
                continue
            }
            // The vocabulary has no control characters, so these are all escapes there are.
            guard at < bytes.count, [0x22, 0x5C, 0x2F].contains(bytes[at]) else { return nil }
            decoded.append(bytes[at])
            at += 1
        }
        return nil
    }

    private mutating func list() -> JSON? {
        at += 1
        var elements: [JSON] = []
        if take("]") { return .list([]) }
        while let element = value() {
            elements.append(element)
            if take("]") { return .list(elements) }
            guard take(",") else { return nil }
        }
        return nil
    }

    private mutating func object() -> JSON? {
        at += 1
        var members: [String: JSON] = [:]
        if take("}") { return .object([:]) }
        while at < bytes.count, let name = text() {
            guard take(":"), let member = value(), members[name] == nil else { return nil }
            members[name] = member
            if take("}") { return .object(members) }
            guard take(",") else { return nil }
        }
        return nil
    }
}
