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

    /// Changes since the state was empty: the sequence of the last one in the journal.
    package private(set) var sequence: UInt64 = 0
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
            orders: orders.count, counters: usage.count, couponsUsed: usage.couponCount,
            usesInForce: usesInForce)
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
            replaceImageByRewritten(session)
        }
        let id: OrderID
        if let known = slot.id {
            id = known
            books.replaceImage(of: known, by: image, in: &orders, &usage, lapseClock)
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
    /// released once nothing of it is left.
    package mutating func release(
        _ id: OrderID, codes: borrowing FlatArray<Bool>, at nowMilliseconds: Int64
    ) {
        books.beginOperation()
        rewriter.release(codes, of: id, in: orders, at: nowMilliseconds, usage)
        replaceImageByRewritten(id)
        endOperation(nil, id)
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
        replaceImageByRewritten(id)
        endOperation(nil, id)
        return true
    }

    private mutating func replaceImageByRewritten(_ id: OrderID) {
        books.replaceImage(of: id, by: rewriter.image, in: &orders, &usage, lapseClock)
    }

    private mutating func endOperation(_ first: OrderID?, _ second: OrderID) {
        sequence += 1
        if capture.isOn {
            capture.keep(first, second, of: orders, books.moved, of: usage, redemptions.last)
        }
    }

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

    /// Sets the orders and counters of the record of that sequence. Nothing is captured.
    ///
    /// A fault leaves a ledger that must not be used.
    package mutating func redo(
        _ record: borrowing OrderRecord, _ sequence: UInt64
    ) throws(JournalRecordFault) {
        redoCounters(of: record)
        var changed = record.orders
        while let order = changed.next() {
            try books.redo(order, in: &orders, usage, lapseClock)
        }
        redemptions = RedemptionNumbers(last: max(redemptions.last, record.lastRedemption))
        advance(to: sequence)
    }

    /// Sets the counters that a record lists.
    package mutating func redoCounters(of record: borrowing OrderRecord) {
        books.redoCounters(of: record, in: &usage)
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

    package init(orders: Int, counters: Int, couponsUsed: Int, usesInForce: Int) {
        self.orders = orders
        self.counters = counters
        self.couponsUsed = couponsUsed
        self.usesInForce = usesInForce
    }
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
