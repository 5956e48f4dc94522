import StoreSupport

extension SeededGenerator {
    /// Whether an event with this chance in percent happens.
    mutating func happens(percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}
