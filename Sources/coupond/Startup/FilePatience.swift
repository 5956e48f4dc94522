import Definitions

// A file that is being written looks like any other file, only shorter. What gives it away is that it
// changes: while it is read, or shortly before and again afterwards. So definitions count when all their
// files were the same before and after the reading, and none was written shortly before the last look.
// Otherwise they are looked at once more, or read again, for a while.

/// Decides whether the files of a loading were at rest. Durations are in milliseconds.
struct FilePatience {
    /// For how long a file must not have been written.
    static let restMilliseconds: Int64 = 500
    /// For how long files are read again that change meanwhile.
    static let patienceMilliseconds: Int64 = 10_000

    /// What follows from a look at the files.
    enum Step: Equatable {
        /// What was read is what is there.
        case atRest
        /// They were written only now: look again after so long.
        case lookAgain(after: Int64)
        /// They have changed: read them again after so long.
        case readAgain(after: Int64)
        /// These kept changing.
        case givenUp([String])
    }

    private let startedAt: Int64
    private var hasLookedAgain = false

    /// For a loading that begins at `steady`, a time that never jumps.
    init(startingAt steady: Int64) { startedAt = steady }

    /// Another reading begins.
    mutating func beginReading() { hasLookedAgain = false }

    /// The next step when `changed` differ from what was read. `lastChange` and `wall` are when the
    /// youngest file was written, and now, in milliseconds since 1970.
    mutating func step(
        changed: [String], lastChange: Int64, wall: Int64, steady: Int64
    ) -> Step {
        if !changed.isEmpty {
            return steady - startedAt < Self.patienceMilliseconds
                ? .readAgain(after: Self.restMilliseconds) : .givenUp(changed)
        }
        let (age, isBeyond) = wall.subtractingReportingOverflow(lastChange)
        if hasLookedAgain || isBeyond || age >= Self.restMilliseconds { return .atRest }
        hasLookedAgain = true
        // A file from the future (a clock was wrong) is given the whole time.
        return .lookAgain(after: Self.restMilliseconds - max(age, 0))
    }
}

extension DefinitionFault {
    /// Why a file or folder that kept changing is refused.
    init(keptChanging path: String) {
        self.init(
            place: SourcePlace(file: path, line: 0), field: "",
            message:
                "It kept changing for \(FilePatience.patienceMilliseconds / 1_000) seconds while "
                + "it was read. Write a new file beside it and rename it into place.")
    }
}
