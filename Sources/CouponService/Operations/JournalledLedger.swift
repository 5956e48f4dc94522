import CouponStore

/// The ledger and the pace at which its records reach the journal.
///
/// What is decided changes the ledger at once. Its records gather until the journal's thread takes the
/// next turn, and replies that speak of them wait for that.
struct JournalledLedger: ~Copyable {
    /// Not private: requests read and change it.
    var ledger: Ledger
    private(set) var commit: GroupCommit

    /// `ledger` is what recovery read, and `commit` how the journal goes on from there.
    init(_ ledger: consuming Ledger, _ commit: GroupCommit) {
        self.ledger = ledger
        self.ledger.isCapturing = true
        self.ledger.recordRoom = commit.recordRoom
        self.commit = commit
    }

    /// Begins the next turn of the journal, if there is anything to do and none is under way. What was
    /// decided since the last turn is added to `records`, which are empty.
    mutating func beginTurn(into records: inout RecordLog, at steady: Int64) -> JournalTurn? {
        let turn = commit.beginTurn(pendingByteCount: ledger.untakenByteCount, at: steady)
        if turn != nil { ledger.takeChanges(into: &records) }
        ledger.recordRoom = commit.recordRoom
        return turn
    }

    /// Ends the turn that was begun last. Returns whether the journal goes on in another segment
    /// because ``roll()`` asked for it.
    mutating func endTurn(_ report: JournalReport, at steady: Int64) -> Bool {
        let hasRolled = commit.endTurn(report, at: steady)
        ledger.recordRoom = commit.recordRoom
        return hasRolled
    }

    /// Asks for another segment in the next turn.
    mutating func roll() { commit.requestRoll() }

    /// From now on everything is made durable as soon as it can be.
    mutating func finish() { commit.finish() }

    /// Whether everything that was decided is durable, and known to be.
    var isDurable: Bool { commit.isDurable(upTo: ledger.sequence) }
}
