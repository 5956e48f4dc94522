import CouponService
import Testing

// One order, applied once; then the same request with one part of it written differently. A request
// with the same meaning is replayed, any other is a conflict, and neither uses anything.

private let definitions = """
    currency: USD
    code_scope: coupon
    coupons:
    - id: ten
      codes: [Save10, OTHER]
      discount: {kind: percentage, percent: 10}
      metadata: {campaign: "42"}
    - {id: five, codes: [SAVE10], discount: {kind: percentage, percent: 5}}
    """

/// A request in parts, so that one of them can be changed.
private struct Parts {
    var id = #""id":1"#
    var code = #""code":{"code":"SAVE10","coupon":"ten","amount":900}"#
    var customer =
        #""customer":{"id":"cus_7","email":"Ann@Example.com","groups":["vip"],"orders":3}"#
    var currency = #""currency":"USD""#
    var shipping = #""shipping":500"#
    var first =
        #"{"id":"l1","product":"p1","quantity":2,"unit_price":2500,"size":["m","l"],"color":"red"}"#
    var second = #"{"product":"p2","quantity":1,"unit_price":700,"on_sale":true}"#
    var context = #""context":{"channel":"web","ip":"10.0.0.1","site":["1","2"]}"#
    var booking = #""booking_date":"2026-07-01""#
    var mode = #""mode":"all""#
    var rest = #""metadata":{"invoice":"7"},"explain":false"#

    var line: String {
        request(
            "apply", id, field("order", "o-1"), code, customer,
            "\"cart\":{"
                + [currency, shipping, "\"lines\":[\(first),\(second)]"]
                .filter { !$0.isEmpty }.joined(separator: ",") + "}", context, booking, mode, rest)
    }

    func with(_ part: WritableKeyPath<Parts, String> & Sendable, _ text: String) -> Parts {
        var other = self
        other[keyPath: part] = text
        return other
    }
}

/// What one part of the request becomes.
private struct Change: CustomTestStringConvertible {
    var part: WritableKeyPath<Parts, String> & Sendable
    var text: String
    var testDescription: String { text.isEmpty ? "nothing" : text }

    init(_ part: WritableKeyPath<Parts, String> & Sendable, _ text: String) {
        self.part = part
        self.text = text
    }
}

private let sameRequests = [
    Change(\.id, #""id":"other""#), Change(\.id, ""),
    Change(\.code, #""code":{"amount":900,"coupon":"ten","code":" save10\t"}"#),
    Change(\.code, #""codes":[{"code":"sAvE10","coupon":"ten","amount":900,"context":null}]"#),
    Change(\.customer, #""customer":{"email":" ann@EXAMPLE.com ","id":"cus_7"}"#),
    Change(
        \.customer,
        #""customer":{"id":"cus_7","email":"ann@example.com","groups":["x"],"orders":9}"#),
    Change(\.currency, #""currency":"usd""#),
    Change(
        \.first,
        #"{"color":["red"],"unit_price":2500,"size":["l","m"],"quantity":2,"product":"p1","on_sale":false}"#
    ),
    Change(
        \.first,
        #"{"id":9,"product":"p1","quantity":2,"unit_price":2500,"size":["m","l"],"color":"red"}"#),
    Change(\.context, #""context":{"site":[2,1],"channel":["web"]}"#),
    Change(\.context, #""context":{"channel":"web","ip":["10.9.9.9","::1"],"site":["1","2"]}"#),
    Change(\.mode, ""), Change(\.mode, #""mode":null"#),
    Change(\.rest, ""), Change(\.rest, #""metadata":{"invoice":"8"},"explain":true"#),
    Change(\.rest, #""auto":false,"store":"default""#),
]

private let otherRequests = [
    Change(\.code, #""code":{"code":"OTHER","coupon":"ten","amount":900}"#),
    Change(\.code, #""code":{"code":"none","coupon":"ten","amount":900}"#),
    Change(\.code, #""code":{"code":"SAVE10","coupon":"five","amount":900}"#),
    Change(\.code, #""code":{"code":"SAVE10","amount":900}"#),
    Change(\.code, #""code":{"code":"SAVE10","coupon":"ten","amount":901}"#),
    Change(\.code, #""code":{"code":"SAVE10","coupon":"ten"}"#),
    Change(\.customer, #""customer":{"id":"cus_8","email":"ann@example.com"}"#),
    Change(\.customer, #""customer":{"id":"cus_7","email":"bob@example.com"}"#),
    Change(\.customer, #""customer":"cus_7""#),
    Change(\.customer, #""customer":{"email":"ann@example.com"}"#),
    Change(\.customer, #""customer":{"id":"ann@example.com","email":"cus_7"}"#),
    Change(\.customer, ""),
    Change(\.currency, #""currency":"EUR""#),
    Change(\.shipping, #""shipping":501"#), Change(\.shipping, ""),
    Change(\.shipping, #""shipping":0"#),
    Change(
        \.first, #"{"product":"p3","quantity":2,"unit_price":2500,"size":["m","l"],"color":"red"}"#),
    Change(
        \.first, #"{"product":"p1","quantity":3,"unit_price":2500,"size":["m","l"],"color":"red"}"#),
    Change(
        \.first, #"{"product":"p1","quantity":2,"unit_price":2501,"size":["m","l"],"color":"red"}"#),
    Change(\.first, #"{"product":"p1","quantity":2,"unit_price":2500,"size":["m"],"color":"red"}"#),
    Change(
        \.first, #"{"product":"p1","quantity":2,"unit_price":2500,"size":"red","color":["m","l"]}"#),
    Change(
        \.first,
        #"{"product":"p1","quantity":2,"unit_price":2500,"size":["m","l"],"color":"red","ip":"10.0.0.1"}"#
    ),
    Change(
        \.first,
        #"{"product":"p1","quantity":2,"unit_price":2500,"size":["m","l"],"color":"red","on_sale":true}"#
    ),
    Change(\.second, #"{"product":"p2","quantity":1,"unit_price":700}"#),
    Change(\.context, #""context":{"channel":"app","ip":"10.0.0.1","site":["1","2"]}"#),
    Change(\.context, #""context":{"channel":"web","site":["1"]}"#),
    Change(\.context, #""context":{"channel":"web","site":["1","2"],"seller":[]}"#),
    Change(\.context, ""),
    Change(\.booking, #""booking_date":"2026-07-02""#), Change(\.booking, ""),
    Change(\.mode, #""mode":"partial""#),
]

@Suite struct `The same request for an order` {
    private func applied() throws -> (shop: Shop, first: JSON) {
        let shop = try Shop(definitions)
        let first = try shop.reply(Parts().line)
        #expect(first["applied"] == true)
        #expect(first["discount"] == 570)
        return (shop, first)
    }

    private func checkReplay(_ shop: Shop, _ line: String, of first: JSON) throws {
        let before = shop.snapshot()
        let reply = try shop.reply(line)
        #expect(reply["replayed"] == true)
        for fact in [
            "valid", "applied", "order", "currency", "subtotal", "discount", "shipping_discount",
            "total", "line_discounts",
        ] {
            #expect(reply[fact] == first[fact], "\(fact)")
        }
        for fact in ["code", "coupon", "valid", "discount", "redemption", "metadata"] {
            #expect(reply["codes"][0][fact] == first["codes"][0][fact], "\(fact)")
        }
        #expect(reply["codes"].count == 1)
        #expect(reply["codes"][0]["remaining"] == .absent)
        #expect(shop.snapshot() == before)
    }

    @Test(arguments: sameRequests)
    private func `is replayed in any spelling`(change: Change) throws {
        let (shop, first) = try applied()
        try checkReplay(shop, Parts().with(change.part, change.text).line, of: first)
    }

    @Test(arguments: otherRequests)
    private func `is not one with another meaning`(change: Change) throws {
        let (shop, first) = try applied()
        let before = shop.snapshot()
        let error = try shop.reply(Parts().with(change.part, change.text).line)["error"]
        #expect(error["code"] == "idempotency_conflict")
        #expect(error["details"]["codes"] == ["Save10"])
        #expect(error["details"]["discount"] == 570)
        #expect(error["details"]["total"] == first["total"])
        #expect(error["details"]["redemptions"] == [first["codes"][0]["redemption"]])
        #expect(shop.snapshot() == before)
        // After a conflict, the same request is still a replay.
        try checkReplay(shop, Parts().line, of: first)
    }

    @Test func `compares the lines of the cart in their order`() throws {
        let (shop, _) = try applied()
        var turned = Parts()
        (turned.first, turned.second) = (turned.second, turned.first)
        #expect(try shop.reply(turned.line)["error"]["code"] == "idempotency_conflict")
    }

    @Test func `differs by store and by order`() throws {
        let (shop, _) = try applied()
        let elsewhere = Parts().with(\.rest, field("store", "b")).line
        #expect(try shop.reply(elsewhere)["reason"] == "code_unknown")
        let other = Parts().line.replacing("o-1", with: "o-2")
        #expect(try shop.reply(other)["replayed"] == .absent)
    }

    @Test func `keeps the metadata of the first time`() throws {
        let (shop, _) = try applied()
        _ = shop.ask(Parts().with(\.rest, #""metadata":{"invoice":"8"}"#).line)
        #expect(try shop.metadata(of: "o-1") == ["invoice": "7"])
        #expect(try shop.metadata(of: "o-2") == nil)
        try shop.restart(definitions)
        #expect(try shop.metadata(of: "o-1") == ["invoice": "7"])
    }

    @Test(arguments: [
        definitions.replacing("- id: ten", with: "- id: ten\n  status: inactive"),
        definitions.replacing("- id: ten", with: "- id: ten\n  status: archived"),
        definitions.replacing("- id: ten", with: "- id: ten\n  ends_at: 2026-02-01"),
        definitions.replacing("- id: ten", with: "- id: ten\n  limits: {total: 1}"),
        definitions.replacing("percent: 10", with: "percent: 50"),
        definitions.replacing("- id: ten", with: "- id: ten\n  stacking: {exclusive: true}"),
        definitions.replacing("- id: ten", with: "- id: renamed"),
        definitions.replacing("- id: ten", with: "- id: ten\n  case_sensitive: true"),
        "store: elsewhere\ncoupons: []", "coupons: []",
    ])
    func `is replayed after any change of the definitions`(changed: String) throws {
        let (shop, first) = try applied()
        shop.advance(seconds: 3_600)
        #expect(shop.reload(changed).isEmpty)
        try checkReplay(shop, Parts().line, of: first)
        let other = Parts().with(\.shipping, #""shipping":1"#).line
        #expect(try shop.reply(other)["error"]["code"] == "idempotency_conflict")

        try shop.restart(changed)
        try checkReplay(shop, Parts().line, of: first)
        #expect(try shop.reply(other)["error"]["code"] == "idempotency_conflict")
    }

    @Test func `is replayed without a cart`() throws {
        let access = """
            coupons:
            - {id: early, type: presale, codes: [EARLY], applies_to: {event: ["241"]}}
            """
        let shop = try Shop(access)
        let line = apply("EARLY", order: "o", #""context":{"event":241}"#)
        let first = try shop.reply(line)
        #expect(first["applied"] == true)
        let again = try shop.reply(line)
        #expect(again["replayed"] == true)
        #expect(again["total"] == .absent)
        #expect(again["codes"][0]["unlocks"] == ["event": ["241"]])
        let conflict = try shop.reply(apply("EARLY", order: "o"))["error"]
        #expect(conflict["details"]["total"] == .absent)
        #expect(conflict["details"]["redemptions"].count == 1)
    }
}

@Suite struct `The code of a repeated request` {
    private let exact = """
        currency: USD
        code_scope: coupon
        coupons:
        - {id: any, codes: [Save], discount: {kind: percentage, percent: 50}}
        - {id: exact, case_sensitive: true, codes: [Save, SAVE, save], discount: {kind: percentage, percent: 5}}
        """

    @Test func `is the one that was used, not the last one that matches`() throws {
        let shop = try Shop(exact)
        #expect(try shop.reply(apply("Save", order: "o"))["codes"][0]["coupon"] == "any")
        #expect(try shop.reply(apply("Save", order: "o"))["replayed"] == true)
        // The order used the code that is not case-sensitive.
        #expect(try shop.reply(apply("SAVE", order: "o"))["replayed"] == true)
    }

    @Test(arguments: ["Save", "SAVE", "save"])
    func `distinguishes case if its coupon does`(code: String) throws {
        func line(_ code: String) -> String {
            request(
                "apply", field("order", "o"), #""code":{"code":"\#(code)","coupon":"exact"}"#,
                cart(1_000))
        }
        let shop = try Shop(exact)
        #expect(try shop.reply(line(code))["codes"][0]["code"] == .text(code))
        for definitions in [exact, "coupons: []"] {
            shop.reload(definitions)
            for other in ["Save", "SAVE", "save", "sAvE"] {
                let reply = try shop.reply(line(other))
                #expect((reply["replayed"] == true) == (other == code), "\(other)")
                #expect((reply["error"]["code"] == "idempotency_conflict") == (other != code))
            }
        }
    }
}
