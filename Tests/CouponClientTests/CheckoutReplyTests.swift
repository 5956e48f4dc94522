import CouponClient
import Testing

/// Each call against a daemon that answers with lines as the real one writes them.
@Suite struct `A call about several codes` {
    private static let cart = Cart(
        currency: "USD",
        lines: [
            CartLine(product: "album", quantity: 1, unitPrice: 12_000),
            CartLine(product: "print", quantity: 12, unitPrice: 400),
        ], shipping: 500)

    /// What `call` returns from a daemon that gets `request` and answers `reply`.
    private func check<Reply>(
        _ request: String, answeredWith reply: String,
        sourceLocation: SourceLocation = #_sourceLocation,
        _ call: (CouponClient) throws -> Reply
    ) throws -> Reply {
        var result: Reply?
        try ScriptedServer.run([
            { peer in
                let line = try peer.answer(reply)
                #expect(line == request, sourceLocation: sourceLocation)
            }
        ]) { server in result = try call(server.client()) }
        return try #require(result, sourceLocation: sourceLocation)
    }

    private static let cartJSON =
        #""cart":{"currency":"USD","lines":[{"product":"album","quantity":1,"unit_price":12000},"#
        + #"{"product":"print","quantity":12,"unit_price":400}],"shipping":500}"#

    @Test func `to reserve shows until when and each code's share of each line`() throws {
        let reply = try check(
            "{" + Self.cartJSON + #","codes":["SUMMER20","LOYAL5"],"hold_of":"session-1","#
                + #""id":1,"op":"reserve","order":"o-1","ttl":60}"#,
            answeredWith: #"{"id":$ID,"valid":true,"reserved":true,"#
                + #""expires_at":"2026-11-21T04:06:08.703Z","currency":"USD","subtotal":16800,"#
                + #""discount":4032,"shipping_discount":0,"total":13268,"#
                + #""line_discounts":[2880,1152],"codes":[{"code":"SUMMER20","coupon":"c1","#
                + #""valid":true,"discount":3192,"line_discounts":[2280,912],"remaining":84},"#
                + #"{"code":"LOYAL5","coupon":"c2","valid":true,"discount":840,"#
                + #""line_discounts":[600,240]}]}"#
        ) { client in
            try client.reserve(
                Checkout(codes: ["SUMMER20", "LOYAL5"], cart: Self.cart, holdOf: "session-1"),
                order: "o-1", ttlSeconds: 60)
        }
        #expect(reply.valid && reply.reserved == true && reply.applied == nil)
        #expect(reply.expiresAt == "2026-11-21T04:06:08.703Z")
        #expect(reply.lineDiscounts == [2_880, 1_152] && reply.shipping == 500)
        #expect(reply.codes.map(\.discount) == [3_192, 840])
        #expect(reply.codes.map(\.lineDiscounts) == [[2_280, 912], [600, 240]])
        #expect(reply.codes.map(\.remaining) == [84, nil])
    }

    @Test func `to reserve what others hold is refused with how many`() throws {
        let reply = try check(
            #"{"code":"SESSION","id":1,"op":"reserve","order":"o-2"}"#,
            answeredWith: #"{"id":$ID,"valid":false,"reserved":false,"#
                + #""reason":"usage_limit_reached","codes":[{"code":"SESSION","coupon":"c","#
                + #""valid":false,"reason":"usage_limit_reached","message":"All uses are taken.","#
                + #""scope":"code","limit":1,"actual":1,"held":1}]}"#
        ) { client in try client.reserve(Checkout(codes: ["SESSION"]), order: "o-2") }
        #expect(!reply.valid && reply.reserved == false && reply.expiresAt == nil)
        let refusal = try #require(reply.codes.first?.refusal)
        #expect(refusal.reason == .usageLimitReached && refusal.scope == "code")
        #expect(refusal.limit == 1 && refusal.actual == 1 && refusal.held == 1)
    }

    @Test func `in partial mode keeps the conflict beside what is valid`() throws {
        let reply = try check(
            #"{"auto":true,"codes":["A","B"],"explain":true,"id":1,"mode":"partial","#
                + #""op":"validate","order":"o-1"}"#,
            answeredWith: #"{"id":$ID,"valid":true,"codes":[{"code":"A","coupon":"c1","#
                + #""valid":true,"failures":[]},{"code":"B","coupon":"c2","valid":false,"#
                + #""reason":"not_combinable","message":"No.","conflicts_with":"A","failures":[{"#
                + #""reason":"not_combinable","message":"No.","conflicts_with":"A"}]},{"code":null,"#
                + #""coupon":"c3","valid":false,"reason":"not_combinable","message":"No.","#
                + #""conflicts_with":"A","failures":[]}]}"#
        ) { client in
            try client.validate(
                Checkout(codes: ["A", "B"], mode: .partial, auto: true, explain: true),
                order: "o-1")
        }
        #expect(reply.valid && reply.reason == nil)
        #expect(reply.codes.map(\.code) == ["A", "B", nil])
        #expect(reply.codes.map(\.valid) == [true, false, false])
        #expect(reply.codes.map(\.refusal?.conflictsWith) == [nil, "A", "A"])
        #expect(reply.codes.map(\.failures?.count) == [0, 1, 0])
        #expect(reply.codes.last?.coupon == "c3")
    }

    @Test func `to apply a gift card shows what it pays and the amount due, also when replayed`()
        throws
    {
        let reply = try check(
            "{" + Self.cartJSON + #","codes":["SUMMER20",{"amount":2000,"code":"GC-1"}],"#
                + #""id":1,"metadata":{"invoice":"7"},"op":"apply","order":"o-3"}"#,
            answeredWith: #"{"id":$ID,"valid":true,"applied":true,"order":"o-3","replayed":true,"#
                + #""currency":"USD","subtotal":16800,"discount":3360,"shipping_discount":0,"#
                + #""total":13940,"line_discounts":[2400,960],"gift_card_amount":2000,"#
                + #""amount_due":11940,"codes":[{"code":"SUMMER20","coupon":"c1","valid":true,"#
                + #""discount":3360,"line_discounts":[2400,960],"redemption":"red_1"},{"#
                + #""code":"GC-1","gift_card":"gc_1","valid":true,"redemption":"red_2","#
                + #""amount":2000,"balance":13000}]}"#
        ) { client in
            try client.apply(
                Checkout(
                    codes: ["SUMMER20", CodeRequest("GC-1", amount: 2_000)], cart: Self.cart),
                order: "o-3", metadata: ["invoice": "7"])
        }
        #expect(reply.applied == true && reply.replayed == true && reply.order == "o-3")
        #expect(reply.giftCardAmount == 2_000 && reply.amountDue == 11_940)
        let card = try #require(reply.codes.last)
        #expect(card.coupon == nil && card.giftCard == "gc_1" && card.redemption == "red_2")
        #expect(card.amount == 2_000 && card.balance == 13_000 && card.discount == nil)
    }

    @Test func `to release shows what came back of each`() throws {
        let reply = try check(
            #"{"code":"A","coupon":"c","id":1,"op":"release","order":"o-3","store":"s"}"#,
            answeredWith: #"{"id":$ID,"released":true,"codes":[{"code":"A","coupon":"c","#
                + #""was":"applied","use_returned":false},{"code":"GC-1","gift_card":"gc_1","#
                + #""was":"applied"},{"code":null,"coupon":"auto","was":"reserved"}]}"#
        ) { client in try client.release(order: "o-3", code: "A", coupon: "c", store: "s") }
        #expect(reply.released && reply.replayed == nil)
        #expect(reply.codes.map(\.code) == ["A", "GC-1", nil])
        #expect(reply.codes.map(\.coupon) == ["c", nil, "auto"])
        #expect(reply.codes.map(\.giftCard) == [nil, "gc_1", nil])
        #expect(reply.codes.map(\.was) == [.applied, .applied, .reserved])
        #expect(reply.codes.map(\.useReturned) == [false, nil, nil])
    }

    @Test func `to ask for usage lists every kind of limit`() throws {
        let kinds = [
            "total", "code", "offer", "customer", "day", "week", "month", "booking_date", "budget",
        ]
        let rows = kinds.enumerated().map { index, kind in
            let currency = kind == "budget" ? #","currency":"USD""# : ""
            return #"{"kind":"\#(kind)"\#(currency),"limit":\#(index + 5),"used":2,"held":1,"#
                + #""remaining":\#(index + 2)}"#
        }
        let reply = try check(
            #"{"booking_date":"2026-07-01","code":"X","context":{"site":"1"},"#
                + #""customer":{"id":"cus_7"},"id":1,"op":"usage","store":"s"}"#,
            answeredWith: #"{"id":$ID,"result":{"limits":["#
                + rows.joined(separator: ",") + "]}}"
        ) { client in
            try client.usage(
                of: "X", customer: Customer(id: "cus_7"), context: ["site": "1"],
                bookingDate: "2026-07-01", store: "s")
        }
        let limits = try #require(reply.limits)
        #expect(limits.map(\.kind) == kinds)
        #expect(limits.map(\.currency) == Array(repeating: nil, count: 8) + ["USD"])
        #expect(limits.map(\.limit) == Array(5...13) && limits.map(\.remaining) == Array(2...10))
        #expect(limits.allSatisfy { $0.used == 2 && $0.held == 1 })
    }

    @Test func `can be judged as of another instant`() throws {
        let reply = try check(
            #"{"at":"2026-06-01","code":"FUTURE","id":1,"op":"validate"}"#,
            answeredWith: #"{"id":$ID,"valid":false,"reason":"not_started","codes":[{"#
                + #""code":"FUTURE","coupon":"c","valid":false,"reason":"not_started","#
                + #""message":"Not yet.","starts_at":"2090-01-01T08:00:00Z"}]}"#
        ) { client in try client.validate(Checkout(codes: ["FUTURE"]), at: "2026-06-01") }
        #expect(reply.codes.first?.refusal?.startsAt == "2090-01-01T08:00:00Z")
    }
}
