import ArgumentParser
import Foundation

/// What changes with the number of codes, and what should not.
struct ScaleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale",
        abstract:
            "Measures memory, start, validate and reload over the number of codes, and orders.",
        discussion: """
            Starts a daemon for each size on single-use codes of twelve characters, which it writes \
            into a codes file: from the file, and again from the compiled catalog that the first start \
            leaves. Memory is resident size as the kernel reports it; what a daemon without codes \
            occupies is taken off. Then orders are applied to a daemon without codes from a file, and \
            nine tenths of them purged. Compare figures of one run only.
            """)

    @Option(parsing: .upToNextOption, help: "Numbers of codes, ascending.")
    var sizes: [Int] = []

    @Option(help: "Orders of which nine tenths are purged (default: 1000000; with --quick 20000).")
    var orders: Int?

    @Flag(help: "1,000 and 100,000 codes and short loads: shows that it works, judges nothing.")
    var quick = false

    @OptionGroup var programs: MeasuredPrograms
    @OptionGroup var files: ReportFiles

    private static let defaultSizes = [1_000, 10_000, 100_000, 1_000_000, 10_000_000]
    private static let quickSizes = [1_000, 100_000]
    private static let liveOrders = 200_000
    private static let idleConnections = 10_000
    private static let endedOrders = 1_000_000

    func validate() throws {
        guard sizes.allSatisfy({ (10...100_000_000).contains($0) }) else {
            throw ValidationError("--sizes are 10 to 100000000.")
        }
        guard zip(sizes, sizes.dropFirst()).allSatisfy(<) else {
            throw ValidationError("--sizes are ascending.")
        }
        if let orders, !(1_000...1_500_000).contains(orders) {
            throw ValidationError("--orders is 1000 to 1500000.")
        }
    }

    func run() throws {
        let chosen = sizes.isEmpty ? quick ? Self.quickSizes : Self.defaultSizes : sizes
        let bench = try Workbench(in: programs.scratch)
        defer { bench.clear() }
        var report = ScaleReport(isJudged: !quick)
        let rig = ScaleRig(
            bench: bench, executable: programs.coupond, loadMilliseconds: quick ? 300 : 2_000)
        MeasuredPrograms.say("a daemon without codes")
        report.emptyBytes = try rig.emptyBytes()
        for codeCount in chosen {
            MeasuredPrograms.say("\(codeCount) codes")
            report.sizes.append(try rig.measure(codeCount))
        }
        if let largest = chosen.last {
            MeasuredPrograms.say("orders, customers and connections beside \(largest) codes")
            report.costs = try rig.measureCosts(
                codes: largest, orders: quick ? 10_000 : Self.liveOrders,
                connections: quick ? 500 : Self.idleConnections)
        }
        let orders = orders ?? (quick ? 20_000 : Self.endedOrders)
        MeasuredPrograms.say("\(orders) orders, and nine tenths of them purged")
        report.endedOrders = try rig.measureEndedOrders(orders)
        try files.write(report.report)
    }
}
