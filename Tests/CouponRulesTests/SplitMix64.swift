import Foundation

/// A small seeded generator (Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators"), so that a failing case comes back when its seed does.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    /// Seeds from `COUPOND_SEED`, else from the system, and prints how to run `suite` again alike.
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

    /// A price between nothing and a few hundred dollars; small ones, where ties and zeros live,
    /// come as often as large ones.
    mutating func price() -> Int {
        let ceiling = [0, 3, 50, 2_000, 50_000][Int.random(in: 0..<5, using: &self)]
        return Int.random(in: 0...ceiling, using: &self)
    }
}
