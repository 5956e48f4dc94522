/// Divides an amount over lines so that the shares always sum to it and none passes its line.
package struct Allocation: ~Copyable {
    /// The fraction that a line lost when its share was rounded down.
    private struct Remainder: Ranked {
        var remainder: UInt64
        var weight: Int64
        var line: Int

        /// Whether this remainder is served before `other`.
        func precedes(_ other: Remainder) -> Bool {
            if remainder != other.remainder { return remainder > other.remainder }
            if weight != other.weight { return weight > other.weight }
            return line < other.line
        }
    }

    /// How much a line can take when all take the same.
    private struct Level: Ranked {
        var weight: Int64
        var line: Int

        /// The smallest weight comes first, and of equal ones the later line: the lines served last
        /// get the units that cannot be divided.
        func precedes(_ other: Level) -> Bool {
            weight != other.weight ? weight < other.weight : line > other.line
        }
    }

    private var remainders: Heap<Remainder>
    private var levels: Heap<Level>

    package init(lineCapacity: Int = 16) {
        remainders = Heap(capacity: lineCapacity)
        levels = Heap(capacity: lineCapacity)
    }

    /// Writes each line's share of `total`, in proportion to its weight, over `shares`.
    ///
    /// Each share is first `total · weight ÷ sum of weights` rounded down; the minor units that are
    /// left go one each to the largest remainders, ties to the larger weight, then to the earlier
    /// line (the Hare–Niemeyer method).
    ///
    /// `total` is at most the sum of `weights`, so no share passes its weight; weights are not
    /// negative, and both arrays have a place for each line.
    package mutating func divide(
        _ total: Money, over weights: borrowing [Money], into shares: inout [Money]
    ) {
        let weightSum = sum(weights)
        precondition(
            total.minorUnits >= 0 && total.minorUnits <= weightSum && shares.count == weights.count,
            "an allocated total fits into the weights it is allocated over")
        if total.minorUnits == weightSum {
            for index in weights.indices { shares[index] = weights[index] }
            return
        }

        remainders.removeAll()
        var left = total.minorUnits
        for index in weights.indices {
            let weight = weights[index].minorUnits
            let product = UInt64(total.minorUnits).multipliedFullWidth(by: UInt64(weight))
            let (quotient, remainder) = UInt64(weightSum).dividingFullWidth(product)
            shares[index] = Money(minorUnits: Int64(quotient))
            left -= Int64(quotient)
            if remainder > 0 {
                remainders.append(Remainder(remainder: remainder, weight: weight, line: index))
            }
        }
        remainders.arrange()
        for _ in 0..<left { shares[remainders.removeFirst().line] += Money(minorUnits: 1) }
    }

    /// Writes each line's share of `total` over `shares`: the same to all, but never more than the
    /// line's weight; the rest is divided over the other lines. The minor units that cannot be
    /// divided go one each to the larger weights, and among equal weights to the earlier line.
    ///
    /// The arguments are those of ``divide(_:over:into:)``.
    package mutating func divideEvenly(
        _ total: Money, over weights: borrowing [Money], into shares: inout [Money]
    ) {
        precondition(
            total.minorUnits >= 0 && total.minorUnits <= sum(weights)
                && shares.count == weights.count,
            "an allocated total fits into the weights it is allocated over")
        levels.removeAll()
        for index in weights.indices {
            levels.append(Level(weight: weights[index].minorUnits, line: index))
        }
        levels.arrange()

        var left = total.minorUnits
        // From the smallest weight up, the equal part of what is left only grows. So a line whose
        // weight is below its part now is also below the part that the other lines end up with.
        for waiting in stride(from: Int64(weights.count), to: 0, by: -1) {
            let level = levels.removeFirst()
            let share = min(level.weight, left / waiting)
            shares[level.line] = Money(minorUnits: share)
            left -= share
        }
    }

    private func sum(_ weights: borrowing [Money]) -> Int64 {
        var sum: Int64 = 0
        for index in weights.indices { sum += weights[index].minorUnits }
        return sum
    }
}
