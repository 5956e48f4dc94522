import Foundation
import LoadGenerator

/// What was measured with so many codes. Sizes are in bytes.
struct SizeFigures {
    var codeCount: Int
    /// Until the sockets answer: from the codes file, and from the compiled catalog.
    var fileSeconds: Double
    var cacheSeconds: Double
    /// Resident after either start, the cache written.
    var fileBytes: Int
    var cacheBytes: Int
    /// Validates per second at 50 connections, 16 and 1 deep.
    var deepRate: Double
    var singleRate: Double
    var reload: ReloadFigures
}

/// What a reload took. Sizes are in bytes.
struct ReloadFigures {
    var changedCount: Int
    var seconds: Double
    var longestTurnMicroseconds: Int
    var bytesBefore: Int
    var peakBytes: Int
    var bytesAfter: Int
}

/// Daemons of one measurement, one after the other.
struct ScaleRig {
    let bench: Workbench
    let executable: String
    /// How long each load lasts.
    let loadMilliseconds: Int64

    static let connections = 50
    static let depth = 16
    private static let changedMax = 1_000_000

    /// What a daemon occupies that has the two coupons only.
    func emptyBytes() throws -> Int {
        let catalog = try CodesCatalog("empty", codes: 0, on: bench)
        let state = try bench.folder("empty-state")
        let daemon = try start(catalog, state)
        defer { daemon.stop() }
        try daemon.tasks.awaitCache(in: state, after: nil)
        return try daemon.steadyBytes()
    }

    func measure(_ codeCount: Int) throws -> SizeFigures {
        let catalog = try CodesCatalog("codes", codes: codeCount, on: bench)
        let state = try bench.folder("state")
        defer {
            // What cannot be removed now is reported when the bench is cleared.
            try? bench.remove(catalog.path)
            try? bench.remove(state)
        }
        let fromFile = try start(catalog, state)
        try fromFile.tasks.awaitCache(in: state, after: nil)
        let fileBytes = try fromFile.steadyBytes()
        fromFile.stop()

        let daemon = try start(catalog, state)
        defer { daemon.stop() }
        guard try daemon.figures().catalog.source == "cache" else {
            throw ProcessFault.failed(
                command: "a start from the cache", status: 0, log: daemon.process.logText)
        }
        let cacheBytes = try daemon.steadyBytes()
        let mix = Mix(try RequestTemplate(CodesCatalog.validate(below: codeCount) + "\n"))
        let deep = try rate(of: daemon, mix, depth: Self.depth)
        let single = try rate(of: daemon, mix, depth: 1)
        return SizeFigures(
            codeCount: codeCount, fileSeconds: fromFile.readySeconds,
            cacheSeconds: daemon.readySeconds, fileBytes: fileBytes, cacheBytes: cacheBytes,
            deepRate: deep, singleRate: single,
            reload: try reload(daemon, catalog, state))
    }

    private func reload(
        _ daemon: DaemonUnderTest, _ catalog: CodesCatalog, _ state: String
    ) throws -> ReloadFigures {
        let changedCount = min(Self.changedMax, max(1, catalog.codeCount / 10))
        try catalog.change(last: changedCount, edition: 1)
        let cache = DaemonTasks.cacheStamp(in: state)
        let bytesBefore = try daemon.steadyBytes()
        try daemon.resetPeak()
        let run = try daemon.tasks.reload()
        try daemon.tasks.awaitCache(in: state, after: cache)
        return ReloadFigures(
            changedCount: changedCount, seconds: Double(run.milliseconds) / 1_000,
            longestTurnMicroseconds: run.longestTurnMicroseconds, bytesBefore: bytesBefore,
            peakBytes: try daemon.peakBytes(), bytesAfter: try daemon.steadyBytes())
    }

    func start(
        _ catalog: CodesCatalog, _ state: String, flags: [String] = []
    ) throws(ProcessFault) -> DaemonUnderTest {
        try DaemonUnderTest.start(
            on: bench, executable: executable, catalog: catalog.path, durability: .no,
            state: state, flags: flags)
    }

    /// Replies per second; none may be an error.
    func rate(
        of daemon: DaemonUnderTest, _ mix: Mix, depth: Int, milliseconds: Int64? = nil
    ) throws -> Double {
        let milliseconds = milliseconds ?? loadMilliseconds
        let result = try LoadGenerator.run(
            LoadPlan(
                target: Target(socketPath: daemon.socketPath, framing: .lines), mix: mix,
                pace: .closed(connections: Self.connections, depth: depth),
                warmUpMilliseconds: milliseconds / 10, milliseconds: milliseconds,
                seed: .random(in: 0 ... .max)))
        try result.checkAnswers(of: daemon)
        return result.perSecond
    }
}

extension LoadResult {
    /// Throws if a reply was an error or did not come.
    func checkAnswers(of daemon: DaemonUnderTest) throws(ProcessFault) {
        try checkReplies(of: daemon)
        if unanswered > 0 {
            throw .dialogue(socket: daemon.socketPath, reason: "\(unanswered) had no reply in time")
        }
    }

    /// Throws if a reply was an error. One that did not come in time shows in the latencies.
    func checkReplies(of daemon: DaemonUnderTest) throws(ProcessFault) {
        guard let firstFailure else { return }
        throw .dialogue(socket: daemon.socketPath, reason: "\(failed) errors: \(firstFailure)")
    }
}
