import CouponClient
import Testing

@testable import couponctl

@Suite struct `An amount` {
    @Test(
        arguments: [
            (2_500, "USD", "25.00"), (5, "USD", "0.05"), (0, "USD", "0.00"),
            (-1_234, "EUR", "-12.34"),
            (1_500, "JPY", "1500"), (1_234, "KWD", "1.234"), (1, "CLF", "0.0001"),
            (1_234, nil, "1234"), (1_234, "XYZ", "12.34"), (1_234, "nonsense", "1234"),
            (.min, "USD", "-92233720368547758.08"),
        ] as [(Int64, String?, String)])
    func `has the digits of its currency`(minorUnits: Int64, currency: String?, text: String) {
        #expect(AmountText.bare(minorUnits, currency) == text)
    }
}

@Suite struct `What people read` {
    private func checkoutText(_ line: String, _ style: Style = .plain) throws -> String {
        CheckoutText.lines(try CouponClient.reply(to: ApplyRequest.self, in: line), style)
            .joined(separator: "\n")
    }

    @Test func `about a good code`() throws {
        let text = try checkoutText(
            #"{"valid":true,"currency":"USD","subtotal":5000,"discount":1000,"#
                + #""shipping_discount":500,"total":4000,"line_discounts":[1000],"codes":[{"#
                + #""code":"SUMMER20","coupon":"cou_1","valid":true,"discount":1000,"#
                + #""remaining":84},{"code":null,"coupon":"cou_ship","valid":true,"discount":0,"#
                + #""shipping_discount":500}]}"#)
        #expect(
            text == """
                valid: 15.00 USD off

                  subtotal            50.00
                  shipping             5.00
                  discount           -10.00
                  shipping discount   -5.00
                  total               40.00  USD

                  SUMMER20   valid  cou_1     10.00 off, 84 left
                  (no code)  valid  cou_ship  5.00 off
                """)
    }

    @Test func `about a refusal that explains itself`() throws {
        let text = try checkoutText(
            #"{"valid":false,"applied":false,"reason":"not_first_order","codes":[{"code":"NEW","#
                + #""coupon":"c","valid":false,"reason":"not_first_order","message":"For firsts.","#
                + #""failures":[{"reason":"not_first_order","message":"For firsts."},"#
                + #"{"reason":"cart_required","message":"Needs a cart."}]}]}"#)
        #expect(
            text == """
                refused: not_first_order

                  NEW  refused  c  not_first_order: For firsts.
                    also cart_required: Needs a cart.
                """)
    }

    @Test func `about an order, a replay and a gift card`() throws {
        let text = try checkoutText(
            #"{"valid":true,"applied":true,"order":"o-1","replayed":true,"currency":"JPY","#
                + #""subtotal":5000,"discount":0,"shipping_discount":0,"total":5000,"#
                + #""line_discounts":[0],"gift_card_amount":3000,"amount_due":2000,"codes":[{"#
                + #""code":"GC","coupon":null,"valid":true,"gift_card":"gc_1","amount":3000,"#
                + #""balance":0,"redemption":"r1"},{"code":"TEE","coupon":"t","valid":true,"#
                + #""gift_items":[{"product":"tee","quantity":1}],"unlocks":{"event":["1"]}}]}"#)
        #expect(
            text == """
                applied to order o-1 before, nothing consumed now

                  subtotal     5000
                  total        5000  JPY
                  gift cards  -3000
                  to pay       2000  JPY

                  GC   valid  gc_1  pays 3000, 0 left on the card, redemption r1
                  TEE  valid  t     1 × tee, unlocks {"event":["1"]}
                """)
    }

    @Test func `about a hold of several codes`() throws {
        let text = try checkoutText(
            #"{"valid":true,"reserved":true,"expires_at":"2026-11-21T04:06:08Z","currency":"USD","#
                + #""subtotal":5000,"discount":1200,"shipping_discount":0,"total":3800,"#
                + #""line_discounts":[1000,200],"codes":[{"code":"A","coupon":"c1","valid":true,"#
                + #""discount":1200,"line_discounts":[1000,200],"remaining":0,"type":"comp","#
                + #""offer":"14","ticket_limit":10},{"code":"B","coupon":"c2","valid":false,"#
                + #""reason":"not_combinable","message":"No.","conflicts_with":"A","failures":[]},"#
                + #"{"code":"C","coupon":"c3","valid":false,"reason":"usage_limit_reached","#
                + #""message":"All taken.","scope":"code","limit":1,"actual":1,"held":1},{"code":"#
                + #""GC","gift_card":"gc","valid":false,"reason":"gift_card_empty","held":900},{"#
                + #""code":null,"coupon":"c4","valid":true,"discount":0,"line_discounts":[0],"#
                + #""type":"auto","duration":"repeating","duration_in_months":3}]}"#)
        #expect(
            text == """
                reserved until 2026-11-21T04:06:08Z: 12.00 USD off

                  subtotal   50.00
                  discount  -12.00
                  total      38.00  USD

                  A          valid    c1  comp, offer 14, 12.00 off, for at most 10 units, 0 left
                    line by line: 10.00, 2.00
                  B          refused  c2  not_combinable (with A): No.
                  C          refused  c3  usage_limit_reached (code, 1 held): All taken.
                  GC         refused  gc  gift_card_empty (9.00 held)
                  (no code)  valid    c4  auto, repeating for 3 months
                """)
    }

    @Test func `about what a release gave back`() throws {
        func text(_ line: String) throws -> String {
            let reply = try CouponClient.reply(to: ReleaseRequest.self, in: line)
            return ReleaseText.lines(reply, order: "o-1", .plain).joined(separator: "\n")
        }
        let codes =
            #""codes":[{"code":"A","coupon":"c1","was":"applied"},{"code":"KEPT","coupon":"c2","#
            + #""was":"applied","use_returned":false},{"code":"GC","gift_card":"gc","#
            + #""was":"applied"},{"code":null,"coupon":"c3","was":"reserved"}]}"#
        #expect(
            try text(#"{"released":true,"# + codes) == """
                released from order o-1

                  A          c1  was used, the use is back
                  KEPT       c2  was used, the use stays counted
                  GC         gc  was paid with, its money is back
                  (no code)  c3  was held, free again
                """)
        #expect(
            try text(#"{"released":true,"replayed":true,"# + codes)
                .hasPrefix("released from order o-1 before, nothing given back now\n"))
        #expect(try text(#"{"released":true,"codes":[]}"#) == "released from order o-1")
    }

    @Test func `is coloured on a terminal only`() throws {
        let line = #"{"valid":false,"reason":"expired","codes":[]}"#
        #expect(try checkoutText(line) == "refused: expired")
        #expect(try checkoutText(line, .coloured) == "\u{1B}[31mrefused\u{1B}[0m: expired")
    }

    @Test func `about limits`() throws {
        let reply = try CouponClient.reply(
            to: UsageRequest.self,
            in: #"{"result":{"limits":[{"kind":"total","limit":100,"used":16,"held":1,"#
                + #""remaining":83},{"kind":"budget","currency":"USD","limit":100000,"used":100000,"#
                + #""held":0,"remaining":0}]}}"#)
        #expect(
            UsageText.lines(reply, code: "A", .plain).joined(separator: "\n") == """
                limit            of     used  held  left
                total           100       16     1    83
                budget USD  1000.00  1000.00  0.00  0.00
                """)
        let none = try CouponClient.reply(to: UsageRequest.self, in: #"{"result":null}"#)
        #expect(UsageText.lines(none, code: "A", .plain) == ["A has no limit here."])
    }

    @Test func `about the daemon's figures`() throws {
        let reply = try CouponClient.reply(
            to: StatisticsRequest.self,
            in: #"{"result":{"version":"0.1.0","catalog":{"coupons":9,"errors":["a","b"]},"x":[]}}"#
        )
        #expect(
            ResultText.lines(reply, .plain).joined(separator: "\n") == """
                catalog.coupons   9
                catalog.errors.0  a
                catalog.errors.1  b
                version           0.1.0
                x                 []
                """)
    }

    @Test func `about an error of the daemon`() {
        let error = ServerError(
            code: .unprocessable, message: "Errors.", details: .object(["catalog": .array(["l:1"])])
        )
        #expect(
            ErrorText.lines(CouponClientError(.server(error)))
                == ["couponctl: unprocessable: Errors.", "  catalog.0  l:1"])
        #expect(
            ErrorText.lines(CouponClientError(.connectionClosed))
                == ["couponctl: The daemon closed the connection before it replied."])
    }
}
