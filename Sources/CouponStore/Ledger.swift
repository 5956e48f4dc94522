import FlatStorage

// An order's image states what the order stands for now, so there is one rule: when an image
// appears or is replaced, what the old one consumed is taken back and what the new one lists is
// taken. Apply, reserve, release and lapse are all that rule, and every counter is its starting
// count, what the images of all orders list, and what is archived: the uses that a released order
// kept (its coupon does not give them back) when it started afresh, and that no image lists any
// more.

/// Everything that changes while the daemon runs: what was used, by which orders, and under which
/// redemption numbers.
///
/// It belongs to one thread. What an operation may do is decided before by the caller, who looked
/// at every limit; from here on nothing refuses.
package struct Ledger: ~Copyable, Sendable {
    package var usage: UsageTable
    package internal(set) var orders: OrderTable
    package var redemptions: RedemptionNumbers
    /// Every reserved order, by when it lapses.
    var holds = HoldQueue()
    /// Images that the ledger itself makes of those it has.
    var rewriter = OrderImageWriter()
    /// The counters that the present operation moved.
    var touched = FlatArray<CounterID>(capacity: 64)
    /// What changed and was not taken yet, where it is asked for.
    var changes = RecordLog()
    /// Whether every change is kept until ``takeChanges(into:)``, for the journal.
    package var isCapturing = false
    /// Bytes of records for which the journal has room, between two takings.
    package var recordRoom = Int.max

    /// Codes that are consumed by orders in force.
    package internal(set) var usesInForce = 0
    /// Changes so far, since the state was empty: the sequence of the last one in the journal.
    package internal(set) var sequence: UInt64 = 0
    /// How the time of day relates to the clock by which holds lapse.
    package var lapseClock = LapseClock()
    private let inPlace = InPlace()

    /// An empty state. `orderLimit` is the number of orders at which new ones are refused.
    package init(seed: HashSeed, orderLimit: Int) {
        usage = UsageTable(seed: seed)
        orders = OrderTable(seed: seed, limit: orderLimit)
        redemptions = RedemptionNumbers()
    }

    /// What `server.stats` tells, in constant time.
    package var totals: LedgerTotals {
        LedgerTotals(
            orders: orders.count, counters: usage.count, couponsUsed: usage.couponCount,
            usesInForce: usesInForce)
    }

    /// Bytes allocated for counters and orders, used or not.
    package var allocatedBytes: Int { usage.allocatedBytes + orders.allocatedBytes }

    /// Records what has become of an order, in one step: its image appears or is replaced, and all
    /// counters that it names follow.
    ///
    /// `image` is finished, a new order finds room, and the state may follow the one before.
    ///
    /// `session` is another order, which is reserved and whose holds this one takes over: it holds
    /// nothing from then on. Both changes are one, also for the journal.
    @discardableResult
    package mutating func record(
        store: Span<UInt8>, order: Span<UInt8>, _ image: borrowing OrderImageWriter,
        takingOver session: OrderID? = nil
    ) -> OrderID {
        touched.removeAll()
        if let session { endHold(session, endedAt: 0) }
        let id = place(store: store, order: order, image)
        capture(session, id)
        return id
    }

    private mutating func place(
        store: Span<UInt8>, order: Span<UInt8>, _ image: borrowing OrderImageWriter
    ) -> OrderID {
        if let known = orders.find(store: store, order: order) {
            usesInForce += Ledger.replaceImage(
                of: known, by: image, in: &orders, counters: &usage, holds: &holds, lapseClock,
                touching: &touched)
            return known
        }
        precondition(!orders.isFull, "a new order is recorded only where it finds room")
        precondition(image.facts.state.mayBegin, "an order begins as its state allows")
        usesInForce += Ledger.take(image, from: &usage, touching: &touched)
        let id = orders.insert(store: store, order: order, image: image.bytes)
        holds.admit(id)
        holds.follow(id, image.facts, by: lapseClock)
        return id
    }

    /// Puts `image` in the place of the order's present one, lets all that follows from images
    /// follow, and returns by how many codes in force there are more.
    static func replaceImage(
        of id: OrderID, by image: borrowing OrderImageWriter, in orders: inout OrderTable,
        counters usage: inout UsageTable, holds: inout HoldQueue, _ clock: LapseClock,
        touching touched: inout FlatArray<CounterID>
    ) -> Int {
        let before = takeBack(
            id, of: orders, from: &usage, before: image.facts, touching: &touched)
        let after = take(image, from: &usage, touching: &touched)
        follow(id, image.facts, by: clock, in: &holds, before: orders)
        orders.replaceImage(of: id, with: image.bytes)
        return after - before
    }

    /// Lets the queue of holds follow an image that is about to replace the present one.
    static func follow(
        _ id: OrderID, _ next: OrderFacts, by clock: LapseClock, in holds: inout HoldQueue,
        before orders: borrowing OrderTable
    ) {
        // A hold that only gives back a part lapses when it would have.
        let present = known(orders.image(id)).facts
        let isSame = present.state == .reserved && present.expiresAt == next.expiresAt
        if next.state == .reserved && isSame { return }
        holds.follow(id, next, by: clock)
    }

    /// Takes what a new image consumes, and returns how many codes it has in force.
    private static func take(
        _ image: borrowing OrderImageWriter, from usage: inout UsageTable,
        touching touched: inout FlatArray<CounterID>
    ) -> Int {
        precondition(image.isFinished, "an image is recorded once it is whole")
        for index in image.consumptions.indices {
            let (id, amount) = (image.consumptions[index].counter, image.consumptions[index].amount)
            touched.append(id)
            switch image.facts.state.consumes {
            case .uses: usage.setUsed(id, to: usage.used(id) + amount)
            case .holds: usage.setHeld(id, to: usage.held(id) + amount)
            }
        }
        return image.facts.state.isInForce ? image.codesLeft : 0
    }

    /// Undoes what the order's present image consumed, and returns how many codes it had in force.
    private static func takeBack(
        _ id: OrderID, of orders: borrowing OrderTable, from usage: inout UsageTable,
        before next: OrderFacts, touching touched: inout FlatArray<CounterID>
    ) -> Int {
        let present = known(orders.image(id))
        precondition(
            present.facts.state.mayBecome(next.state),
            "an order changes only as its state allows")
        var inForce = 0
        var codes = present.codes
        while let code = codes.next() {
            if present.isInForce(code) { inForce += 1 }
            // A released order starts afresh: what its codes kept stays counted for ever.
            let isArchived =
                present.facts.state == .released && code.facts.keepsUseOnceReleased
            var consumptions = code.consumptions
            while let consumption = consumptions.next() {
                let id = usage.counter(of: consumption)
                let amount = consumption.amount
                touched.append(id)
                if isArchived {
                    usage.setCarried(id, to: usage.carried(id) + amount)
                    continue
                }
                switch present.facts.state.consumes {
                case .uses: usage.setUsed(id, to: usage.used(id) - amount)
                case .holds: usage.setHeld(id, to: usage.held(id) - amount)
                }
            }
        }
        return inForce
    }

    @_lifetime(copy image)
    static func known(_ image: Span<UInt8>) -> OrderImageView {
        do {
            return try OrderImageView(known: image)
        } catch {
            preconditionFailure("an image in memory is whole: \(error)")
        }
    }
}

/// How much a ledger holds.
package struct LedgerTotals: Equatable, Sendable {
    /// Orders with an image, whatever their state.
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

/// What the hashes of names that shoppers choose start from.
///
/// It is drawn once at start, so that nobody outside can aim at one bucket of a table, and is
/// handed in as a value, so that a test can repeat a run.
package struct HashSeed: Hashable, Sendable {
    package let value: UInt64

    package init(_ value: UInt64) { self.value = value }

    /// A seed that nobody can foresee.
    package static func random() -> HashSeed {
        var generator = SystemRandomNumberGenerator()
        return HashSeed(generator.next())
    }
}

extension OrderImageView {
    /// Whether the order consumes the code now: it passed and was not given back.
    func isInForce(_ code: borrowing OrderImageCode) -> Bool {
        facts.state.isInForce && code.facts.isLeft
    }
}

extension CodeFacts {
    /// Whether the code was given back and what it still lists is uses that stay.
    var keepsUseOnceReleased: Bool { flags.isSuperset(of: [.released, .keepsUse]) }
}

extension UsageTable {
    /// The counter that an image consumes from, if there is one.
    func find(_ consumption: borrowing OrderImageConsumption) -> CounterID? {
        find(
            consumption.kind, couponKey: consumption.couponKey,
            couponHash: UsageTable.couponHash(of: consumption.couponKey),
            detail: consumption.detail)
    }

    /// The counter that the image of an order on record consumes from.
    func counter(of consumption: borrowing OrderImageConsumption) -> CounterID {
        guard let id = find(consumption) else {
            preconditionFailure("a counter is born before it is consumed from")
        }
        return id
    }
}
