import FlatStorage

// Every counter is its starting count, what the images of all orders list, and what is carried: the
// uses of orders that are forgotten, and those that a released order kept (its coupon does not give
// them back) when it started again, which no image lists any more.
//
// The tables are passed in and not held: the callers of the ledger borrow spans from them.

/// What follows from the images of orders: it moves the counters, keeps the queues of orders that wait
/// for a time, and counts orders and codes in force.
struct Bookkeeping: ~Copyable, Sendable {
    private var holds = DeadlineQueue(.lapse)
    /// Orders that use nothing, by the time at which they ended.
    private var unused = DeadlineQueue(.forgetting)
    /// The counters that the present operation moved.
    private(set) var moved = MovedCounters()
    /// Whether some of them may count nothing now: most operations only add, and need not look.
    private var mayHaveIdle = false
    /// Codes that are consumed by orders in force.
    private(set) var usesInForce = 0
    private var counts = OrderCounts()
    /// For how long orders are kept. Set by the ledger.
    var keeping = OrderKeeping()

    mutating func beginOperation() {
        moved.removeAll()
        mayHaveIdle = false
    }

    /// Orders by what has become of them.
    var orderCounts: OrderCounts {
        var counts = counts
        counts.unused = unused.count
        return counts
    }

    /// When the next hold lapses, on the steady clock.
    var nextLapse: Int64? { holds.first?.deadline }

    /// The order whose hold lapses first, where that is at or before `steadyMilliseconds`.
    func firstToLapse(until steadyMilliseconds: Int64) -> OrderID? {
        guard let first = holds.first, first.deadline <= steadyMilliseconds else { return nil }
        return OrderID(row: Int(first.row))
    }

    /// When the order that has used nothing for longest ended, on the steady clock.
    var firstUnusedSince: Int64? { unused.first?.deadline }

    /// The order that has used nothing for longest.
    var firstUnused: OrderID? { unused.first.map { OrderID(row: Int($0.row)) } }

    // MARK: - Images

    /// Adds an order and takes what its first image consumes.
    mutating func addOrder(
        at slot: OrderSlot, store: Span<UInt8>, order: Span<UInt8>,
        _ image: borrowing OrderImageWriter, to orders: inout OrderTable,
        _ usage: inout UsageTable, _ clock: LapseClock
    ) -> OrderID {
        precondition(
            !orders.isFull(without: unused.count),
            "a new order is recorded only where it finds room")
        precondition(image.facts.state.mayBegin, "an order begins as its state allows")
        take(image, from: &usage)
        let id = orders.insert(slot, store: store, order: order, image: image.bytes)
        counts.add(image.facts.state)
        follow(id, nil, image.facts, isUnused: false, in: &orders, clock)
        return id
    }

    /// Puts `image` in the place of the order's present one, and takes the difference. Returns the
    /// order's number from now on.
    mutating func replaceImage(
        of id: OrderID, by image: borrowing OrderImageWriter, in orders: inout OrderTable,
        _ usage: inout UsageTable, _ clock: LapseClock
    ) -> OrderID {
        let present = takeBack(id, of: orders, from: &usage, before: image.facts.state)
        take(image, from: &usage)
        let isUnused = image.facts.state == .released && image.consumptions.count == 0
        return replace(id, present, by: image.bytes, image.facts, isUnused, in: &orders, clock)
    }

    /// Gives an order another image. Its counters are set by themselves.
    private mutating func replace(
        _ id: OrderID, _ present: OrderFacts, by image: Span<UInt8>, _ facts: OrderFacts,
        _ isUnused: Bool, in orders: inout OrderTable, _ clock: LapseClock
    ) -> OrderID {
        counts.remove(present.state)
        counts.add(facts.state)
        let next = orders.replaceImage(of: id, with: image)
        if next != id { renumber(next, in: orders) }
        follow(next, present, facts, isUnused: isUnused, in: &orders, clock)
        return next
    }

    /// Follows an order that has another number now.
    private mutating func renumber(_ id: OrderID, in orders: borrowing OrderTable) {
        holds.renumber(id, in: orders)
        unused.renumber(id, in: orders)
    }

    /// Adds an order from a file, whose counters are set by themselves.
    mutating func load(
        _ slot: OrderSlot, store: Span<UInt8>, order: Span<UInt8>,
        _ image: borrowing OrderImageView, into orders: inout OrderTable, _ clock: LapseClock
    ) {
        usesInForce += image.usesInForce
        counts.add(image.facts.state)
        let id = orders.insert(slot, store: store, order: order, image: image.bytes)
        follow(id, nil, image.facts, isUnused: image.isUnused, in: &orders, clock)
    }

    /// Lets the queues follow a new image. `present` are the facts of the one before.
    private mutating func follow(
        _ id: OrderID, _ present: OrderFacts?, _ next: OrderFacts, isUnused: Bool,
        in orders: inout OrderTable, _ clock: LapseClock
    ) {
        if next.state == .reserved {
            // A hold of which only a part is given back lapses when it would have.
            if let present, present.state == .reserved, present.expiresAt == next.expiresAt {
                return
            }
            unused.drop(id, in: &orders)
            holds.set(id, to: clock.steady(next.expiresAt), in: &orders)
            return
        }
        holds.drop(id, in: &orders)
        if isUnused {
            unused.set(id, to: clock.steadyPast(next.endedAt), in: &orders)
        } else {
            unused.drop(id, in: &orders)
            orders.noteDue(id, at: keeping.earliestDue(next))
        }
    }

    // MARK: - Forgetting

    /// Has the counters carry what an order that is not reserved used, before it is forgotten.
    mutating func carryOn(
        _ id: OrderID, of orders: borrowing OrderTable, in usage: inout UsageTable
    ) {
        let image = OrderImageView(recorded: orders.image(id))
        precondition(image.facts.state != .reserved, "an order that holds something is kept")
        var codes = image.codes
        while let code = codes.next() {
            var consumptions = code.consumptions
            while let consumption = consumptions.next() {
                let counter = usage.counter(of: consumption)
                moved.add(counter)
                usage.setCarried(counter, to: usage.carried(counter) + consumption.amount)
            }
        }
    }

    /// Forgets an order. Its counters are set by themselves.
    mutating func forget(_ id: OrderID, in orders: inout OrderTable) {
        let present = Self.standing(id, in: orders)
        usesInForce -= present.usesInForce
        counts.remove(present.facts.state)
        holds.drop(id, in: &orders)
        unused.drop(id, in: &orders)
        orders.remove(id)
    }

    /// Orders that have used nothing since then, counted up to `limit`.
    func countUnused(since steadyMilliseconds: Int64, limit: Int) -> Int {
        unused.count(until: steadyMilliseconds, limit: limit)
    }

    /// Moves an order to where it keeps less memory from going back. Returns false when none need be.
    mutating func gather(in orders: inout OrderTable) -> Bool {
        guard let (_, new) = orders.gatherNext() else { return false }
        renumber(new, in: orders)
        return true
    }

    // MARK: - Counters

    /// Takes what a new image consumes.
    private mutating func take(_ image: borrowing OrderImageWriter, from usage: inout UsageTable) {
        precondition(image.isFinished, "an image is recorded once it is whole")
        let consumed = image.facts.state.consumes
        for index in image.consumptions.indices {
            let (id, amount) = (image.consumptions[index].counter, image.consumptions[index].amount)
            moved.add(id)
            switch consumed {
            case .uses: usage.setUsed(id, to: usage.used(id) + amount)
            case .holds: usage.setHeld(id, to: usage.held(id) + amount)
            }
        }
        if image.facts.state.isInForce { usesInForce += image.codesLeft }
    }

    /// Takes back what the order's present image consumed, and returns its facts.
    private mutating func takeBack(
        _ id: OrderID, of orders: borrowing OrderTable, from usage: inout UsageTable,
        before next: OrderState
    ) -> OrderFacts {
        mayHaveIdle = true
        let present = OrderImageView(recorded: orders.image(id))
        let state = present.facts.state
        precondition(state.mayBecome(next), "an order changes only as its state allows")
        var codes = present.codes
        while let code = codes.next() {
            if present.isInForce(code) { usesInForce -= 1 }
            // A released order starts again: what its codes kept stays counted for ever.
            let isArchived = state == .released && code.facts.keepsUseOnceReleased
            var consumptions = code.consumptions
            while let consumption = consumptions.next() {
                let id = usage.counter(of: consumption)
                let amount = consumption.amount
                moved.add(id)
                if isArchived {
                    usage.setCarried(id, to: usage.carried(id) + amount)
                    continue
                }
                switch state.consumes {
                case .uses: usage.setUsed(id, to: usage.used(id) - amount)
                case .holds: usage.setHeld(id, to: usage.held(id) - amount)
                }
            }
        }
        return present.facts
    }

    /// Removes the counters that the operation moved and that count nothing any more. It ends here.
    mutating func removeIdleCounters(from usage: inout UsageTable) {
        guard mayHaveIdle else { return }
        for index in 0..<moved.count where usage.isIdle(moved[index]) {
            let hole = moved[index]
            moved.renumber(usage.remove(hole), to: hole, after: index)
        }
        moved.removeAll()
    }

    /// Removes the counters that were created for an image which is not recorded.
    mutating func drop(_ image: borrowing OrderImageWriter, from usage: inout UsageTable) {
        moved.removeAll()
        mayHaveIdle = true
        for index in image.consumptions.indices { moved.add(image.consumptions[index].counter) }
        removeIdleCounters(from: &usage)
    }

    // MARK: - Redoing records

    /// Sets the counters that a record lists.
    mutating func redoCounters(of record: borrowing OrderRecord, in usage: inout UsageTable) {
        moved.removeAll()
        mayHaveIdle = true
        var counters = record.counters
        while let counter = counters.next() {
            let id = usage.createIfAbsent(
                counter.kind, couponKey: counter.couponKey,
                couponHash: UsageTable.couponHash(of: counter.couponKey),
                detail: counter.detail, startingAt: 0)
            usage.set(id, to: counter.values)
            moved.add(id)
        }
    }

    /// Sets an order of the record whose counters were set last.
    mutating func redo(
        _ order: borrowing RecordedOrder, in orders: inout OrderTable,
        _ usage: borrowing UsageTable, _ clock: LapseClock
    ) throws(JournalRecordFault) {
        let image = try order.checkedImage()
        var codes = image.codes
        while let code = codes.next() {
            guard moved.hasAll(code.consumptions, of: usage) else {
                throw JournalRecordFault(.consumption, offset: 0)
            }
        }
        let slot = orders.slot(store: order.store, order: order.order)
        guard let id = slot.id else {
            load(slot, store: order.store, order: order.order, image, into: &orders, clock)
            return
        }
        usesInForce += image.usesInForce
        let present = Self.standing(id, in: orders)
        usesInForce -= present.usesInForce
        _ = replace(
            id, present.facts, by: image.bytes, image.facts, image.isUnused, in: &orders, clock)
    }

    /// Forgets an order of the record whose counters were set last.
    mutating func redoForgetting(_ order: borrowing RecordedOrder, in orders: inout OrderTable) {
        if let id = orders.find(store: order.store, order: order.order) {
            forget(id, in: &orders)
        }
    }

    private static func standing(
        _ id: OrderID, in orders: borrowing OrderTable
    ) -> (facts: OrderFacts, usesInForce: Int) {
        let image = OrderImageView(recorded: orders.image(id))
        return (image.facts, image.usesInForce)
    }
}

extension OrderImageView {
    /// Whether the order consumes the code now: it passed and was not given back.
    func isInForce(_ code: borrowing OrderImageCode) -> Bool {
        facts.state.isInForce && code.facts.isLeft
    }

    /// Codes that the order consumes now.
    fileprivate var usesInForce: Int {
        guard facts.state.isInForce else { return 0 }
        var count = 0
        var codes = codes
        while let code = codes.next() { if code.facts.isLeft { count += 1 } }
        return count
    }
}

extension OrderImageView {
    /// Whether the order is over and used nothing, or nothing that counts any more.
    fileprivate var isUnused: Bool {
        guard facts.state == .released else { return false }
        var codes = codes
        while let code = codes.next() { if code.consumptions.count > 0 { return false } }
        return true
    }
}

extension CodeFacts {
    /// Whether the code was given back and what it still lists is uses that stay.
    fileprivate var keepsUseOnceReleased: Bool { flags.isSuperset(of: [.released, .keepsUse]) }
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
            preconditionFailure("a counter is created before it is consumed from")
        }
        return id
    }
}
