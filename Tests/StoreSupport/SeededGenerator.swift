import Foundation

/// Repeatable random numbers (SplitMix64).
package struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    /// Starts from `COUPOND_SEED`, or from a new seed, and prints it so that a run can be repeated.
    package init(for test: String) {
        let given = ProcessInfo.processInfo.environment["COUPOND_SEED"].flatMap { UInt64($0) }
        let seed = given ?? .random(in: 0 ... .max)
        print("\(test): COUPOND_SEED=\(seed)")
        self.init(seed: seed)
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
