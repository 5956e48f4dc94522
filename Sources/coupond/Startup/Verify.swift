import CouponStore
import Posix

/// Reads the state as a start would and proves that its counters and orders agree, while no daemon
/// runs, and writes nothing.
func verify(_ overrides: Overrides) throws(StartFault) -> ExitReason {
    let directory = try stateDirectory(overrides)
    let lock = try lockOutDaemons(directory)
    defer { withExtendedLifetime(lock) {} }
    do throws(RecoveryFault) {
        let state = try Recovery.recover(
            from: PosixDisk(), directory: directory, seed: .random(),
            orderLimit: OrderTable.countMax)
        try state.check()
        let older = state.faultsOfOlder(on: PosixDisk(), directory: directory).map { fault in
            (fault.lines(directory).first ?? "") + "; only the older snapshot needs that file:"
                + " nothing is lost, and the snapshots to come replace it"
        }
        Console.show((findings(state, directory) + older).map { "coupond: \($0)" })
        return .success
    } catch {
        throw .unusableState(error, directory: directory)
    }
}

/// Verification needs no definitions, so a catalog need not be named.
private func stateDirectory(_ overrides: Overrides) throws(StartFault) -> String {
    if overrides.configurationPath == nil {
        return overrides.stateDirectory ?? StateSettings().directory
    }
    return try Configuration.read(overrides).state.directory
}

/// Keeps daemons from starting while the lock is held.
private func lockOutDaemons(_ directory: String) throws(StartFault) -> DirectoryLock {
    let attempt: DirectoryLock.Attempt
    do throws(PosixFault) {
        attempt = try DirectoryLock.attempt(
            directory, creatingFile: .never, forMilliseconds: lockPatienceMilliseconds)
    } catch {
        throw .unusableState(
            .disk(DiskFault(.read, path: directory, errno: error.errno)), directory: directory)
    }
    switch attempt {
    case .acquired(let lock): return lock
    case .heldByAnother: throw .stateDirectoryTaken(path: directory)
    }
}

/// The totals of a valid state, and the recoverable damage found on the way.
private func findings(_ state: borrowing RecoveredState, _ directory: String) -> [String] {
    let totals = state.ledger.totals, report = state.report
    var lines = [
        "the state in \(directory) is in order: \(totals.orders) orders, \(totals.counters)"
            + " counters, \(totals.usesInForce) uses in force",
        "the last record is \(state.ledger.sequence): \(report.redoneCount) were redone after the"
            + " snapshot's \(state.snapshotSequence), from \(report.segmentCount) segments",
    ]
    if let tail = report.tail {
        lines.append(
            "the end of \(tail.segment.text) is incomplete (byte \(tail.offset), sequence"
                + " \(tail.sequence)): its records were never acknowledged")
    }
    if let fault = report.damagedSnapshot {
        lines.append(
            fault.explanation + "; an older one and the journal hold everything, and the next"
                + " snapshot moves it out of the way")
    }
    return lines
}
