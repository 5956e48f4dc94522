import CouponStore

/// The ledger and the pace at which its records reach the journal.
///
/// What is decided changes the ledger at once. Its records gather until the journal's thread takes the
/// next turn, and replies that speak of them wait for that.
struct JournalledLedger: ~Copyable {
    /// Not private: requests read and change it.
    var ledger: Ledger
    private(set) var commit: GroupCommit
    private var purge: OrderPurge

    /// `ledger` is what recovery read, and `commit` how the journal goes on from there.
    init(
        _ ledger: consuming Ledger, _ commit: GroupCommit, _ orders: OrderSettings,
        at time: TurnTime
    ) {
        self.ledger = ledger
        self.ledger.isCapturing = true
        self.ledger.recordRoom = commit.recordRoom
        self.commit = commit
        purge = OrderPurge(orders, &self.ledger, at: time)
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
    mutating func finish(at time: TurnTime) {
        ledger.purgeDate = purge.date(at: time)
        // A state without a record has no order to keep.
        if ledger.calendar > 0 && ledger.hasRoomForRecords { ledger.recordCalendar() }
        commit.finish()
    }

    /// Whether everything that was decided is durable, and known to be.
    var isDurable: Bool { commit.isDurable(upTo: ledger.sequence) }

    // MARK: - The end of orders

    /// Ends a piece of the orders whose time has come. Returns how many holds lapsed.
    mutating func endOrders(at time: TurnTime) -> Int { purge.advance(&ledger, at: time) }

    /// Brings the ledger to the time of a request: ends up to `countMax` holds whose time is over, and
    /// returns how many.
    mutating func lapse(_ countMax: Int, at time: TurnTime) -> Int {
        ledger.lapseClock = time.lapseClock
        ledger.purgeDate = purge.date(at: time)
        return purge.lapse(countMax, &ledger, at: time)
    }

    /// The lines of orders to archive next; see ``OrderPurge/nextLines()``.
    mutating func nextLinesToArchive() -> [UInt8]? { purge.nextLines() }

    /// The lines were written, or not.
    mutating func finishArchiving(isDurable: Bool, at time: TurnTime) {
        purge.finishArchiving(isDurable: isDurable, &ledger, at: time)
    }

    /// See ``OrderPurge/takeMemoryReturn(_:at:)``.
    mutating func takeMemoryReturn(at time: TurnTime) -> Bool {
        purge.takeMemoryReturn(ledger, at: time)
    }

    /// Follows other settings from now on.
    mutating func adopt(_ orders: OrderSettings) { purge.adopt(orders, &ledger) }

    /// When the next order ends though nothing happens, in steady milliseconds.
    func orderDeadline(at time: TurnTime) -> Int64? { purge.deadline(ledger, at: time) }

    /// What the next purge takes, and when.
    func purgeOutlook(at time: TurnTime) -> PurgeOutlook { purge.outlook(ledger, at: time) }
}
