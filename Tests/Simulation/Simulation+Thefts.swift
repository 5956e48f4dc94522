import CouponStore
import StoreSupport

// Others have the right to change the directory, too: a cleaner of old files, a restore from a backup,
// a slip of the hand. Here they take a name away while the daemon runs, or between two of them. The
// daemon must end before it acknowledges anything more, and a start must refuse, until all is back.

/// What was taken away.
struct Stolen {
    var taken: Taken
    /// The last record that the journal's thread had written by then.
    var written: UInt64
}

extension Simulation {
    private static let lock = directory + "/lock"

    /// The directory and its lock, which must stay.
    func keptNames(on disk: WatchedDisk) throws(DiskFault) -> KeptNames {
        if self.disk[Self.lock] == nil { self.disk[Self.lock] = [] }
        var names = KeptNames()
        try names.keep(self.disk.hold(Self.directory), on: disk)
        try names.keep(self.disk.hold(Self.lock), on: disk)
        return names
    }

    /// Takes something away while the daemon runs.
    func steal() {
        guard let daemon, theft == nil, !isFaultArmed, !disk.hasFaultAhead, !disk.isOff,
            daemon.desk.fault == nil
        else { return }
        // Long lives are for other things, most of the time.
        if isBusy && !luck.happens(10) { return }
        let segment = Self.directory + "/" + daemon.desk.soundReport.segment.name.text
        switch luck.below(5) {
        case 0: take(.file(segment))
        case 1: take(.file(Self.lock))
        case 2: take(.directory(Self.directory))
        case 3: take(.exchangedDirectory(Self.directory))
        default: take(.relinkedDirectory(Self.directory))
        }
    }

    /// Takes the newest segment or the anchor away while no daemon runs.
    func stealWhileStopped() {
        guard theft == nil, let written = daemon?.desk.soundReport.segment.name else { return }
        let newest = disk.names.last { $0.hasSuffix(".log") }
        guard newest == Self.directory + "/" + written.text, let newest else { return }
        take(.file(luck.happens(70) ? newest : Self.directory + "/" + JournalAnchor.name))
    }

    private func take(_ theft: Theft) {
        say("\(theft) is taken away")
        tally.note(.stolen)
        self.theft = Stolen(
            taken: disk.take(theft), written: daemon?.desk.soundReport.written ?? 0)
    }

    func putBack() {
        guard let theft else { return }
        say("\(theft.taken.theft) is put back")
        disk.putBack(theft.taken)
        self.theft = nil
    }

    /// The daemon has ended. A segment that is gone stays so, for the next start to miss it.
    func putBackUnlessMissed(after ended: Ending) {
        if case .file(let path) = theft?.taken.theft, path != Self.lock, ended == .process {
            return
        }
        putBack()
    }

    /// A request is answered that rests on what was written.
    func checkNotStolen(_ request: Request) throws(Violation) {
        guard let theft, request.needed.lowerBound > theft.written else { return }
        throw Violation(
            "\(request.id) is acknowledged, and \(theft.taken.theft) is not there any more")
    }
}
