import ArgumentParser
import Foundation

/// What shoppers notice of a snapshot and of a reload.
struct StallCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stall",
        abstract: "Measures how long replies take at half load: quiet, in a snapshot, in a reload.",
        discussion: """
            A daemon gets many codes and orders. How much it can do at most is measured first; then \
            requests follow a fixed schedule at half that rate, and latencies count from the scheduled \
            time. They are validates of random codes, and some applies. Compare figures of one run \
            only: the daemon, its other threads and this program share the machine.
            """)

    @Option(help: "Single-use codes (default: 10000000; with --quick 100000).")
    var codes: Int?

    @Option(help: "Orders applied before (default: 300000; with --quick 5000).")
    var orders: Int?

    @Option(help: "Codes changed by each reload (default: a million, at most half of them).")
    var changed: Int?

    @Option(help: "Seconds of each phase; one in which work goes on takes longer.")
    var seconds: Double?

    @Option(help: "When orders are on disk: no, everysec or always.")
    var durability = DaemonUnderTest.Durability.everysec

    @Flag(help: "Few codes and short phases: shows that it works, judges nothing.")
    var quick = false

    @OptionGroup var programs: MeasuredPrograms
    @OptionGroup var files: ReportFiles

    func validate() throws {
        if let codes, !(1_000...100_000_000).contains(codes) {
            throw ValidationError("--codes is 1000 to 100000000.")
        }
        if let orders, !(1...10_000_000).contains(orders) {
            throw ValidationError("--orders is 1 to 10000000.")
        }
        let codes = codes ?? 100_000
        if let changed, !(1...codes / 2).contains(changed) {
            throw ValidationError("--changed is 1 to half of the codes.")
        }
        if let seconds, !(0.5...600).contains(seconds) {
            throw ValidationError("--seconds is 0.5 to 600.")
        }
    }

    func run() throws {
        let codes = codes ?? (quick ? 100_000 : 10_000_000)
        let bench = try Workbench(in: programs.scratch)
        defer { bench.clear() }
        let rig = StallRig(
            bench: bench, executable: programs.coupond, codeCount: codes,
            orderCount: orders ?? (quick ? 5_000 : 300_000),
            changedCount: changed ?? min(1_000_000, codes / 2), durability: durability,
            phaseSeconds: seconds ?? (quick ? 1 : 12))
        var report = try rig.measure()
        report.isJudged = !quick && codes == 10_000_000
        try files.write(report.report)
    }
}

extension DaemonUnderTest.Durability: ExpressibleByArgument {}
