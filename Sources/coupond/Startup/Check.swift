import Definitions
import CouponCatalog
import CouponService
import CouponStore
import SystemPackage

/// Checks what a start with this command line would read, while another daemon may be running, and
/// changes nothing.
func check(_ overrides: Overrides) throws(StartFault) -> ExitReason {
    let configuration = try Configuration.read(overrides)
    for socket in configuration.sockets { try socket.checkPathLength() }
    let catalog = try loadCatalog(configuration)
    let faults = try lostUses(of: catalog, configuration)
    if !faults.isEmpty { throw .invalidDefinitions(faults) }
    Console.say("valid: \(catalog.couponCount) coupons with \(catalog.codeCount) codes")
    return .success
}

/// Reads and compiles the configured definitions. `recorder` records every file.
func loadCatalog(
    _ configuration: Configuration, _ recorder: SourceRecorder? = nil
) throws(StartFault) -> Catalog {
    do throws(CatalogFaults) {
        return try Catalog.load(paths: configuration.catalogPaths ?? [], recorder: recorder)
    } catch {
        throw .invalidDefinitions(error.faults)
    }
}

/// What the catalog would lose sight of in the state that a start would find.
private func lostUses(
    of catalog: borrowing Catalog, _ configuration: Configuration
) throws(StartFault) -> [DefinitionFault] {
    // A daemon that runs may be going over to another segment just now: what looks wrong for a
    // moment is looked at again.
    for attempt in 1...attemptsMax {
        do throws(RecoveryFault) {
            return catalog.lostUses(of: try recoverState(configuration).ledger)
        } catch {
            if error.isMissing { return [] }
            if error.isForbidden {
                // The user who edits the catalog may lack the right to read the state.
                Console.say(
                    "\(configuration.state.directory) may not be read: whether uses would be lost"
                        + " is not checked")
                return []
            }
            if attempt == attemptsMax {
                throw .unusableState(error, directory: configuration.state.directory)
            }
        }
    }
    return []
}

private let attemptsMax = 3

/// Reads the state that the last daemon left, and changes nothing.
func recoverState(_ configuration: Configuration) throws(RecoveryFault) -> RecoveredState {
    try Recovery.recover(
        from: PosixDisk(), directory: configuration.state.directory, seed: .random(),
        orderLimit: configuration.limits.ordersMax, lapseClock: TurnTime.read().lapseClock)
}

extension RecoveryFault {
    /// The directory is not there.
    fileprivate var isMissing: Bool {
        if case .disk(let fault) = self {
            return fault.operation == .list && errno == .noSuchFileOrDirectory
        }
        return false
    }

    fileprivate var isForbidden: Bool { errno == .permissionDenied }

    private var errno: Errno? {
        switch self {
        case .disk(let fault): Errno(rawValue: fault.errno)
        case .snapshot(let fault):
            if case .unreadable(let fault) = fault.problem {
                Errno(rawValue: fault.errno)
            } else {
                nil
            }
        default: nil
        }
    }
}
