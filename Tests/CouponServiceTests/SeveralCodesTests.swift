import Testing

// Cases found by comparing with the reference model, each as small as possible.

@Suite struct `Several codes in one order` {
    /// The reply to `operation` on codes, each in quotes.
    private func ask(
        _ shop: Shop, _ operation: String, _ codes: String..., also members: String = "",
        cart: String = cart(1_000)
    ) throws -> JSON {
        let list = codes.map { #""\#($0)""# }.joined(separator: ",")
        let named = codes.isEmpty ? "" : #""codes":[\#(list)]"#
        return try shop.reply(request(operation, named, members, cart))
    }

    private let sharedCounter = """
        currency: USD
        code_scope: coupon
        coupons:
        - id: first
          codes: [ONE]
          discount: {kind: fixed_amount, amount: 100}
          offers: [{id: o1, counter: spring, limit: 1}]
        - id: second
          codes: [TWO, BOTH]
          discount: {kind: fixed_amount, amount: 60}
          offers: [{id: o1, counter: spring, limit: 1}, {id: o2}]
        - id: third
          codes: [THREE, BOTH]
          discount: {kind: fixed_amount, amount: 50}
        """

    @Test func `never exceed a counter that their offers share`() throws {
        let shop = try Shop(sharedCounter)
        let both = try ask(shop, "validate", "ONE", "TWO")
        #expect(both["codes"][0]["offer"] == "o1")
        // The one use that is left is the first code's: the second takes its other offer.
        #expect(both["codes"][1]["offer"] == "o2")
        _ = try ask(shop, "apply", "ONE", "TWO", also: field("order", "o"))
        let usage = try shop.reply(request("usage", field("code", "ONE")))
        #expect(usage["result"]["limits"][0]["used"] == 1)
        #expect(try ask(shop, "validate", "ONE")["reason"] == "usage_limit_reached")
    }

    @Test func `take different coupons, also if a code has two owners`() throws {
        let shop = try Shop(sharedCounter)
        // SECOND is the better owner of BOTH, whose text is judged before TWO's.
        let twice = try ask(shop, "validate", "TWO", "BOTH", also: #""mode":"partial""#)
        #expect(twice["codes"][1]["coupon"] == "second")
        #expect(twice["codes"][0]["reason"] == "not_combinable")
        #expect(twice["codes"][0]["conflicts_with"] == "BOTH")
    }

    @Test func `are refused as the same coupon before its shared counter is read`() throws {
        let shop = try Shop(sharedCounter)
        let reply = try ask(shop, "validate", "ONE", "one")
        #expect(reply["codes"][0]["valid"] == true)
        #expect(reply["codes"][1]["reason"] == "not_combinable")
    }

    /// The order of the request does not matter.
    @Test(arguments: [false, true])
    func `with one text are ordered by the ids of their coupons`(isReversed: Bool) throws {
        let shop = try Shop(
            """
            currency: USD
            code_scope: coupon
            coupons:
            - {id: a_part, codes: [SAME], discount: {kind: percentage, percent: 25}}
            - {id: b_all, codes: [SAME], discount: {kind: percentage, percent: 100}}
            """)
        let codes = [#"{"code":"same","coupon":"a_part"}"#, #"{"code":"SAME","coupon":"b_all"}"#]
        let list = (isReversed ? codes.reversed() : codes).joined(separator: ",")
        let reply = try shop.reply(request("validate", #""codes":[\#(list)]"#, cart(1_000)))
        #expect(reply["codes"][isReversed ? 1 : 0]["discount"] == 250)
        #expect(reply["codes"][isReversed ? 0 : 1]["discount"] == 750)
    }

    @Test func `win over an automatic coupon that would make them worthless`() throws {
        let shop = try Shop(
            """
            currency: USD
            coupons:
            - {id: free, type: auto, stacking: {priority: 1}, discount: {kind: percentage, percent: 100}}
            - {id: comp, type: comp, codes: [COMP]}
            - {id: ten, codes: [TEN], discount: {kind: fixed_amount, amount: 10}}
            """)
        let reply = try ask(
            shop, "validate", "COMP", "TEN", also: #""auto":true,"explain":true,"mode":"partial""#)
        #expect(reply["codes"][1]["reason"] == "no_effect")
        // COMP is good in both cases and TEN loses to COMP: the third coupon costs neither of them its use.
        #expect(reply["codes"][2]["valid"] == true)
        let alone = try ask(shop, "validate", "TEN", also: #""auto":true,"explain":true"#)
        #expect(alone["discount"] == 10)
        #expect(alone["codes"][1]["code"] == .null)
        #expect(alone["codes"][1]["reason"] == "not_combinable")
        #expect(alone["codes"][1]["conflicts_with"] == "TEN")
        #expect(try ask(shop, "validate", "TEN", also: #""auto":true"#)["codes"][1] == .absent)
    }

    @Test func `may be none, if there are automatic coupons`() throws {
        let shop = try Shop(
            """
            currency: USD
            coupons:
            - {id: rich, type: auto, discount: {kind: percentage, percent: 5},
               requires: {min_subtotal: 5000}, limits: {per_code: 1}, codes: [RICH]}
            """)
        let none = try ask(shop, "apply", also: #""auto":true,"order":"o""#)
        #expect(none["valid"] == true && none["applied"] == true && none["codes"] == [])
        #expect(try ask(shop, "apply", also: #""auto":true,"order":"o""#)["replayed"] == true)
        let release = request("release", field("order", "o"))
        #expect(try shop.reply(release) == ["released": true, "codes": []])
        #expect(try shop.reply(release) == ["released": true, "replayed": true, "codes": []])
        // A limit per code does not apply to a use without a code.
        let rich = try ask(shop, "validate", also: #""auto":true"#, cart: cart(6_000))
        #expect(rich["codes"][0]["discount"] == 300)
        #expect(rich["codes"][0]["remaining"] == .absent)
    }
}
