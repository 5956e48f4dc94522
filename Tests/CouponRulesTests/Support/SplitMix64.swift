import Foundation

/// A small seeded generator (Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators"), so that a seed repeats a failing case.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    /// Seeds from `COUPOND_SEED`, else from the system, and prints how to repeat `suite`.
    init(for suite: String) {
        let asked = ProcessInfo.processInfo.environment["COUPOND_SEED"].flatMap { UInt64($0) }
        state = asked ?? UInt64.random(in: 0 ... .max)
        print("\(suite): COUPOND_SEED=\(state) swift test --filter '\(suite)' runs this again")
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A price between zero and a few hundred dollars; small ones, which make ties and zeros, are
    /// as frequent as large ones.
    mutating func price() -> Int {
        let ceiling = [0, 3, 50, 2_000, 50_000][Int.random(in: 0..<5, using: &self)]
        return Int.random(in: 0...ceiling, using: &self)
    }
}
