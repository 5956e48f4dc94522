import Foundation
import LoadGenerator

// A phase is a load for some time, on this thread, while another thread asks the daemon for the work
// whose effect is looked for, again and again. The load is put on in slices, so that a phase can go
// on until work that began in it has ended: the end is where a stall would be.

/// A phase of the measurement.
struct StallPhase {
    enum Work: String, CaseIterable {
        case none = "quiet"
        case snapshots
        case reloads
    }

    var work: Work
    /// How often the work was done.
    var runs = 0
    /// Of the requests in it, in seconds.
    var seconds = 0.0
    var sent = 0
    var latencies = Latencies()
    /// The longest that the load generator was late itself.
    var sendDelayMicroseconds = 0.0
    /// The longest turn of the loop: since the start when quiet, else while work was under way.
    var longestTurnMicroseconds = 0
    var processors = PhaseProcessors()

    init(_ work: Work) { self.work = work }
}

/// One daemon with much in it.
struct StallRig {
    let bench: Workbench
    let executable: String
    let codeCount: Int
    let orderCount: Int
    let changedCount: Int
    let durability: DaemonUnderTest.Durability
    let phaseSeconds: Double

    static let connections = 50
    private static let fillDepth = 16
    private static let fillMilliseconds: Int64 = 500
    private static let validatesPerApply = 19
    private static let sliceMilliseconds: Int64 = 2_000

    func measure() throws -> StallReport {
        MeasuredPrograms.say("writing \(codeCount) codes")
        let catalog = try CodesCatalog("codes", codes: codeCount, on: bench)
        let state = try bench.folder("state")
        MeasuredPrograms.say("starting on them")
        let first = try start(catalog, state)
        try first.tasks.awaitCache(in: state, after: nil)
        MeasuredPrograms.say("applying \(orderCount) orders")
        try fill(first)
        MeasuredPrograms.say("how much it can do at most")
        let saturated = try load(first, .closed(connections: Self.connections, depth: 1))
        first.stop()

        // Another start, so that nothing of all that is in its statistics.
        let daemon = try start(catalog, state)
        defer { daemon.stop() }
        var report = StallReport(
            codeCount: codeCount, changedCount: changedCount, durability: durability,
            saturatedRate: saturated.perSecond, residentBytes: try daemon.steadyBytes())
        report.orderCount = try daemon.figures().ledger.orders
        for work in StallPhase.Work.allCases {
            MeasuredPrograms.say("at half of that: \(work.rawValue)")
            report.phases.append(
                try phase(work, of: daemon, catalog, state, perSecond: saturated.perSecond / 2))
        }
        report.residentBytesAfter = try daemon.steadyBytes()
        return report
    }

    private func start(_ catalog: CodesCatalog, _ state: String) throws -> DaemonUnderTest {
        try DaemonUnderTest.start(
            on: bench, executable: executable, catalog: catalog.path, durability: durability,
            state: state)
    }

    private func fill(_ daemon: DaemonUnderTest) throws {
        let orders = Mix(
            try RequestTemplate(
                CodesCatalog.apply(code: "EACH", customer: "cus_${run}_${n}") + "\n"))
        while try daemon.figures().ledger.orders < orderCount {
            let result = try LoadGenerator.run(
                plan(
                    daemon, orders, .closed(connections: Self.connections, depth: Self.fillDepth),
                    milliseconds: Self.fillMilliseconds))
            try result.checkReplies(of: daemon)
        }
    }

    // MARK: Phases

    private func phase(
        _ work: StallPhase.Work, of daemon: DaemonUnderTest, _ catalog: CodesCatalog,
        _ state: String, perSecond: Double
    ) throws -> StallPhase {
        var phase = StallPhase(work)
        let side = SideWork()
        let tasks = daemon.tasks
        switch work {
        case .none: break
        case .snapshots: side.start { _ in try tasks.compact() }
        case .reloads:
            side.start { [changedCount] run in
                // Every other one takes the first codes back.
                let cache = DaemonTasks.cacheStamp(in: state)
                try catalog.change(last: run % 2 == 0 ? changedCount : 0, edition: run % 20 + 1)
                let reload = try tasks.reload()
                // Its last part: what serves is written down, while it serves.
                try tasks.awaitCache(in: state, after: cache)
                return reload
            }
        }
        // On any failure, it must not go on with a daemon that has ended.
        defer { side.finish() }
        while phase.seconds < phaseSeconds || side.isRunning {
            let before = try PhaseProcessors(of: daemon.id)
            let result = try load(
                daemon, .open(connections: Self.connections, perSecond: perSecond))
            phase.processors.add(from: before, to: try PhaseProcessors(of: daemon.id))
            phase.seconds += Double(result.nanoseconds) / 1e9
            phase.sent += result.sent
            phase.latencies.add(result.latencies)
            phase.sendDelayMicroseconds = max(phase.sendDelayMicroseconds, result.longestSendDelay)
            if phase.seconds >= phaseSeconds { side.finish() }
        }
        let runs = try side.runs()
        phase.runs = runs.count
        phase.longestTurnMicroseconds =
            work == .none
            ? try daemon.figures().loop.longestTurnMicroseconds
            : runs.map(\.longestTurnMicroseconds).max() ?? 0
        return phase
    }

    private func load(_ daemon: DaemonUnderTest, _ pace: Pace) throws -> LoadResult {
        let unchangedCount = codeCount - changedCount
        let mix = Mix([
            (
                Self.validatesPerApply,
                try RequestTemplate(CodesCatalog.validate(below: unchangedCount) + "\n")
            ),
            (1, try RequestTemplate(CodesCatalog.apply(below: unchangedCount) + "\n")),
        ])
        let slice = min(Self.sliceMilliseconds, Int64(phaseSeconds * 1_000))
        let result = try LoadGenerator.run(plan(daemon, mix, pace, milliseconds: slice))
        try result.checkReplies(of: daemon)
        return result
    }

    private func plan(
        _ daemon: DaemonUnderTest, _ mix: Mix, _ pace: Pace, milliseconds: Int64
    ) -> LoadPlan {
        LoadPlan(
            target: Target(socketPath: daemon.socketPath, framing: .lines), mix: mix, pace: pace,
            warmUpMilliseconds: milliseconds / 10, milliseconds: milliseconds,
            seed: .random(in: 0 ... .max))
    }
}
