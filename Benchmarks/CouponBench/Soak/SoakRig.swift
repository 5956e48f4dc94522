import Foundation

// Requests go out in batches over a few connections, one batch at a time, so that it is known in which
// order they are answered. They keep to a fixed rate, because the orders on record, and with them the
// memory, depend on it; a batch that is late is not made up for.

/// A daemon that keeps orders for seconds, and the model beside it.
struct SoakRig {
    let bench: Workbench
    let executable: String
    let seconds: Double
    /// Whole seconds.
    let keeping: SoakModel.Keeping
    let perSecond: Double
    let durability: DaemonUnderTest.Durability
    let seed: UInt64
    let isJudged: Bool

    private static let segmentMebibytes = 4
    private static let snapshotSeconds = 30

    /// - Throws: what was wrong, other than the memory, which the report judges.
    func measure() throws -> SoakReport {
        let folders = try SoakFolders(bench, keeping, Self.segmentMebibytes, Self.snapshotSeconds)
        try folders.write(edition: 0)
        var report = SoakReport(seconds: seconds, seed: seed, keeping: keeping, isJudged: isJudged)
        MeasuredPrograms.say("load for \(Int(seconds)) s")
        var shop = SoakSession(
            try start(folders, []), model: SoakModel(keeping), traffic: SoakTraffic(seed: seed),
            folders)
        try shop.load(seconds: seconds, perSecond: perSecond, into: &report)
        report.counts = shop.model.counts
        try shop.daemon.stopCleanly()
        MeasuredPrograms.say("the state, the counters and replays after a restart")
        report.verifications.append(try verify(folders))
        // The calendar of the purge is recorded once a minute, and orders must not wait for it.
        try shop.reconnect(to: try start(folders, ["--trust-clock"]))
        try shop.checkCounters()
        try shop.checkReplays()
        MeasuredPrograms.say("until the last order is archived")
        try shop.awaitNoOrders()
        try shop.checkCounters()
        report.counters = shop.model.counters.count
        report.uses = shop.model.usedCount
        try shop.daemon.stopCleanly()
        report.verifications.append(try verify(folders))
        report.archivedOrders = shop.model.archived.count
        report.linesOfReleased = try checkArchive(folders, shop.model) - report.archivedOrders
        return report
    }

    private func start(_ folders: SoakFolders, _ flags: [String]) throws -> DaemonUnderTest {
        try DaemonUnderTest.start(
            on: bench, executable: executable, catalog: folders.catalog, durability: durability,
            state: folders.state, flags: ["--config", folders.settings] + flags)
    }

    /// What `--verify` says of the counters. Throws if it finds anything wrong.
    private func verify(_ folders: SoakFolders) throws -> String {
        let process = try bench.start(
            "coupond --verify", executable: executable,
            arguments: ["--verify", "--state", folders.state])
        defer { bench.end(process) }
        try process.waitForSuccess()
        guard
            let line = process.logText.split(separator: "\n").first(where: {
                $0.contains("is in order: ")
            }), let found = line.range(of: "in order: ")
        else {
            throw ProcessFault.failed(
                command: "coupond --verify", status: 0, log: process.logText)
        }
        return String(line[found.lowerBound...])
    }

    /// Returns how many lines there are.
    private func checkArchive(_ folders: SoakFolders, _ model: SoakModel) throws -> Int {
        let archive = try SoakArchive(folder: folders.archive)
        let differences = archive.differences(
            from: model.archived, possibly: model.releasedLate)
        guard differences.isEmpty else {
            throw ProcessFault.failed(
                command: "archiving \(model.archived.count) orders in \(archive.lineCount) lines",
                status: 0,
                log: "\(differences.count) differ:\n"
                    + differences.prefix(10).joined(separator: "\n"))
        }
        return archive.lineCount
    }
}

extension DaemonUnderTest {
    /// Stops the daemon; throws if its exit status is not 0.
    fileprivate func stopCleanly() throws(ProcessFault) {
        stop()
        try process.waitForSuccess()
    }
}

/// Where the files of a soak are.
struct SoakFolders {
    let catalog: String
    let settings: String
    let state: String
    let archive: String

    init(
        _ bench: Workbench, _ keeping: SoakModel.Keeping, _ segmentMebibytes: Int,
        _ snapshotSeconds: Int
    ) throws(ProcessFault) {
        catalog = try bench.folder("coupons") + "/coupons.yaml"
        state = try bench.folder("state")
        archive = try bench.folder("archive")
        settings = "\(bench.path)/settings.yaml"
        try Self.write(
            """
            journal: {segment_mib: \(segmentMebibytes)}
            snapshot: {interval_seconds: \(snapshotSeconds)}
            orders:
              forget_unused: \(Int(keeping.forgetUnused))s
              retention: \(Int(keeping.retention))s
              archive: \(archive)

            """, to: settings)
    }

    /// Replaces the definitions in one step.
    func write(edition: Int) throws(ProcessFault) {
        try Self.write(SoakCatalog.text(ofEdition: edition), to: catalog)
    }

    private static func write(_ text: String, to path: String) throws(ProcessFault) {
        do {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        } catch {
            throw .file(path: path, reason: error.localizedDescription)
        }
    }
}
