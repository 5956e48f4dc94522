/// A figure that was promised, beside the one that was measured.
struct Goal {
    enum Bound {
        case atLeast(Double)
        case atMost(Double)
    }

    /// What is promised, such as `validate 50×16 against the Redis function`.
    var name: String
    var bound: Bound
    /// Of the bound and of the figure, such as `×` or `B`.
    var unit: String
    /// Nil where nothing was measured.
    var measured: Double?
    /// The raw numbers that the figure was made of.
    var evidence: String
    /// False where the figure does not count: a short run, or a condition that does not hold.
    var isJudged = true

    var verdict: Verdict {
        guard let measured, isJudged else { return .notJudged }
        return switch bound {
        case .atLeast(let wanted): measured >= wanted ? .met : .missed
        case .atMost(let wanted): measured <= wanted ? .met : .missed
        }
    }

    private var boundText: String {
        switch bound {
        case .atLeast(let wanted): "≥ \(Self.exact(wanted)) \(unit)"
        case .atMost(let wanted): "≤ \(Self.exact(wanted)) \(unit)"
        }
    }

    private var measuredText: String { measured.map { "\(NumberText.short($0)) \(unit)" } ?? "–" }

    private static func exact(_ value: Double) -> String {
        value == value.rounded() ? NumberText.grouped(value, decimals: 0) : "\(value)"
    }
}

extension Table {
    /// Each goal beside what was measured.
    init(_ goals: [Goal]) {
        self.init(
            [
                Column(name: "goal"), Column(name: "wanted"), Column(name: "measured"),
                Column(name: "verdict"), Column(name: "numbers"),
            ],
            rows: goals.map(\.row))
    }
}

extension Goal {
    fileprivate var row: [Table.Value] {
        [
            .text(name), .text(boundText), .text(measuredText), .verdict(verdict),
            .text(evidence),
        ]
    }
}
