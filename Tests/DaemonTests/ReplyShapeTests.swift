import CouponClient
import Testing

extension `The built daemon` {
    @Suite struct `A reply's shape` {
        private static let catalog = """
            currency: USD
            coupons:
            - id: cou_summer
              codes: [SUMMER20]
              discount: {kind: percentage, percent: 20}
              limits: {total: 100}
              used: 15
            - id: cou_big
              codes: [BIG]
              discount: {kind: fixed_amount, amount: 1500}
              requires: {min_subtotal: 7500}
            - id: cou_picky
              codes: [{code: PICKY, max_uses: 5}]
              discount: {kind: percentage, percent: 10}
              limits: {total: 100}
              used: 98
              requires: {min_items: 4, max_previous_orders: 0, context: {country: [US]}}
            - id: cou_fans
              type: presale
              codes: [{code: FANCLUB, revenue: 900, customer: cus_7, customer_credit: cc_1}]
              applies_to: {event: ["241"]}
              duration: repeating
              duration_in_months: 3
              metadata: {campaign: "42"}
            - id: cou_ship
              type: auto
              discount: {kind: shipping, percent: 100}
              requires: {min_subtotal: 6000}
            - id: cou_seats
              type: access
              codes: [SEATS]
              offers:
              - {id: a, applies_to: {event: ["240"]}, context: {seller: ["1"]}, limit: 3}
              - {id: b, applies_to: {event: ["241"]}, limit: 10, ticket_limit: 4}
            gift_cards:
            - {id: gc_1, code: CARD, amount: 5000, balance: 900}
            """

        /// Sends lines to a daemon with the catalog above, and compares the reply byte for byte.
        private func check(
            _ exchanges: [(request: String, reply: String)],
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            try Shop.open(catalog: Self.catalog) { shop in
                _ = try shop.startDaemon()
                let client = try shop.connect()
                for (request, reply) in exchanges {
                    #expect(
                        try client.ask(request).line == reply, sourceLocation: sourceLocation)
                }
            }
        }

        @Test func `matches the protocol's examples`() throws {
            try check([
                (
                    #"{"id":1,"op":"validate","code":"SUMMER20","customer":{"id":"cus_7","#
                        + #""groups":["vip"],"orders":0},"cart":{"currency":"USD","#
                        + #""shipping":500,"lines":[{"product":"p1","quantity":2,"#
                        + #""unit_price":2500,"category":["shoes"]}]}}"#,
                    #"{"id":1,"valid":true,"currency":"USD","subtotal":5000,"discount":1000,"#
                        + #""shipping_discount":0,"total":4500,"line_discounts":[1000],"codes":["#
                        + #"{"code":"SUMMER20","coupon":"cou_summer","valid":true,"#
                        + #""discount":1000,"remaining":84}]}"#
                ),
                (
                    #"{"id":2,"op":"validate","code":"BIG","cart":{"currency":"USD","#
                        + #""shipping":500,"lines":[{"product":"p1","quantity":2,"#
                        + #""unit_price":2500}]}}"#,
                    #"{"id":2,"valid":false,"reason":"below_minimum_amount","currency":"USD","#
                        + #""subtotal":5000,"discount":0,"shipping_discount":0,"total":5500,"#
                        + #""line_discounts":[0],"codes":[{"code":"BIG","coupon":"cou_big","#
                        + #""valid":false,"reason":"below_minimum_amount","#
                        + #""message":"Spend 25.00 USD more to use this code.","limit":7500,"#
                        + #""actual":5000,"missing":2500}]}"#
                ),
            ])
        }

        @Test func `omits the money without a cart`() throws {
            try check([
                (
                    #"{"op":"validate","code":"summer20"}"#,
                    #"{"valid":true,"codes":[{"code":"SUMMER20","coupon":"cou_summer","#
                        + #""valid":true,"remaining":84}]}"#
                )
            ])
        }

        @Test func `shows the facts of the code`() throws {
            try check([
                (
                    #"{"op":"validate","code":"FANCLUB","customer":"cus_7","context":{"event":241}}"#,
                    #"{"valid":true,"codes":[{"code":"FANCLUB","coupon":"cou_fans","valid":true,"#
                        + #""type":"presale","duration":"repeating","duration_in_months":3,"#
                        + #""unlocks":{"event":["241"]},"revenue":900,"customer_credit":"cc_1","#
                        + #""metadata":{"campaign":"42"}}]}"#
                )
            ])
        }

        @Test func `has an entry for each code, then for each automatic coupon`() throws {
            try check([
                (
                    #"{"op":"reserve","order":"o","codes":["SUMMER20","CARD"],"auto":true,"ttl":60,"#
                        + #""cart":{"currency":"USD","shipping":500,"lines":[{"product":"p1","#
                        + #""quantity":2,"unit_price":2500},{"product":"p2","quantity":1,"#
                        + #""unit_price":1000}],"hold_of":1}}"#,
                    #"{"error":{"code":"bad_request","message":"This field is not allowed here.","#
                        + #""field":"cart.hold_of"}}"#
                ),
                (
                    #"{"op":"validate","codes":["SUMMER20","CARD"],"auto":true,"cart":{"#
                        + #""currency":"USD","shipping":500,"lines":[{"product":"p1","quantity":2,"#
                        + #""unit_price":2500},{"product":"p2","quantity":1,"unit_price":1000}]}}"#,
                    #"{"valid":true,"currency":"USD","subtotal":6000,"discount":1200,"#
                        + #""shipping_discount":500,"total":4800,"line_discounts":[1000,200],"#
                        + #""gift_card_amount":900,"amount_due":3900,"codes":["#
                        + #"{"code":"SUMMER20","coupon":"cou_summer","valid":true,"#
                        + #""discount":1200,"line_discounts":[1000,200],"remaining":84},"#
                        + #"{"code":"CARD","gift_card":"gc_1","valid":true,"amount":900,"balance":0},"#
                        + #"{"code":null,"coupon":"cou_ship","valid":true,"discount":0,"#
                        + #""shipping_discount":500,"line_discounts":[0,0],"type":"auto"}]}"#
                ),
            ])
        }

        @Test func `shows the offer that was taken`() throws {
            try check([
                (
                    #"{"op":"validate","code":"SEATS","context":{"seller":2,"event":241}}"#,
                    #"{"valid":true,"codes":[{"code":"SEATS","coupon":"cou_seats","valid":true,"#
                        + #""remaining":9,"offer":"b","ticket_limit":4,"#
                        + #""unlocks":{"event":["241"]},"type":"access"}]}"#
                ),
                (
                    #"{"op":"usage","code":"SEATS","context":{"seller":2,"event":241}}"#,
                    #"{"result":{"limits":[{"kind":"offer","limit":10,"used":0,"held":0,"#
                        + #""remaining":10}]}}"#
                ),
                (
                    #"{"op":"usage","code":"SEATS","context":{"seller":2,"event":9}}"#,
                    #"{"result":null}"#
                ),
            ])
        }

        @Test func `begins with the id, byte for byte`() throws {
            try Shop.open { shop in
                _ = try shop.startDaemon()
                let client = try shop.connect()
                let ids = [
                    "1", "-7", #""a""#, #""\u00e9\n\"""#, "null", #""""#, "12345678901234567890",
                ]
                for id in ids {
                    let reply = try client.ask(#"{"op":"validate", "id" : \#(id),"code":"A"}"#)
                    #expect(reply.line.hasPrefix(#"{"id":\#(id),"valid":false,"#), "\(reply.line)")
                }
            }
        }

        @Test func `explains with every rule that fails, in order`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                _ = try shop.startDaemon()
                let client = try shop.connect()
                let refused = try client.ask(
                    #"{"op":"validate","code":"PICKY","explain":true,"#
                        + #""customer":{"id":"cus_7","orders":2},\#(RefusalTable.fifty)}"#)
                let failures = (0..<4).map { refused["codes.0.failures.\($0).reason"] }
                #expect(
                    failures == [
                        "context_not_eligible", "not_first_order", "below_minimum_quantity", nil,
                    ])
                #expect(refused["reason"] == "context_not_eligible")
                #expect(refused["codes.0.failures.1.actual"] == 2)
                #expect(refused["codes.0.failures.2.missing"] == 2)

                // A code that passes has an empty list of failures.
                let passed = try client.ask(
                    #"{"op":"validate","code":"SUMMER20","explain":true,\#(RefusalTable.fifty)}"#)
                #expect(passed["codes.0.failures"] == .array([]))
            }
        }

        /// Two are left of the coupon, five of the code; the request itself counts as one.
        @Test func `counts what remains over every limit`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                _ = try shop.startDaemon()
                let client = try shop.connect()
                let rest =
                    #""code":"PICKY","customer":{"id":"c","orders":0},"context":{"country":"US"},"#
                    + #""cart":{"currency":"USD","lines":[{"product":"p","quantity":4,"#
                    + #""unit_price":100}]}}"#
                let validate = #"{"op":"validate",\#(rest)"#
                #expect(try client.ask(validate)["codes.0.remaining"] == 1)
                let apply = try client.ask(#"{"op":"apply","order":"o-1",\#(rest)"#)
                #expect(apply["applied"] == true && apply["codes.0.remaining"] == 1)
                #expect(try client.ask(validate)["codes.0.remaining"] == 0)
                #expect(
                    try client.ask(#"{"op":"apply","order":"o-2",\#(rest)"#)["codes.0.remaining"]
                        == 0)
                let refused = try client.ask(validate)
                #expect(refused["reason"] == "usage_limit_reached")
                #expect(refused["codes.0.limit"] == 100 && refused["codes.0.actual"] == 100)
                #expect(
                    try client.ask(#"{"id":9,"op":"usage","code":"PICKY"}"#).line
                        == #"{"id":9,"result":{"limits":[{"kind":"total","limit":100,"used":100,"#
                        + #""held":0,"remaining":0},{"kind":"code","limit":5,"used":2,"held":0,"#
                        + #""remaining":3}]}}"#)
            }
        }
    }
}
