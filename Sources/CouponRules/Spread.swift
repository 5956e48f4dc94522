/// Divides an amount over lines so that the shares always sum to it, by largest remainder.
///
/// Each share is first `total · weight ÷ sum of weights` rounded down; the minor units that are left
/// go one each to the largest remainders, ties to the larger weight, then to the earlier line
/// (the Hare–Niemeyer method).
package struct Spread: ~Copyable {
    private struct Claim: BitwiseCopyable {
        var remainder: UInt64
        var weight: Int64
        var line: Int

        /// Whether this claim is served before `other`.
        func precedes(_ other: Claim) -> Bool {
            if remainder != other.remainder { return remainder > other.remainder }
            if weight != other.weight { return weight > other.weight }
            return line < other.line
        }
    }

    private var claims: [Claim] = []

    package init(lineCapacity: Int = 16) { claims.reserveCapacity(lineCapacity) }

    /// Writes each line's share of `total` over `shares`.
    ///
    /// `total` is at most the sum of `weights`, so no share passes its weight; weights are not
    /// negative, and both arrays have a place for each line.
    package mutating func divide(
        _ total: Money, over weights: borrowing [Money], into shares: inout [Money]
    ) {
        var weightSum: Int64 = 0
        for index in weights.indices { weightSum += weights[index].minorUnits }
        precondition(
            total.minorUnits >= 0 && total.minorUnits <= weightSum && shares.count == weights.count,
            "what is spread fits into what it is spread over")
        if total.minorUnits == weightSum {
            for index in weights.indices { shares[index] = weights[index] }
            return
        }

        claims.removeAll(keepingCapacity: true)
        var left = total.minorUnits
        for index in weights.indices {
            let weight = weights[index].minorUnits
            let product = UInt64(total.minorUnits).multipliedFullWidth(by: UInt64(weight))
            let (quotient, remainder) = UInt64(weightSum).dividingFullWidth(product)
            shares[index] = Money(minorUnits: Int64(quotient))
            left -= Int64(quotient)
            if remainder > 0 {
                claims.append(Claim(remainder: remainder, weight: weight, line: index))
            }
        }
        serve(left, into: &shares)
    }

    /// Gives one unit each to the `count` claims that come first.
    private mutating func serve(_ count: Int64, into shares: inout [Money]) {
        // A heap, because sorting allocates and a cart of hundreds of lines must stay cheap.
        var size = claims.count
        for index in stride(from: size / 2 - 1, through: 0, by: -1) { sift(index, size) }
        for _ in 0..<count {
            shares[claims[0].line] += Money(minorUnits: 1)
            size -= 1
            claims.swapAt(0, size)
            sift(0, size)
        }
    }

    /// Restores the heap below `index`.
    private mutating func sift(_ start: Int, _ size: Int) {
        var index = start
        while true {
            var first = index
            for child in (2 * index + 1)...(2 * index + 2)
            where child < size && claims[child].precedes(claims[first]) {
                first = child
            }
            if first == index { return }
            claims.swapAt(index, first)
            index = first
        }
    }
}
