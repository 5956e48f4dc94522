import FlatStorage

/// When the requests were sent whose replies have not come, the oldest first: replies come in the
/// order of their requests.
struct SendTimes: ~Copyable {
    /// A ring; its size is a power of two.
    private var times = FlatArray<Int64>(repeating: 0, count: 16)
    private var start = 0
    private(set) var count = 0

    mutating func append(_ nanoseconds: Int64) {
        if count == times.count { grow() }
        times[(start + count) & (times.count - 1)] = nanoseconds
        count += 1
    }

    /// Takes the oldest, if there is one.
    mutating func takeFirst() -> Int64? {
        if count == 0 { return nil }
        let first = times[start]
        start = (start + 1) & (times.count - 1)
        count -= 1
        return first
    }

    private mutating func grow() {
        var larger = FlatArray<Int64>(repeating: 0, count: times.count * 2)
        for index in 0..<count { larger[index] = times[(start + index) & (times.count - 1)] }
        times = larger
        start = 0
    }
}
