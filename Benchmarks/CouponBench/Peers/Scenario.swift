import LoadGenerator

/// One thing that is measured of several candidates.
struct Scenario {
    /// Also part of file names: `validate-50x16`.
    var name: String
    var title: String
    var pace: Pace
    var applies: Bool
    /// What an applied use promises; validate writes nothing.
    var durability: Durability
    var candidates: [Candidate]

    private static let connections = 50
    private static let depths = [1, 16]

    /// What is measured on servers that were started for it: a group shares them.
    static let groups: [[Scenario]] =
        [validates]
        + Durability.allCases.flatMap { durability in
            depths.map { [apply(durability, depth: $0)] }
        }

    static func validate(depth: Int) -> String { "validate-\(connections)x\(depth)" }

    static func apply(_ durability: Durability, depth: Int) -> String {
        "apply-\(durability.rawValue)-\(connections)x\(depth)"
    }

    private static let validates =
        depths.map { depth in
            Scenario(
                name: validate(depth: depth), title: "validate, \(connections) × \(depth)",
                pace: .closed(connections: connections, depth: depth), applies: false,
                durability: .no, candidates: Candidate.allCases)
        } + [
            Scenario(
                name: "validate-connection-each", title: "validate, a connection each",
                pace: .connectionPerRequest(clients: connections), applies: false,
                durability: .no, candidates: Candidate.allCases)
        ]

    private static func apply(_ durability: Durability, depth: Int) -> Scenario {
        Scenario(
            name: apply(durability, depth: depth),
            title: "apply \(durability.rawValue), \(connections) × \(depth)",
            pace: .closed(connections: connections, depth: depth), applies: true,
            durability: durability,
            // PostgreSQL knows no mode that leaves it to the kernel.
            candidates: durability == .no ? [.coupond, .redis] : [.coupond, .redis, .postgres])
    }

    /// Requests that are under way at any time.
    var underWay: Int {
        switch pace {
        case .closed(let connections, let depth): connections * depth
        case .connectionPerRequest(let clients): clients
        case .open: 0
        }
    }
}
