import CouponService
import CouponWire
import Testing

// Whole reply lines, to the byte: the order of their members is part of what clients and logs see.

private let definitions = """
    currency: USD
    coupons:
    - id: cou_summer
      codes: [SUMMER20]
      discount: {kind: percentage, percent: 20}
      limits: {total: 100}
      metadata: {campaign: "42"}
    - id: cou_big
      codes: [BIG]
      discount: {kind: fixed_amount, amount: 1500}
      requires: {min_subtotal: 7500}
    - id: cou_ship
      codes: [SHIP]
      discount: {kind: shipping, percent: 50}
      duration: repeating
      duration_in_months: 3
    - id: cou_early
      type: presale
      codes: [EARLY]
      applies_to: {event: ["241"]}
      limits: {total: 2}
    - {id: cou_new, codes: [SOON], discount: {kind: percentage, percent: 5}, starts_at: 2026-07-01}
    """

/// The redemptions that are given first at noon of 1 June 2026.
private let firstRedemption = "red_1kt1gw6g00000"
private let secondRedemption = "red_1kt1gw6g00001"

@Suite struct `Reply lines` {
    @Test func `of a code that is good`() throws {
        let shop = try Shop(definitions)
        let line = #"""
            {"id":1,"op":"validate","code":"summer20","customer":"cus_7","cart":{"currency":"usd",\#
            "shipping":500,"lines":[{"product":"p1","quantity":2,"unit_price":2500}]}}
            """#
        #expect(
            shop.ask(line) == #"""
                {"id":1,"valid":true,"currency":"USD","subtotal":5000,"discount":1000,\#
                "shipping_discount":0,"total":4500,"line_discounts":[1000],\#
                "codes":[{"code":"SUMMER20","coupon":"cou_summer","valid":true,"discount":1000,\#
                "remaining":99,"metadata":{"campaign":"42"}}]}
                """#)
    }

    @Test func `of a code that is refused`() throws {
        let shop = try Shop(definitions)
        let line =
            #"{"id":"a","op":"validate","code":"BIG",\#(cart(of: [2_000, 3_000], shipping: 500))}"#
        #expect(
            shop.ask(line) == #"""
                {"id":"a","valid":false,"reason":"below_minimum_amount","currency":"USD",\#
                "subtotal":5000,"discount":0,"shipping_discount":0,"total":5500,\#
                "line_discounts":[0,0],"codes":[{"code":"BIG","coupon":"cou_big","valid":false,\#
                "reason":"below_minimum_amount","message":"Spend 25.00 USD more to use this code.",\#
                "limit":7500,"actual":5000,"missing":2500}]}
                """#)
    }

    @Test func `of a code that has not started`() throws {
        let shop = try Shop(definitions)
        #expect(
            shop.ask(validate("SOON", "")) == #"""
                {"valid":false,"reason":"not_started","codes":[{"code":"SOON","coupon":"cou_new",\#
                "valid":false,"reason":"not_started",\#
                "message":"This code is not valid yet; it starts 2026-07-01T00:00:00Z.",\#
                "starts_at":"2026-07-01T00:00:00Z"}]}
                """#)
    }

    @Test func `of a code that does not exist, as it was typed`() throws {
        let shop = try Shop(definitions)
        #expect(
            shop.ask(#"{"id":null,"op":"validate","code":"a\"b\u00e9 ",\#(cart(700))}"#) == #"""
                {"id":null,"valid":false,"reason":"code_unknown","currency":"USD","subtotal":700,\#
                "discount":0,"shipping_discount":0,"total":700,"line_discounts":[0],\#
                "codes":[{"code":"a\"bé ","valid":false,"reason":"code_unknown",\#
                "message":"This code does not exist."}]}
                """#)
    }

    @Test func `of shipping, of a duration and of what a code opens`() throws {
        let shop = try Shop(definitions)
        #expect(
            shop.ask(validate("SHIP", cart(of: [1_000], shipping: 501))) == #"""
                {"valid":true,"currency":"USD","subtotal":1000,"discount":0,\#
                "shipping_discount":251,"total":1250,"line_discounts":[0],"codes":[{"code":"SHIP",\#
                "coupon":"cou_ship","valid":true,"discount":0,"shipping_discount":251,\#
                "duration":"repeating","duration_in_months":3}]}
                """#)
        #expect(
            shop.ask(validate("EARLY", "")) == #"""
                {"valid":true,"codes":[{"code":"EARLY","coupon":"cou_early","valid":true,\#
                "remaining":1,"type":"presale","unlocks":{"event":["241"]}}]}
                """#)
    }

    @Test func `of all failing rules of a code`() throws {
        let shop = try Shop(definitions)
        let asked = validate("BIG", #""explain":true,"# + cart(of: [2_000], currency: "EUR"))
        #expect(
            shop.ask(asked) == #"""
                {"valid":false,"reason":"currency_not_supported","currency":"EUR","subtotal":2000,\#
                "discount":0,"shipping_discount":0,"total":2000,"line_discounts":[0],\#
                "codes":[{"code":"BIG","coupon":"cou_big","valid":false,\#
                "reason":"currency_not_supported","message":"This code has no amount in EUR.",\#
                "failures":[{"reason":"currency_not_supported",\#
                "message":"This code has no amount in EUR."}]}]}
                """#)
    }

    @Test func `of an order, of its repeat and of another request for it`() throws {
        let shop = try Shop(definitions)
        let order = #""op":"apply","order":"o-1","code":"SUMMER20""#
        #expect(
            shop.ask(#"{"id":3,\#(order),\#(cart(5_000))}"#) == #"""
                {"id":3,"valid":true,"applied":true,"order":"o-1","currency":"USD",\#
                "subtotal":5000,"discount":1000,"shipping_discount":0,"total":4000,\#
                "line_discounts":[1000],"codes":[{"code":"SUMMER20","coupon":"cou_summer",\#
                "valid":true,"discount":1000,"redemption":"\#(firstRedemption)","remaining":99,\#
                "metadata":{"campaign":"42"}}]}
                """#)
        #expect(
            shop.ask(#"{\#(order),\#(cart(5_000)),"id":4}"#) == #"""
                {"id":4,"valid":true,"applied":true,"order":"o-1","replayed":true,\#
                "currency":"USD","subtotal":5000,"discount":1000,"shipping_discount":0,\#
                "total":4000,"line_discounts":[1000],"codes":[{"code":"SUMMER20",\#
                "coupon":"cou_summer","valid":true,"discount":1000,\#
                "redemption":"\#(firstRedemption)","metadata":{"campaign":"42"}}]}
                """#)
        #expect(
            shop.ask(#"{"id":5,\#(order),\#(cart(5_001))}"#) == #"""
                {"id":5,"error":{"code":"idempotency_conflict",\#
                "message":"This order was applied with a different request.","field":"order",\#
                "details":{"codes":["SUMMER20"],"discount":1000,"total":4000,\#
                "redemptions":["\#(firstRedemption)"]}}}
                """#)
    }

    @Test func `of an apply that is refused, and of one without a cart`() throws {
        let shop = try Shop(definitions)
        #expect(
            shop.ask(apply("BIG", order: "o", "")) == #"""
                {"valid":false,"applied":false,"order":"o","reason":"cart_required",\#
                "codes":[{"code":"BIG","coupon":"cou_big","valid":false,"reason":"cart_required",\#
                "message":"This code can only be used with a cart."}]}
                """#)
        #expect(
            shop.ask(apply("none", order: "o", "")) == #"""
                {"valid":false,"applied":false,"order":"o","reason":"code_unknown",\#
                "codes":[{"code":"none","valid":false,"reason":"code_unknown",\#
                "message":"This code does not exist."}]}
                """#)
    }

    @Test func `number redemptions in their order`() throws {
        let shop = try Shop(definitions)
        let first = try shop.reply(apply("SUMMER20", order: "o1"))
        let second = try shop.reply(apply("SUMMER20", order: "o2"))
        // A clock that goes back does not repeat a number.
        shop.advance(seconds: -60)
        let third = try shop.reply(apply("SUMMER20", order: "o3"))
        shop.advance(seconds: 120)
        let fourth = try shop.reply(apply("SUMMER20", order: "o4"))
        let given = [first, second, third, fourth].map { $0["codes"][0]["redemption"].string }
        #expect(
            given == [firstRedemption, secondRedemption, "red_1kt1gw6g00002", "red_1kt1gy1300000"])
    }

    @Test func `of usage, with and without limits`() throws {
        let shop = try Shop(definitions)
        #expect(
            shop.ask(#"{"id":7,"op":"usage","code":" summer20\t"}"#) == #"""
                {"id":7,"result":{"limits":[{"kind":"total","limit":100,"used":0,"held":0,\#
                "remaining":100}]}}
                """#)
        #expect(shop.ask(usage("BIG")) == #"{"result":null}"#)
        #expect(
            shop.ask(#"{"op":"usage","code":"EARLY","context":{"event":"7"}}"#)
                == #"{"result":null}"#)
        #expect(
            shop.ask(usage("none")) == #"""
                {"error":{"code":"not_found","message":"This code does not exist.","field":"code"}}
                """#)
    }

    @Test func `of ping`() throws {
        let shop = try Shop(definitions)
        #expect(
            shop.ask(#"{"op":"ping","id":18446744073709551616}"#) == #"""
                {"id":18446744073709551616,"result":{"name":"coupond","version":"0.1.0",\#
                "protocol":1,"ready":true}}
                """#)
    }

    @Test func `of a client that is turned away`() throws {
        let shop = try Shop(definitions)
        #expect(
            shop.turnAway(.tooManyConnections) == #"""
                {"id":null,"error":{"code":"too_many_connections",\#
                "message":"The configured number of connections is reached."}}

                """#)
        #expect(
            shop.turnAway(.notOnTheList) == #"""
                {"id":null,"error":{"code":"forbidden",\#
                "message":"This user may not use this socket."}}

                """#)
    }

    @Test(arguments: [
        (
            "{",
            #"{"id":null,"error":{"code":"bad_json","message":"The line is not JSON in UTF-8."}}"#
        ),
        (
            "[1]",
            #"{"id":null,"error":{"code":"bad_request","message":"A request must be a JSON object."}}"#
        ),
        (
            #"{"id":1,"op":"nothing"}"#,
            #"{"id":1,"error":{"code":"unknown_op","message":"This operation does not exist.","field":"op"}}"#
        ),
        (
            #"{"op":"validate","code":"A","custmer":{"id":"c"}}"#,
            #"{"error":{"code":"bad_request","message":"This field is not allowed here.","field":"custmer"}}"#
        ),
        (
            #"{"id":1,"op":"apply","code":"A"}"#,
            #"{"id":1,"error":{"code":"bad_request","message":"This field is required.","field":"order"}}"#
        ),
        (
            #"{"op":"apply","code":"A","order":"o","at":1}"#,
            #"{"error":{"code":"bad_request","message":"This field is not allowed here.","field":"at"}}"#
        ),
        (
            #"{"id":true,"op":"ping"}"#,
            #"{"id":null,"error":{"code":"bad_request","message":"A string, an integer or null is expected.","field":"id"}}"#
        ),
        (
            #"{"id":1,"op":"ping","op":"ping"}"#,
            #"{"id":1,"error":{"code":"bad_request","message":"This key is given twice in one object.","field":"op"}}"#
        ),
        (
            #"{"id":1,"op":"validate"}"#,
            #"{"id":1,"error":{"code":"bad_request","message":"This field is required.","field":"code"}}"#
        ),
        (
            #"{"id":1,"op":"validate","code":"A","cart":{"currency":"USD","lines":[{"product":"p","quantity":0,"unit_price":1}]}}"#,
            #"{"id":1,"error":{"code":"bad_request","message":"An integer from 1 to 9007199254740991 is expected.","field":"cart.lines[0].quantity"}}"#
        ),
    ])
    func `of lines that are not requests`(line: String, expected: String) throws {
        #expect(try Shop(definitions).ask(line) == expected)
    }
}
