import CouponCatalog
import CouponRules
import CouponService
import CouponStore
import FlatStorage
import Logging
import Posix
import SystemPackage
import UVLoop

/// Starts a daemon and serves until a signal ends it. Every fault of a start is found before the
/// first client can connect.
func serve(_ overrides: Overrides) throws(StartFault) -> ExitReason {
    // A table of a catalog with a million codes takes some megabytes. With this setting a reload
    // leaves no memory behind; without it, the memory of one and a half catalogs stayed.
    returnBlocksWhenFreed(ofAtLeast: 1 << 20)
    let configuration = try Configuration.read(overrides)
    let logOutput = try openLog(configuration.log)
    defer { logOutput.flush() }
    let log = Logger(to: logOutput, level: configuration.log.level)
    log.info("starting", metadata: ["version": "\(daemonVersion)"])

    let loop = try granted { () throws(UVFault) in try EventLoop() }
    let signals = try granted { () throws(UVFault) in try OperatorSignals(on: loop) }
    try raiseFileDescriptorLimit(configuration.limits)
    let directory = try StateDirectory(locking: configuration.state)
    let state = try loadState(configuration, log)
    let catalog = try StartingCatalog(
        configuration, isStrict: overrides.isStrictCatalog, keepingUsesOf: state.ledger, log)
    let sockets = try openSockets(configuration.sockets, on: loop)
    // Last, so that a start that fails for another reason does not change the journal.
    let journal = try createJournal(after: state.continuation, in: directory, configuration)
    let (sources, isUncached) = (catalog.sources, catalog.isUncached)
    // Consumed, because this function never returns: it would hold the first catalog forever.
    let server = makeServer(consume state, consume catalog, journal.report, configuration)

    do throws(UVFault) {
        let daemon = try Daemon(
            Daemon.Parts(
                loop: loop, overrides: overrides, configuration: configuration, log: log,
                logOutput: logOutput, directory: directory, sockets: sockets, server: server,
                journal: journal))
        try signals.watchEnd(on: loop)
        signals.onSignal = { daemon.follow($0) }
        try daemon.run(serving: sources, isUncached: isUncached)
    } catch {
        for socket in sockets { socket.listener.close() }
        throw .system(.loop(error))
    }
    // Timers run until the process ends, so the loop never runs out of work.
    log.critical("the event loop ended unexpectedly")
    return .bug
}

/// The result of `request`; its fault is one of the system.
private func granted<Granted>(_ request: () throws(UVFault) -> Granted) throws(StartFault)
    -> Granted
{
    do throws(UVFault) {
        return try request()
    } catch {
        throw .system(.loop(error))
    }
}

private func openLog(_ settings: LogSettings) throws(StartFault) -> LogOutput {
    guard let path = settings.file else { return LogOutput() }
    do throws(Errno) {
        return try LogOutput(path: path)
    } catch {
        throw .logNotOpened(path: path, error)
    }
}

/// The state that the last daemon left.
private func loadState(
    _ configuration: Configuration, _ log: Logger
) throws(StartFault) -> RecoveredState {
    let start = BootClock.now
    let state: RecoveredState
    do throws(RecoveryFault) {
        state = try recoverState(configuration)
    } catch {
        throw .unusableState(error, directory: configuration.state.directory)
    }
    if let fault = state.report.damagedSnapshot {
        log.error(
            "a snapshot is damaged; an older one and the journal hold the whole state",
            metadata: ["fault": "\(fault.explanation)"])
    }
    if let tail = state.report.tail {
        log.warning(
            "the end of the journal is incomplete; its records were never acknowledged",
            metadata: [
                "segment": "\(tail.segment.text)", "offset": .stringConvertible(tail.offset),
                "sequence": .stringConvertible(tail.sequence),
            ])
    }
    if state.report.isEmpty {
        log.warning(
            "the state directory holds no state: every counter starts at zero",
            metadata: ["directory": "\(configuration.state.directory)"])
    }
    let totals = state.ledger.totals
    log.info(
        "state loaded",
        metadata: [
            "orders": .stringConvertible(totals.orders),
            "coupons_used": .stringConvertible(totals.couponsUsed),
            "redone": .stringConvertible(state.report.redoneCount),
            "sequence": .stringConvertible(state.ledger.sequence),
            "ms": .stringConvertible(BootClock.now - start),
        ])
    return state
}

private func createJournal(
    after continuation: borrowing JournalContinuation, in directory: StateDirectory,
    _ configuration: Configuration
) throws(StartFault) -> JournalWriter {
    do throws(DiskFault) {
        return try JournalWriter.begin(
            on: PosixDisk(), directory: directory.path,
            segmentByteCount: configuration.journal.segmentByteCount, after: continuation,
            keeping: directory.names)
    } catch {
        throw .journalNotCreated(error)
    }
}

private func makeServer(
    _ state: consuming RecoveredState, _ catalog: StartingCatalog, _ report: JournalReport,
    _ configuration: Configuration
) -> ConversationServer {
    let time = TurnTime.read()
    var settings = ServerSettings()
    settings.limits = configuration.limits
    settings.durability = configuration.journal.durability
    settings.snapshots = configuration.snapshots
    settings.orders = configuration.orders.settings
    settings.start.snapshotSequence = state.snapshotSequence
    settings.start.snapshotByteCount = state.report.snapshotByteCount
    settings.start.journalByteCount = state.report.journalByteCount
    return ConversationServer(
        catalog: catalog.shared, ledger: state.takeLedger(), journal: report, settings: settings,
        facts: ServerFacts(
            version: daemonVersion, startedAt: time.wall, catalogOrigin: catalog.origin,
            catalogWarnings: catalog.warningCount), at: time)
}
