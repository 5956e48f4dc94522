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
        return fault.field != field || fault.message != "There is no such field here."
    }
}
