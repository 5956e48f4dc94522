import ArgumentParser

/// Measures what a daemon does, and what a start reads.
@main
struct CouponBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coupon-bench",
        abstract: "Measures coupond.",
        subcommands: [
            LoadCommand.self, CompareCommand.self, ScaleCommand.self, StallCommand.self,
            SoakCommand.self, RecoveryCommand.self,
        ])
}
