import CouponClient
import Foundation
import Testing

extension `The built daemon` {
    /// What an order holds, no other order can take; what it gives back, every order can.
    @Suite struct `An order` {
        private static let catalog = """
            currency: USD
            coupons:
            - {id: c_few, codes: [FEW], limits: {total: 5}, discount: {kind: percentage, percent: 10}}
            - id: c_kept
              codes: [KEPT]
              limits: {total: 5, budget: 900}
              discount: {kind: fixed_amount, amount: 300}
              reusable_after_release: false
            - {id: c_auto, type: auto, limits: {total: 5}, requires: {min_subtotal: 9000},
               discount: {kind: fixed_per_line, amount: 100}}
            gift_cards:
            - {id: gc_ann, code: CARD, amount: 2000}
            """

        private func line(_ operation: String, _ order: String, _ members: String) -> String {
            #"{"op":"\#(operation)","order":"\#(order)",\#(members),\#(ShopRequests.cart)}"#
        }

        private func release(_ order: String, _ members: String = "") -> String {
            #"{"op":"release","order":"\#(order)"\#(members)}"#
        }

        /// `used` and `held` of a code's total.
        private func counts(of code: String, _ client: LineClient) throws -> [JSONValue?] {
            let reply = try client.ask(ShopRequests.usage(code))
            return [reply["result.limits.0.used"], reply["result.limits.0.held"]]
        }

        /// The balance of the gift card that a client sees; nil when nothing is left.
        private func balance(_ client: LineClient) throws -> JSONValue? {
            try client.ask(#"{"op":"validate","code":"CARD"}"#)["codes.0.balance"]
        }

        @Test func `is reserved, applied and released`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                _ = try shop.startDaemon()
                let client = try shop.connect()
                let few = #""code":"FEW""#
                let reserved = try client.ask(line("reserve", "o", few))
                #expect(reserved["reserved"] == true && reserved["codes.0.remaining"] == 4)
                #expect(reserved["applied"] == nil && reserved["codes.0.redemption"] == nil)
                #expect(try counts(of: "FEW", client) == [0, 1])
                // A renewal holds one use as before.
                #expect(try client.ask(line("reserve", "o", few))["reserved"] == true)
                #expect(try counts(of: "FEW", client) == [0, 1])

                let applied = try client.ask(line("apply", "o", few))
                #expect(applied["applied"] == true && applied["codes.0.remaining"] == 4)
                #expect(try counts(of: "FEW", client) == [1, 0])
                let late = try client.ask(line("reserve", "o", few))
                #expect(late["error.code"] == "idempotency_conflict")

                let released = try client.ask(release("o"))
                #expect(
                    released.line
                        == #"{"released":true,"codes":[{"code":"FEW","coupon":"c_few","was":"applied"}]}"#
                )
                #expect(try counts(of: "FEW", client) == [0, 0])
                let again = try client.ask(release("o"))
                #expect(again["replayed"] == true && again["codes"] == released["codes"])

                // The order starts again: a new use with a new number.
                let second = try client.ask(line("apply", "o", few))
                #expect(second["applied"] == true && second["replayed"] == nil)
                #expect(second["codes.0.redemption"] != applied["codes.0.redemption"])
                #expect(try counts(of: "FEW", client) == [1, 0])
            }
        }

        @Test func `holds the last use against twenty clients at once`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                _ = try shop.startDaemon()
                let socket = shop.socket
                let replies = try concurrently(20) { index in
                    try LineClient(socket).ask(
                        #"{"op":"reserve","order":"o-\#(index)","code":"FEW",\#(ShopRequests.cart)}"#
                    ).line
                }.map { try Reply($0) }
                let holders = replies.indices.filter { replies[$0]["reserved"] == true }
                #expect(holders.count == 5)
                for reply in replies where reply["reserved"] == false {
                    #expect(reply["reason"] == "usage_limit_reached")
                    #expect(reply["codes.0.actual"] == 5 && reply["codes.0.held"] == 5)
                    #expect(reply["expires_at"] == nil)
                }
                // The order that holds the use may apply it, and another one gets it after a
                // release.
                let client = try shop.connect()
                let few = #""code":"FEW""#
                for index in holders.dropFirst() {
                    #expect(try client.ask(line("apply", "o-\(index)", few))["applied"] == true)
                }
                #expect(try client.ask(line("apply", "late", few))["applied"] == false)
                let first = try #require(holders.first)
                let released = try client.ask(release("o-\(first)"))
                #expect(released["codes.0.was"] == "reserved")
                #expect(try client.ask(line("apply", "late", few))["applied"] == true)
                #expect(try counts(of: "FEW", client) == [5, 0])
            }
        }

        @Test func `takes over the holds of a session`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                _ = try shop.startDaemon()
                let client = try shop.connect()
                let both = #""codes":["FEW","CARD"]"#
                #expect(try client.ask(line("reserve", "session", both))["reserved"] == true)
                let refused = try client.ask(line("apply", "o", both))
                #expect(refused["reason"] == "gift_card_empty")
                #expect(refused["codes.1.held"] == 2000)
                let applied = try client.ask(
                    line("apply", "o", both + #","hold_of":"session""#))
                #expect(applied["applied"] == true)
                #expect(applied["gift_card_amount"] == 2000 && applied["amount_due"] == 2500)
                #expect(try counts(of: "FEW", client) == [1, 0])
                // The session holds nothing any more.
                #expect(try client.ask(release("session"))["error.code"] == "not_found")
            }
        }

        @Test func `releases one code after the other`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                _ = try shop.startDaemon()
                let client = try shop.connect()
                let all = #""codes":["FEW","KEPT","CARD"]"#
                let applied = try client.ask(line("apply", "o", all))
                #expect(applied["applied"] == true && applied["gift_card_amount"] == 2000)
                #expect(applied["codes.0.line_discounts"] == .array([500]))
                #expect(applied["codes.1.line_discounts"] == .array([300]))
                #expect(applied["discount"] == 800 && applied["amount_due"] == 2200)

                let card = try client.ask(release("o", #","code":"card""#))
                #expect(card["codes.0.gift_card"] == "gc_ann" && card["codes.1"] == nil)
                #expect(try balance(client) == 2000)
                // Until the rest is released, the order can be neither repeated nor started again.
                for operation in ["reserve", "apply"] {
                    let reply = try client.ask(line(operation, "o", all))
                    #expect(reply["error.code"] == "idempotency_conflict", "\(operation)")
                    #expect(reply["error.details.codes"] == .array(["FEW", "KEPT", "CARD"]))
                }
                #expect(try client.ask(release("o", #","coupon":"c_few""#))["released"] == true)
                let kept = try client.ask(release("o"))
                #expect(kept["codes.0.coupon"] == "c_kept" && kept["codes.0.use_returned"] == false)
                #expect(try counts(of: "FEW", client) == [0, 0])
                // Its use stays counted; the money of its budget is back.
                let usage = try client.ask(ShopRequests.usage("KEPT"))
                #expect(usage["result.limits.0.used"] == 1)
                #expect(usage["result.limits.1.kind"] == "budget")
                #expect(usage["result.limits.1.used"] == 0)
                #expect(
                    try client.ask(release("o", #","code":"NONE""#))["error.code"] == "not_found")
            }
        }

        @Test func `takes the good codes and the automatic coupons`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                _ = try shop.startDaemon()
                let client = try shop.connect()
                let cart =
                    #""cart":{"currency":"USD","lines":[{"product":"p1","quantity":1,"#
                    + #""unit_price":9000},{"product":"p2","quantity":1,"unit_price":50}]}"#
                let request =
                    #"{"op":"apply","order":"o","codes":["FEW","NONE"],"mode":"partial","#
                    + #""auto":true,\#(cart)}"#
                let applied = try client.ask(request)
                #expect(applied["applied"] == true && applied["reason"] == nil)
                #expect(applied["codes.1.reason"] == "code_unknown")
                #expect(applied["codes.2.code"] == .null && applied["codes.2.coupon"] == "c_auto")
                // Discounts on lines come first; the percentage applies to the rest.
                #expect(applied["codes.2.line_discounts"] == .array([100, 50]))
                #expect(applied["codes.0.line_discounts"] == .array([890, 0]))
                let replayed = try client.ask(request)
                #expect(replayed["replayed"] == true)
                #expect(replayed["line_discounts"] == .array([990, 50]))
                #expect(replayed["codes.2.redemption"] == applied["codes.2.redemption"])
                let released = try client.ask(release("o"))
                #expect(released["codes.0.code"] == "FEW" && released["codes.1.code"] == .null)
                #expect(released["codes.2"] == nil)
            }
        }

        /// Waits a second of real time. The rules of time are tested without a daemon.
        @Test func `releases its holds when its time is over`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                _ = try shop.startDaemon()
                let client = try shop.connect()
                let reserve = line("reserve", "o", #""codes":["FEW","CARD"],"ttl":1"#)
                #expect(try client.ask(reserve)["reserved"] == true)
                try shop.eventually("the hold has lapsed") {
                    try counts(of: "FEW", client) == [0, 0]
                }
                #expect(try balance(client) == 2000)
                #expect(try client.ask(release("o"))["error.code"] == "not_found")
                let stats = try shop.askAdmin(#"{"op":"server.stats"}"#)
                #expect(stats["result.requests.reserved"] == 1)
                #expect(stats["result.requests.lapsed"] == 1)
                #expect(stats["result.requests.released"] == 0)
            }
        }
    }
}
