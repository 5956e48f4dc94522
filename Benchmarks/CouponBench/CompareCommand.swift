import ArgumentParser
import Foundation

/// Measures coupond beside what a shop could use in its place.
struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Measures coupond beside a bare echo, a Redis Function and PostgreSQL.",
        discussion: """
            Starts each of them in a temporary folder, proves that they give the same answers, asks \
            them the same with the same generator, and prints one table with ratios and the goals. The \
            peers come from the Debian packages redis-server and postgresql; their functions are in \
            Benchmarks/Peers. Figures are ratios within one run: those of another machine or another \
            hour say little.

            Exits with 1 where something could not be measured; a missed goal is shown, and is \
            no error.
            """)

    @Flag(help: "Measure a few moments of each: shows that all of it works, and judges nothing.")
    var quick = false

    @Option(help: "How often each is measured (default: 3).")
    var repeats: Int?

    @Option(help: "How long each is measured each time (default: 2).")
    var seconds: Double?

    @Option(help: "Lines in the cart of each request.")
    var cartLines = 1

    @Option(
        help: ArgumentHelp(
            "Leave these out: echo, redis, postgres, parted by commas.", valueName: "names"))
    var without = ""

    @Option(
        help: ArgumentHelp(
            "Where coupond and echo-floor are (default: beside this program).", valueName: "dir"))
    var binaries: String?

    @Option(
        help: ArgumentHelp(
            "An existing folder to work in, on the disk in question.", valueName: "dir"))
    var scratch: String?

    @OptionGroup var files: ReportFiles

    func validate() throws {
        guard (1...20).contains(repeats ?? 1) else {
            throw ValidationError("--repeats is 1 to 20.")
        }
        guard (0.1...60).contains(seconds ?? 1) else {
            throw ValidationError("--seconds is 0.1 to 60.")
        }
        guard (1...400).contains(cartLines) else {
            throw ValidationError("--cart-lines is 1 to 400.")
        }
        _ = try candidates()
    }

    func run() throws {
        let measured = seconds ?? (quick ? 0.15 : 2)
        let settings = ComparisonSettings(
            programs: try PeerPrograms(binaries: binaries), candidates: try candidates(),
            repeats: repeats ?? (quick ? 1 : 3),
            length: PeerRun.Length(
                warmUp: Int64(max(50, measured * 200)), measured: Int64(measured * 1_000)),
            cartLineCount: cartLines, judges: !quick)
        let bench = try Workbench(in: scratch)
        defer { bench.clear() }
        var comparison = try Comparison(on: bench, settings)
        let figures = try comparison.run { line in
            FileHandle.standardError.write(Data("\(line)\n".utf8))
        }
        try files.write(.comparison(figures, settings))
    }

    private func candidates() throws -> [Candidate] {
        let names: [String: Candidate] = [
            "echo": .echo, "redis": .redis, "postgres": .postgres,
        ]
        var left: [Candidate] = []
        for name in without.split(separator: ",") {
            guard let candidate = names[name.trimmingCharacters(in: .whitespaces)] else {
                throw ValidationError("--without knows echo, redis and postgres, not \(name).")
            }
            left.append(candidate)
        }
        return Candidate.allCases.filter { !left.contains($0) }
    }
}
