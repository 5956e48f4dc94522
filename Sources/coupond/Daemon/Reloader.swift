import CouponCatalog
import CouponService
import CouponStore
import Definitions
import Logging
import Posix
import Synchronization
import SystemPackage
import UVLoop

// Reading definitions takes long, so a worker does it. Only immutable values cross threads: the new
// catalog and its sources. A catalog that serves is also written to the cache for the next start; a
// failure there costs speed and the fallback, nothing else.

/// Reads configuration and catalog again when asked, and applies them if they are valid.
final class Reloader {
    private let worker: Worker
    private let overrides: Overrides
    private let cache: CatalogCache
    private let server: LoopServer
    private let idleTimeout: IdleTimeout
    private let archiver: OrderArchiver
    private let log: DaemonLog
    /// The configuration in force.
    private var configuration: Configuration
    /// Of the serving catalog.
    private var sources: CatalogSources?

    init(
        _ worker: Worker, overrides: Overrides, configuration: Configuration, cache: CatalogCache,
        server: LoopServer, idleTimeout: IdleTimeout, archiver: OrderArchiver, log: DaemonLog
    ) {
        self.worker = worker
        self.overrides = overrides
        self.configuration = configuration
        self.cache = cache
        self.server = server
        self.idleTimeout = idleTimeout
        self.archiver = archiver
        self.log = log
    }

    /// Notes what the daemon begins with, and writes it to the cache if it is not there yet.
    func begin(serving sources: CatalogSources, isUncached: Bool) {
        self.sources = sources
        if isUncached { writeCache(madeFrom: sources) }
    }

    /// Begins a reload. `isForced`: definitions that look as if a part were missing are taken.
    func start(isForced: Bool) {
        log.notifyServiceManager("RELOADING=1")
        let current = server.with { server in server.catalog }
        worker.run(
            { [overrides, sources, logger = log.log] in
                readAgain(
                    overrides, isForced: isForced, comparingWith: current, of: sources, logger)
            },
            then: { [unowned self] in finish($0) })
    }

    private func finish(_ reading: ReloadReading) {
        let outcome: ReloadOutcome
        switch reading {
        case .invalid(let faults): outcome = .refused(faults)
        case .valid(_, let catalog, let sources, let changes, let limited, let milliseconds):
            outcome = .built(
                catalog, changes: changes, warnings: sources.warningCount, limited: limited,
                milliseconds: milliseconds)
        }
        let (unneeded, faults) = server.with { server, now in
            (server.finishReload(outcome, at: now), server.reloadFaults)
        }
        if let unneeded { release(unneeded) }

        if faults.isEmpty,
            case .valid(let next, let catalog, let sources, _, _, let milliseconds) = reading
        {
            adopt(next)
            self.sources = sources
            writeCache(madeFrom: sources)
            log.postpone { [log, server] in
                var metadata = Logger.Metadata.catalog(
                    catalog.catalog, warnings: server.with { server in server.catalogWarnings },
                    milliseconds)
                metadata["longest_turn_us"] = server.longestTurn(of: .reload)
                log.info("catalog reloaded", metadata: metadata)
            }
        }
        for fault in faults {
            log.error("reload refused", metadata: ["fault": "\(fault)"])
        }
        log.notifyServiceManager("READY=1")
    }

    /// Applies the settings that can change while the daemon runs.
    private func adopt(_ next: Configuration) {
        var needRestart: [Logger.MetadataValue] = []
        if next.sockets != configuration.sockets { needRestart.append("sockets") }
        if next.state != configuration.state { needRestart.append("state") }
        if next.limits != configuration.limits { needRestart.append("limits") }
        if next.journal != configuration.journal { needRestart.append("journal") }
        if !needRestart.isEmpty {
            log.warning(
                "changed settings need a restart", metadata: ["settings": .array(needRestart)])
        }
        log.adopt(next.log, replacing: configuration.log)
        configuration.log = next.log
        configuration.catalogPaths = next.catalogPaths
        configuration.reload = next.reload
        configuration.snapshots = next.snapshots
        configuration.orders = next.orders
        archiver.folder = next.orders.archiveFolder
        server.with { server in
            server.adopt(next.snapshots)
            server.adopt(next.orders.settings)
        }
        if next.idleTimeoutSeconds != configuration.idleTimeoutSeconds {
            configuration.idleTimeoutSeconds = next.idleTimeoutSeconds
            idleTimeout.start(seconds: next.idleTimeoutSeconds)
        }
    }

    /// Releases a catalog on the worker: freeing a large one takes a while.
    private func release(_ catalog: consuming SharedCatalog) {
        let discarded = DiscardedCatalog(catalog)
        worker.run({ discarded.release() }, then: {})
    }

    // MARK: The cache

    /// Writes the serving catalog, which was compiled from `sources`, to the cache for the next
    /// start.
    func writeCache(madeFrom sources: CatalogSources) {
        let catalog = server.with { server in server.catalog }
        worker.run(
            { [cache] in write(catalog, madeFrom: sources, to: cache) },
            then: { [unowned self] in logCached($0) })
    }

    private func logCached(_ outcome: CachingOutcome) {
        switch outcome {
        case .written(let byteCount, let milliseconds):
            log.info(
                "catalog cache written",
                metadata: [
                    "bytes": .stringConvertible(byteCount), "ms": .stringConvertible(milliseconds),
                ])
        case .failed(let reason):
            log.warning("cannot write the catalog cache", metadata: ["fault": "\(reason)"])
        }
    }
}

/// The configuration and catalog that a reload read.
private enum ReloadReading: Sendable {
    case invalid([String])
    case valid(
        Configuration, SharedCatalog, CatalogSources, [DerivedIDChange], limited: [CouponID],
        milliseconds: Int64)
}

private enum CachingOutcome: Sendable {
    case written(byteCount: Int, milliseconds: Int64)
    case failed(String)
}

/// A catalog whose last reference is to be dropped on another thread.
private final class DiscardedCatalog: Sendable {
    private let content: Mutex<SharedCatalog?>

    init(_ catalog: consuming SharedCatalog) { content = Mutex(catalog) }

    func release() { content.withLock { $0 = nil } }
}

/// How many limits the loop compares with uses after a reload: that takes it a millisecond at most.
private let comparedLimitsMax = 4_096

private func readAgain(
    _ overrides: Overrides, isForced: Bool, comparingWith current: SharedCatalog,
    of serving: CatalogSources?, _ log: Logger
) -> ReloadReading {
    let start = BootClock.now
    do throws(StartFault) {
        let configuration = try Configuration.read(overrides)
        let deadline = LoadingDeadline(seconds: configuration.reload.timeoutSeconds)
        let loaded = try LoadedCatalog(
            configuration, acceptsEmpty: isForced, until: deadline, log)
        let sources = loaded.sources
        if !isForced {
            let guarding = ReloadGuard(
                serving: serving, shrinkPercent: configuration.reload.shrinkPercent)
            let faults = guarding.faults(
                of: loaded.catalog, from: sources, inPlaceOf: current.catalog)
            if !faults.isEmpty { throw .invalidDefinitions(faults) }
        }
        let next = SharedCatalog(loaded.catalog)
        let changes = next.catalog.changedDerivedIDs(from: current.catalog, until: deadline)
        if deadline.isOver { throw .invalidDefinitions([deadline.fault(sources.paths)]) }
        return .valid(
            configuration, next, sources, changes,
            limited: next.catalog.couponsWithTotals(
                changedFrom: current.catalog, countMax: comparedLimitsMax),
            milliseconds: BootClock.now - start)
    } catch {
        return .invalid(error.lines)
    }
}

private func write(
    _ shared: SharedCatalog, madeFrom sources: CatalogSources, to cache: CatalogCache
) -> CachingOutcome {
    let start = BootClock.now
    do throws(DiskFault) {
        let byteCount = try cache.write(shared.catalog, madeFrom: sources)
        return .written(byteCount: byteCount, milliseconds: BootClock.now - start)
    } catch {
        return .failed(error.explanation)
    }
}

extension Logger.Metadata {
    /// The size of a catalog, the number of its warnings, and how long loading it took.
    static func catalog(
        _ catalog: borrowing Catalog, warnings: Int, _ milliseconds: Int64
    ) -> Logger.Metadata {
        [
            "warnings": .stringConvertible(warnings),
            "coupons": .stringConvertible(catalog.couponCount),
            "codes": .stringConvertible(catalog.codeCount),
            "ms": .stringConvertible(milliseconds),
            "codes_per_second": .stringConvertible(
                LoadingPace.perSecond(catalog.codeCount, inMilliseconds: milliseconds)),
        ]
    }
}
