/// The memory of a daemon over the time of a soak.
struct SoakMemory {
    struct Sample {
        /// Since the start of the load.
        var seconds: Double
        var bytes: Int
        var orders: Int
    }

    /// A level, as the median of a part of the time.
    struct Level {
        var bytes: Int
        var orders: Int
    }

    private(set) var samples: [Sample] = []

    /// How much higher the level at the end may be than the first one.
    static let growthMax = 1.1

    mutating func add(_ sample: Sample) { samples.append(sample) }

    /// The level of the part of `seconds` between two shares. Snapshots and reloads take memory for a
    /// moment, which a median leaves out.
    func level(from start: Double, to end: Double, of seconds: Double) -> Level {
        let part = samples.filter { $0.seconds >= start * seconds && $0.seconds <= end * seconds }
        guard !part.isEmpty else { return Level(bytes: 0, orders: 0) }
        return Level(
            bytes: part.map(\.bytes).sorted()[part.count / 2],
            orders: part.map(\.orders).sorted()[part.count / 2])
    }

    var mostBytes: Int { samples.map(\.bytes).max() ?? 0 }
}

/// What a soak found. Everything but the memory was in order, or it would have ended with a fault.
struct SoakReport {
    var seconds: Double
    var seed: UInt64
    var keeping: SoakModel.Keeping
    var memory = SoakMemory()
    var counts = SoakCounts()
    var reloads = 0
    var snapshots = 0
    /// Counters that were compared one by one, and their uses.
    var counters = 0
    var uses = 0
    var archivedOrders = 0
    /// Lines of orders that were given back while their line was being written.
    var linesOfReleased = 0
    /// What `--verify` said of the state with orders in it, and after all had left it.
    var verifications: [String] = []
    /// False for a run that is too short for a level.
    let isJudged: Bool

    private var first: SoakMemory.Level { memory.level(from: 0.2, to: 0.3, of: seconds) }
    private var last: SoakMemory.Level { memory.level(from: 0.9, to: 1, of: seconds) }

    private var growth: Goal {
        Goal(
            name: "memory at the end, of that after the first fifth",
            bound: .atMost(SoakMemory.growthMax), unit: "×",
            measured: Double(last.bytes) / Double(max(1, first.bytes)),
            evidence: "\(mebibytes(first.bytes)) MiB, then \(mebibytes(last.bytes)) MiB",
            isJudged: isJudged)
    }

    /// Why the soak failed; nil if it did not.
    var problem: String? {
        if growth.verdict != .missed { return nil }
        return "The memory of the daemon has grown: \(growth.evidence)."
    }

    var report: Report {
        Report(
            title: "coupond over time",
            facts: [
                .init(name: "load", value: "\(text(seconds)) s, seed \(seed)"),
                .init(
                    name: "orders that used nothing", value: "kept \(text(keeping.forgetUnused)) s"),
                .init(name: "applied orders", value: "kept \(text(keeping.retention)) s"),
                .init(
                    name: "every reply", value: "agreed with the model, also those after a restart"),
                .init(
                    name: "counters",
                    value: "\(text(counters)) with \(text(uses)) uses agreed with the model, with "
                        + "orders on record and without"),
                .init(
                    name: "archive",
                    value: "\(text(archivedOrders)) orders, each exactly once, and "
                        + "\(text(linesOfReleased)) that were given back while being archived"),
            ] + verifications.map { .init(name: "--verify", value: $0) },
            sections: [
                Report.Section(
                    title: "Goals", table: Table([growth]),
                    notes: isJudged ? [] : ["The run is too short to judge its memory."]),
                levels, answers,
            ])
    }

    private var levels: Report.Section {
        var table = Table([
            Table.Column(name: "when"), Table.Column(name: "resident", unit: "MiB"),
            Table.Column(name: "orders on record"),
        ])
        for (name, level) in [("after the first fifth", first), ("at the end", last)] {
            table.add([
                .text(name), .text(mebibytes(level.bytes)),
                .number(Double(level.orders), decimals: 0),
            ])
        }
        table.add([.text("at most"), .text(mebibytes(memory.mostBytes)), .absent])
        return Report.Section(
            title: "Memory", about: ["Medians of a tenth of the time; four samples a second."],
            table: table)
    }

    private var answers: Report.Section {
        var table = Table([Table.Column(name: "what"), Table.Column(name: "count")])
        for (name, count) in [
            ("replies", counts.replies), ("valid", counts.accepted), ("refused", counts.refused),
            ("applied", counts.applied), ("reserved", counts.reserved),
            ("released", counts.released), ("replayed", counts.replayed),
            ("errors, all expected", counts.errors), ("reloads", reloads),
            ("snapshots", snapshots),
        ] {
            table.add([.text(name), .number(Double(count), decimals: 0)])
        }
        return Report.Section(title: "Answers", table: table)
    }

    private func mebibytes(_ bytes: Int) -> String {
        NumberText.grouped(Double(bytes) / 1_048_576, decimals: 1)
    }

    private func text(_ seconds: Double) -> String { NumberText.grouped(seconds, decimals: 0) }

    private func text(_ count: Int) -> String { NumberText.grouped(Double(count), decimals: 0) }
}
