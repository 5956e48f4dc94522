// Reading definitions and writing snapshots take as long as they take, so they happen on threads of
// their own. What crosses over is immutable: the catalog that was built, and the header of the
// segment up to which a snapshot is made from what is on disk.

import Definitions
import CouponCatalog
import CouponService
import CouponStore
import Logging
import Synchronization
import SystemPackage
import UVLoop

// MARK: Orders

extension Daemon {
    func follow(_ order: OperatorSignal) {
        switch order {
        case .reload: server.wish(.reload)
        case .snapshot: server.wish(.snapshot)
        case .reopenLog: reopenLog()
        case .finish: finish()
        }
        startTasks()
    }

    private func reopenLog() {
        do throws(Errno) {
            try logOutput.reopen()
            log.info("log opened anew")
        } catch {
            log.error("the log file cannot be opened anew", metadata: ["fault": "\(error)"])
        }
    }

    /// Starts what the server wishes for.
    func startTasks() {
        while let task = server.nextTask(at: now) {
            switch task {
            case .reload: startReload()
            case .compaction(let header): startCompaction(continuedBy: header)
            }
        }
    }
}

// MARK: Snapshots

extension Daemon {
    private func startCompaction(continuedBy header: SegmentHeader) {
        snapshotter.run(
            { [directory = directory.path] in compact(directory, continuedBy: header) },
            then: { [unowned self] in finishSnapshot($0) })
    }

    private func finishSnapshot(_ outcome: SnapshotOutcome) {
        switch outcome {
        case .written(let compacted, let milliseconds):
            newsOfTurn.append { [unowned self] in
                log.info(
                    "snapshot written",
                    metadata: [
                        "sequence": .stringConvertible(compacted.sequence),
                        "bytes": .stringConvertible(compacted.byteCount),
                        "orders": .stringConvertible(compacted.orderCount),
                        "ms": .stringConvertible(milliseconds),
                        "longest_turn_us": longestTurn(of: .snapshot),
                    ])
            }
            if let fault = compacted.leftBehind {
                log.warning(
                    "segments that are not needed were not removed",
                    metadata: ["fault": "\(fault.explanation)"])
            }
        case .failed(let reason):
            log.error("snapshot failed", metadata: ["fault": "\(reason)"])
        }
        server.finishSnapshot(outcome, at: now)
    }
}

extension Daemon {
    /// As the log tells it, once the turn that ended `task` is over.
    private func longestTurn(of task: LongTask) -> Logger.MetadataValue {
        .stringConvertible(server.longestTurn(of: task) / 1_000)
    }
}

private func compact(_ directory: String, continuedBy header: SegmentHeader) -> SnapshotOutcome {
    let start = BootClock.now
    do throws(CompactionFault) {
        let compacted = try Compaction.run(
            on: PosixDisk(), directory: directory, continuedBy: header)
        return .written(compacted, milliseconds: BootClock.now - start)
    } catch {
        return .failed(error.explanation(directory))
    }
}

extension CompactionFault {
    fileprivate func explanation(_ directory: String) -> String {
        switch self {
        case .disk(let fault): fault.explanation
        case .unreadable(let fault): fault.lines(directory).joined(separator: " ")
        }
    }
}

// MARK: Reloading

/// What reading configuration and catalog anew brought.
private enum Reading: Sendable {
    case invalid([String])
    case valid(
        Configuration, SharedCatalog, CatalogSources, [DerivedIDChange], milliseconds: Int64)
}

extension Daemon {
    private func startReload() {
        tellServiceManager("RELOADING=1")
        let current = server.catalog
        builder.run(
            { [overrides, log] in readAnew(overrides, comparingWith: current, log) },
            then: { [unowned self] in finishReload($0) })
    }

    private func finishReload(_ reading: Reading) {
        let outcome: ReloadOutcome
        switch reading {
        case .invalid(let faults): outcome = .refused(faults)
        case .valid(_, let catalog, _, let changes, let milliseconds):
            outcome = .built(catalog, changes: changes, milliseconds: milliseconds)
        }
        if let unneeded = server.finishReload(outcome, at: now) { release(unneeded) }

        let faults = server.reloadFaults
        if faults.isEmpty,
            case .valid(let next, let catalog, let sources, _, let milliseconds) = reading
        {
            adopt(next)
            cacheCatalog(madeFrom: sources)
            newsOfTurn.append { [unowned self] in
                var metadata = Logger.Metadata.catalog(catalog.catalog, milliseconds)
                metadata["longest_turn_us"] = longestTurn(of: .reload)
                log.info("catalog reloaded", metadata: metadata)
            }
        }
        for fault in faults { log.error("reload refused", metadata: ["fault": "\(fault)"]) }
        tellServiceManager("READY=1")
    }

    /// Follows what of a new configuration can be followed while running.
    private func adopt(_ next: Configuration) {
        var needRestart: [Logger.MetadataValue] = []
        if next.sockets != configuration.sockets { needRestart.append("sockets") }
        if next.state != configuration.state { needRestart.append("state") }
        if next.limits != configuration.limits { needRestart.append("limits") }
        if next.journal != configuration.journal { needRestart.append("journal") }
        if !needRestart.isEmpty {
            log.warning(
                "settings changed that need a restart", metadata: ["settings": .array(needRestart)])
        }
        if next.log.file != configuration.log.file { moveLog(to: next.log.file) }
        log.logLevel = next.log.level
        configuration.log = next.log
        configuration.catalogPaths = next.catalogPaths
        configuration.snapshots = next.snapshots
        server.adopt(next.snapshots)
        if next.idleTimeoutSeconds != configuration.idleTimeoutSeconds {
            configuration.idleTimeoutSeconds = next.idleTimeoutSeconds
            startIdleTimer()
        }
    }

    private func moveLog(to path: String?) {
        do throws(Errno) {
            try logOutput.reopen(at: path)
        } catch {
            log.error(
                "the log file cannot be opened; the log stays where it is",
                metadata: ["file": "\(path ?? "")", "fault": "\(error)"])
        }
    }

    /// Lets go of a catalog on a worker: freeing a large one takes a while.
    private func release(_ catalog: consuming SharedCatalog) {
        let discarded = Discarded(catalog)
        builder.run({ discarded.release() }, then: {})
    }
}

/// Something whose last reference shall be dropped on another thread.
private final class Discarded: Sendable {
    private let content: Mutex<SharedCatalog?>

    init(_ catalog: consuming SharedCatalog) { content = Mutex(catalog) }

    func release() { content.withLock { $0 = nil } }
}

private func readAnew(
    _ overrides: Overrides, comparingWith current: SharedCatalog, _ log: Logger
) -> Reading {
    let start = BootClock.now
    do throws(StartFault) {
        let configuration = try Configuration.read(overrides)
        let recorder = CatalogCache.recorder(of: configuration.catalogPaths ?? [], log)
        let next = SharedCatalog(try loadCatalog(configuration, recorder))
        let changes = next.catalog.changedDerivedIDs(from: current.catalog)
        return .valid(
            configuration, next, recorder.sources, changes, milliseconds: BootClock.now - start)
    } catch {
        return .invalid(error.lines)
    }
}

extension Logger.Metadata {
    /// How large a catalog is, and how long it took.
    static func catalog(_ catalog: borrowing Catalog, _ milliseconds: Int64) -> Logger.Metadata {
        [
            "coupons": .stringConvertible(catalog.couponCount),
            "codes": .stringConvertible(catalog.codeCount),
            "ms": .stringConvertible(milliseconds),
            "codes_per_second": .stringConvertible(
                LoadingPace.perSecond(catalog.codeCount, inMilliseconds: milliseconds)),
        ]
    }
}
