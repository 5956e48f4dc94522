import CouponClient
import Foundation
import Testing

extension `The built daemon` {
    @Suite struct Verdicts {
        @Test func `give each reason with its facts and no others`() throws {
            try Shop.open(catalog: RefusalTable.catalog) { shop in
                _ = try shop.startDaemon()
                let client = try shop.connect()
                for (index, row) in RefusalTable.rows.enumerated() {
                    if let earlier = RefusalTable.earlierRequest(index) {
                        let reply = try client.ask(earlier)
                        #expect(reply["valid"] == true, "\(earlier) → \(reply.line)")
                    }
                    let request = RefusalTable.request(index)
                    let reply = try client.ask(request)
                    let comment: Comment = "\(row.reason): \(request) → \(reply.line)"
                    #expect(reply["valid"] == false, comment)
                    #expect(reply["reason"] == .string(row.reason), comment)
                    #expect(reply["applied"] == (row.operation == "apply" ? false : nil), comment)
                    #expect(
                        reply["reserved"] == (row.operation == "reserve" ? false : nil), comment)

                    let head = RefusalTable.head(index)
                    let facts = row.facts.isEmpty ? "" : ",\(row.facts)"
                    var entry = try #require(reply["codes.0"]?.members)
                    let message = entry.removeValue(forKey: "message")
                    #expect(try JSONValue.object(entry) == Reply(head + facts + "}").value, comment)
                    #expect(message?.stringValue?.isEmpty == false, comment)
                }
            }
        }

        @Test func `come in the order of precedence`() throws {
            // The order in the protocol.
            let precedence = [
                "code_unknown", "coupon_inactive", "coupon_archived", "not_started", "expired",
                "blackout_date", "outside_time_window", "usage_limit_reached", "budget_exhausted",
                "period_limit_reached", "currency_not_supported", "context_not_eligible",
                "customer_required", "customer_not_eligible", "customer_group_not_eligible",
                "not_first_order", "customer_limit_reached", "cart_required",
                "required_items_missing", "no_eligible_items", "below_minimum_amount",
                "above_maximum_amount", "below_minimum_quantity", "above_maximum_quantity",
                "not_combinable", "no_effect", "gift_card_empty",
            ]
            var listed = ["code_unknown"]
            for row in RefusalTable.rows where listed.last != row.reason {
                listed.append(row.reason)
            }
            #expect(listed == precedence)
        }

        @Test func `are refused as if no code were given`() throws {
            let catalog = """
                currency: USD
                coupons:
                - {codes: [BIG], discount: {kind: percentage, percent: 50}, requires: {min_items: 9}}
                """
            let cart =
                #""cart":{"currency":"USD","shipping":700,"lines":["#
                + #"{"product":"a","quantity":2,"unit_price":300},"#
                + #"{"product":"b","quantity":1,"unit_price":50}]}"#
            try Shop.open(catalog: catalog) { shop in
                _ = try shop.startDaemon()
                for code in ["BIG", "NOSUCH"] {
                    let reply = try shop.connect()
                        .ask(#"{"op":"validate","code":"\#(code)",\#(cart)}"#)
                    #expect(reply["valid"] == false && reply["currency"] == "USD")
                    #expect(reply["subtotal"] == 650 && reply["total"] == 1350)
                    #expect(reply["discount"] == 0 && reply["shipping_discount"] == 0)
                    #expect(reply["line_discounts"] == .array([0, 0]))
                }
                // An unknown code has no coupon, and is shown as it was typed.
                let unknown = try shop.connect().ask(#"{"op":"validate","code":"NoSuch"}"#)
                #expect(
                    unknown.line.hasPrefix(
                        #"{"valid":false,"reason":"code_unknown","codes":[{"code":"NoSuch","#
                            + #""valid":false,"reason":"code_unknown","message":""#))
            }
        }

        @Test func `give the amounts that the rules define`() throws {
            try Shop.open(catalog: MoneyTable.catalog) { shop in
                _ = try shop.startDaemon()
                let client = try shop.connect()
                for (row, request) in zip(MoneyTable.rows, MoneyTable.requests) {
                    let reply = try client.ask(request)
                    let comment: Comment = "\(row.coupon): \(reply.line)"
                    #expect(reply["valid"] == true, comment)
                    #expect(reply["currency"] == .string(row.currency.uppercased()), comment)
                    #expect(reply["line_discounts"] == integers(row.lineDiscounts), comment)
                    #expect(reply["discount"] == integer(row.discount), comment)
                    #expect(reply["codes.0.discount"] == integer(row.discount), comment)
                    #expect(reply["shipping_discount"] == integer(row.shippingDiscount), comment)
                    #expect(reply["subtotal"] == integer(row.subtotal), comment)
                    #expect(reply["total"] == integer(row.total), comment)
                }
            }
        }

        @Test func `show amounts with the digits of their currency`() throws {
            let catalog = """
                coupons:
                - codes: [MIN]
                  discount: {kind: percentage, percent: 10}
                  requires: {min_subtotal: {USD: 7500, JPY: 7500, KWD: 7500, QQQ: 7500}}
                """
            let amounts = ["USD": "25.00", "JPY": "2500", "KWD": "2.500", "QQQ": "25.00"]
            try Shop.open(catalog: catalog) { shop in
                _ = try shop.startDaemon()
                for (currency, amount) in amounts {
                    let reply = try shop.connect().ask(
                        #"{"op":"validate","code":"MIN","cart":{"currency":"\#(currency)","#
                            + #""lines":[{"product":"p","quantity":2,"unit_price":2500}]}}"#)
                    #expect(
                        reply["codes.0.message"]
                            == .string("Spend \(amount) \(currency) more to use this code."))
                }
            }
        }
    }
}

private func integer(_ number: Int) -> JSONValue { .integer(Int64(number)) }

private func integers(_ numbers: [Int]) -> JSONValue { .array(numbers.map(integer)) }

extension JSONValue {
    /// The members of an object; nil if this is not an object.
    var members: [String: JSONValue]? {
        if case .object(let members) = self { members } else { nil }
    }
}
