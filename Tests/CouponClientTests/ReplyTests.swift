import CouponClient
import CouponRules
import Testing

@Suite struct `A reply in JSON` {
    @Test func `to a good code has its money`() throws {
        let line =
            #"{"id":1,"valid":true,"currency":"USD","subtotal":5000,"discount":1000,"#
            + #""shipping_discount":0,"total":4500,"line_discounts":[1000],"codes":[{"#
            + #""code":"SUMMER20","coupon":"cou_1","valid":true,"discount":1000,"#
            + #""remaining":84}]}"#
        let reply = try CouponClient.reply(to: ValidateRequest.self, in: line)
        #expect(reply.valid && reply.reason == nil)
        #expect(reply.currency == "USD" && reply.subtotal == 5_000 && reply.total == 4_500)
        #expect(reply.discount == 1_000 && reply.lineDiscounts == [1_000])
        #expect(reply.shipping == 500)
        let verdict = try #require(reply.codes.first)
        #expect(verdict.code == "SUMMER20" && verdict.coupon == "cou_1" && verdict.valid)
        #expect(verdict.discount == 1_000 && verdict.remaining == 84 && verdict.refusal == nil)
    }

    @Test func `to a refused code has its reason and numbers`() throws {
        let line =
            #"{"valid":false,"reason":"below_minimum_amount","currency":"USD","subtotal":5000,"#
            + #""discount":0,"shipping_discount":0,"total":5500,"line_discounts":[0],"codes":[{"#
            + #""code":"BIG","coupon":"cou_2","valid":false,"reason":"below_minimum_amount","#
            + #""message":"Spend 25.00 USD more to use this code.","limit":7500,"actual":5000,"#
            + #""missing":2500,"failures":[{"reason":"below_minimum_amount","limit":7500},"#
            + #"{"reason":"not_combinable","conflicts_with":"A","scope":"s","held":1,"#
            + #""starts_at":"2026-06-01T00:00:00Z","ended_at":"2026-06-02T00:00:00Z"}]}]}"#
        let reply = try CouponClient.reply(to: ValidateRequest.self, in: line)
        #expect(!reply.valid && reply.reason == .belowMinimumAmount)
        let verdict = try #require(reply.codes.first)
        let refusal = try #require(verdict.refusal)
        #expect(refusal.reason == .belowMinimumAmount && refusal.limit == 7_500)
        #expect(refusal.actual == 5_000 && refusal.missing == 2_500)
        #expect(refusal.message == "Spend 25.00 USD more to use this code.")
        let last = try #require(verdict.failures?.last)
        #expect(
            last.reason == .notCombinable
                && last.conflictsWith == "A" && last.scope == "s")
        #expect(last.held == 1 && last.startsAt == "2026-06-01T00:00:00Z")
        #expect(last.endedAt == "2026-06-02T00:00:00Z" && last.message == nil)
    }

    @Test func `has what only some codes have`() throws {
        let line =
            #"{"valid":true,"reserved":true,"expires_at":"t","applied":true,"order":"o","#
            + #""replayed":true,"gift_card_amount":7,"amount_due":8,"codes":[{"code":null,"#
            + #""valid":true,"type":"access","offer":"o1","ticket_limit":4,"duration":"repeating","#
            + #""duration_in_months":3,"gift_items":[{"product":"p","quantity":1}],"#
            + #""unlocks":{"event":["241"]},"revenue":900,"customer_credit":"cc","#
            + #""metadata":{"campaign":"42"},"gift_card":"gc","amount":5,"balance":6,"#
            + #""redemption":"r1","line_discounts":[1,2],"shipping_discount":9}]}"#
        let reply = try CouponClient.reply(to: ApplyRequest.self, in: line)
        #expect(reply.reserved == true && reply.expiresAt == "t" && reply.applied == true)
        #expect(reply.order == "o" && reply.replayed == true && reply.shipping == nil)
        #expect(reply.giftCardAmount == 7 && reply.amountDue == 8)
        let verdict = try #require(reply.codes.first)
        #expect(verdict.code == nil && verdict.coupon == nil && verdict.type == "access")
        #expect(verdict.offer == "o1" && verdict.ticketLimit == 4)
        #expect(verdict.duration == "repeating" && verdict.durationInMonths == 3)
        #expect(verdict.giftItems?.map(\.product) == ["p"])
        #expect(verdict.giftItems?.map(\.quantity) == [1])
        #expect(verdict.unlocks?["event"] == .array(["241"]) && verdict.revenue == 900)
        #expect(verdict.customerCredit == "cc" && verdict.metadata?["campaign"] == "42")
        #expect(verdict.giftCard == "gc" && verdict.amount == 5 && verdict.balance == 6)
        #expect(verdict.redemption == "r1" && verdict.lineDiscounts == [1, 2])
        #expect(verdict.shippingDiscount == 9)
    }

    @Test func `to a release shows what was given back`() throws {
        let line =
            #"{"released":true,"replayed":true,"codes":[{"code":"A","coupon":"c","was":"applied","#
            + #""use_returned":false},{"code":"B","coupon":"d","was":"reserved"}]}"#
        let reply = try CouponClient.reply(to: ReleaseRequest.self, in: line)
        #expect(reply.released && reply.replayed == true)
        #expect(reply.codes.map(\.was) == [.applied, .reserved])
        #expect(reply.codes.map(\.useReturned) == [false, nil])
        #expect(reply.codes.map(\.code) == ["A", "B"] && reply.codes.map(\.coupon) == ["c", "d"])
    }

    @Test func `to a question about usage has each limit`() throws {
        let line =
            #"{"result":{"limits":[{"kind":"total","limit":100,"used":16,"held":1,"#
            + #""remaining":83}]}}"#
        let reply = try CouponClient.reply(to: UsageRequest.self, in: line)
        let limit = try #require(reply.limits?.first)
        #expect(limit.kind == "total" && limit.limit == 100 && limit.used == 16)
        #expect(limit.held == 1 && limit.remaining == 83 && limit.currency == nil)
    }

    @Test func `to a ping names the daemon`() throws {
        let line =
            #"{"result":{"name":"coupond","version":"0.1.0","protocol":1,"ready":true}}"#
        let reply = try CouponClient.reply(to: PingRequest.self, in: line)
        #expect(reply.name == "coupond" && reply.version == "0.1.0")
        #expect(reply.protocol == 1 && reply.ready)
    }

    @Test func `of no fixed shape keeps its values`() throws {
        let line = #"{"result":{"a":[1,2.5,"x",true,null,{"b":9007199254740991}]}}"#
        let reply = try CouponClient.reply(to: StatisticsRequest.self, in: line)
        let expected: JSONValue = .object([
            "a": .array([
                1, .number(2.5), "x", true, .null, .object(["b": 9_007_199_254_740_991]),
            ])
        ])
        #expect(reply.result == expected)
        #expect(reply.result.description == #"{"a":[1,2.5,"x",true,null,{"b":9007199254740991}]}"#)
    }
}

@Suite struct `The reasons that the client knows` {
    @Test func `are those of the daemon, in its order`() {
        let daemon = Reason.allCases.map { "\($0.code)" }
        #expect(RefusalReason.known.map(\.rawValue) == daemon)
    }
}
