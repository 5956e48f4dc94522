import Foundation
import Testing

extension `The built daemon` {
    @Suite struct `The schemas` {
        private static let catalog = """
            currency: USD
            coupons:
            - {id: c_ten, codes: [TEN], limits: {total: 2},
               discount: {kind: percentage, percent: 10}}
            - id: c_fan
              type: presale
              codes: [{code: FAN, revenue: 900, customer: cus_7, customer_credit: cc_1}]
              offers: [{id: floor, applies_to: {event: ["241"]}, ticket_limit: 4, limit: 100}]
              metadata: {campaign: "42"}
            - id: c_every
              codes: [{code: EVERY, multi_use: true}]
              discount: {kind: fixed_amount, amount: {USD: 500, EUR: 450}}
              limits: {total: 90, per_customer: 2, per_code: 80, per_day: 50, per_week: 60,
                       per_month: 70, per_booking_date: 5, budget: {USD: 99000, EUR: 88000}}
              offers: [{id: any, limit: 40, counter: doors}]
            - {id: c_auto, type: auto, applies_to: {product: [p1]},
               discount: {kind: shipping, percent: 100}}
            - {id: c_never, type: auto, discount: {kind: percentage, percent: 1},
               requires: {groups: [vip]}}
            - {id: c_gift, codes: [GIFT], discount: {kind: gift_item, product: ring},
               duration: repeating, duration_in_months: 3, stacking: {group: gifts}}
            - {id: c_kept, codes: [KEPT], discount: {kind: percentage, percent: 5},
               stacking: {group: gifts, priority: 5}, reusable_after_release: false}
            - {id: c_late, codes: [LATE], discount: {kind: percentage, percent: 5},
               starts_at: 2090-01-01}
            - {id: c_over, codes: [OVER], discount: {kind: percentage, percent: 5},
               ends_at: 2020-01-01}
            - {id: c_big, codes: [BIG], discount: {kind: percentage, percent: 5},
               requires: {min_subtotal: 900000}}
            - id: c_parts
              codes: [PARTS]
              discounts: [{applies_to: [{product: [p1]}, {event: ["241"]}], kind: percentage,
                percent: 12.5, cap: 900, rounding: down, spread: even, max_units: 2,
                units: cheapest}]
            - {id: c_steps, codes: [STEPS], discount: {kind: tiers, tiers: [
               {min_subtotal: 1000, percent: 5}, {min_subtotal: 5000, percent: 33.3333}]}}
            - {id: c_items, codes: [ITEMS], discount: {kind: tiers, tiers: [
               {min_items: 2, amount: 500}]}}
            - {id: c_more, codes: [MORE], discount: {kind: buy_x_get_y, max_times: 2,
               buy: {quantity: 2, applies_to: {product: [p1]}}, get: {quantity: 1, percent: 50}}}
            - {id: c_pair, codes: [PAIR], discount: {kind: gift_item, product: ring, quantity: 2}}
            gift_cards:
            - {id: gc_1, code: CARD, amount: 2000}
            """

        /// A cart with shipping, as a member of a request.
        private static let shipped =
            #""cart":{"currency":"USD","shipping":500,"lines":[{"product":"p1","quantity":2,"#
            + #""unit_price":2500},{"product":"p2","quantity":1,"unit_price":100}]}"#

        private static let requests = [
            #"{"id":"p","op":"ping"}"#,
            ShopRequests.validate("TEN", id: 1),
            ShopRequests.validate("NOSUCH", id: 2),
            ShopRequests.validate("GIFT", id: 3),
            #"{"op":"validate","code":"TEN"}"#,
            #"{"op":"validate","code":"FAN","explain":true,"customer":"cus_7","context":{"event":241}}"#,
            #"{"op":"validate","code":"FAN","explain":true,\#(ShopRequests.cart)}"#,
            ShopRequests.apply("TEN", order: "o-1"),
            ShopRequests.apply("TEN", order: "o-1"),
            ShopRequests.apply("FAN", order: "o-1"),
            #"{"op":"reserve","order":"o-2","code":"TEN","ttl":3600,\#(ShopRequests.cart)}"#,
            #"{"op":"reserve","order":"o-1","code":"TEN",\#(ShopRequests.cart)}"#,
            #"{"op":"reserve","order":"o-3","code":"TEN",\#(ShopRequests.cart)}"#,
            ShopRequests.apply("TEN", order: "o-3"),
            #"{"op":"validate","codes":["LATE","OVER","BIG"],"explain":true,\#(shipped)}"#,
            #"{"op":"validate","codes":["GIFT","KEPT"],\#(shipped)}"#,
            #"{"op":"validate","auto":true}"#,
            #"{"op":"validate","auto":true,"explain":true,\#(shipped)}"#,
            #"{"op":"reserve","order":"s-1","codes":["KEPT",{"code":"CARD","amount":700}],"#
                + #""auto":true,\#(shipped)}"#,
            #"{"op":"apply","order":"o-4","hold_of":"s-1","codes":["KEPT","GIFT",{"code":"CARD","#
                + #""amount":700}],"mode":"partial","auto":true,"metadata":{"till":"3"},\#(shipped)}"#,
            #"{"op":"apply","order":"o-4","hold_of":"s-1","codes":["KEPT","GIFT",{"code":"CARD","#
                + #""amount":700}],"mode":"partial","auto":true,\#(shipped)}"#,
            #"{"op":"release","order":"o-4","code":"CARD"}"#,
            ShopRequests.apply("TEN", order: "o-4"),
            #"{"op":"release","order":"o-4"}"#,
            #"{"op":"release","order":"o-4"}"#,
            #"{"op":"release","order":"o-2","coupon":"c_ten"}"#,
            #"{"op":"release","order":"s-1"}"#,
            #"{"op":"apply","order":"o-5","auto":true,"context":[],\#(ShopRequests.cart)}"#,
            #"{"op":"reserve","order":"o-6","code":{"code":"EVERY","coupon":"c_every","#
                + #""context":{"product":"p1"}},"customer":"cus_7","booking_date":"2026-07-01","#
                + #"\#(shipped)}"#,
            #"{"op":"usage","code":"EVERY","customer":{"id":"cus_7"},"booking_date":"2026-07-01","#
                + #""context":{"product":"p1"}}"#,
            ShopRequests.usage("TEN"),
            ShopRequests.usage("GIFT"),
            ShopRequests.usage("CARD"),
            ShopRequests.usage("NOSUCH"),
            #"{"op":"code.discounts","code":"TEN"}"#,
            #"{"op":"code.discounts","code":"FAN","coupon":"c_fan"}"#,
            #"{"op":"code.discounts","code":"EVERY"}"#,
            #"{"op":"code.discounts","code":"PARTS"}"#,
            #"{"op":"code.discounts","code":"STEPS"}"#,
            #"{"op":"code.discounts","code":"ITEMS"}"#,
            #"{"op":"code.discounts","code":"MORE"}"#,
            #"{"op":"code.discounts","code":"PAIR"}"#,
            #"{"op":"code.discounts","code":"CARD"}"#,
            #"{"op":"code.discounts","code":"NOSUCH"}"#,
        ]

        /// Invalid requests, which the daemon refuses.
        private static let wrongRequests = [
            #"{"op":"validate"}"#,
            #"{"op":"validate","auto":false}"#,
            #"{"op":"validate","code":"TEN","codes":["TEN"]}"#,
            #"{"op":"validate","codes":[]}"#,
            #"{"op":"validate","code":{"coupon":"c_ten"}}"#,
            #"{"op":"validate","code":"TEN","mode":"some"}"#,
            #"{"op":"validate","code":"TEN","ttl":9}"#,
            #"{"op":"validate","code":"TEN","colour":"red"}"#,
            #"{"op":"reserve","code":"TEN",\#(ShopRequests.cart)}"#,
            #"{"op":"reserve","order":"o","code":"TEN","ttl":0}"#,
            #"{"op":"reserve","order":"o","code":"TEN","at":"2026-06-01"}"#,
            #"{"op":"apply","code":"TEN",\#(ShopRequests.cart)}"#,
            #"{"op":"release","code":"TEN"}"#,
            #"{"op":"release","order":"o","codes":["TEN"]}"#,
            #"{"op":"usage","customer":"cus_7"}"#,
            #"{"op":"code.discounts","coupon":"c_ten"}"#,
            #"{"op":"code.discounts","code":"TEN","customer":"cus_7"}"#,
            #"{"op":"ping","code":"TEN"}"#,
            #"{"op":"validate","code":"TEN","cart":{"currency":"USD","lines":[{"product":"p"}]}}"#,
        ]

        /// Reads lines `request|reply <tab> json`, and reports for each whether it is valid.
        private static let program = """
            import json, sys, jsonschema
            schemas = {name: json.load(open(f"{sys.argv[1]}/{name}.schema.json"))
                       for name in ("request", "reply")}
            for schema in schemas.values():
                jsonschema.Draft202012Validator.check_schema(schema)
            for line in sys.stdin:
                name, text = line.rstrip("\\n").split("\\t")
                validator = jsonschema.Draft202012Validator(schemas[name])
                print(validator.is_valid(json.loads(text)))
            """

        @Test func `describe requests and replies`() throws {
            let purpose = "requests and replies against the schemas"
            guard let python = InstalledTool("python3", for: purpose) else { return }
            guard try python.run(["-c", "import jsonschema"]).status == 0 else {
                print("skipped, for want of python's jsonschema: \(purpose)")
                return
            }
            try Shop.open(catalog: Self.catalog) { shop in
                _ = try shop.startDaemon()
                let client = try shop.connect()
                var subjects: [(text: String, isValid: Bool)] = []
                for request in Self.requests {
                    subjects.append(("request\t\(request)", true))
                    subjects.append(("reply\t\(try client.ask(request).line)", true))
                }
                for request in Self.wrongRequests {
                    let reply = try client.ask(request)
                    #expect(reply["error.code"] == "bad_request", "\(request) → \(reply.line)")
                    subjects.append(("request\t\(request)", false))
                    subjects.append(("reply\t\(reply.line)", true))
                }
                let checked = try python.run(
                    ["-c", Self.program, Built.root + "/Sources/CouponWire/Schemas"],
                    input: subjects.map { $0.text + "\n" }.joined())
                #expect(checked.status == 0, "\(checked.errors)")
                let answers = checked.output.split(separator: "\n")
                try #require(answers.count == subjects.count)
                for (subject, answer) in zip(subjects, answers) {
                    #expect(answer == (subject.isValid ? "True" : "False"), "\(subject.text)")
                }
            }
        }

        /// Each described member must occur in a reply.
        @Test func `describe no member that no reply has`() throws {
            let schema = try JSONSerialization.jsonObject(
                with: Data(Built.text("Sources/CouponWire/Schemas/reply.schema.json").utf8))
            let shapes = try #require((schema as? [String: Any])?["$defs"] as? [String: Any])
            var described: Set<String> = []
            for name in [
                "judged", "entry", "failure", "released", "error", "conflictDetails",
                "codeDiscounts", "discount", "tier",
            ] {
                let shape = try #require(shapes[name] as? [String: Any], "\(name)")
                let members = try #require(shape["properties"] as? [String: Any], "\(name)")
                described.formUnion(members.keys)
            }
            try Shop.open(catalog: Self.catalog) { shop in
                _ = try shop.startDaemon()
                let client = try shop.connect()
                var answered: Set<String> = []
                for request in Self.requests {
                    let line = try client.ask(request).line
                    for match in line.matches(of: /"([a-z_]+)":/) {
                        answered.insert(String(match.output.1))
                    }
                }
                #expect(described.count > 40)
                #expect(described.subtracting(answered) == [])
            }
        }
    }
}
