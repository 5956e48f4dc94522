import CouponRules
import Testing

private func money(_ minorUnits: Int64) -> Money { Money(minorUnits: minorUnits) }

@Suite struct `An amount of money` {
    static let largest: Int64 = 9_007_199_254_740_991

    @Test func `ends at the largest integer that JSON keeps exact`() {
        #expect(Money.largest == money(1 << 53 - 1))
        #expect(Money.largest.adding(.zero) == .largest)
        #expect(Money.largest.adding(money(1)) == nil)
        #expect(money(Self.largest - 1).adding(money(1)) == .largest)
        #expect(money(.max).adding(money(1)) == nil)
    }

    @Test(
        arguments: [
            (0, Int64.max, 0), (1, largest, largest), (1, largest + 1, nil),
            (largest, 1, largest), (largest, 2, nil), (3_037_000_500, 3_037_000_500, nil),
            (94_906_265, 94_906_265, 9_007_199_136_250_225), (94_906_266, 94_906_266, nil),
            (largest, Int64.max, nil), (333, 1_000_000, 333_000_000),
        ] as [(Int64, Int64, Int64?)])
    func `times a quantity is nil beyond the largest amount`(
        price: Int64, quantity: Int64, expected: Int64?
    ) {
        #expect(money(price).times(quantity) == expected.map(money))
    }

    @Test func `adds and subtracts`() {
        var sum = money(250)
        sum += money(50)
        sum -= money(100)
        #expect(sum == money(200))
        #expect(money(100) - money(250) == money(-150))
        #expect(money(100) + money(250) == money(350))
        #expect(money(100) < money(101))
    }

    @Test(
        arguments: [
            (1, 1, 2, 1, 0, 0), (3, 1, 2, 2, 2, 1), (5, 1, 2, 3, 2, 2), (7, 1, 2, 4, 4, 3),
            (1, 49, 100, 0, 0, 0), (1, 51, 100, 1, 1, 0), (10, 1, 3, 3, 3, 3), (20, 1, 3, 7, 7, 6),
            (0, 1, 2, 0, 0, 0), (100, 0, 7, 0, 0, 0), (100, 7, 7, 100, 100, 100),
        ] as [(Int64, Int64, Int64, Int64, Int64, Int64)])
    func `has shares that round half up, half even or down`(
        amount: Int64, part: Int64, whole: Int64, up: Int64, even: Int64, down: Int64
    ) {
        let amount = money(amount)
        #expect(amount.share(part, of: whole, rounding: .halfUp) == money(up))
        #expect(amount.share(part, of: whole, rounding: .halfEven) == money(even))
        #expect(amount.share(part, of: whole, rounding: .down) == money(down))
    }

    @Test func `has the shares of wide arithmetic`() {
        var random = SplitMix64(for: "An amount of money")
        for _ in 0..<20_000 {
            let amount = Int64.random(in: 0...Self.largest, using: &random)
            let part = Int64.random(in: 0...1_000_000, using: &random)
            let product = UInt128(amount) * UInt128(part)
            let down = product / 1_000_000
            let twice = product % 1_000_000 * 2
            let up = twice >= 1_000_000 ? down + 1 : down
            let even = twice == 1_000_000 ? down + down % 2 : up
            func share(_ rounding: Rounding) -> UInt128 {
                UInt128(money(amount).share(part, of: 1_000_000, rounding: rounding).minorUnits)
            }
            guard share(.down) == down, share(.halfUp) == up, share(.halfEven) == even else {
                Issue.record("\(part) millionths of \(amount)")
                return
            }
        }
    }
}

@Suite struct `A cart's lines` {
    @Test func `sum up to the largest amount and no further`() {
        var purchase = Purchase()
        func add(_ quantity: Int64, _ price: Int64) -> Bool {
            purchase.addLine(
                quantity: quantity, unitPrice: money(price), isOnSale: false, attributes: .empty)
        }
        #expect(add(1, Money.largest.minorUnits - 10))
        #expect(!add(1, 11))
        #expect(!add(11, 1))
        #expect(!add(2, Money.largest.minorUnits))
        #expect(!add(.max, .max))
        #expect(purchase.lines.count == 1)
        #expect(purchase.subtotal == money(Money.largest.minorUnits - 10))
        #expect(purchase.itemCount == 1)
        #expect(add(2, 5))
        #expect(purchase.subtotal == .largest)
        #expect(purchase.itemCount == 3)
        #expect(add(1_000_000, 0))
        #expect(!add(.max, 0))
        #expect(purchase.itemCount == 1_000_003)
        #expect(
            purchase.lines.map(\.value) == [money(Money.largest.minorUnits - 10), money(10), .zero])
    }

    @Test func `are removed by a reset, like the rest of the request`() {
        var purchase = Purchase()
        purchase.hasCart = true
        purchase.currency = Currency("USD") ?? .none
        purchase.shipping = money(5)
        purchase.attributes = [Purchase.Attribute(name: .product, value: .product)]
        purchase.context = Run(first: 0, count: 1)
        purchase.groups = [Symbol(rawValue: 7)]
        purchase.customer.hasID = true
        let isAdded = purchase.addLine(
            quantity: 2, unitPrice: money(50), isOnSale: true, attributes: .empty)
        #expect(isAdded)
        purchase.reset()
        let hasCart = purchase.hasCart
        #expect(!hasCart)
        #expect(purchase.currency == .none)
        #expect(purchase.shipping == nil)
        #expect(purchase.lines.isEmpty && purchase.attributes.isEmpty && purchase.groups.isEmpty)
        #expect(purchase.context.isEmpty)
        #expect(purchase.customer == Purchase.Customer())
        #expect(purchase.subtotal == .zero)
        #expect(purchase.itemCount == 0)
    }
}

@Suite struct `A percentage` {
    @Test(
        arguments: [
            ("20", 200_000), ("100", 1_000_000), ("12.5", 125_000), ("33.3333", 333_333),
            ("0.0001", 1), ("99.9999", 999_999), ("7", 70_000), ("007", 70_000), ("0.5", 5_000),
            ("20.0", 200_000), ("20.10000", 201_000), ("100.0000", 1_000_000),
        ])
    func `is read exactly`(text: String, partsPerMillion: Int32) {
        #expect(Percent(decimal: text)?.partsPerMillion == partsPerMillion)
    }

    @Test(
        arguments: [
            "", "0", "0.0", "0.0000", "100.0001", "101", "999", "1000", "0020", "-5", "+5", "5-",
            "33.33333", "0.00001", ".5", "5.", ".", "1.2.3", "1,5", "1e1", "5%", " 5", "5 ", "５",
            "٥", "0x5", "NaN", "1_0", "twenty", "12.-5",
        ])
    func `is not read from other text`(text: String) {
        #expect(Percent(decimal: text) == nil)
    }

    @Test func `is above 0 and at most 100`() {
        #expect(Percent(partsPerMillion: 0) == nil)
        #expect(Percent(partsPerMillion: -1) == nil)
        #expect(Percent(partsPerMillion: 1)?.partsPerMillion == 1)
        #expect(Percent(partsPerMillion: 1_000_000) == .hundred)
        #expect(Percent(partsPerMillion: 1_000_001) == nil)
    }
}

@Suite struct `A currency code` {
    @Test(
        arguments: zip(["USD", "usd", "kWd", "AAA", "zzz"], ["USD", "USD", "KWD", "AAA", "ZZZ"]))
    func `is three letters of either case`(text: String, expected: String) {
        #expect(Currency(text)?.description == expected)
        #expect(Currency(text) == Currency(expected))
    }

    @Test(
        arguments: [
            "", "US", "USDT", "U$D", "US1", "US ", "@SD", "[SD", "`SD", "{SD", "!SD", "Ünd", "ＵＳＤ",
            "US\u{0}", "\u{C1}A",
        ])
    func `is not any other text`(text: String) {
        #expect(Currency(text) == nil)
    }

    @Test(
        arguments: [
            (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
            (2, "USD EUR GBP CHF CNY INR MXN HUF TWD IDR MGA MRU QQQ XTS"),
            (3, "BHD IQD JOD KWD LYD OMR TND"), (4, "CLF UYW"),
        ])
    func `knows its minor digits`(digits: Int, codes: String) {
        for code in codes.split(separator: " ") {
            #expect(Currency(String(code))?.minorDigits == digits, "\(code)")
        }
    }

    @Test func `without letters is none`() {
        #expect(Currency.none.packed == 0)
        #expect(Currency.none != Currency("USD"))
    }
}
