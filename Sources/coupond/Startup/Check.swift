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
    Console.show(
        ["coupond: valid: \(catalog.couponCount) coupons with \(catalog.codeCount) codes"])
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

/// The uses in the present state that the catalog would no longer show.
private func lostUses(
    of catalog: borrowing Catalog, _ configuration: Configuration
) throws(StartFault) -> [DefinitionFault] {
    // A running daemon may be changing to another segment just now, so a fault counts only if
    // it is there at every attempt.
    for attempt in 1...attemptsMax {
        do throws(RecoveryFault) {
            return catalog.lostUses(of: try recoverState(configuration).ledger)
        } catch {
            if error.isMissing { return [] }
            if error.isForbidden {
                // The user who edits the catalog may lack the right to read the state.
                Console.show([
                    "coupond: \(configuration.state.directory) may not be read: whether uses would"
                        + " be lost is not checked"
                ])
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
    /// Whether the directory does not exist.
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
