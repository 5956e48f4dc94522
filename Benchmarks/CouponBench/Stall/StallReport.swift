import Foundation

/// The phases of a measurement, and how they are shown.
struct StallReport {
    var codeCount: Int
    var changedCount: Int
    var durability: DaemonUnderTest.Durability
    /// Requests per second at most.
    var saturatedRate: Double
    var residentBytes: Int
    var orderCount = 0
    var phases: [StallPhase] = []
    var residentBytesAfter = 0
    /// False for a short run.
    var isJudged = true

    init(
        codeCount: Int, changedCount: Int, durability: DaemonUnderTest.Durability,
        saturatedRate: Double, residentBytes: Int
    ) {
        self.codeCount = codeCount
        self.changedCount = changedCount
        self.durability = durability
        self.saturatedRate = saturatedRate
        self.residentBytes = residentBytes
    }

    private static let shareOfOthersMax = 0.1
    private static let mebibyte = 1_048_576.0

    var report: Report {
        Report(
            title: "coupond at half load, while other work goes on",
            facts: [
                .init(
                    name: "processors",
                    value:
                        "\(ProcessInfo.processInfo.activeProcessorCount), for the daemon's loop, "
                        + "its other threads and the load generator together"),
                .init(name: "codes", value: whole(codeCount)),
                .init(name: "orders", value: "\(whole(orderCount)) at the start"),
                .init(name: "durability", value: durability.rawValue),
                .init(
                    name: "saturated",
                    value: "\(whole(Int(saturatedRate))) requests per second over "
                        + "\(StallRig.connections) connections, one under way on each"),
                .init(
                    name: "load",
                    value: "half of that, on a fixed schedule: 19 validates of random "
                        + "codes to one apply"),
                .init(
                    name: "resident",
                    value: "\(mebibytes(residentBytes)) MiB before the phases, "
                        + "\(mebibytes(residentBytesAfter)) MiB after"),
            ],
            sections: [goals, latencies, loop])
    }

    // MARK: Sections

    private var quiet: StallPhase? { phases.first { $0.work == .none } }

    private func ratio(_ phase: StallPhase, _ percent: Double) -> Double {
        guard let quiet else { return 0 }
        return phase.latencies.percentile(percent) / max(1, quiet.latencies.percentile(percent))
    }

    /// Whether the machine was this measurement's own. In the other phases the kernel's threads work
    /// for it, which cannot be separated from others'.
    private var isUndisturbed: Bool {
        (quiet?.processors.shareOfOthers ?? 0) <= Self.shareOfOthersMax
    }

    private var goals: Report.Section {
        let isJudged = isJudged && isUndisturbed
        let busy = phases.filter { $0.work != .none }
        let goals =
            busy.map { phase in
                Goal(
                    name: "p99 during \(phase.work.rawValue), of the quiet one",
                    bound: .atMost(1.5), unit: "×", measured: ratio(phase, 99),
                    evidence: "\(micro(phase, 99)) µs, quiet "
                        + "\(quiet.map { micro($0, 99) } ?? "–") µs",
                    isJudged: isJudged)
            }
            + busy.map { phase in
                Goal(
                    name: "longest pause of the loop during \(phase.work.rawValue)",
                    bound: .atMost(5), unit: "ms",
                    measured: Double(phase.longestTurnMicroseconds) / 1_000,
                    evidence: "quiet \(quiet?.longestTurnMicroseconds ?? 0) µs",
                    isJudged: isJudged)
            }
        return Report.Section(
            title: "Goals", table: Table(goals),
            notes: isJudged
                ? []
                : [
                    """
                    Goals are for a full run with 10,000,000 codes, on a machine of which other programs \
                    have \(Int(Self.shareOfOthersMax * 100)) % at most while it is quiet.
                    """
                ])
    }

    private var latencies: Report.Section {
        var table = Table([
            Column(name: "phase"), Column(name: "runs"), Column(name: "seconds"),
            Column(name: "requests"), Column(name: "p50", unit: "µs"),
            Column(name: "p99", unit: "µs"), Column(name: "p99 of quiet"),
            Column(name: "p99.9", unit: "µs"), Column(name: "max", unit: "µs"),
        ])
        for phase in phases {
            table.add([
                .text(phase.work.rawValue), .number(Double(phase.runs), decimals: 0),
                .number(phase.seconds, decimals: 1), .number(Double(phase.sent), decimals: 0),
                .number(phase.latencies.percentile(50), decimals: 1),
                .number(phase.latencies.percentile(99), decimals: 1),
                .number(ratio(phase, 99), decimals: 2),
                .number(phase.latencies.percentile(99.9), decimals: 1),
                .number(phase.latencies.max, decimals: 1),
            ])
        }
        return Report.Section(
            title: "Latency",
            about: [
                """
                From a request's scheduled time to its reply. Snapshots are asked for one after the other; \
                every reload has \(whole(changedCount)) codes changed. A phase goes on until the last \
                work in it has ended.
                """
            ],
            table: table,
            plots: [
                .percentiles(
                    PercentilePlot(
                        name: "stall", title: "Latency at half load",
                        series: phases.enumerated().map { place, phase in
                            PercentilePlot.Series(
                                name: phase.work.rawValue,
                                points: phase.latencies.points.map {
                                    .init(percentile: $0.percent, microseconds: $0.microseconds)
                                }, color: place)
                        }))
            ])
    }

    private var loop: Report.Section {
        var table = Table([
            Column(name: "phase"), Column(name: "longest pause", unit: "µs"),
            Column(name: "loop ran", unit: "%"), Column(name: "loop waited to run", unit: "%"),
            Column(name: "generator late at most", unit: "µs"),
            Column(name: "others had", unit: "% of all processors"),
        ])
        for phase in phases {
            table.add([
                .text(phase.work.rawValue),
                .number(Double(phase.longestTurnMicroseconds), decimals: 0),
                .number(share(phase.processors.loopRan, of: phase), decimals: 1),
                .number(share(phase.processors.loopWaited, of: phase), decimals: 1),
                .number(phase.sendDelayMicroseconds, decimals: 0),
                .number(100 * max(0, phase.processors.shareOfOthers), decimals: 1),
            ])
        }
        return Report.Section(
            title: "The loop",
            about: [
                """
                The longest pause is the longest turn of the loop, as the daemon reports it: since its \
                start when quiet, otherwise while the work was under way, the swap of catalogs included. \
                It counts time in which the loop was not running because another thread had its \
                processor, and the answers to all that had come meanwhile; the kernel reports how much the \
                loop waited in all. Where the generator is late, part \
                of the latency is its own; where others had much of the processors, the figures are \
                theirs as well.
                """
            ],
            table: table)
    }

    // MARK: Numbers

    /// In hundredths of one processor.
    private func share(_ seconds: Double, of phase: StallPhase) -> Double {
        let count = Double(ProcessInfo.processInfo.activeProcessorCount)
        return 100 * seconds / max(0.01, phase.processors.available / count)
    }

    private func whole(_ number: Int) -> String { NumberText.grouped(Double(number), decimals: 0) }

    private func micro(_ phase: StallPhase, _ percent: Double) -> String {
        NumberText.short(phase.latencies.percentile(percent))
    }

    private func mebibytes(_ bytes: Int) -> String {
        NumberText.grouped(Double(bytes) / Self.mebibyte, decimals: 1)
    }
}

private typealias Column = Table.Column
