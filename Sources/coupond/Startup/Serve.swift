import CouponCatalog
import CouponRules
import CouponService
import CouponStore
import FlatStorage
import Logging
import SystemPackage
import UVLoop

/// Starts a daemon and serves until it is told to end. Whatever can be wrong is found before the
/// first client is let in.
func serve(_ overrides: Overrides) throws(StartFault) -> ExitReason {
    let configuration = try Configuration.read(overrides)
    let logOutput = try openLog(configuration.log)
    let log = Logger(to: logOutput, level: configuration.log.level)
    log.info("starting", metadata: ["version": "\(daemonVersion)"])

    let loop = try granted { () throws(UVFault) in try EventLoop() }
    let signals = try granted { () throws(UVFault) in try Signals(on: loop) }
    try raiseFileDescriptorLimit(connectionsMax: configuration.limits.connectionsMax)
    let directory = try StateDirectory(claiming: configuration.state)
    var uncached: CatalogSources?
    let server = try loadServer(
        configuration, isStrict: overrides.isStrictCatalog, uncached: &uncached, log)
    let sockets = try openSockets(configuration.sockets, on: loop)

    do throws(UVFault) {
        let daemon = try Daemon(
            Daemon.Parts(
                loop: loop, overrides: overrides, configuration: configuration, log: log,
                logOutput: logOutput, directory: directory, sockets: sockets, server: server))
        try signals.watchEnd(on: loop)
        signals.onOrder = { daemon.follow($0) }
        if let uncached { daemon.cacheCatalog(madeFrom: uncached) }
        try daemon.run()
    } catch {
        for socket in sockets { socket.listener.close() }
        throw .system(error)
    }
    // Timers run until the process ends, so the loop never runs out of work.
    log.critical("the loop ended by itself")
    return .bug
}

/// What the operating system grants every daemon.
private func granted<Granted>(_ request: () throws(UVFault) -> Granted) throws(StartFault)
    -> Granted
{
    do throws(UVFault) {
        return try request()
    } catch {
        throw .system(error)
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

/// The server with the state that the last daemon left and the catalog as it is on disk. `uncached`
/// becomes what the catalog was compiled from, if that is still to be kept.
private func loadServer(
    _ configuration: Configuration, isStrict: Bool, uncached: inout CatalogSources?, _ log: Logger
) throws(StartFault) -> Server {
    let start = BootClock.now
    let ledger = try loadLedger(configuration, mayBeMissing: false)
    let totals = ledger.totals
    log.info(
        "state loaded",
        metadata: [
            "orders": .stringConvertible(totals.orders),
            "coupons_used": .stringConvertible(totals.couponsUsed),
            "ms": .stringConvertible(BootClock.now - start),
        ])

    let catalog = try StartingCatalog(
        configuration, isStrict: isStrict, keepingUsesOf: ledger, log)
    uncached = catalog.uncached

    let facts = ServerFacts(
        version: daemonVersion, startedAt: Instant(millisecondsSinceEpoch: WallClock.now),
        catalogOrigin: catalog.origin)
    return Server(
        catalog: catalog.shared, ledger: ledger, limits: configuration.limits, facts: facts)
}
