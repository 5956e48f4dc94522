/// What happened in a run, to see that nothing is left out.
package enum Event: String, CaseIterable, Sendable {
    case started, refusedForRot, survivedRot, failedStart
    case powerCut, kill, crashInTurn, crashInStart, crashInCompaction, crashTwice
    case exitAfterFault, refusedSynchronization, failedCompaction, fullDisk, healed
    case drained, roll, fullSegment, compaction, turnInCompaction, tornTail, renewed,
        lostUnacknowledged
    case lostAcknowledged, stolen, lostName, refusedForTheft
    case reload, wallJump, connect, disconnect, splitRead, pipelined, unanswered
    case applied, reserved, released, partlyReleased, replayed, refused, conflict, takenOver
    case forgotten, archived, notArchived, overloaded
    case lapsed, storageUnavailable, shuttingDown, always, everysec, no
}

/// How often each event happened.
package struct Tally: Sendable {
    private var counts = [Int](repeating: 0, count: Event.allCases.count)
    private static let places = Dictionary(
        uniqueKeysWithValues: Event.allCases.enumerated().map { ($1, $0) })

    package init() {}

    package subscript(event: Event) -> Int { counts[Self.places[event] ?? 0] }

    mutating func note(_ event: Event) { counts[Self.places[event] ?? 0] += 1 }

    package mutating func add(_ other: Tally) {
        for place in counts.indices { counts[place] += other.counts[place] }
    }

    /// What never happened: a simulation that does not meet it any more tests it no more.
    package var missing: [Event] { Event.allCases.filter { self[$0] == 0 } }

    package var lines: String {
        Event.allCases.map { "  \($0.rawValue) \(self[$0])" }.joined(separator: "\n")
    }
}
