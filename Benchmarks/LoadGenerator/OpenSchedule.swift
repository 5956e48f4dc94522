/// When each request of an open loop is due, fixed before the first is sent.
struct OpenSchedule {
    /// When the first is due.
    let start: Int64
    let perSecond: Double
    /// How many requests are due in all.
    private(set) var count = Int.max

    /// A schedule of everything that is due before `end`.
    init(from start: Int64, until end: Int64, perSecond: Double) {
        self.start = start
        self.perSecond = perSecond
        count = countDue(by: end - 1)
    }

    /// When the request of this number, from 0, is due. Reckoned from the start, not from the one
    /// before, so that no rounding adds up.
    func time(of number: Int) -> Int64 {
        start + Int64((Double(number) * 1e9 / perSecond).rounded(.up))
    }

    /// How many requests are due at or before `time`.
    func countDue(by time: Int64) -> Int {
        if time < start { return 0 }
        // The estimate may be off by a rounding to either side.
        var due = Int(Double(time - start) * perSecond / 1e9) + 2
        while due > 0, self.time(of: due - 1) > time { due -= 1 }
        return min(due, count)
    }
}
