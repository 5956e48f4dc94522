import Foundation
import LoadGenerator

// Servers run only while their scenarios are measured; PostgreSQL, which takes a second to make, runs
// throughout, idle while others are asked. Of each scenario the candidates are measured one after the
// other, and that again and again: what else the machine does meanwhile then hits all of them alike.

/// What is compared, how often and how long.
struct ComparisonSettings {
    var programs: PeerPrograms
    var candidates: [Candidate]
    var repeats: Int
    var length: PeerRun.Length
    var cartLineCount: Int
    /// Whether goals are judged: short runs say little.
    var judges: Bool
}

/// Everything that was measured.
struct ComparisonFigures {
    var scenarios: [(scenario: Scenario, figures: [PeerFigures])] = []
    var disk: DiskFigure?
    /// Of the peers, by candidate, as they report it.
    var versions: [(candidate: Candidate, version: String)] = []

    subscript(_ scenario: String, _ candidate: Candidate) -> PeerFigures? {
        scenarios.first { $0.scenario.name == scenario }?.figures
            .first { $0.candidate == candidate }
    }
}

/// Starts the candidates, proves that they agree, and measures them.
struct Comparison {
    private let bench: Workbench
    private let settings: ComparisonSettings
    private var postgres: PostgresPeer?
    private var figures = ComparisonFigures()

    init(on bench: Workbench, _ settings: ComparisonSettings) throws(ProcessFault) {
        self.bench = bench
        self.settings = settings
        // What is missing is reported before minutes are spent.
        if settings.candidates.contains(.redis) { _ = try PeerPrograms.redisServer() }
    }

    /// Measures every scenario; `report` is given a line now and then about how it goes.
    mutating func run(report: (String) -> Void) throws -> ComparisonFigures {
        if settings.candidates.contains(.postgres) {
            let postgres = try PostgresPeer(on: bench, settings.programs)
            try postgres.checkAgreement()
            figures.versions.append((.postgres, postgres.version))
            self.postgres = postgres
        }
        for group in Scenario.groups {
            // Beside the figures that depend on it: what else uses the disk comes and goes.
            if group.first?.durability == .always, figures.disk == nil {
                figures.disk = try DiskFigure(of: bench.path)
            }
            try measure(group, report: report)
        }
        return figures
    }

    private mutating func measure(_ group: [Scenario], report: (String) -> Void) throws {
        guard let durability = group.first?.durability else { return }
        let wanted = settings.candidates.filter { candidate in
            group.contains { $0.candidates.contains(candidate) }
        }
        let peers = try wanted.map { ($0, try start($0, durability)) }
        for scenario in group {
            let taking = peers.filter { scenario.candidates.contains($0.0) }
            var found = taking.map { PeerFigures(candidate: $0.0) }
            for _ in 0..<settings.repeats {
                for (index, (_, peer)) in taking.enumerated() {
                    found[index].runs.append(
                        try PeerRun.measure(
                            peer, scenario, cartLineCount: settings.cartLineCount,
                            settings.length))
                }
            }
            figures.scenarios.append((scenario, found))
            let rates = found.map {
                "\($0.candidate.name) \(NumberText.grouped($0.perSecond, decimals: 0))"
            }
            report("\(scenario.title), requests per second: \(rates.joined(separator: ", "))")
        }
        for (candidate, peer) in peers where candidate != .postgres { bench.end(peer.process) }
    }

    private mutating func start(
        _ candidate: Candidate, _ durability: Durability
    ) throws -> any Peer {
        switch candidate {
        case .echo: return try EchoPeer(on: bench, settings.programs)
        case .coupond: return try checked(CoupondPeer(on: bench, settings.programs, durability))
        case .redis:
            let redis = try checked(RedisPeer(on: bench, settings.programs, durability))
            if !figures.versions.contains(where: { $0.candidate == .redis }) {
                figures.versions.append((.redis, redis.version))
            }
            return redis
        case .postgres:
            guard var postgres else { preconditionFailure("it is started first") }
            postgres.durability = durability
            return postgres
        }
    }

    private func checked<Checked: AnsweringPeer>(_ peer: Checked) throws -> Checked {
        try peer.checkAgreement()
        return peer
    }
}
