import CouponStore
import Glibc
import StoreSupport

// The same day each time, and another operation of the disk that goes wrong: the first, the second,
// the third …, until the day passes untouched. Where the daemon ends of it, it is started again and
// the day goes on.

/// What goes wrong.
package enum SweptFault: String, CaseIterable, Sendable {
    /// A write is done in half; what a synchronization should have made durable is gone, though it
    /// is still read and the next one succeeds.
    case inputOutput
    /// The same, reported as a lack of space; also where the disk had room before.
    case noSpace
    case powerCut
    case kill
}

extension Simulation {
    private enum Act {
        case talk(Int)
        case compact
        case rest
        case drain
        case restart
    }

    /// Traffic, a roll and a snapshot, another one after which the first segments go, an end in good
    /// order and a start.
    private static let day: [Act] = [
        .talk(4), .rest, .compact, .talk(3), .compact, .talk(2), .compact, .talk(2), .drain,
        .restart, .talk(3),
    ]

    /// Makes the day with the operation of that number going wrong, counted from the first start.
    /// Returns whether it came to that.
    package func sweep(failing number: Int, with fault: SweptFault) throws(Violation) -> Bool {
        isScripted = true
        var hasDrained = false
        arm(fault, at: number)
        try startUntilServing(after: .process)
        for act in Self.day {
            if case .restart = act {
                try goOn(after: hasDrained ? .drained : .process)
                continue
            }
            if case .drain = act {
                hasDrained = try drain() == .drained
            } else {
                try perform(act)
            }
            if let ended = ending() { try goOn(after: ended) }
        }
        let isReached = !disk.hasFaultAhead
        disk.fail(operation: nil)
        try goOn(after: .powerCut)
        return isReached
    }

    private func arm(_ fault: SweptFault, at number: Int) {
        switch fault {
        case .inputOutput, .noSpace:
            isFaultArmed = true
            disk.fail(operation: number, with: fault == .noSpace ? ENOSPC : EIO)
        case .powerCut, .kill:
            armed = fault == .kill ? .process : .powerCut
            disk.end(atOperation: number)
        }
    }

    private func perform(_ act: Act) throws(Violation) {
        switch act {
        case .talk(let count):
            let client = client()
            for _ in 0..<count { send(from: client) }
            try daemon?.receive(.max, from: client)
            try advance(by: 2)
            try settleJournal()
        case .compact:
            daemon?.request(.snapshot)
            for _ in 0..<3 where ending() == nil {
                try daemon?.endTurn()
                try settleJournal()
            }
            if ending() == nil, daemon?.compaction != nil { try compact() }
        case .rest:
            try advance(by: 700)
            try settleJournal()
            if ending() == nil { try advance(by: 30) }
            try settleJournal()
        case .drain, .restart: break
        }
    }

    private func goOn(after ended: Ending) throws(Violation) {
        end(ended)
        try startUntilServing(after: ended)
    }
}
