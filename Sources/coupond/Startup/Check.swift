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
    let loaded = try LoadedCatalog(configuration)
    Console.show(loaded.warnings.map(\.warning))
    let unlisted = loaded.sources.warningCount - loaded.warnings.count
    if unlisted > 0 { Console.show(["coupond: \(unlisted) more warnings are not listed"]) }
    let uses = try compareUses(with: loaded.catalog, configuration)
    Console.show(uses.warnings.map(\.warning))
    if !uses.faults.isEmpty { throw .invalidDefinitions(uses.faults) }
    Console.show([
        "coupond: valid: \(loaded.catalog.couponCount) coupons with"
            + " \(loaded.catalog.codeCount) codes"
    ])
    return .success
}

/// The uses in the present state that the catalog would no longer show, and the limits that they
/// exceed.
private func compareUses(
    with catalog: borrowing Catalog, _ configuration: Configuration
) throws(StartFault) -> (faults: [DefinitionFault], warnings: [DefinitionFault]) {
    // A running daemon may be changing to another segment just now, so a fault counts only if
    // it is there at every attempt.
    for attempt in 1...attemptsMax {
        do throws(RecoveryFault) {
            let state = try recoverState(configuration)
            return (
                catalog.lostUses(of: state.ledger), catalog.limitsBelowUse(in: state.ledger)
            )
        } catch {
            if error.isMissing { return ([], []) }
            if error.isForbidden {
                // The user who edits the catalog may lack the right to read the state.
                Console.show([
                    "coupond: \(configuration.state.directory) may not be read: whether uses would"
                        + " be lost is not checked"
                ])
                return ([], [])
            }
            if attempt == attemptsMax {
                throw .unusableState(error, directory: configuration.state.directory)
            }
        }
    }
    return ([], [])
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
