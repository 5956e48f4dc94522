import Foundation

/// Maps values to lengths, equal ratios to equal lengths.
struct LogarithmicAxis {
    /// Values with a label, ascending; the first and last bound the axis.
    let ticks: [Double]
    private let length: Double

    /// An axis over all of `values` that are above 0, from and to a round number.
    init(over values: [Double], length: Double) {
        let usable = values.filter { $0 > 0 && $0.isFinite }
        let low = usable.min() ?? 1
        let high = max(usable.max() ?? 1, low)
        var ticks: [Double] = []
        var decade = pow(10, floor(log10(low)))
        while ticks.last.map({ $0 < high }) ?? true {
            for factor in [1.0, 2, 5] where ticks.last.map({ $0 < high }) ?? true {
                let tick = decade * factor
                // The last one that is not above the lowest value starts the axis.
                if tick <= low { ticks = [tick] } else { ticks.append(tick) }
            }
            decade *= 10
        }
        if ticks.count == 1 { ticks.append(ticks[0] * 10) }
        self.ticks = ticks
        self.length = length
    }

    /// How far from the start of the axis a value stands; values beyond its ends stand at them.
    func position(of value: Double) -> Double {
        let (low, high) = (ticks[0], ticks[ticks.count - 1])
        let bounded = min(max(value, low), high)
        return log(bounded / low) / log(high / low) * length
    }
}

/// Maps values from 0 up to lengths, equal differences to equal lengths.
struct LinearAxis {
    /// Values with a label, ascending, from 0 on; the last one bounds the axis.
    let ticks: [Double]
    private let length: Double

    /// An axis that has room for `highest`, in about five round steps.
    init(upTo highest: Double, length: Double) {
        let highest = highest > 0 && highest.isFinite ? highest : 1
        let magnitude = pow(10, floor(log10(highest / 5)))
        let step = [1.0, 2, 5, 10].map { $0 * magnitude }.first { $0 * 5 >= highest }
        let size = step ?? highest
        ticks = (0...Int((highest / size).rounded(.up))).map { Double($0) * size }
        self.length = length
    }

    func position(of value: Double) -> Double {
        min(max(value, 0) / ticks[ticks.count - 1], 1) * length
    }
}
