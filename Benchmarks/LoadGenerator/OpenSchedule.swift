/// The scheduled time of each request of an open loop, fixed before the first is sent.
struct OpenSchedule {
    /// The scheduled time of the first.
    let start: Int64
    let perSecond: Double
    /// The number of scheduled requests.
    private(set) var count = Int.max

    /// A schedule of all requests before `end`.
    init(from start: Int64, until end: Int64, perSecond: Double) {
        self.start = start
        self.perSecond = perSecond
        count = countDue(by: end - 1)
    }

    /// The scheduled time of this request, from 0. Computed from the start, not from the one
    /// before, so that no rounding adds up.
    func time(of number: Int) -> Int64 {
        start + Int64((Double(number) * 1e9 / perSecond).rounded(.up))
    }

    /// The number of requests scheduled at or before `time`.
    func countDue(by time: Int64) -> Int {
        if time < start { return 0 }
        // The estimate may be off by a rounding to either side.
        var due = Int(Double(time - start) * perSecond / 1e9) + 2
        while due > 0, self.time(of: due - 1) > time { due -= 1 }
        return min(due, count)
    }
}
