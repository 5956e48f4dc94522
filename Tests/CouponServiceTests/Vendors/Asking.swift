import CouponRules
import Foundation
import Testing

// Requests as the shops of these suites write them: so short that a test shows what it is about.

/// A request about one code, with members that are JSON already beside it.
func checkout(
    _ operation: String, _ code: String, order: String? = nil, _ members: String...
) -> String {
    let all = [field("code", code), order.map { field("order", $0) } ?? ""] + members
    return asking(operation, all)
}

/// A request about several codes; those that begin with a brace are objects.
func checkout(
    _ operation: String, codes: [String], order: String? = nil, _ members: String...
) -> String {
    let list = codes.map { $0.hasPrefix("{") ? $0 : "\"\($0)\"" }.joined(separator: ",")
    let all = ["\"codes\":[\(list)]", order.map { field("order", $0) } ?? ""] + members
    return asking(operation, all)
}

private func asking(_ operation: String, _ members: [String]) -> String {
    let all = [field("op", operation)] + members.filter { !$0.isEmpty }
    return "{\(all.joined(separator: ","))}"
}

/// Gives back an order, or what `members` name of it.
func giveBack(_ order: String, _ members: String...) -> String {
    asking("release", [field("order", order)] + members)
}

/// How much of a code is left.
func left(of code: String, _ members: String...) -> String {
    asking("usage", [field("code", code)] + members)
}

/// A shopper who is known by an id, and perhaps by more that is JSON already.
func shopper(_ id: String, _ members: String...) -> String {
    "\"customer\":{\(([field("id", id)] + members).joined(separator: ","))}"
}

/// A shopper without an account.
func guest(_ email: String) -> String { "\"customer\":{\(field("email", email))}" }

/// A line of a cart; `attributes` are JSON members.
func item(
    _ product: String, _ price: Int64, times quantity: Int64 = 1, _ attributes: String...
) -> String {
    let members =
        [field("product", product), "\"quantity\":\(quantity)", "\"unit_price\":\(price)"]
        + attributes
    return "{\(members.joined(separator: ","))}"
}

func basket(_ items: String..., currency: String = "USD", shipping: Int64? = nil) -> String {
    basket(of: items, currency: currency, shipping: shipping)
}

func basket(of items: [String], currency: String = "USD", shipping: Int64? = nil) -> String {
    let rest = shipping.map { ",\"shipping\":\($0)" } ?? ""
    let lines = items.joined(separator: ",")
    return "\"cart\":{\"currency\":\"\(currency)\",\"lines\":[\(lines)]\(rest)}"
}

extension Shop {
    /// Sets the clock to an instant like 2026-06-01T12:00:00Z.
    func travel(to time: String) throws {
        let date = try #require(ISO8601DateFormatter().date(from: time))
        now = Instant(secondsSinceEpoch: Int64(date.timeIntervalSince1970))
    }

    /// The limits of a code, by kind; empty when it has none.
    func limits(of code: String, _ members: String...) throws -> [String: JSON] {
        let reply = try reply(asking("usage", [field("code", code)] + members))
        guard case .list(let rows) = reply["result"]["limits"] else { return [:] }
        return Dictionary(rows.map { ($0["kind"].string, $0) }) { first, _ in first }
    }

    /// How the counts of a limit of a code stand: used, and held.
    func counts(of code: String, _ kind: String = "total") throws -> [JSON] {
        let row = try #require(try limits(of: code)[kind])
        return [row["used"], row["held"]]
    }

    /// Why the first code that is refused is refused.
    func reason(for line: String) throws -> JSON { try reply(line)["reason"] }
}
