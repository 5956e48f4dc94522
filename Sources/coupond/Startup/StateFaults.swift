// A start that finds its state damaged ends, and a person decides: so every fault shows the
// file, the place in it, the first record in doubt, and what can be done.

import CouponStore
import SystemPackage

extension RecoveryFault {
    var exitReason: ExitReason {
        switch self {
        case .disk(let fault): fault.exitReason
        case .snapshot(let fault): fault.exitReason
        case .journal, .foreignFile, .contradiction: .corruptData
        }
    }

    /// What is wrong with the state in `directory`, then what to do.
    func lines(_ directory: String) -> [String] {
        [explanation(directory), advice(directory)].compactMap { $0 }
    }

    private func explanation(_ directory: String) -> String {
        switch self {
        case .disk(let fault): fault.explanation
        case .snapshot(let fault): fault.explanation
        case .journal(let corruption): corruption.explanation(directory)
        case .foreignFile(let path):
            "\(path) is named almost like a journal segment, but is not one"
        case .contradiction(let counter):
            "the orders in \(directory) and this counter contradict each other: \(counter)"
        }
    }

    /// Nil if the explanation is all that can be said.
    private func advice(_ directory: String) -> String? {
        switch self {
        case .disk(let fault): fault.advice
        case .snapshot(let fault):
            switch fault.problem {
            case .unreadable(let fault): fault.advice
            case .unknownVersion: Self.laterVersion
            default: Self.damage(directory)
            }
        case .journal(let corruption):
            switch corruption.reason {
            case .header(.unknownVersion): Self.laterVersion
            case .anchorDamaged(.unknownVersion): Self.laterVersion
            case .missingAfter, .missingBefore, .missingNewest, .anchorMissing:
                "put the missing file back; or \(Self.damage(directory))"
            default: Self.damage(directory)
            }
        case .foreignFile(let path):
            "give \(path) its name back if it is a segment (journal-GENERATION-SEQUENCE.log, each of"
                + " 16 hexadecimal digits), or move it out of the directory"
        case .contradiction: Self.damage(directory)
        }
    }

    private static let laterVersion = "start the coupond that wrote it, or a later one"

    private static func damage(_ directory: String) -> String {
        "restore \(directory) from a backup, or save what is left of it:"
            + " couponctl journal salvage --state \(directory) --into NEWDIR"
    }
}

extension SnapshotFault {
    var exitReason: ExitReason {
        if case .unreadable(let fault) = problem { fault.exitReason } else { .corruptData }
    }

    /// What is wrong, as a sentence that names the file.
    var explanation: String {
        if case .unreadable(let fault) = problem { return fault.explanation }
        return "the snapshot \(path) \(problem.explanation)"
    }
}

extension JournalCorruption {
    fileprivate func explanation(_ directory: String) -> String {
        guard let segment else {
            if case .missingNewest(let newest) = reason {
                return "the journal segment \(directory)/\(newest.text) is missing, which the file"
                    + " anchor names as the newest (sequence \(sequence))"
            }
            if case .anchorDamaged(let problem) = reason {
                return "the file \(directory)/\(JournalAnchor.name) \(problem.explanation)"
            }
            return
                "the journal in \(directory) is missing: records from sequence \(sequence) on are"
                + " in no file"
        }
        return "the journal segment \(directory)/\(segment.text) \(reason.explanation)"
            + " (byte \(offset), sequence \(sequence))"
    }
}

extension DiskFault {
    var exitReason: ExitReason {
        switch (Errno(rawValue: errno), operation) {
        case (.permissionDenied, _), (.notPermitted, _): .permission
        case (.noSuchFileOrDirectory, _): .missingInput
        case (_, .create), (_, .allocate): .cannotCreate
        default: .inputOutput
        }
    }

    /// What failed, as a sentence that names the file.
    var explanation: String {
        switch operation {
        case .verify: "\(path) does not hold what was written to it"
        case .vanished: "\(path) was removed or renamed while it was in use"
        case .replaced: "\(path) was replaced by something else while it was in use"
        default: "cannot \(deed) \(path): \(Errno(rawValue: errno))"
        }
    }

    fileprivate var advice: String? {
        exitReason == .permission ? "run coupond as the owner of the files" : nil
    }

    private var deed: String {
        switch operation {
        case .create: "create"
        case .allocate: "take space for"
        case .append, .write: "write to"
        case .synchronize, .synchronizeDirectory: "make durable"
        case .close: "close"
        case .rename: "rename"
        case .remove: "remove"
        case .dropFromCache, .read: "read"
        case .examine: "examine"
        case .list: "list"
        case .verify: "verify"
        case .vanished, .replaced: "find"
        }
    }
}
