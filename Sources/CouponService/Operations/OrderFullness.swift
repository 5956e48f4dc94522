/// Notices when the orders on record come near the limit. Orders that use nothing do not count: they
/// make room.
struct OrderFullness {
    private let limit: Int
    /// The highest mark that was reported and not left since.
    private var reported = 0

    /// Percent of the limit at which it is reported.
    static let marks = [80, 90, 100]
    /// A mark is reported again after the share was so many percent below it.
    private static let slack = 5

    init(limit: Int) { self.limit = limit }

    /// The highest mark that was passed since the last call; nil when none was.
    mutating func next(kept: Int) -> Int? {
        let passed = Self.marks.last { kept >= share($0) } ?? 0
        if passed > reported {
            reported = passed
            return passed
        }
        if reported > 0, kept < share(reported - Self.slack) { reported = passed }
        return nil
    }

    /// So many percent of the limit.
    private func share(_ percent: Int) -> Int {
        // At most 2^31 orders: no overflow.
        (limit * percent + 99) / 100
    }
}
