import Testing

@testable import LoadGenerator

@Suite struct `Measured latencies` {
    @Test(arguments: [1, 2, 3])
    func `have the percentiles of a sorted list, to three digits`(seed: UInt64) {
        var random = RandomNumbers(seed: seed)
        var latencies = Latencies()
        // From a microsecond to some seconds, evenly over the orders of magnitude.
        let times = (0..<20_000).map { _ in
            Int64(1_000 << random.next(below: 22)) + Int64(random.next(below: 1_000))
        }
        for time in times { latencies.record(nanoseconds: time) }
        let sorted = times.sorted()
        for percent in [0.01, 1, 25, 50, 90, 99, 99.9, 99.99] {
            let rank = Int((percent / 100 * Double(sorted.count)).rounded(.up)) - 1
            let exact = Double(sorted[rank]) / 1_000
            let found = latencies.percentile(percent)
            #expect(abs(found - exact) <= exact / 1_000, "\(percent) % of seed \(seed)")
        }
        #expect(latencies.count == 20_000)
        #expect(latencies.max == sorted.last.map { Double($0) / 1_000 })
        #expect(latencies.percentile(100) == latencies.max)
        let mean = Double(times.reduce(0, +)) / Double(times.count) / 1_000
        #expect(abs(latencies.mean - mean) <= mean / 1_000)
    }

    @Test func `make a curve that rises to the longest`() {
        var latencies = Latencies()
        for time in 1...100_000 as ClosedRange<Int64> {
            latencies.record(nanoseconds: time * 1_000)
        }
        let points = latencies.points
        #expect(points.count > 50)
        #expect(points.last == Latencies.Point(percent: 100, microseconds: latencies.max))
        for (point, next) in zip(points, points.dropFirst()) {
            #expect(point.percent < next.percent)
            #expect(point.microseconds <= next.microseconds)
        }
        for point in points where point.percent > 1 {
            #expect(abs(point.microseconds / 1_000 - point.percent) < 0.2)
        }
    }

    @Test func `of none are zero`() {
        let none = Latencies()
        #expect(none.count == 0)
        #expect([none.percentile(50), none.percentile(100), none.max, none.mean] == [0, 0, 0, 0])
        #expect(none.points.isEmpty)
    }

    @Test func `go no further than a minute`() {
        var latencies = Latencies()
        for time in [-5, 3_600_000_000_000] as [Int64] { latencies.record(nanoseconds: time) }
        #expect(latencies.count == 2)
        #expect(latencies.percentile(1) == 0)
        #expect(latencies.max == 60_000_000)
    }
}
