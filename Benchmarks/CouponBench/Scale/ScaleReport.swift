import Foundation

/// The figures of all sizes, and how they are shown.
struct ScaleReport {
    var emptyBytes = 0
    var sizes: [SizeFigures] = []
    var costs: [ResidentCost] = []
    var endedOrders: EndedOrderFigures?
    /// False for a short run.
    let isJudged: Bool

    init(isJudged: Bool) { self.isJudged = isJudged }

    /// What goals are set for.
    private static let judgedCodeCount = 10_000_000
    /// From how many codes on their memory stands out.
    private static let tellingCodeCount = 100_000
    private static let mebibyte = 1_048_576.0

    var report: Report {
        Report(
            title: "coupond over the number of codes",
            facts: [
                .init(name: "processors", value: "\(ProcessInfo.processInfo.activeProcessorCount)"),
                .init(name: "codes", value: "12 characters, single-use, one column of a CSV file"),
                .init(
                    name: "without codes",
                    value: "\(mebibytes(emptyBytes)) MiB resident, taken off where it says so"),
            ],
            sections: [goals, memoryAndStart, rates, reloads, resident]
                + (endedOrders.map { [$0.section] } ?? []))
    }

    // MARK: Sections

    private var goals: Report.Section {
        guard let last = sizes.last else { return Report.Section(title: "Goals") }
        let isJudged = isJudged && last.codeCount == Self.judgedCodeCount
        let catalogBytes = Double(max(1, last.reload.bytesBefore - emptyBytes))
        let extraBytes = Double(last.reload.peakBytes - last.reload.bytesBefore)
        let goals = [
            Goal(
                name: "memory of a single-use code", bound: .atMost(40), unit: "B",
                measured: max(
                    bytesPerCode(last, last.fileBytes), bytesPerCode(last, last.cacheBytes)),
                evidence: "\(mebibytes(last.fileBytes)) MiB started from files, "
                    + "\(mebibytes(last.cacheBytes)) MiB from the cache",
                isJudged: isJudged),
            Goal(
                name: "ready after a restart", bound: .atMost(1), unit: "s",
                measured: last.cacheSeconds,
                evidence: "\(NumberText.grouped(Double(last.codeCount), decimals: 0)) codes",
                isJudged: isJudged),
            Goal(
                name: "longest pause of the loop during a reload", bound: .atMost(5), unit: "ms",
                measured: Double(last.reload.longestTurnMicroseconds) / 1_000,
                evidence: "\(last.reload.changedCount) codes changed", isJudged: isJudged),
            Goal(
                name: "extra memory during a reload, of a catalog's", bound: .atMost(1.05),
                unit: "×", measured: extraBytes / catalogBytes,
                evidence: "\(mebibytes(last.reload.bytesBefore)) MiB before, "
                    + "\(mebibytes(last.reload.peakBytes)) MiB at most",
                isJudged: isJudged),
            Goal(
                name: "memory after a reload, of that before", bound: .atMost(1.05), unit: "×",
                measured: Double(last.reload.bytesAfter) / Double(max(1, last.reload.bytesBefore)),
                evidence: "\(mebibytes(last.reload.bytesAfter)) MiB after", isJudged: isJudged),
        ]
        let orderGoals = endedOrders?.goals(isJudged: self.isJudged) ?? []
        return Report.Section(
            title: "Goals", table: Table(goals + orderGoals),
            notes: isJudged ? [] : ["Goals are for a full run with 10,000,000 codes."])
    }

    private var memoryAndStart: Report.Section {
        var table = Table([
            Column(name: "codes"), Column(name: "from files", unit: "s"),
            Column(name: "rows per second"), Column(name: "from cache", unit: "s"),
            Column(name: "resident from files", unit: "MiB"), Column(name: "per code", unit: "B"),
            Column(name: "resident from cache", unit: "MiB"),
            Column(name: "per code, cached", unit: "B"),
        ])
        for size in sizes {
            table.add([
                .number(Double(size.codeCount), decimals: 0),
                .number(size.fileSeconds, decimals: 3),
                .number(Double(size.codeCount) / size.fileSeconds, decimals: 0),
                .number(size.cacheSeconds, decimals: 3), mebibytes(size.fileBytes),
                perCode(size, size.fileBytes),
                mebibytes(size.cacheBytes),
                perCode(size, size.cacheBytes),
            ])
        }
        return Report.Section(
            title: "Memory and start",
            about: [
                """
                From the start of the process until both sockets answer: once from the codes file, once \
                from the compiled catalog that the first start wrote. Bytes per code are resident bytes \
                beyond those of a daemon without codes; they are not shown for fewer than \
                \(NumberText.grouped(Double(Self.tellingCodeCount), decimals: 0)), whose memory is lost in \
                that of everything else.
                """
            ],
            table: table,
            plots: [
                .bars(
                    bars(
                        "scale-memory", "Memory of a code", "resident bytes per code",
                        of: sizes.filter { $0.codeCount >= Self.tellingCodeCount }
                    ) {
                        [
                            ("from files", bytesPerCode($0, $0.fileBytes)),
                            ("from the cache", bytesPerCode($0, $0.cacheBytes)),
                        ]
                    })
            ])
    }

    private var rates: Report.Section {
        var table = Table([
            Column(name: "codes"), Column(name: "50×16", unit: "/s"), Column(name: "of the first"),
            Column(name: "50×1", unit: "/s"), Column(name: "of the first, 50×1"),
        ])
        for size in sizes {
            table.add([
                .number(Double(size.codeCount), decimals: 0), .number(size.deepRate, decimals: 0),
                .number(size.deepRate / (sizes.first?.deepRate ?? 1), decimals: 2),
                .number(size.singleRate, decimals: 0),
                .number(size.singleRate / (sizes.first?.singleRate ?? 1), decimals: 2),
            ])
        }
        return Report.Section(
            title: "Validate",
            about: [
                """
                Validates of random codes per second over 50 connections, 16 and 1 under way on each. \
                With many codes nearly every look-up waits for memory.
                """
            ],
            table: table,
            plots: [
                .bars(
                    bars(
                        "scale-validate", "Validates of random codes", "per second", of: sizes
                    ) {
                        [("16 deep", $0.deepRate), ("1 deep", $0.singleRate)]
                    })
            ])
    }

    private var reloads: Report.Section {
        var table = Table([
            Column(name: "codes"), Column(name: "changed"), Column(name: "reload", unit: "s"),
            Column(name: "longest pause", unit: "ms"), Column(name: "before", unit: "MiB"),
            Column(name: "at most", unit: "MiB"), Column(name: "after", unit: "MiB"),
        ])
        for size in sizes {
            let reload = size.reload
            table.add([
                .number(Double(size.codeCount), decimals: 0),
                .number(Double(reload.changedCount), decimals: 0),
                .number(reload.seconds, decimals: 3),
                .number(Double(reload.longestTurnMicroseconds) / 1_000, decimals: 3),
                mebibytes(reload.bytesBefore), mebibytes(reload.peakBytes),
                mebibytes(reload.bytesAfter),
            ])
        }
        return Report.Section(
            title: "Reload",
            about: [
                """
                A tenth of the codes is changed, at most a million. The pause is the longest time that \
                the loop was busy with one turn meanwhile, as the daemon reports it; the memory at most is \
                until the new catalog is written to the cache.
                """
            ],
            table: table)
    }

    private var resident: Report.Section {
        var table = Table([
            Column(name: "one"), Column(name: "takes", unit: "B"), Column(name: "measured with"),
            Column(name: "which took", unit: "MiB"),
        ])
        for cost in costs {
            table.add([
                .text(cost.thing), .number(cost.bytesEach, decimals: 0),
                .number(Double(cost.count), decimals: 0), mebibytes(cost.bytes),
            ])
        }
        return Report.Section(
            title: "Orders, counts, connections",
            about: [
                """
                Growth of resident memory over how many there are, beside the largest catalog. What the \
                kernel keeps for a connection comes on top. A snapshot is merged from \
                files, a piece at a time: what that takes at most is shown per order.
                """
            ],
            table: table)
    }

    // MARK: Numbers

    private func bytesPerCode(_ size: SizeFigures, _ bytes: Int) -> Double {
        Double(bytes - emptyBytes) / Double(size.codeCount)
    }

    private func perCode(_ size: SizeFigures, _ bytes: Int) -> Table.Value {
        if size.codeCount < Self.tellingCodeCount { return .absent }
        return .number(bytesPerCode(size, bytes), decimals: 1)
    }

    private func mebibytes(_ bytes: Int) -> String {
        NumberText.grouped(Double(bytes) / Self.mebibyte, decimals: 1)
    }

    private func mebibytes(_ bytes: Int) -> Table.Value {
        .number(Double(bytes) / Self.mebibyte, decimals: 1)
    }

    private func bars(
        _ name: String, _ title: String, _ quantity: String, of sizes: [SizeFigures],
        _ values: (SizeFigures) -> [(name: String, value: Double)]
    ) -> BarPlot {
        BarPlot(
            name: name, title: title, quantity: quantity,
            groups: sizes.map { size in
                BarPlot.Group(
                    title: NumberText.grouped(Double(size.codeCount), decimals: 0) + " codes",
                    bars: values(size).enumerated().map { place, bar in
                        BarPlot.Bar(name: bar.name, value: bar.value, color: place)
                    })
            })
    }
}

private typealias Column = Table.Column
