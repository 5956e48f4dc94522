import CouponRules

/// What a loading may take for granted, and for how long it may go on.
package struct LoadingRules {
    /// Whether a folder without definitions and a file without any are taken. They look like a disk that
    /// is not mounted and a file that is not written yet.
    package var acceptsEmpty = false
    package var deadline: LoadingDeadline?
    /// What has ended by now is warned of.
    package var now: Instant

    package init(now: Instant) { self.now = now }
}

/// The end of the time that a loading has. What reads or compiles asks now and then, and stops; the
/// loading is refused then, and what waits behind it gets its turn.
package final class LoadingDeadline {
    private let seconds: Int64
    private let isPast: () -> Bool
    private var wasPast = false

    /// A deadline `seconds` from now, when `isPast` becomes true.
    package init(seconds: Int64, isPast: @escaping () -> Bool) {
        self.seconds = seconds
        self.isPast = isPast
    }

    /// Asks the clock, unless it is known.
    package var isOver: Bool {
        if !wasPast { wasPast = isPast() }
        return wasPast
    }

    /// Why definitions were not read to their end.
    package func fault(_ paths: [String]) -> DefinitionFault {
        DefinitionFault(
            place: SourcePlace(file: paths.joined(separator: ", "), line: 0), field: "",
            message: "Reading and compiling took longer than the \(seconds) seconds of "
                + "`reload.timeout_seconds`; it was given up.")
    }
}
