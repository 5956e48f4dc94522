/// What the hashes of names that shoppers choose start from.
///
/// It is drawn once at start, so that nobody outside can aim at one bucket of a table, and is
/// handed in as a value, so that a test can repeat a run.
package struct HashSeed: Hashable, Sendable {
    package let value: UInt64

    package init(_ value: UInt64) { self.value = value }

    /// A seed that nobody can foresee.
    package static func random() -> HashSeed {
        var generator = SystemRandomNumberGenerator()
        return HashSeed(generator.next())
    }
}
