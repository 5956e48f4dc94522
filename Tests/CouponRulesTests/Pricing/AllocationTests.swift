import CouponRules
import Testing

private func shares(_ total: Int, over weights: [Int]) -> [Int] {
    var allocation = Allocation()
    var shares = [Money](repeating: .zero, count: weights.count)
    allocation.divide(
        Money(minorUnits: Int64(total)), over: weights.map { Money(minorUnits: Int64($0)) },
        into: &shares)
    return shares.map { Int($0.minorUnits) }
}

@Suite struct `An allocation` {
    @Test(
        arguments: [
            (1_000, [2_000, 4_500, 6_000], [160, 360, 480]),
            (1_000, [1_000, 1_000, 1_000], [334, 333, 333]), (2, [1, 1, 1, 1], [1, 1, 0, 0]),
            (1_500, [2_200, 1_400, 4_300, 750, 0], [381, 243, 746, 130, 0]),
            (12, [5, 0, 7], [5, 0, 7]), (0, [5, 0, 7], [0, 0, 0]), (0, [], []),
            (0, [0, 0], [0, 0]),
            (1, [0, 1, 0], [0, 1, 0]), (7, [7], [7]), (1, [0, 2], [0, 1]),
            // Remainders of a half each: the larger value is served first.
            (2, [1, 3], [0, 2]), (2, [3, 1], [2, 0]),
        ])
    func `gives the largest remainders first`(total: Int, weights: [Int], expected: [Int]) {
        #expect(shares(total, over: weights) == expected)
    }

    @Test func `never exceeds a line, even for a larger coupon amount`() {
        let scene = Scene(.fixedAmount, 9_999, [Item(at: 5), Item(at: 0), Item(at: 7)])
        #expect(scene.verdict().shares == [5, 0, 7])
        #expect(scene.verdict().discount == 12)
    }

    @Test func `is exact at the largest amounts`() {
        let largest = Int(Money.largest.minorUnits)
        #expect(shares(largest - 1, over: [largest]) == [largest - 1])
        // Remainders of a third and two thirds of the way, at sizes that a Double cannot
        // distinguish.
        let third = largest / 3
        let thirds = shares(largest - 1, over: [third, third, largest - 2 * third])
        #expect(thirds.reduce(0, +) == largest - 1)
        #expect(zip(thirds, [third, third, largest - 2 * third]).allSatisfy { $0 <= $1 })
    }

    @Test func `matches the plain method`() {
        var random = SplitMix64(for: "An allocation")
        for _ in 0..<20_000 {
            let weights = (0..<Int.random(in: 0...12, using: &random)).map { _ in random.price() }
            let total = Int.random(in: 0...weights.reduce(0, +), using: &random)
            let divided = shares(total, over: weights)
            guard divided == Reference.allocate(total, over: weights),
                divided.reduce(0, +) == total,
                zip(divided, weights).allSatisfy({ 0 <= $0 && $0 <= $1 })
            else {
                Issue.record("\(total) over \(weights) became \(divided)")
                return
            }
        }
    }

    @Test func `handles hundreds of lines`() {
        var random = SplitMix64(for: "An allocation")
        for _ in 0..<50 {
            let weights = (0..<500).map { _ in random.price() }
            let total = Int.random(in: 0...weights.reduce(0, +), using: &random)
            #expect(shares(total, over: weights) == Reference.allocate(total, over: weights))
        }
    }

    @Test func `traps when the total exceeds the weights`() async {
        await #expect(processExitsWith: .failure) {
            var allocation = Allocation()
            var shares = [Money.zero]
            allocation.divide(Money(minorUnits: 2), over: [Money(minorUnits: 1)], into: &shares)
        }
    }
}
