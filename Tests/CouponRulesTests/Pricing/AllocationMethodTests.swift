import CouponRules
import Testing

private func evenShares(_ total: Int64, over weights: [Int64]) -> [Int64] {
    var allocation = Allocation()
    var shares = [Money](repeating: .zero, count: weights.count)
    allocation.divideEvenly(
        Money(minorUnits: total), over: weights.map { Money(minorUnits: $0) }, into: &shares)
    return shares.map(\.minorUnits)
}

/// The level to which all lines are filled, found by trying; the rest goes to the largest lines.
private func plainEvenShares(_ total: Int64, over weights: [Int64]) -> [Int64] {
    func filled(_ level: Int64) -> [Int64] { weights.map { min($0, level) } }
    var (low, high) = (Int64(0), weights.max() ?? 0)
    while low < high {
        let level = (low + high + 1) / 2
        if filled(level).reduce(0, +) <= total { low = level } else { high = level - 1 }
    }
    var shares = filled(low)
    let unfilled = weights.indices.filter { weights[$0] > low }.sorted {
        weights[$0] != weights[$1] ? weights[$0] > weights[$1] : $0 < $1
    }
    for index in unfilled.prefix(Int(total - shares.reduce(0, +))) { shares[index] += 1 }
    return shares
}

@Suite struct `An even allocation` {
    @Test(
        arguments: [
            (900, [2_000, 4_500, 6_000], [300, 300, 300]),
            (1_000, [1_000, 1_000, 1_000], [334, 333, 333]),
            // The part that a small line cannot take is divided over the others.
            (1_000, [100, 2_000, 700], [100, 450, 450]), (1_000, [0, 100, 5_000], [0, 100, 900]),
            (1_000, [0, 0, 1_000], [0, 0, 1_000]),
            // The unit that cannot be divided goes to the larger, of equal ones to the earlier.
            (5, [2, 9, 2], [2, 2, 1]), (4, [2, 9, 3], [1, 2, 1]), (1, [1, 1, 1], [1, 0, 0]),
            (12, [5, 0, 7], [5, 0, 7]), (0, [5, 0], [0, 0]), (0, [], []), (7, [7], [7]),
        ] as [(Int64, [Int64], [Int64])])
    func `gives each line the same share, up to its value`(
        total: Int64, weights: [Int64], expected: [Int64]
    ) {
        #expect(evenShares(total, over: weights) == expected)
    }

    @Test func `matches the plain method`() {
        var random = SplitMix64(for: "An even allocation")
        for _ in 0..<4_000 {
            let weights = (0..<Int.random(in: 0...9, using: &random)).map { _ in
                Int64(random.price())
            }
            let total = Int64.random(in: 0...weights.reduce(0, +), using: &random)
            let shares = evenShares(total, over: weights)
            guard shares == plainEvenShares(total, over: weights), shares.reduce(0, +) == total
            else {
                Issue.record("\(total) over \(weights) became \(shares)")
                return
            }
        }
    }

    @Test func `handles hundreds of lines`() {
        let shares = evenShares(250_000, over: (0..<500).map { Int64($0) + 1_000 })
        #expect(shares == [Int64](repeating: 500, count: 500))
    }

    @Test func `traps when the total exceeds the weights`() async {
        await #expect(processExitsWith: .failure) {
            _ = evenShares(2, over: [1])
        }
    }

    @Test func `is over covered lines only`() {
        var scene = Scene(
            percent: "10", of: [Item("a", at: 5_000), Item("b", at: 4_000), Item("a", at: 100)])
        scene.coupon.discount.allocationMethod = .even
        #expect(scene.verdict().shares == [405, 405, 100])
        scene.apply(to: ["product": ["a"]])
        #expect(scene.verdict().shares == [410, 0, 100])
    }

    @Test func `divides a sum of line discounts after its cap`() {
        var scene = Scene(.fixedPerItem, 300, [Item("a", 3, at: 1_000), Item("b", at: 200)])
        scene.coupon.discount.allocationMethod = .even
        #expect(scene.verdict().shares == [900, 200])
        scene.cap(["USD": 500])
        #expect(scene.verdict().shares == [300, 200])
    }
}

@Suite struct `A discount on a single unit` {
    private static func scene(
        _ allocationMethod: AllocationMethod, _ percent: String, _ items: [Item]
    ) -> Scene {
        var scene = Scene(percent: percent, of: items)
        scene.coupon.discount.allocationMethod = allocationMethod
        return scene
    }

    private static let cart = [
        Item("a", 3, at: 1_000), Item("b", at: 4_000), Item("c", 2, at: 500),
    ]

    @Test(
        arguments: [
            (.dearest, "10", [0, 800, 0]), (.dearest, "50", [0, 4_000, 0]),
            (.dearest, "90", [0, 4_000, 0]), (.cheapest, "5", [0, 0, 400]),
            (.cheapest, "10", [0, 0, 500]), (.cheapest, "100", [0, 0, 500]),
        ] as [(AllocationMethod, String, [Int64])])
    func `is computed on all covered lines and at most the unit's price`(
        allocationMethod: AllocationMethod, percent: String, expected: [Int64]
    ) {
        let verdict = Self.scene(allocationMethod, percent, Self.cart).verdict()
        #expect(verdict.shares == expected)
        #expect(verdict.discount == expected.reduce(0, +))
    }

    @Test func `skips free units and uncovered lines`() {
        var scene = Self.scene(.cheapest, "100", Self.cart + [Item("d", 9, at: 0)])
        #expect(scene.verdict().shares == [0, 0, 500, 0])
        scene.apply(to: ["product": ["a", "b", "d"]])
        #expect(scene.verdict().shares == [1_000, 0, 0, 0])
        scene.apply(to: ["product": ["d"]])
        #expect(scene.verdict().refusals == [Refusal(.noEffect)])
    }

    @Test func `goes to the line with more units when prices are equal`() {
        let items = [Item("a", 2, at: 900), Item("b", 5, at: 900), Item("c", 5, at: 900)]
        for allocationMethod in [AllocationMethod.cheapest, .dearest] {
            #expect(Self.scene(allocationMethod, "10", items).verdict().shares == [0, 900, 0])
        }
    }

    @Test(
        arguments: [
            (.fixedAmount, [0, 700, 0]), (.fixedPerItem, [0, 3_800, 0]),
            (.fixedPerLine, [0, 2_100, 0]), (.fixedPrice, [0, 4_000, 0]),
        ] as [(Discount.Kind, [Int64])])
    func `may be of any kind that takes money off lines`(kind: Discount.Kind, expected: [Int64]) {
        var scene = Scene(kind, 700, Self.cart)
        scene.coupon.discount.allocationMethod = .dearest
        #expect(scene.verdict().shares == expected)
        scene.cap(["USD": 600])
        #expect(scene.verdict().shares == [0, 600, 0])
        scene.discountMax = 50
        #expect(scene.verdict().shares == [0, 50, 0])
    }
}
