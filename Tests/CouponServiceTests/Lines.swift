import Foundation

// Request lines as a storefront writes them, and replies as it reads them.

/// `{"op":…,…}` with members that are JSON already.
func request(_ operation: String, _ members: String...) -> String {
    let all = [field("op", operation)] + members.filter { !$0.isEmpty }
    return "{\(all.joined(separator: ","))}"
}

/// A member whose value is a string that needs no escapes.
func field(_ name: String, _ value: String) -> String { "\"\(name)\":\"\(value)\"" }

/// A cart in dollars with one unit of one product for each price.
func cart(_ prices: Int64...) -> String { cart(of: prices) }

func cart(of prices: [Int64], currency: String = "USD", shipping: Int64? = nil) -> String {
    let lines = prices.enumerated().map { place, price in
        #"{"product":"p\#(place + 1)","quantity":1,"unit_price":\#(price)}"#
    }
    let rest = shipping.map { #","shipping":\#($0)"# } ?? ""
    return #""cart":{"currency":"\#(currency)","lines":[\#(lines.joined(separator: ","))]\#(rest)}"#
}

func validate(_ code: String, _ members: String = cart(2_000)) -> String {
    request("validate", field("code", code), members)
}

func apply(_ code: String, order: String, _ members: String = cart(2_000)) -> String {
    request("apply", field("code", code), field("order", order), members)
}

func usage(_ code: String) -> String { request("usage", field("code", code)) }

/// A value of a reply. A missing member is `absent`, so that any path can be followed.
enum JSON: Equatable {
    case absent
    case null
    case boolean(Bool)
    case integer(Int64)
    case text(String)
    case list([JSON])
    case object([String: JSON])

    init(reading line: String) throws {
        self = try JSONDecoder().decode(JSON.self, from: Data(line.utf8))
    }

    subscript(key: String) -> JSON {
        guard case .object(let members) = self else { return .absent }
        return members[key] ?? .absent
    }

    subscript(place: Int) -> JSON {
        guard case .list(let elements) = self, elements.indices.contains(place) else {
            return .absent
        }
        return elements[place]
    }

    var count: Int {
        switch self {
        case .list(let elements): elements.count
        case .object(let members): members.count
        default: 0
        }
    }

    /// The text; empty if it is not a text.
    var string: String {
        guard case .text(let text) = self else { return "" }
        return text
    }
}

extension JSON: Decodable {
    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let boolean = try? value.decode(Bool.self) {
            self = .boolean(boolean)
        } else if let integer = try? value.decode(Int64.self) {
            self = .integer(integer)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let elements = try? value.decode([JSON].self) {
            self = .list(elements)
        } else {
            self = .object(try value.decode([String: JSON].self))
        }
    }
}

extension JSON: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    init(nilLiteral: ()) { self = .null }
    init(booleanLiteral value: Bool) { self = .boolean(value) }
    init(integerLiteral value: Int64) { self = .integer(value) }
    init(stringLiteral value: String) { self = .text(value) }
    init(arrayLiteral elements: JSON...) { self = .list(elements) }
    init(dictionaryLiteral members: (String, JSON)...) {
        self = .object(Dictionary(members) { first, _ in first })
    }
}
