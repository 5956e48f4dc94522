import CouponService
import CouponStore

// The states that the daemon went through, as it handed them to the journal, and what was
// acknowledged of them. Records become durable in batches, and a batch is what one turn took; so the only states
// that a recovery may find are those in which a turn was begun. Which of these it must reach at least
// is what the mode promises for the way in which the daemon ended.

/// How a daemon ended.
enum Ending {
    /// Everything that was given to the system is there.
    case process
    /// Everything that was synchronized is there, and of the rest anything.
    case powerCut
    /// Everything was synchronized in good order before.
    case drained
}

/// What the daemon decided, and what it acknowledged.
struct History {
    private struct Acknowledgement {
        /// The last record that a reply rests on.
        var needed: UInt64
        /// When one left that rests on it, in steady milliseconds.
        var at: Int64
    }

    /// The states at the beginnings of turns, and at the start, by rising sequence.
    private var states: [StateCopy]
    private var acknowledged: [Acknowledgement] = []
    /// The same by upper bounds: the earliest time at which each record can have been acknowledged.
    private var earliest: [Acknowledgement] = []
    private let mode: DurabilityMode
    /// The last record that the present daemon started with: it was durable then.
    private(set) var started: UInt64
    /// Whether something that was written may be gone though no power was cut: the disk refused a
    /// synchronization.
    var hasRefusedSynchronization = false

    init(_ mode: DurabilityMode, startingWith state: StateCopy) {
        self.mode = mode
        states = [state]
        started = state.sequence
    }

    var last: StateCopy { states[states.count - 1] }

    /// A turn is begun in that state.
    mutating func note(_ state: StateCopy) {
        if state.sequence > last.sequence { states.append(state) }
    }

    /// The daemon has come to rest in that state.
    mutating func comeToRest(in state: StateCopy) {
        note(state)
        started = state.sequence
    }

    /// A reply left that rests on a record between those two. Only a record beyond all that were
    /// acknowledged before counts.
    mutating func acknowledge(_ needed: ClosedRange<UInt64>, at steady: Int64) {
        if needed.upperBound > earliest.last?.needed ?? 0 {
            earliest.append(Acknowledgement(needed: needed.upperBound, at: steady))
        }
        if let previous = acknowledged.last, previous.needed >= needed.lowerBound { return }
        let first = earliest.first { $0.needed >= needed.lowerBound }
        acknowledged.append(Acknowledgement(needed: needed.lowerBound, at: first?.at ?? steady))
    }

    /// Judges what a recovery has found after the daemon `ended` so.
    ///
    /// `rotten` is the last record that the journal had marked as durable, where the disk has lost
    /// something of its own that was synchronized; what is above is indistinguishable from an unfinished end.
    func check(
        _ found: StateCopy, after ended: Ending, rotten: UInt64? = nil
    ) throws(Violation) {
        try checkIsLongEnough(found.sequence, after: ended, rotten: rotten)
        guard let state = states.last(where: { $0.sequence == found.sequence }) else {
            throw Violation("recovered up to \(found.sequence), where no turn ended")
        }
        if state.isSame(as: found) { return }
        guard let expected = state.read(), let read = found.read() else {
            throw Violation("the state at \(found.sequence) cannot be read")
        }
        if expected != read {
            throw Violation(
                "the state at \(found.sequence) is another one: "
                    + Self.difference(expected, read))
        }
    }

    private static func difference(_ expected: StateView, _ found: StateView) -> String {
        let names = Set(expected.orders.keys).union(found.orders.keys).sorted()
        if let name = names.first(where: { expected.orders[$0] != found.orders[$0] }) {
            return "order \(name)"
        }
        let counters = Set(expected.counters.keys).union(found.counters.keys)
        let counter = counters.first { expected.counters[$0] != found.counters[$0] }
        return "\(counter.map { "\($0)" } ?? "nothing")"
    }

    private func checkIsLongEnough(
        _ sequence: UInt64, after ended: Ending, rotten: UInt64?
    ) throws(Violation) {
        if let rotten {
            if sequence >= rotten { return }
            throw Violation("recovered up to \(sequence) of a rotten disk, and \(rotten) is marked")
        }
        if sequence < started {
            throw Violation("recovered up to \(sequence), and \(started) was durable at the start")
        }
        let lost = acknowledged.filter { $0.needed > sequence }
        guard let first = lost.first, let latest = lost.last else { return }
        switch mode {
        case .no where !keepsAll(after: ended): return
        // It acknowledges for a second without synchronizing, and then no more.
        case .everysec where !keepsAll(after: ended) && latest.at - first.at <= 1_000: return
        default:
            throw Violation(
                "recovered up to \(sequence), and \(latest.needed) was acknowledged (\(mode), "
                    + "\(ended))")
        }
    }

    /// Whether the mode promises that nothing acknowledged is lost.
    func keepsAll(after ended: Ending) -> Bool {
        mode == .always || ended == .drained || ended == .process && !hasRefusedSynchronization
    }

    /// Goes on from what was recovered.
    mutating func restart(with found: StateCopy) {
        // Those before stay: what a rotten disk still has may be one of them.
        states.removeAll { $0.sequence >= found.sequence }
        states.append(found)
        acknowledged = []
        earliest = []
        started = found.sequence
        hasRefusedSynchronization = false
    }
}
