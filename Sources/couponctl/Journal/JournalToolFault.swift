import CouponStore
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
                    ? ["there is no snapshot, and the journal begins after sequence \(sequence)"]
                    : faults.map(\.explanation)).joined(separator: "; ")
                    + ": --without-snapshot goes on without what it held"
            case .senselessSequence(let sequence):
                "a file in \(directory) speaks of sequence \(sequence), which no journal reaches:"
                    + " move that file away"
            case .unproven(let fault): "what was written does not read as a state: \(fault)"
            }
    }
}

extension DiskFault {
    /// What the system refused, as a sentence that names the file.
    var explanation: String { "\(path): \(operation): \(Errno(rawValue: errno))" }
}

extension SnapshotFault {
    var explanation: String {
        if case .unreadable(let fault) = problem { return fault.explanation }
        return "\(path) \(problem.explanation)"
    }
}
