extension Goal {
    private static let quickDiskMicroseconds = 100.0

    /// What coupond promises against its peers and against itself.
    static func ofComparison(_ figures: ComparisonFigures, isJudged: Bool) -> [Goal] {
        let single = Scenario.validate(depth: 1)
        let deep = Scenario.validate(depth: 16)
        let always = Scenario.apply(.always, depth: 1)
        let own = figures[deep, .coupond]?.perSecond
        let disk = figures.disk?.medianMicroseconds ?? .infinity
        return [
            rate(figures, single, .coupond, over: single, .echo, .atLeast(0.9), isJudged),
            cpu(figures, single, .coupond, over: .echo, .atMost(2), isJudged),
            Goal(
                name: "validate, 50 × 16", bound: .atLeast(600_000), unit: "/s", measured: own,
                evidence: own.map(perSecond) ?? "left out", isJudged: isJudged),
            rate(figures, deep, .coupond, over: deep, .redis, .atLeast(10), isJudged),
            everysec(figures, isJudged),
            rate(figures, always, .coupond, over: always, .redis, .atLeast(2), isJudged),
            // On a slower disk the sync decides alone.
            rate(
                figures, always, .coupond, over: Scenario.apply(.no, depth: 1), .coupond,
                .atLeast(0.8), isJudged && disk <= quickDiskMicroseconds,
                note: "; fdatasync p50 \(NumberText.duration(microseconds: disk)), the goal is for "
                    + "at most 100 µs"),
        ]
    }

    private static func everysec(_ figures: ComparisonFigures, _ isJudged: Bool) -> Goal {
        let scenario = Scenario.apply(.everysec, depth: 16)
        return rate(figures, scenario, .coupond, over: scenario, .redis, .atLeast(5), isJudged)
    }

    private static func rate(
        _ figures: ComparisonFigures, _ scenario: String, _ candidate: Candidate,
        over other: String, _ peer: Candidate, _ bound: Bound, _ isJudged: Bool, note: String = ""
    ) -> Goal {
        let title = figures.title(of: scenario)
        let base = other == scenario ? peer.name : "its \(figures.title(of: other))"
        let (one, two) = (
            figures[scenario, candidate]?.perSecond, figures[other, peer]?.perSecond
        )
        guard let one, let two else {
            return Goal(
                name: "\(title), to \(base)", bound: bound, unit: "×", measured: nil,
                evidence: "left out")
        }
        return Goal(
            name: "\(title), to \(base)", bound: bound, unit: "×", measured: one / two,
            evidence: "\(perSecond(one)) to \(perSecond(two))\(note)", isJudged: isJudged)
    }

    private static func cpu(
        _ figures: ComparisonFigures, _ scenario: String, _ candidate: Candidate,
        over peer: Candidate, _ bound: Bound, _ isJudged: Bool
    ) -> Goal {
        let name = "\(figures.title(of: scenario)), CPU per request, to \(peer.name)"
        guard let one = figures[scenario, candidate]?.cpuMicroseconds,
            let two = figures[scenario, peer]?.cpuMicroseconds
        else {
            return Goal(
                name: name, bound: bound, unit: "×", measured: nil, evidence: "left out")
        }
        return Goal(
            name: name, bound: bound, unit: "×", measured: one / two,
            evidence: "\(NumberText.short(one)) µs to \(NumberText.short(two)) µs",
            isJudged: isJudged)
    }

    private static func perSecond(_ rate: Double) -> String {
        "\(NumberText.grouped(rate, decimals: 0)) /s"
    }
}

extension ComparisonFigures {
    fileprivate func title(of scenario: String) -> String {
        scenarios.first { $0.scenario.name == scenario }?.scenario.title ?? scenario
    }
}
