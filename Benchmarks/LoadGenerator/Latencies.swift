import Histogram

/// How long replies took: every one of them, to three digits, from 1 µs to 60 s.
package struct Latencies: Sendable {
    private static let nanosecondsMax: UInt64 = 60_000_000_000

    private var histogram = Histogram<UInt64>(
        lowestDiscernibleValue: 1, highestTrackableValue: nanosecondsMax,
        numberOfSignificantValueDigits: .three)

    package init() {}

    /// Counts one. What took longer than 60 s is counted as 60 s.
    package mutating func record(nanoseconds: Int64) {
        histogram.record(Swift.min(UInt64(Swift.max(0, nanoseconds)), Self.nanosecondsMax))
    }

    /// Counts all that another one did: of the same thing, measured a little later.
    package mutating func add(_ other: Latencies) { histogram.add(other.histogram) }

    /// How many were counted.
    package var count: Int { Int(histogram.totalCount) }

    /// The time in microseconds that `percent` of them did not pass, 0 to 100. 0 when there are none.
    package func percentile(_ percent: Double) -> Double {
        Double(histogram.valueAtPercentile(percent)) / 1_000
    }

    /// The longest, in microseconds. 0 when there are none.
    package var max: Double { Double(histogram.maxRecorded) / 1_000 }

    /// The average, in microseconds. 0 when there are none.
    package var mean: Double { histogram.mean / 1_000 }

    /// A point of the curve that shows how long how many took.
    package struct Point: Equatable, Sendable {
        /// 0 to 100.
        package var percent: Double
        package var microseconds: Double
    }

    /// The curve: dense where it is steep. The points halve their distance to 100 % every ten points,
    /// and the last is the longest.
    package var points: [Point] {
        histogram.percentiles(ticksPerHalfDistance: 10).map { step in
            Point(
                percent: step.percentileLevelIteratedTo,
                microseconds: Swift.min(Double(step.value) / 1_000, max))
        }
    }
}
