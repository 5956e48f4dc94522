@testable import coupon_bench

extension Report {
    /// A report with everything in it that a report can have.
    static let sample = Report(
        title: "coupon-bench sample",
        facts: [
            Fact(name: "cores", value: "2"), Fact(name: "disk", value: "p50 < 100 µs & \"quiet\""),
        ],
        sections: [validate, goals])

    private static let validate = Section(
        title: "validate, 50 connections, 1 deep",
        about: [
            "Each connection sends its next request when the reply to the last one has come, so that "
                + "fifty requests are under way at any time."
        ],
        table: Table(
            [
                Table.Column(name: "candidate"), Table.Column(name: "requests", unit: "1/s"),
                Table.Column(name: "ratio", unit: "×"), Table.Column(name: "p99", unit: "µs"),
            ],
            rows: [
                [
                    .text("coupond"), .number(123_456.7, decimals: 0), .number(1, decimals: 2),
                    .number(612.25, decimals: 1),
                ],
                [
                    .text("<Redis>"), .number(9_876.5, decimals: 0), .number(0.08, decimals: 2),
                    .absent,
                ],
            ]),
        notes: ["The echo sends back what it gets."],
        plots: [
            .percentiles(
                PercentilePlot(
                    name: "sample-latency", title: "Latency of validate & co.",
                    series: [
                        curve("coupond", from: 180, color: 0), curve("echo", from: 150, color: 1),
                        curve("<Redis>", from: 2_400, color: 2),
                    ])),
            .bars(
                BarPlot(
                    name: "sample-throughput", title: "Requests per second",
                    quantity: "requests per second",
                    groups: [
                        .init(
                            title: "50 × 1",
                            bars: [
                                .init(name: "coupond", value: 123_456.7, color: 0),
                                .init(name: "<Redis>", value: 9_876.5, color: 2),
                            ]),
                        .init(
                            title: "50 × 16",
                            bars: [
                                .init(name: "coupond", value: 598_000, color: 0),
                                .init(name: "<Redis>", value: 21_000, color: 2),
                            ]),
                    ])),
        ])

    private static let goals = Section(
        title: "Goals",
        table: Table([
            Goal(
                name: "validate 50 × 16", bound: .atLeast(10), unit: "× Redis", measured: 28.476,
                evidence: "598,000 /s to 21,000 /s"),
            Goal(
                name: "validate 50 × 1", bound: .atLeast(0.9), unit: "× echo", measured: 0.84,
                evidence: "123,457 /s to 146,972 /s"),
            Goal(
                name: "memory of a code", bound: .atMost(40), unit: "B", measured: nil,
                evidence: "left out"),
        ]))

    private static func curve(
        _ name: String, from start: Double, color: Int
    ) -> PercentilePlot.Series {
        let percentiles = [0, 25, 50, 75, 90, 99, 99.9, 99.99, 100]
        return PercentilePlot.Series(
            name: name,
            points: zip(percentiles, 0...).map { percentile, step in
                .init(percentile: percentile, microseconds: start * (1 + Double(step * step) / 8))
            }, color: color)
    }
}
