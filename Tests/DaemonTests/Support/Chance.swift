import StoreSupport

extension SeededGenerator {
    /// Whether something happens that happens in so many of a hundred cases.
    mutating func happens(percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}
