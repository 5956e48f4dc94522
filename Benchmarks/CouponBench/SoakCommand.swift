import ArgumentParser

/// Whether a daemon lasts: its memory and its answers over time.
struct SoakCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "soak",
        abstract: "Runs a shop whose orders end after seconds, and checks memory and every reply.",
        discussion: """
            Requests of all kinds, with reloads and snapshots beside them; holds lapse, and orders are \
            forgotten and archived all the time. Each reply is compared with a model. Then the daemon \
            is stopped, its state verified, and started again; the counters are compared, and once \
            every order has left the records, the archive. The exit status is 0 only if everything \
            was right and the memory of the daemon has not grown.
            """)

    @Option(help: "How long the load lasts.")
    var minutes = 3.0

    @Flag(help: "Half a minute in all: shows that it works, does not judge memory.")
    var quick = false

    @Option(help: "Requests per second.")
    var rate = 2_000.0

    @Option(help: "When orders are on disk: no, everysec or always.")
    var durability = DaemonUnderTest.Durability.always

    @Option(help: "Chooses the requests (default: a random one, which is printed).")
    var seed: UInt64?

    @OptionGroup var programs: MeasuredPrograms
    @OptionGroup var files: ReportFiles

    func validate() throws {
        if !(1...1_440).contains(minutes) { throw ValidationError("--minutes is 1 to 1440.") }
        if !(100...20_000).contains(rate) { throw ValidationError("--rate is 100 to 20000.") }
    }

    func run() throws {
        let seed = seed ?? .random(in: 0...UInt64(UInt32.max))
        let bench = try Workbench(in: programs.scratch)
        defer { bench.clear() }
        MeasuredPrograms.say("seed \(seed)")
        let rig = SoakRig(
            bench: bench, executable: programs.coupond, seconds: quick ? 15 : minutes * 60,
            keeping: quick
                ? .init(forgetUnused: 1, retention: 3) : .init(forgetUnused: 5, retention: 10),
            perSecond: rate, durability: durability, seed: seed, isJudged: !quick)
        let report = try rig.measure()
        try files.write(report.report)
        if let problem = report.problem {
            MeasuredPrograms.say(problem)
            throw ExitCode.failure
        }
    }
}
