import FlatStorage

// An order's image states what the order stands for now, so there is one rule: when an image
// appears or is replaced, what the old one consumed is taken back and what the new one lists is
// taken. Apply, reserve, release and lapse are all that rule, which ``Bookkeeping`` carries out.

/// Everything that changes while the daemon runs: what was used, by which orders, and under which
/// redemption numbers.
///
/// It belongs to one thread. The caller has checked every limit before it records an operation;
/// from there on nothing refuses.
package struct Ledger: ~Copyable, Sendable {
    // Open, because spans of keys and images are borrowed through the two tables, whose own memory
    // is private. A counter is created in `usage` before an image names it.
    package var usage: UsageTable
    package private(set) var orders: OrderTable
    /// Open, because numbers are drawn while an image is written.
    package var redemptions: RedemptionNumbers
    /// How the time of day relates to the clock by which holds lapse; the caller sets it.
    package var lapseClock = LapseClock()
    /// The date of the purge, in milliseconds since 1970; 0 where none is known. The caller sets it.
    package var purgeDate: Int64 = 0

    /// Changes since the state was empty: the sequence of the last one in the journal.
    package private(set) var sequence: UInt64 = 0
    /// The date up to which the daemons of this state have seen time pass, in milliseconds since 1970,
    /// as it was recorded last; 0 where none was. Open, because a snapshot brings it along.
    package internal(set) var calendar: Int64 = 0
    private var books = Bookkeeping()
    private var rewriter = OrderRewriter()
    private var capture = RecordCapture()
    private let inPlace = InPlace()

    /// An empty state. `orderLimit` is the number of orders at which new ones are refused.
    package init(seed: HashSeed, orderLimit: Int) {
        usage = UsageTable(seed: seed)
        orders = OrderTable(seed: seed, limit: orderLimit)
        redemptions = RedemptionNumbers()
    }

    /// The figures of `server.stats`, in constant time.
    package var totals: LedgerTotals {
        LedgerTotals(
            orders: orders.count, counters: usage.count, couponsUsed: usage.usedCouponCount,
            usesInForce: usesInForce, byState: books.orderCounts)
    }

    /// Codes that are consumed by orders in force.
    package var usesInForce: Int { books.usesInForce }

    /// Bytes allocated for counters and orders, used or not.
    package var allocatedBytes: Int { usage.allocatedBytes + orders.allocatedBytes }

    // MARK: - Operations

    /// Records the new image of an order in one step: it appears or replaces the present one, and
    /// all counters that it names follow.
    ///
    /// `slot` is the order's place, looked up since the last order was added. `image` is finished,
    /// a new order finds room, and the order's state allows the new one.
    ///
    /// `session` is another order, which is reserved and whose holds this one takes over: it holds
    /// nothing from then on. Both changes are one, also for the journal.
    @discardableResult
    package mutating func record(
        at slot: OrderSlot, store: Span<UInt8>, order: Span<UInt8>,
        _ image: borrowing OrderImageWriter, takingOver session: OrderID? = nil
    ) -> OrderID {
        books.beginOperation()
        if let session {
            rewriter.endHold(of: session, in: orders)
            let ended = replaceImageByRewritten(session)
            precondition(
                ended == session, "an image that loses its codes is not longer than before")
        }
        let id: OrderID
        if let known = slot.id {
            id = books.replaceImage(of: known, by: image, in: &orders, &usage, lapseClock)
        } else {
            id = books.addOrder(
                at: slot, store: store, order: order, image, to: &orders, &usage, lapseClock)
        }
        endOperation(session, id)
        return id
    }

    /// Gives back some of an order's codes.
    ///
    /// `codes` says for each code of the image whether it is given back; those are left to give back
    /// (``CodeFacts/isLeft``). At least one is, unless the order has none left and ends here.
    ///
    /// What is given back consumes nothing any more, except that an applied code with
    /// ``CodeFlags/keepsUse`` goes on counting its uses, and only its money returns. The order is
    /// released once nothing of it is left. Returns its number from then on.
    @discardableResult
    package mutating func release(
        _ id: OrderID, codes: borrowing FlatArray<Bool>, at nowMilliseconds: Int64
    ) -> OrderID {
        books.beginOperation()
        rewriter.release(codes, of: id, in: orders, at: nowMilliseconds, usage)
        let released = replaceImageByRewritten(id)
        endOperation(nil, released)
        return released
    }

    /// Ends the earliest reserve that lapses at or before `steadyMilliseconds` on the clock of
    /// ``lapseClock``. Returns false when there is none, or no room to record it: then it goes on
    /// holding.
    ///
    /// Such an order is ``OrderFacts/isLapsed`` from then on.
    package mutating func lapseNext(until steadyMilliseconds: Int64) -> Bool {
        guard let id = books.firstToLapse(until: steadyMilliseconds),
            hasRoom(toRecord: Span(), id)
        else { return false }
        books.beginOperation()
        rewriter.lapse(id, in: orders)
        let lapsed = replaceImageByRewritten(id)
        endOperation(nil, lapsed)
        return true
    }

    /// When the next hold lapses, on the steady clock; nil when nothing is held.
    package var nextLapse: Int64? { books.nextLapse }

    @discardableResult
    private mutating func replaceImageByRewritten(_ id: OrderID) -> OrderID {
        books.replaceImage(of: id, by: rewriter.image, in: &orders, &usage, lapseClock)
    }

    private mutating func endOperation(_ first: OrderID?, _ second: OrderID) {
        sequence += 1
        if capture.isOn {
            capture.keep(
                first, second, of: orders, books.moved, of: usage, redemptions.last,
                date: dateToRecord())
        }
        books.removeIdleCounters(from: &usage)
    }

    /// Says that a finished image will not be recorded, so that no counter stays that was created for
    /// it alone.
    package mutating func drop(_ image: borrowing OrderImageWriter) {
        books.drop(image, from: &usage)
    }

    // MARK: - Forgetting

    /// For how long orders are kept.
    package var keeping: OrderKeeping {
        get { books.keeping }
        set {
            if newValue.retentionMilliseconds != keeping.retentionMilliseconds { orders.resetDue() }
            books.keeping = newValue
        }
    }

    /// When the next order that uses nothing is to be forgotten, on the steady clock; nil without one.
    package var nextForgetting: Int64? {
        books.firstUnusedSince.map { $0 + keeping.unusedMilliseconds }
    }

    /// Orders that use nothing and are to be forgotten by then, counted up to `limit`.
    package func unusedOrders(endingUntil steadyMilliseconds: Int64, limit: Int) -> Int {
        books.countUnused(since: steadyMilliseconds - keeping.unusedMilliseconds, limit: limit)
    }

    /// Forgets the order that has used nothing for longest, where its time is over at
    /// `steadyMilliseconds`. Returns false when there is none, or no room to record it.
    package mutating func forgetNext(until steadyMilliseconds: Int64) -> Bool {
        guard let next = nextForgetting, next <= steadyMilliseconds else { return false }
        return forgetFirstUnused()
    }

    /// Makes room for a new order where ``OrderTable/isFull``: orders that use nothing are forgotten, the
    /// one that ended first before the others. Returns false when the others alone reach the limit.
    package mutating func makeRoom() -> Bool {
        if !orders.isFull { return true }
        // One is enough, unless the limit was lowered; then a piece of the rest goes each time.
        for _ in 0..<Self.forgottenForRoomMax where orders.isFull {
            if !forgetFirstUnused() { break }
        }
        return !orders.isFull(without: books.orderCounts.unused)
    }

    private static let forgottenForRoomMax = 64

    private mutating func forgetFirstUnused() -> Bool {
        guard let id = books.firstUnused, hasRoom(toRecord: Span(), id) else { return false }
        forget(id)
        return true
    }

    /// Forgets an order that is not reserved. The counters carry what it used from now on. There is
    /// room to record it.
    package mutating func forget(_ id: OrderID) {
        books.beginOperation()
        books.carryOn(id, of: orders, in: &usage)
        sequence += 1
        if capture.isOn { capture.keepForgetting(of: id, in: orders, books.moved, of: usage) }
        books.forget(id, in: &orders)
    }

    /// Whether memory that orders and counters left should be gathered, with ``gather()``.
    package var needsGathering: Bool { orders.needsGathering || usage.needsGathering }

    /// Moves an order and the keys of some counters to where they keep less memory from going back.
    /// Returns false when none need be.
    package mutating func gather() -> Bool {
        usage.gather()
        return books.gather(in: &orders) || usage.needsGathering
    }

    /// Begins to look for due orders in a generation that may have some when it is `today`, in
    /// milliseconds since 1970. Nil when none has.
    package mutating func beginScan(today: Int64) -> GenerationScan? {
        guard let due = nextDue, due <= today, let slab = orders.slabDueFirst else { return nil }
        orders.setFirstDue(inSlab: slab, to: .max)
        return GenerationScan(of: slab, in: orders)
    }

    /// Goes on with a scan. See ``GenerationScan/next(in:_:today:looking:)``.
    package mutating func advance(
        _ scan: inout GenerationScan, today: Int64, looking budget: inout Int
    ) -> GenerationScan.Finding {
        scan.next(in: &orders, keeping, today: today, looking: &budget)
    }

    /// The date on which the next order may be due, in milliseconds since 1970; nil without orders.
    package var nextDue: Int64? {
        if orders.firstDue == .max { return nil }
        return orders.firstDue.addingReportingOverflow(keeping.retentionMilliseconds).0
    }

    /// Records ``purgeDate`` in a record of its own, where it has moved on. There is room for it.
    package mutating func recordCalendar() {
        let date = dateToRecord()
        guard date > 0 else { return }
        sequence += 1
        if capture.isOn { capture.keepCalendar(date) }
    }

    /// The date that the next record says; 0 for none. It is said at first, once a minute, and when it
    /// went back.
    private mutating func dateToRecord() -> Int64 {
        let passed = purgeDate - calendar
        guard purgeDate > 0, calendar == 0 || passed < 0 || passed >= Self.dateInterval else {
            return 0
        }
        calendar = purgeDate
        return purgeDate
    }

    private static let dateInterval: Int64 = 60_000

    // MARK: - Records for the journal

    /// Whether the record of every change is kept until ``takeChanges(into:)``.
    package var isCapturing: Bool {
        get { capture.isOn }
        set { capture.isOn = newValue }
    }

    /// Bytes of records for which the journal has room until the next ``takeChanges(into:)``.
    package var recordRoom: Int {
        get { capture.room }
        set { capture.room = newValue }
    }

    /// Bytes of records that were not taken yet.
    package var untakenByteCount: Int { capture.byteCount }

    /// Appends the records of all changes since the last call to `log`, one for each operation.
    package mutating func takeChanges(into log: inout RecordLog) { capture.take(into: &log) }

    /// Whether there is room for the record of an operation that moves next to nothing.
    package var hasRoomForRecords: Bool { capture.hasRoom }

    /// Whether there is room for the record of an operation that gives an order this image. An empty
    /// one stands for an image that the ledger makes of the present one. `session` is the order
    /// whose holds are taken over.
    package func hasRoom(
        toRecord image: Span<UInt8>, _ order: OrderID?, _ session: OrderID? = nil
    ) -> Bool {
        capture.hasRoom(toRecord: image, order, session, of: orders)
    }

    // MARK: - Reading a state back

    /// Adds an order that a snapshot holds, with everything that follows from its image but the
    /// counters.
    mutating func load(
        _ slot: OrderSlot, store: Span<UInt8>, order: Span<UInt8>,
        _ image: borrowing OrderImageView
    ) {
        books.load(slot, store: store, order: order, image, into: &orders, lapseClock)
    }

    // A record holds the images and counters as they are after an operation, so redoing one sets
    // and never adds. That makes it right on any state that holds some of the records already, such
    // as a snapshot from between two of them, once all up to the last are redone; in between, images
    // and counters need not agree.

    /// Sets what the record of that sequence says. Nothing is captured.
    ///
    /// A fault leaves a ledger that must not be used.
    package mutating func redo(
        _ record: Span<UInt8>, _ sequence: UInt64
    ) throws(JournalRecordFault) {
        switch try JournalRecord(record) {
        case .orders(let changed): try redo(changed)
        case .calendar(let milliseconds): calendar = milliseconds
        }
        advance(to: sequence)
    }

    private mutating func redo(_ record: borrowing OrderRecord) throws(JournalRecordFault) {
        books.redoCounters(of: record, in: &usage)
        var changed = record.orders
        while let order = changed.next() {
            if record.forgets {
                books.redoForgetting(order, in: &orders)
            } else {
                try books.redo(order, in: &orders, usage, lapseClock)
            }
        }
        books.removeIdleCounters(from: &usage)
        redemptions = RedemptionNumbers(last: max(redemptions.last, record.lastRedemption))
        if record.date > 0 { calendar = record.date }
    }

    /// Sets the counters that a record lists, and nothing else.
    package mutating func redoCounters(of record: Span<UInt8>) throws(JournalRecordFault) {
        if case .orders(let changed) = try JournalRecord(record) {
            books.redoCounters(of: changed, in: &usage)
        }
    }

    /// Goes on after `sequence`, which is in the journal.
    package mutating func advance(to sequence: UInt64) {
        self.sequence = max(self.sequence, sequence)
    }
}

/// How much a ledger holds.
package struct LedgerTotals: Equatable, Sendable {
    /// Orders with an image, in any state.
    package var orders: Int
    package var counters: Int
    /// Coupons that have a counter.
    package var couponsUsed: Int
    /// Codes that are consumed by orders in force.
    package var usesInForce: Int
    package var byState: OrderCounts
}

/// The seed of the hashes of names that shoppers choose.
///
/// It is drawn once at start, so that no client can aim at one bucket of a table, and is passed in
/// as a value, so that a test can repeat a run.
package struct HashSeed: Hashable, Sendable {
    package let value: UInt64

    package init(_ value: UInt64) { self.value = value }

    /// A seed that cannot be foreseen.
    package static func random() -> HashSeed {
        var generator = SystemRandomNumberGenerator()
        return HashSeed(generator.next())
    }
}
