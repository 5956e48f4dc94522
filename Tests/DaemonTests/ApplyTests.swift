import CouponClient
import Foundation
import Testing

extension `The built daemon` {
    /// A use is consumed once, however many clients ask and however often.
    @Suite struct Applying {
        private static let clientCount = 20

        private static let catalog = """
            coupons:
            - id: rush
              codes: [RUSH]
              discount: {kind: percentage, percent: 10}
              limits: {total: 100}
            - id: plain
              codes: [PLAIN, {code: TWICE, max_uses: 2}]
              discount: {kind: percentage, percent: 10}
            """

        /// One line of an apply, without its end.
        private static func apply(
            _ order: String, code: String, unitPrice: Int = 1_000, more: String = ""
        ) -> String {
            #"{"op":"apply","order":"\#(order)","code":"\#(code)","cart":{"currency":"USD","#
                + #""lines":[{"product":"p","quantity":1,"unit_price":\#(unitPrice)}]}\#(more)}"#
        }

        /// The used count of the code, as the daemon reports it.
        private func uses(of code: String, _ client: LineClient) throws -> JSONValue? {
            try client.ask(#"{"op":"usage","code":"\#(code)"}"#)["result.limits.0.used"]
        }

        @Test func `a limit holds against twenty clients at once`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                _ = try shop.startDaemon()
                let socket = shop.socket
                let orderCount = 250
                let replies = try concurrently(Self.clientCount) { client in
                    let connection = try LineClient(socket)
                    try connection.send(
                        (0..<orderCount).map {
                            Self.apply("o-\(client)-\($0)", code: "RUSH") + "\n"
                        }.joined())
                    return try connection.nextLines(orderCount)
                }.flatMap { $0 }

                #expect(replies.count == 5_000)
                let applied = try replies.filter { $0.hasPrefix(#"{"valid":true,"#) }
                    .map { try Reply($0) }
                #expect(applied.count == 100)
                #expect(applied.allSatisfy { $0["applied"] == true && $0["replayed"] == nil })
                let refused = replies.enumerated().filter { index, line in
                    let order = "o-\(index / orderCount)-\(index % orderCount)"
                    return line.hasPrefix(
                        #"{"valid":false,"applied":false,"order":"\#(order)","#
                            + #""reason":"usage_limit_reached","#)
                }
                #expect(refused.count == 4_900)
                let refusal = try Reply(#require(refused.first).element)
                #expect(refusal["codes.0.limit"] == 100 && refusal["codes.0.actual"] == 100)
                // Each use is a separate one, and none is left after the last.
                let redemptions = Set(applied.compactMap { $0["codes.0.redemption"]?.stringValue })
                #expect(redemptions.count == 100)
                let remaining = Set(applied.compactMap { $0["codes.0.remaining"]?.integerValue })
                #expect(remaining == Set(0..<100))
                let client = try shop.connect()
                #expect(try uses(of: "RUSH", client) == 100)

                // A repeat changes nothing: accepted orders stay accepted, refused ones refused.
                let winner = try #require(applied.first?["order"]?.stringValue)
                #expect(try client.ask(Self.apply(winner, code: "RUSH"))["replayed"] == true)
                let late = try client.ask(Self.apply("late", code: "RUSH"))
                #expect(late["reason"] == "usage_limit_reached")
                #expect(try uses(of: "RUSH", client) == 100)
            }
        }

        @Test func `the same order from twenty clients is one use`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                _ = try shop.startDaemon()
                let socket = shop.socket
                for order in 0..<25 {
                    // One connection for each client of each order: they meet at the listener.
                    let replies = try concurrently(Self.clientCount) { _ in
                        try LineClient(socket).ask(Self.apply("same-\(order)", code: "RUSH")).line
                    }.map { try Reply($0) }
                    #expect(replies.allSatisfy { $0["applied"] == true && $0["valid"] == true })
                    let first = replies.filter { $0["replayed"] == nil }
                    #expect(first.count == 1)
                    #expect(
                        replies.count { $0["replayed"] == true } == Self.clientCount - 1)
                    let redemption = first.first?["codes.0.redemption"]
                    #expect(redemption?.stringValue?.isEmpty == false)
                    #expect(replies.allSatisfy { $0["codes.0.redemption"] == redemption })
                    #expect(replies.allSatisfy { $0["discount"] == 100 && $0["total"] == 900 })
                }
                #expect(try uses(of: "RUSH", shop.connect()) == 25)
            }
        }

        @Test func `a replay returns what is on record`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                _ = try shop.startDaemon()
                let client = try shop.connect()
                let first = try client.ask(Self.apply("o", code: "TWICE"))
                #expect(first["applied"] == true && first["order"] == "o")
                let redemption = try #require(first["codes.0.redemption"]?.stringValue)
                #expect(
                    first.line
                        == #"{"valid":true,"applied":true,"order":"o","currency":"USD","#
                        + #""subtotal":1000,"discount":100,"shipping_discount":0,"total":900,"#
                        + #""line_discounts":[100],"codes":[{"code":"TWICE","coupon":"plain","#
                        + #""valid":true,"discount":100,"redemption":"\#(redemption)","#
                        + #""remaining":1}]}"#)
                let again = try client.ask(Self.apply("o", code: " twice "))
                #expect(again["replayed"] == true && again["codes.0.remaining"] == nil)
                for path in [
                    "valid", "applied", "order", "currency", "subtotal", "discount",
                    "shipping_discount", "total", "line_discounts", "codes.0.code",
                    "codes.0.coupon", "codes.0.discount", "codes.0.redemption",
                ] {
                    #expect(again[path] != nil && again[path] == first[path], "\(path)")
                }
                #expect(try uses(of: "TWICE", client) == 1)
            }
        }

        /// Members that may differ in a repeat, and members that make it another request.
        @Test func `a conflict keeps the first`() throws {
            let first = #","customer":"c","context":{"country":"US","ip":"10.0.0.1"}"#
            let same = [
                first, #","customer":{"id":"c"},"context":{"country":["US"]}"#,
                first + #","id":3,"explain":true"#, first + #","metadata":{"client":"till"}"#,
                first.replacing(#""c""#, with: #"{"id":"c","groups":["vip"],"orders":3}"#),
            ]
            let others: [(code: String, unitPrice: Int, more: String)] = [
                ("PLAIN", 1_001, first), ("RUSH", 1_000, first), ("NOSUCH", 1_000, first),
                ("PLAIN", 1_000, ""), ("PLAIN", 1_000, first.replacing(#""c""#, with: #""d""#)),
                ("PLAIN", 1_000, first.replacing("US", with: "CA")),
                ("PLAIN", 1_000, first + #","mode":"partial""#),
                ("PLAIN", 1_000, first + #","booking_date":"2026-06-01""#),
            ]
            try Shop.open(catalog: Self.catalog) { shop in
                _ = try shop.startDaemon()
                let client = try shop.connect()
                let applied = try client.ask(Self.apply("o", code: "PLAIN", more: first))
                let redemption = try #require(applied["codes.0.redemption"])

                for other in others {
                    let request = Self.apply(
                        "o", code: other.code, unitPrice: other.unitPrice, more: other.more)
                    let reply = try client.ask(request)
                    let comment: Comment = "\(request) → \(reply.line)"
                    #expect(reply["error.code"] == "idempotency_conflict", comment)
                    #expect(reply["error.field"] == "order", comment)
                    #expect(reply["error.details.codes"] == .array(["PLAIN"]), comment)
                    #expect(reply["error.details.discount"] == 100, comment)
                    #expect(reply["error.details.total"] == 900, comment)
                    #expect(reply["error.details.redemptions"] == .array([redemption]), comment)
                    #expect(reply["applied"] == nil, comment)
                }
                for more in same {
                    let reply = try client.ask(Self.apply("o", code: "PLAIN", more: more))
                    #expect(reply["replayed"] == true, "\(more): \(reply.line)")
                    #expect(reply["codes.0.redemption"] == redemption)
                }
                // The attempted codes were not used.
                #expect(try uses(of: "RUSH", client) == 0)
            }
        }

        @Test func `an order belongs to its store`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                try shop.write("store: other\n" + Self.catalog, to: "other.yaml")
                _ = try shop.startDaemon(shop.arguments + ["--catalog", shop.path("other.yaml")])
                let client = try shop.connect()
                let here = try client.ask(Self.apply("o", code: "RUSH"))
                let there = try client.ask(
                    Self.apply("o", code: "RUSH", more: #","store":"other""#))
                #expect(here["applied"] == true && there["applied"] == true)
                #expect(here["codes.0.redemption"] != there["codes.0.redemption"])
                #expect(here["replayed"] == nil && there["replayed"] == nil)
                #expect(there["codes.0.remaining"] == 99)
            }
        }

        @Test func `a refused order is judged again`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                _ = try shop.startDaemon()
                let client = try shop.connect()
                for order in ["a", "b"] {
                    #expect(try client.ask(Self.apply(order, code: "TWICE"))["applied"] == true)
                }
                let refused = try client.ask(Self.apply("c", code: "TWICE"))
                #expect(refused["applied"] == false)
                #expect(refused["reason"] == "usage_limit_reached")
                #expect(refused["codes.0.scope"] == "code")
                // The same order with another code does not conflict: a refusal is not recorded.
                let retry = try client.ask(Self.apply("c", code: "PLAIN"))
                #expect(retry["applied"] == true && retry["replayed"] == nil)
            }
        }
    }
}
