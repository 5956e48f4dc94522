import ArgumentParser
import Foundation
import LoadGenerator

/// Puts a load on a socket and says what came of it.
struct LoadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Requests per second and how long replies take.",
        discussion: """
            Three kinds of load. By default every connection always waits for its replies: --depth \
            requests are under way on each. With --per-request every request has a connection of its \
            own, as a PHP page does it. With --rate requests follow a fixed schedule, however slow \
            the daemon is, and latencies count from the scheduled time.

            A mix file has a request in each line, with a weight before it where it is to be sent more \
            often than others. In a request ${n} stands for a number that no other request of the run \
            has, ${run} for one that no other run has, and ${below:LIMIT} for a random one. All have \
            ten digits, so in JSON they belong inside quotes.

            Exits with 1 when a reply was an error, or when one did not come within two seconds after \
            the measured time.
            """)

    @Option(help: "The daemon's socket.")
    var socket: String

    @Option(help: "A file of requests. Neither this nor --request: a shop's validate of SUMMER20.")
    var mix: String?

    @Option(help: "One request.")
    var request: String?

    @Option(help: "Connections open at the same time (default: 50).")
    var connections: Int?

    @Option(help: "Requests under way on each connection (default: 1).")
    var depth: Int?

    @Option(help: "A connection for each request, from so many clients at the same time.")
    var perRequest: Int?

    @Option(help: "Requests due per second, over all connections.")
    var rate: Double?

    @Option(help: "How long to measure, after a warm-up of a tenth of it.")
    var seconds = 5.0

    @Option(help: "Repeats a run's requests; they ask for the same orders then.")
    var seed: UInt64?

    @Option(help: "What the socket speaks: lines (coupond), resp (Redis) or postgres.")
    var framing = Framing.lines

    @Option(help: "The user at a PostgreSQL that trusts the socket.")
    var user = "postgres"

    @Option(help: "The database at a PostgreSQL.")
    var database = "postgres"

    @Flag(help: "Print one JSON object.")
    var json = false

    /// The validate request of a shop: one line, a customer, shipping.
    static let shopRequest = """
        {"id":1,"op":"validate","code":"SUMMER20",\
        "customer":{"id":"cus_7","groups":["vip"],"orders":0},\
        "cart":{"currency":"USD","shipping":500,"lines":[\
        {"product":"p1","quantity":2,"unit_price":2500,"category":["shoes"]}]}}
        """

    func validate() throws {
        try check("--connections", connections ?? 50, in: 1...10_000)
        try check("--depth", depth ?? 1, in: 1...1_000)
        try check("--per-request", perRequest ?? 1, in: 1...10_000)
        try check("--rate", rate ?? 1, in: 0.1...10_000_000)
        try check("--seconds", seconds, in: 0.1...3_600)
        if mix != nil, request != nil {
            throw ValidationError("Either --mix or --request, not both.")
        }
        if let request, request.contains(where: \.isNewline) {
            throw ValidationError("--request is one line.")
        }
        if perRequest != nil, connections != nil || depth != nil || rate != nil {
            throw ValidationError("--per-request goes without --connections, --depth and --rate.")
        }
        if rate != nil, depth != nil { throw ValidationError("--rate goes without --depth.") }
    }

    private func check<Number: Comparable>(
        _ name: String, _ number: Number, in range: ClosedRange<Number>
    ) throws {
        guard range.contains(number) else {
            throw ValidationError("\(name) is \(range.lowerBound) to \(range.upperBound).")
        }
    }

    func run() throws {
        let milliseconds = Int64(seconds * 1_000)
        let plan = LoadPlan(
            target: target, mix: try chosenMix(), pace: pace,
            warmUpMilliseconds: max(100, milliseconds / 10), milliseconds: milliseconds,
            seed: seed ?? .random(in: 0 ... .max))
        let result = try LoadGenerator.run(plan)
        let report = LoadReport(pace: pace, result: result)
        print(json ? try report.json : report.text)
        if let complaint = report.complaint {
            FileHandle.standardError.write(Data("Error: \(complaint)\n".utf8))
            throw ExitCode.failure
        }
    }

    private var target: Target {
        Target(
            socketPath: socket, framing: framing,
            handshake: framing == .postgres ? Postgres.startup(user: user, database: database) : [])
    }

    private var pace: Pace {
        if let perRequest { return .connectionPerRequest(clients: perRequest) }
        if let rate { return .open(connections: connections ?? 50, perSecond: rate) }
        return .closed(connections: connections ?? 50, depth: depth ?? 1)
    }

    private func chosenMix() throws -> Mix {
        if let mix { return try Mix.read(path: mix, framing: framing) }
        let line = request ?? Self.shopRequest
        return Mix(try RequestTemplate(request: Array(line.utf8), framing: framing))
    }
}

extension Framing: ExpressibleByArgument {}

/// A result in the forms that a run of the command prints.
private struct LoadReport {
    let pace: Pace
    let result: LoadResult

    var text: String {
        let latencies = result.latencies
        let percentiles = Self.percentiles
            .map { "\($0.name) \(micro(latencies.percentile($0.percent)))" }
            .joined(separator: ", ")
        var lines = [
            "\(load): \(result.replies) replies in \(result.nanoseconds / 1_000_000) ms, "
                + "\(Int(result.perSecond)) per second",
            "  \(percentiles), max \(micro(latencies.max)) µs",
            "  \(result.accepted) accepted, \(result.refused) refused, \(result.failed) failed",
        ]
        let other = result.replies - result.accepted - result.refused - result.failed
        if other > 0 { lines[2] += ", \(other) neither" }
        if case .open = pace {
            lines.append("  sent at most \(micro(result.longestSendDelay)) µs late")
        }
        return lines.joined(separator: "\n")
    }

    var json: String {
        get throws {
            var latencies = ["max": result.latencies.max, "mean": result.latencies.mean]
            for (name, percent) in Self.percentiles {
                latencies[name] = result.latencies.percentile(percent)
            }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let figures = Figures(
                load: load, milliseconds: result.nanoseconds / 1_000_000,
                perSecond: result.perSecond, sent: result.sent, replies: result.replies,
                accepted: result.accepted, refused: result.refused, failed: result.failed,
                unanswered: result.unanswered, latencyMicroseconds: latencies,
                longestSendDelayMicroseconds: result.longestSendDelay)
            return String(decoding: try encoder.encode(figures), as: UTF8.self)
        }
    }

    /// What makes the run a failure.
    var complaint: String? {
        if let failure = result.firstFailure {
            return "\(result.failed) replies were errors, the first: \(failure)"
        }
        if result.unanswered > 0 {
            return "\(result.unanswered) of \(result.sent) requests had no reply "
                + "two seconds after the measured time"
        }
        return nil
    }

    private static let percentiles = [
        (name: "p50", percent: 50.0), (name: "p90", percent: 90.0), (name: "p99", percent: 99.0),
        (name: "p99.9", percent: 99.9),
    ]

    private struct Figures: Encodable {
        var load: String
        var milliseconds: Int64
        var perSecond: Double
        var sent: Int
        var replies: Int
        var accepted: Int
        var refused: Int
        var failed: Int
        var unanswered: Int
        var latencyMicroseconds: [String: Double]
        var longestSendDelayMicroseconds: Double
    }

    private var load: String {
        switch pace {
        case .closed(let connections, let depth): "\(connections) connections × \(depth) deep"
        case .connectionPerRequest(let clients): "\(clients) clients, a connection per request"
        case .open(let connections, let perSecond):
            "\(perSecond.formatted(.number.grouping(.never))) per second over "
                + "\(connections) connections"
        }
    }

    private func micro(_ microseconds: Double) -> String {
        String(format: microseconds < 100 ? "%.1f" : "%.0f", microseconds)
    }
}
