import CouponRules
import CouponWire
import Foundation
import Testing

/// The `$defs` of a schema beside the sources.
private func definitions(of schema: String) throws -> [String: Any] {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Sources/CouponWire/Schemas/\(schema).schema.json")
    let root = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any]
    return try #require(root?["$defs"] as? [String: Any])
}

/// What lies at a path of keys.
private func value(at path: [String], in object: [String: Any]) -> Any? {
    path.reduce(object as Any?) { ($0 as? [String: Any])?[$1] }
}

@Suite struct `The schemas` {
    @Test func `list each reason and each error`() throws {
        let reply = try definitions(of: "reply")
        #expect(
            value(at: ["reason", "enum"], in: reply) as? [String]
                == Reason.allCases.map { "\($0.code)" })
        #expect(
            value(at: ["error", "properties", "error", "properties", "code", "enum"], in: reply)
                as? [String] == ErrorCode.allCases.map { "\($0.name)" })
    }

    @Test func `list each kind of limit and each type of coupon`() throws {
        let reply = try definitions(of: "reply")
        let limit = ["usage", "properties", "limits", "items", "properties", "kind", "enum"]
        var kinds = LimitKind.allCases.map { "\($0.code)" }
        // A code that is good once for each customer is a limit of customers.
        kinds.removeAll { $0 == "customer" }
        kinds.insert("customer", at: Int(LimitKind.customer.rawValue))
        #expect(value(at: limit, in: reply) as? [String] == kinds)
        // `discount` is what is meant where a reply says nothing.
        #expect(
            value(at: ["entry", "properties", "type", "enum"], in: reply) as? [String]
                == CouponKind.allCases.filter { $0 != .discount }.map { "\($0.code)" })
    }

    @Test(arguments: ["code", "customer", "cart", "line"])
    func `have the members that inner objects have`(definition: String) throws {
        let request = try definitions(of: "request")
        let shape = try #require(request[definition] as? [String: Any])
        let shapes = (shape["anyOf"] as? [[String: Any]] ?? []) + [shape]
        let members = shapes.compactMap { $0["properties"] as? [String: Any] }
        let described = Set(members.flatMap { $0.keys.map { String($0) } })
        #expect(described.count > 2)
        for member in described.union(["code", "id", "lines", "groups", "product", "x"]) {
            // A line is open: what it does not know is an attribute.
            let isKnown = described.contains(member) || definition == "line"
            #expect(isMember(member, of: definition) == isKnown, "\(member)")
        }
    }

    /// Whether the grammar takes `member` in an object of a request.
    private func isMember(_ member: String, of definition: String) -> Bool {
        let object = #"{"\#(member)":null}"#
        let (path, members) =
            switch definition {
            case "code": ("code", #""code":\#(object)"#)
            case "customer": ("customer", #""code":"A","customer":\#(object)"#)
            case "cart": ("cart", #""code":"A","cart":\#(object)"#)
            default:
                ("cart.lines[0]", #""code":"A","cart":{"currency":"USD","lines":[\#(object)]}"#)
            }
        var parser = RequestParser(lineBytesMax: 1_000)
        let line = Array(#"{"op":"validate",\#(members)}"#.utf8)
        guard case .fault(let fault) = parser.parse(line.span) else { return true }
        return fault.field != "\(path).\(member)"
            || fault.message != "This field is not allowed here."
    }

    @Test(arguments: [
        ("ping", "ping"), ("release", "release"), ("usage", "usage"),
        ("codeDiscounts", "code.discounts"), ("validate", "validate"), ("reserve", "reserve"),
        ("apply", "apply"),
    ])
    func `have the fields that the grammar has`(definition: String, op: String) throws {
        let request = try definitions(of: "request")
        func fields(_ name: String) -> Set<String> {
            let properties = value(at: [name, "properties"], in: request) as? [String: Any]
            return Set(properties?.keys.map { String($0) } ?? [])
        }
        let isJudging = ["validate", "reserve", "apply"].contains(op)
        let described = fields(definition).union(isJudging ? fields("judging") : [])
        let others: Set<String> = [
            "code", "codes", "at", "ttl", "metadata", "coupon", "amount", "cart", "order", "x",
        ]
        for field in described.union(others) {
            #expect(isField(field, of: op) == described.contains(field), "\(field)")
        }
    }

    /// Whether the grammar knows a field: one that it does not know is refused even as null.
    private func isField(_ field: String, of op: String) -> Bool {
        var parser = RequestParser(lineBytesMax: 1_000)
        let line = Array(#"{"op":"\#(op)","\#(field)":null}"#.utf8)
        guard case .fault(let fault) = parser.parse(line.span) else { return true }
        return fault.field != field || fault.message != "This field is not allowed here."
    }
}
