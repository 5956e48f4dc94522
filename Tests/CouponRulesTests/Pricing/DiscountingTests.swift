import CouponRules
import Testing

private func items(_ prices: [Int64]) -> [Item] { prices.map { Item(at: $0) } }

@Suite struct `A percentage off` {
    @Test(
        arguments: [
            (1_999, 1, "25", 500), (1_890, 1, "15", 284), (333, 3, "10", 100), (5, 1, "10", 1),
            (15, 1, "10", 2), (4, 1, "10", 0), (1_000_000, 1, "0.0001", 1),
            (333, 1_000_000, "10", 33_300_000), (10_000, 1, "33.3333", 3_333),
            (9_007_199_254_740_991, 1, "100", 9_007_199_254_740_991),
            (9_007_199_254_740_991, 1, "50", 4_503_599_627_370_496),
        ] as [(Int64, Int64, String, Int64)])
    func `is rounded once, half up, on the covered total`(
        price: Int64, quantity: Int64, percent: String, expected: Int64
    ) {
        let scene = Scene(percent: percent, of: [Item("p1", quantity, at: price)])
        #expect(scene.verdict().discount == expected)
        #expect(scene.verdict().shares == [expected])
    }

    @Test func `is never rounded per line`() {
        // 10 % of each 333 would be 33, of the three together 100.
        #expect(Scene(percent: "10", of: items([333, 333, 333])).verdict().shares == [34, 33, 33])
    }

    @Test(
        arguments: [
            (5, 1, 0, 0), (15, 2, 2, 1), (25, 3, 2, 2), (35, 4, 4, 3), (14, 1, 1, 1), (16, 2, 2, 1),
        ] as [(Int64, Int64, Int64, Int64)])
    func `may be rounded half even or down`(price: Int64, up: Int64, even: Int64, down: Int64) {
        var scene = Scene(percent: "10", of: items([price]))
        for (rounding, expected) in [(Rounding.halfUp, up), (.halfEven, even), (.down, down)] {
            scene.coupon.discount.rounding = rounding
            #expect(scene.verdict().discount == expected)
        }
    }

    @Test func `of 100 takes the full value of each line`() {
        let scene = Scene(percent: "100", of: items([2_200, 0, 1]))
        #expect(scene.verdict().shares == [2_200, 0, 1])
    }

    @Test func `is of the covered lines only`() {
        var scene = Scene(percent: "50", of: [Item("p1", at: 1_000), Item("p2", at: 600)])
        scene.apply(to: ["product": ["p2"]])
        #expect(scene.verdict().shares == [0, 300])
    }

    @Test func `is rounded, then capped, then allocated`() {
        var scene = Scene(percent: "50", of: items([2_000, 4_500, 6_000]))
        scene.cap(["EUR": 1, "USD": 1_000])
        #expect(scene.verdict().discount == 1_000)
        #expect(scene.verdict().shares == [160, 360, 480])
        scene.cap(["USD": 6_250])
        #expect(scene.verdict().shares == [1_000, 2_250, 3_000])
    }
}

@Suite struct `A fixed amount off` {
    @Test func `is at most the covered total`() {
        #expect(Scene(.fixedAmount, 1_000, items([2_500])).verdict().discount == 1_000)
        #expect(Scene(.fixedAmount, 1_000, items([600, 399])).verdict().shares == [600, 399])
        var scene = Scene(.fixedAmount, 1_000, [Item("p1", at: 300), Item("p2", at: 9_000)])
        scene.apply(to: ["product": ["p1"]])
        #expect(scene.verdict().shares == [300, 0])
    }

    @Test(arguments: zip(["USD", "JPY", "KWD"], [1_500, 160, 4_750] as [Int64]))
    func `is the one of the cart's currency, in its minor unit`(currency: String, expected: Int64) {
        var scene = Scene(.fixedAmount, items([10_000]))
        scene.give(["USD": 1_500, "JPY": 160, "KWD": 4_750])
        scene.currency = currency
        #expect(scene.verdict().discount == expected)
    }

    @Test func `may be the largest amount`() {
        let largest = Money.largest.minorUnits
        let scene = Scene(.fixedAmount, largest, items([largest - 1, 1, 0]))
        #expect(scene.verdict().shares == [largest - 1, 1, 0])
        let half = Scene(.fixedAmount, largest - 1, items([largest - 1, 1]))
        #expect(half.verdict().shares == [largest - 2, 1])
    }
}

@Suite struct `An amount off each item` {
    @Test func `counts units and never exceeds a unit's price`() {
        let scene = Scene(
            .fixedPerItem, 300,
            [Item("p1", 3, at: 1_000), Item("p2", 2, at: 200), Item("p3", 5, at: 0)])
        #expect(scene.verdict().shares == [900, 400, 0])
        #expect(scene.verdict().discount == 1_300)
    }

    @Test func `handles a million units`() {
        let scene = Scene(.fixedPerItem, 2, [Item("p1", 1_000_000, at: 333)])
        #expect(scene.verdict().discount == 2_000_000)
    }

    @Test func `leaves uncovered lines alone`() {
        var scene = Scene(.fixedPerItem, 300, [Item("p1", 3, at: 1_000), Item("p2", 2, at: 900)])
        scene.apply(to: ["product": ["p2"]])
        #expect(scene.verdict().shares == [0, 600])
    }

    @Test func `is allocated by value when it is capped`() {
        var scene = Scene(.fixedPerItem, 2_000, items([2_000, 4_500, 6_000]))
        scene.cap(["USD": 1_000])
        #expect(scene.verdict().shares == [160, 360, 480])
        scene.cap(["USD": 6_000])
        #expect(scene.verdict().shares == [2_000, 2_000, 2_000])
    }
}

@Suite struct `An amount off each line` {
    @Test func `is at most the line's value for any quantity`() {
        let scene = Scene(
            .fixedPerLine, 300,
            [Item("p1", 3, at: 1_000), Item("p2", 2, at: 100), Item("p3", 9, at: 0)])
        #expect(scene.verdict().shares == [300, 200, 0])
        #expect(scene.verdict().discount == 500)
    }

    @Test func `is allocated by value when it is capped`() {
        var scene = Scene(.fixedPerLine, 500, items([2_000, 4_500, 6_000]))
        scene.cap(["USD": 1_000])
        #expect(scene.verdict().shares == [160, 360, 480])
    }
}

@Suite struct `A fixed price` {
    @Test func `applies to each unit and never raises its price`() {
        let scene = Scene(
            .fixedPrice, 300,
            [Item("p1", 3, at: 1_000), Item("p2", 2, at: 300), Item("p3", 2, at: 200)])
        #expect(scene.verdict().shares == [2_100, 0, 0])
        #expect(scene.verdict().discount == 2_100)
    }

    @Test func `may be zero`() {
        #expect(Scene(.fixedPrice, 0, items([700, 0])).verdict().shares == [700, 0])
    }

    @Test func `beyond the largest amount takes nothing off`() {
        let scene = Scene(
            .fixedPrice, Money.largest.minorUnits, [Item("p1", 1_000_000, at: 1)])
        #expect(scene.verdict().refusals == [Refusal(.noEffect)])
    }

    @Test func `is allocated by value when it is capped`() {
        var scene = Scene(.fixedPrice, 500, items([2_000, 4_500, 6_000]))
        scene.cap(["USD": 1_000])
        #expect(scene.verdict().shares == [160, 360, 480])
    }
}

@Suite struct `Money off shipping` {
    @Test(
        arguments: [
            ("100", nil, nil, 995), ("50", nil, nil, 498), ("50", 300, nil, 300),
            ("50", nil, 200, 200), (nil, nil, nil, 400), (nil, 300, nil, 300), (nil, 300, 200, 200),
        ] as [(String?, Int64?, Int64?, Int64)])
    func `is a percentage or an amount, capped`(
        percent: String?, cap: Int64?, asked: Int64?, expected: Int64
    ) {
        var scene = Scene(.shipping, items([1_000]))
        if let percent {
            scene.coupon.discount.percent = Percent(decimal: percent)
        } else {
            scene.give(["USD": 400])
        }
        if let cap { scene.cap(["USD": cap]) }
        scene.discountMax = asked
        scene.shipping = 995
        let verdict = scene.verdict()
        #expect(verdict.shippingDiscount == expected)
        #expect(verdict.discount == 0)
        #expect(verdict.shares == [0])
    }

    @Test func `never exceeds the cost of shipping`() {
        var scene = Scene(.shipping, 10_000, items([1_000]))
        scene.shipping = 995
        #expect(scene.verdict().shippingDiscount == 995)
    }

    @Test func `is rounded as the coupon says`() {
        var scene = Scene(.shipping, items([1_000]))
        scene.coupon.discount.percent = Percent(decimal: "50")
        scene.shipping = 5
        for (rounding, expected) in [(Rounding.halfUp, 3), (.halfEven, 2), (.down, 2)] {
            scene.coupon.discount.rounding = rounding
            #expect(scene.verdict().shippingDiscount == Int64(expected))
        }
    }
}

@Suite struct `The amount in a request` {
    static let moneyOffLines: [Discount.Kind] = [
        .fixedAmount, .fixedPerItem, .fixedPerLine, .fixedPrice,
    ]

    @Test(arguments: moneyOffLines)
    func `bounds the discount of each kind`(kind: Discount.Kind) {
        var scene = Scene(kind, 1_000, items([2_000, 4_500, 6_000]))
        let unbounded = scene.verdict().discount
        scene.discountMax = unbounded
        #expect(scene.verdict().discount == unbounded)
        scene.discountMax = 125
        #expect(scene.verdict().shares == [20, 45, 60])
        // The lower of cap and amount counts.
        scene.cap(["USD": 250])
        #expect(scene.verdict().shares == [20, 45, 60])
        scene.discountMax = 500
        #expect(scene.verdict().shares == [40, 90, 120])
    }

    @Test func `bounds a percentage`() {
        var scene = Scene(percent: "10", of: items([2_000, 4_500, 6_000]))
        scene.discountMax = 1_000
        #expect(scene.verdict().shares == [160, 360, 480])
        scene.discountMax = 0
        #expect(scene.verdict().refusals == [Refusal(.noEffect)])
    }
}
