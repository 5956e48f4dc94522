import CouponStore
import StoreSalvage
import SystemPackage

/// Why a journal cannot be shown or saved.
struct JournalToolFault: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }

    init(_ fault: DiskFault) { description = fault.explanation }

    init(_ fault: SalvageFault, directory: String) {
        description =
            switch fault {
            case .disk(let fault): fault.explanation
            case .nothingThere: "\(directory) holds neither a snapshot nor a journal"
            case .laterVersion(let path, let version):
                "\(path) has version \(version), which a later coupond writes: use that one's"
                    + " couponctl, or --skip-damage if no later coupond ever ran here"
            case .noSnapshot(let faults, let sequence):
                (faults.isEmpty
                    ? ["the snapshot is missing, and the journal begins after sequence \(sequence)"]
                    : faults.map(\.explanation)).joined(separator: "; ")
                    + ": give --without-snapshot to go on without it"
            case .senselessSequence(let sequence):
                "a file in \(directory) names sequence \(sequence), which no journal reaches:"
                    + " move that file away"
            case .unproven(let fault): "the new state cannot be read back: \(fault)"
            }
    }
}

extension DiskFault {
    /// What the system refused, with the file's name.
    var explanation: String { "\(path): \(operation): \(Errno(rawValue: errno))" }
}

extension SnapshotFault {
    var explanation: String {
        if case .unreadable(let fault) = problem { return fault.explanation }
        return "\(path) \(problem.explanation)"
    }
}
