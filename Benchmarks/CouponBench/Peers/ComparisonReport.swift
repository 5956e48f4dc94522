import Foundation
import LoadGenerator

// The one table shows every candidate of every scenario; a ratio in it is coupond's figure over the
// row's, so that it is 1 in coupond's own rows, and 12 in one of Redis means twelve times Redis.

extension Report {
    /// The report of a comparison.
    static func comparison(
        _ figures: ComparisonFigures, _ settings: ComparisonSettings
    ) -> Report {
        Report(
            title: "coupond and its peers",
            facts: facts(figures, settings),
            sections: [
                overview(figures, settings),
                Section(
                    title: "Goals",
                    table: Table(Goal.ofComparison(figures, isJudged: settings.judges))),
            ] + [latencies(figures), everyRun(figures)])
    }

    private static func facts(
        _ figures: ComparisonFigures, _ settings: ComparisonSettings
    ) -> [Fact] {
        let disk = figures.disk.map {
            NumberText.duration(microseconds: $0.medianMicroseconds)
        }
        let seconds = NumberText.grouped(Double(settings.length.measured) / 1_000, decimals: 2)
        return Machine.facts + [
            Fact(name: "disk", value: "4 KiB appended and fdatasync: p50 \(disk ?? "–")"),
            Fact(
                name: "runs",
                value: "\(settings.repeats) of \(seconds) s of each, interleaved; medians are shown"
            ),
            Fact(
                name: "request",
                value: "one of \(PeerCoupon.loadedCount) coupons, one of "
                    + "\(NumberText.grouped(Double(PeerRequest.customerCount), decimals: 0)) "
                    + "customers, \(settings.cartLineCount) cart line(s)"),
        ] + figures.versions.map { Fact(name: $0.candidate.name, value: $0.version) }
    }

    private static func overview(
        _ figures: ComparisonFigures, _ settings: ComparisonSettings
    ) -> Section {
        Section(
            title: "Measured",
            about: [
                "The same generator, which has one thread, asks every candidate over a Unix socket: "
                    + "50 connections with 1 or 16 requests under way on each, or a new connection for "
                    + "each request. CPU is the time of all of the server's threads and processes for "
                    + "one request. Ratios say how many times the row's figure coupond's is: of "
                    + "requests more is better, of CPU less."
            ],
            table: table(figures),
            notes: notes(settings),
            plots: [
                .bars(
                    bars(
                        figures, "validate", "Validate: requests per second",
                        "requests per second", where: { !$0.applies }, \.perSecond)),
                .bars(
                    bars(
                        figures, "apply", "Apply: requests per second",
                        "requests per second", where: \.applies, \.perSecond)),
                .bars(
                    bars(
                        figures, "validate-cpu", "Validate: the server's CPU time",
                        "CPU time of a request, µs", where: { !$0.applies }, \.cpuMicroseconds)),
            ])
    }

    private static func notes(_ settings: ComparisonSettings) -> [String] {
        let notes: [Candidate: String] = [
            .echo:
                "libuv echo is the floor: it reads the line that coupond gets and sends the same "
                + "bytes back, and does nothing else.",
            .redis: "Redis does the same validation and apply in a Function "
                + "(Benchmarks/Peers/coupons.lua); apply no, everysec and always: appendonly no, "
                + "appendfsync everysec and always.",
            .postgres:
                "PostgreSQL does it in PL/pgSQL (Benchmarks/Peers/coupons.sql), prepared, with "
                + "fsync on; apply everysec and always: synchronous_commit off and on. It has no "
                + "counterpart to no.",
        ]
        return settings.candidates.compactMap { notes[$0] } + [
            "Before measuring, all of them but the echo gave the same answers to "
                + "\(AgreementCase.all.count) requests."
        ]
    }

    private static func table(_ figures: ComparisonFigures) -> Table {
        var table = Table([
            Table.Column(name: "measured"), Table.Column(name: "candidate"),
            Table.Column(name: "requests", unit: "1/s"),
            Table.Column(name: "requests ratio", unit: "×"),
            Table.Column(name: "p50", unit: "µs"), Table.Column(name: "p99", unit: "µs"),
            Table.Column(name: "p99.9", unit: "µs"),
            Table.Column(name: "CPU", unit: "µs"),
            Table.Column(name: "CPU ratio", unit: "×"),
            Table.Column(name: "spread", unit: "%"),
        ])
        for (scenario, candidates) in figures.scenarios {
            let own = candidates.first { $0.candidate == .coupond }
            for one in candidates {
                let ratio = own.map { $0.perSecond / one.perSecond }
                let cpuRatio = own.map { $0.cpuMicroseconds / one.cpuMicroseconds }
                table.add([
                    .text(scenario.title), .text(one.candidate.name),
                    .number(one.perSecond, decimals: 0),
                    ratio.map { .number($0, decimals: 2) } ?? .absent,
                    .number(one.percentile(50), decimals: 0),
                    .number(one.percentile(99), decimals: 0),
                    .number(one.percentile(99.9), decimals: 0),
                    .number(one.cpuMicroseconds, decimals: 2),
                    cpuRatio.map { .number($0, decimals: 2) } ?? .absent,
                    .number(one.spread, decimals: 0),
                ])
            }
        }
        return table
    }

    private static func latencies(_ figures: ComparisonFigures) -> Section {
        Section(
            title: "Latencies",
            about: [
                "From the sending of a request, or from before the connecting, to its reply, in the "
                    + "run in the middle. With so many under way each waits for the others: what a "
                    + "server does less of in a second takes longer here."
            ],
            plots: figures.scenarios.map { scenario, candidates in
                .percentiles(
                    PercentilePlot(
                        name: "compare-\(scenario.name)", title: scenario.title,
                        series: candidates.map { one in
                            PercentilePlot.Series(
                                name: one.candidate.name,
                                points: (one.middleRun?.result.latencies.points ?? []).map {
                                    .init(percentile: $0.percent, microseconds: $0.microseconds)
                                }, color: one.candidate.color)
                        }))
            }, isDetail: true)
    }

    private static func everyRun(_ figures: ComparisonFigures) -> Section {
        var table = Table([
            Table.Column(name: "measured"), Table.Column(name: "candidate"),
            Table.Column(name: "run"), Table.Column(name: "replies"),
            Table.Column(name: "requests", unit: "1/s"), Table.Column(name: "p50", unit: "µs"),
            Table.Column(name: "p90", unit: "µs"), Table.Column(name: "p99", unit: "µs"),
            Table.Column(name: "p99.9", unit: "µs"), Table.Column(name: "longest", unit: "µs"),
            Table.Column(name: "CPU per request", unit: "µs"),
        ])
        for (scenario, candidates) in figures.scenarios {
            for one in candidates {
                for (index, run) in one.runs.enumerated() {
                    let latencies = run.result.latencies
                    table.add(
                        [
                            .text(scenario.title), .text(one.candidate.name),
                            .number(Double(index + 1), decimals: 0),
                            .number(Double(run.result.replies), decimals: 0),
                            .number(run.result.perSecond, decimals: 0),
                        ]
                            + [50, 90, 99, 99.9].map {
                                .number(latencies.percentile($0), decimals: 0)
                            } + [
                                .number(latencies.max, decimals: 0),
                                .number(run.cpuMicroseconds, decimals: 2),
                            ])
                }
            }
        }
        return Section(title: "Every run", table: table, isDetail: true)
    }

    private static func bars(
        _ figures: ComparisonFigures, _ name: String, _ title: String, _ quantity: String,
        where isShown: (Scenario) -> Bool, _ figure: (PeerFigures) -> Double
    ) -> BarPlot {
        BarPlot(
            name: "compare-\(name)", title: title, quantity: quantity,
            groups: figures.scenarios.filter { isShown($0.scenario) }.map { scenario, candidates in
                BarPlot.Group(
                    title: scenario.title,
                    bars: candidates.map { one in
                        BarPlot.Bar(
                            name: one.candidate.name, value: figure(one),
                            color: one.candidate.color)
                    })
            })
    }
}
