/// A JSON value whose members stay in the order in which they read best.
enum JSONText {
    case string(String)
    case integer(Int64)
    case unsigned(UInt64)
    case flag(Bool)
    case null
    indirect case array([JSONText])
    indirect case object([(name: String, value: JSONText)])

    /// The value on one line.
    var line: String {
        var text = ""
        write(to: &text)
        return text
    }

    private func write(to text: inout String) {
        switch self {
        case .string(let value): Self.write(value, to: &text)
        case .integer(let value): text += String(value)
        case .unsigned(let value): text += String(value)
        case .flag(let value): text += value ? "true" : "false"
        case .null: text += "null"
        case .array(let elements):
            text += "["
            for (index, element) in elements.enumerated() {
                if index > 0 { text += "," }
                element.write(to: &text)
            }
            text += "]"
        case .object(let members):
            text += "{"
            for (index, member) in members.enumerated() {
                if index > 0 { text += "," }
                Self.write(member.name, to: &text)
                text += ":"
                member.value.write(to: &text)
            }
            text += "}"
        }
    }

    private static func write(_ value: String, to text: inout String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            // Control characters, and what some readers take for the end of a line.
            case "\0"..<" ", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}

extension JSONText: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByDictionaryLiteral
{
    init(stringLiteral value: String) { self = .string(value) }
    init(booleanLiteral value: Bool) { self = .flag(value) }
    init(dictionaryLiteral elements: (String, JSONText)...) {
        self = .object(elements.map { ($0, $1) })
    }

    init(_ value: Int) { self = .integer(Int64(value)) }
    init(_ value: UInt64) { self = .unsigned(value) }
    init(_ value: Int64) { self = .integer(value) }
    init(_ value: String) { self = .string(value) }

    /// A number that is only compared, as 16 hexadecimal digits.
    init(hexadecimal value: UInt64) {
        let digits = String(value, radix: 16)
        self = .string(String(repeating: "0", count: 16 - digits.count) + digits)
    }
}
