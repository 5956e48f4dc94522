import ArgumentParser

/// Loads a running daemon and says what it did.
@main
struct CouponBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coupon-bench",
        abstract: "Measures a running coupond.",
        subcommands: [LoadCommand.self])
}
