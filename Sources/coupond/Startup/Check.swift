import CouponCatalog
import CouponStore
import FlatStorage
import SystemPackage

/// Checks what a start with this command line would read, while another daemon may be running, and
/// changes nothing.
func check(_ overrides: Overrides) throws(StartFault) -> ExitReason {
    let configuration = try Configuration.read(overrides)
    for socket in configuration.sockets { try socket.checkPathLength() }
    let catalog = try loadCatalog(configuration)
    do throws(StartFault) {
        let ledger = try loadLedger(configuration, mayBeMissing: true)
        let faults = catalog.lostUses(of: ledger)
        if !faults.isEmpty { throw .invalidDefinitions(faults) }
    } catch .unusableSnapshot(let fault) where fault.isForbidden {
        // Whoever edits the catalog need not be the user who may read what was sold.
        Console.say("\(fault.path) may not be read: whether uses would be lost is not checked")
    }
    Console.say("valid: \(catalog.couponCount) coupons with \(catalog.codeCount) codes")
    return .success
}

/// Reads and compiles the configured definitions. `recorder` is told of every file.
func loadCatalog(
    _ configuration: Configuration, _ recorder: SourceRecorder? = nil
) throws(StartFault) -> Catalog {
    do throws(CatalogFaults) {
        return try Catalog.load(paths: configuration.catalogPaths ?? [], recorder: recorder)
    } catch {
        throw .invalidDefinitions(error.faults)
    }
}

/// Reads the state that the last daemon left. With `mayBeMissing`, a state directory that does not
/// exist is an empty state.
func loadLedger(
    _ configuration: Configuration, mayBeMissing: Bool
) throws(StartFault) -> Ledger {
    let seed = HashSeed.random()
    do throws(SnapshotFault) {
        return try Snapshot.load(
            from: PosixDisk(), directory: configuration.state.directory, seed: seed,
            orderLimit: configuration.limits.ordersMax)
    } catch {
        if mayBeMissing, error.isMissing {
            return Ledger(seed: seed, orderLimit: configuration.limits.ordersMax)
        }
        throw .unusableSnapshot(error)
    }
}

extension SnapshotFault {
    /// The directory is not there.
    fileprivate var isMissing: Bool { errno == .noSuchFileOrDirectory }

    fileprivate var isForbidden: Bool { errno == .permissionDenied }

    private var errno: Errno? {
        if case .unreadable(let fault) = problem { Errno(rawValue: fault.errno) } else { nil }
    }
}
