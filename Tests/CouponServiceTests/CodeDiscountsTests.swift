import CouponService
import CouponWire
import Testing

private let definitions = """
    currency: USD
    code_scope: coupon
    coupons:
    - {id: c_old, codes: [BOTH], discount: {kind: percentage, percent: 5}}
    - {id: c_new, codes: [BOTH], case_sensitive: true, discount: {kind: percentage, percent: 50}}
    - id: c_parts
      codes: [PARTS]
      discounts:
      - {applies_to: {offering: [a, b]}, kind: percentage, percent: 12.5}
      - {kind: fixed_amount, amount: 500}
    - {id: c_off, codes: [OFF], status: inactive, discount: {kind: shipping, percent: 100}}
    - {id: c_gone, codes: [GONE], status: archived, discount: {kind: shipping, percent: 90}}
    - {id: c_over, codes: [OVER], ends_at: 2020-01-01, discount: {kind: fixed_price, amount: 0}}
    - {id: c_door, type: access, codes: [{code: DOOR, customer: cus_7}], applies_to: {page: [p]}}
    gift_cards:
    - {id: gc_1, code: CARD, amount: 2000}
    """

private func discounts(_ code: String, _ members: String = "") -> String {
    request("code.discounts", field("code", code), members)
}

@Suite struct `code.discounts` {
    @Test func `reports the first clause and its cover, byte for byte`() throws {
        let shop = try Shop(definitions)
        #expect(
            shop.ask(#"{"id":7,"op":"code.discounts","code":" parts "}"#)
                == #"{"id":7,"result":{"coupon":"c_parts","discount":{"kind":"percentage","#
                + #""percent":12.5},"applies_to":{"offering":["a","b"]}}}"#)
    }

    @Test(arguments: [
        ("OFF", #"{"coupon":"c_off","discount":{"kind":"shipping","percent":100}}"#),
        ("GONE", #"{"coupon":"c_gone","discount":{"kind":"shipping","percent":90}}"#),
        ("OVER", #"{"coupon":"c_over","discount":{"kind":"fixed_price","amount":{"USD":0}}}"#),
        ("DOOR", #"{"coupon":"c_door","discount":{"kind":"none"},"applies_to":{"page":["p"]}}"#),
        ("CARD", "null"),
    ])
    func `judges nothing`(code: String, result: String) throws {
        let shop = try Shop(definitions)
        for role in Role.allCases {
            #expect(shop.ask(discounts(code), as: role) == #"{"result":\#(result)}"#)
        }
    }

    @Test func `reports a code that is used up, and uses nothing`() throws {
        let shop = try Shop(
            """
            currency: USD
            coupons:
            - {id: c, codes: [ONCE], limits: {total: 1}, discount: {kind: percentage, percent: 5}}
            """)
        let before = shop.ask(discounts("ONCE"))
        #expect(try shop.reply(apply("ONCE", order: "o"))["applied"] == true)
        let state = shop.snapshot()
        #expect(shop.ask(discounts("ONCE")) == before)
        #expect(shop.snapshot() == state)
    }

    @Test(arguments: [
        // The owner whose code is case-sensitive is found first, and was defined last.
        ("BOTH", "", "c_old"), ("both", "", "c_old"), ("BOTH", "c_old", "c_old"),
        ("BOTH", "c_new", "c_new"), ("OVER", "c_over", "c_over"),
    ])
    func `reports the requested owner, or the one defined first`(
        code: String, picked: String, coupon: String
    ) throws {
        let shop = try Shop(definitions)
        let rest = picked.isEmpty ? "" : field("coupon", picked)
        #expect(try shop.reply(discounts(code, rest))["result"]["coupon"] == .text(coupon))
    }

    @Test(arguments: [
        ("NOSUCH", ""), ("", ""), ("PARTS", #""store":"b""#), ("PARTS", #""coupon":"c_old""#),
        ("both", #""coupon":"c_new""#), ("CARD", #""coupon":"gc_1""#), ("BOTH", #""coupon":"x""#),
    ])
    func `finds no other code`(code: String, rest: String) throws {
        let shop = try Shop(definitions)
        let error = try shop.reply(discounts(code, rest))["error"]
        #expect(error["code"] == "not_found")
        #expect(error["field"] == "code")
    }

    @Test func `reports the present code of the named store`() throws {
        let shop = try Shop(
            definitions,
            "store: b\ncoupons: [{id: b, codes: [PARTS], discount: {kind: percentage, percent: 1}}]"
        )
        let line = discounts("PARTS", field("store", "b"))
        #expect(try shop.reply(line)["result"]["coupon"] == "b")
        shop.reload(
            "store: b\ncoupons: [{id: b, codes: [PARTS], discount: {kind: percentage, percent: 2}}]"
        )
        #expect(try shop.reply(line)["result"]["discount"]["percent"] == 2)
        #expect(try shop.reply(discounts("PARTS"))["error"]["code"] == "not_found")
    }
}
