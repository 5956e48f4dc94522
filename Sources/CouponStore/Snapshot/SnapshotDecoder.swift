import FlatStorage

/// Makes a state from a snapshot and checks everything: each counter counts exactly what all orders
/// together took from it and what it carries, and no order takes from one that does not exist.
struct SnapshotDecoder: ~Copyable {
    private let isJournalled: Bool
    private var ledger: Ledger
    /// What all orders together took from each counter, by the counter's row.
    private var taken = FlatArray<UInt64>()
    private var counterCount = 0
    // Most orders consume from a counter that the order before consumed from, or from the next one that
    // no order did: counters are in the order of their first use. To guess that first reads memory in
    // sequence, where a look-up reads four lines of it anywhere.
    /// By kind, the row that was found last.
    private var rowsByKind = FlatArray<Int>(repeating: 0, count: 256)
    /// The row after all that were found.
    private var nextRow = 0
    /// The coupon keys in the order in which they were named, to which later counters refer.
    private var keys = FlatArray<Key>()
    private var keyBytes = ByteArena()

    // Not private: a row type that is a generic argument must be seen by other files.
    struct Key: BitwiseCopyable {
        var place: ByteArena.Place
        var count: Int
        var hash: UInt64
    }

    init(_ header: SnapshotHeader, into ledger: consuming Ledger) {
        isJournalled = header.isJournalled
        self.ledger = ledger
        self.ledger.redemptions = RedemptionNumbers(last: header.lastRedemption)
        self.ledger.calendar = header.calendar
        self.ledger.advance(to: header.sequence)
    }

    consuming func finish() -> Ledger { ledger }

    /// Coupons that were named.
    var couponCount: Int { ledger.usage.couponCount }

    /// Reads all of a snapshot.
    mutating func read(_ reader: inout SnapshotReader) throws(SnapshotProblem) {
        if !reader.header.isInPieces { return try read(whole: reader.wholeBytes) }
        while let piece = try reader.next() {
            switch piece.kind {
            case .counters:
                try readCounters(piece.itemCount, reader.content, at: reader.contentOffset)
            case .orders:
                try readOrders(piece.itemCount, reader.content, at: reader.contentOffset)
            case .end: preconditionFailure("the end has no items")
            }
        }
        guard reader.totals.coupons == keys.count else {
            throw .contradiction(.end, offset: reader.contentOffset)
        }
        try reconcileCarried(at: reader.position)
        removeIdleCounters()
    }

    /// Removes counters that count nothing, which were kept once.
    private mutating func removeIdleCounters() {
        // Each one that takes a removed one's row was looked at before.
        for row in (0..<ledger.usage.count).reversed() {
            let id = CounterID(row: row)
            if ledger.usage.isIdle(id) { _ = ledger.usage.remove(id) }
        }
    }

    private mutating func readCounters(
        _ count: Int, _ content: Span<UInt8>, at offset: Int
    ) throws(SnapshotProblem) {
        var items = ByteReader(content)
        for _ in 0..<count {
            guard let counter = SnapshotCounter(&items, couponCount: keys.count) else {
                throw .contradiction(.counter, offset: offset + items.position)
            }
            if let key = counter.couponKey {
                keys.append(
                    Key(
                        place: keyBytes.append(key), count: key.count,
                        hash: UsageTable.couponHash(of: key)))
            }
            let key = keys[counter.coupon]
            try Self.add(
                counter, key, of: keyBytes, at: offset + items.position, &counterCount, &taken,
                &ledger)
            // A repeated key.
            guard couponCount == keys.count else {
                throw .contradiction(.coupon, offset: offset + items.position)
            }
        }
        guard items.remaining == 0 else {
            throw .contradiction(.counter, offset: offset + items.position)
        }
    }

    private mutating func readOrders(
        _ count: Int, _ content: Span<UInt8>, at offset: Int
    ) throws(SnapshotProblem) {
        var items = ByteReader(content)
        for _ in 0..<count {
            guard let order = SnapshotOrder(&items) else {
                throw .contradiction(.order, offset: offset + items.position)
            }
            try add(order, at: offset + items.position)
        }
        guard items.remaining == 0 else {
            throw .contradiction(.order, offset: offset + items.position)
        }
    }

    // MARK: - Items

    /// Adds a counter, which no item before it is.
    mutating func add(
        _ kind: CounterKind, couponKey: Span<UInt8>, detail: Span<UInt8>, used: UInt64,
        carried: UInt64, at offset: Int
    ) throws(SnapshotProblem) {
        try Self.add(
            kind, couponKey, UsageTable.couponHash(of: couponKey), detail, used, carried, offset,
            &counterCount, &taken, &ledger)
    }

    // The keys lend their bytes while the ledger changes: siblings in one value are handed over apart.

    private static func add(
        _ counter: borrowing SnapshotCounter, _ key: Key, of keyBytes: borrowing ByteArena,
        at offset: Int, _ counterCount: inout Int, _ taken: inout FlatArray<UInt64>,
        _ ledger: inout Ledger
    ) throws(SnapshotProblem) {
        try add(
            counter.kind, keyBytes.bytes(at: key.place, count: key.count), key.hash,
            counter.detail, counter.used, counter.carried, offset, &counterCount, &taken, &ledger)
    }

    private static func add(
        _ kind: CounterKind, _ couponKey: Span<UInt8>, _ hash: UInt64, _ detail: Span<UInt8>,
        _ used: UInt64, _ carried: UInt64, _ offset: Int,
        _ counterCount: inout Int, _ taken: inout FlatArray<UInt64>, _ ledger: inout Ledger
    ) throws(SnapshotProblem) {
        // To start at 0 and set the uses then does not make them carried ones, of which a table is
        // kept.
        let id = ledger.usage.createIfAbsent(
            kind, couponKey: couponKey, couponHash: hash, detail: detail, startingAt: 0)
        counterCount += 1
        // A repeated key finds the row of the first.
        guard ledger.usage.count == counterCount else {
            throw .contradiction(.counter, offset: offset)
        }
        ledger.usage.setUsed(id, to: used)
        ledger.usage.setCarried(id, to: carried)
        taken.append(0)
    }

    /// Adds an order, which no item before it is.
    mutating func add(
        _ entry: borrowing SnapshotOrder, at offset: Int
    ) throws(SnapshotProblem) {
        let slot = ledger.orders.slot(store: entry.store, order: entry.order)
        guard slot.id == nil else { throw .contradiction(.order, offset: offset) }
        let image: OrderImageView
        do {
            image = try OrderImageView(entry.image)
        } catch {
            throw .contradiction(.image, offset: offset)
        }
        let consumed = image.facts.state.consumes
        var codes = image.codes
        while let code = codes.next() {
            var consumptions = code.consumptions
            while let consumption = consumptions.next() {
                guard let id = counter(of: consumption, consumed),
                    add(consumption.amount, to: id, consumed)
                else { throw .contradiction(.order, offset: offset) }
            }
        }
        ledger.load(slot, store: entry.store, order: entry.order, image)
    }

    /// The counter that an image consumes from. One that counts no uses is not in the snapshot, and
    /// is created for what is held of it.
    private mutating func counter(
        of consumption: borrowing OrderImageConsumption, _ consumed: OrderState.Consumed
    ) -> CounterID? {
        if let known = guess(consumption) ?? ledger.usage.find(consumption) {
            rowsByKind[Int(consumption.kind.rawValue)] = known.row
            nextRow = max(nextRow, known.row + 1)
            return known
        }
        if consumed == .uses && consumption.amount > 0 { return nil }
        let id = ledger.usage.createIfAbsent(
            consumption.kind, couponKey: consumption.couponKey,
            couponHash: UsageTable.couponHash(of: consumption.couponKey),
            detail: consumption.detail, startingAt: 0)
        taken.append(0)
        return id
    }

    private func guess(_ consumption: borrowing OrderImageConsumption) -> CounterID? {
        let last = CounterID(row: rowsByKind[Int(consumption.kind.rawValue)])
        if last.row < ledger.usage.count, ledger.usage.isKey(of: last, consumption) { return last }
        let next = CounterID(row: nextRow)
        if next.row < ledger.usage.count, ledger.usage.isKey(of: next, consumption) { return next }
        return nil
    }

    /// Returns false where a counter cannot have given that much.
    private mutating func add(
        _ amount: UInt64, to id: CounterID, _ consumed: OrderState.Consumed
    ) -> Bool {
        let before = consumed == .holds ? ledger.usage.held(id) : taken[id.row]
        let (sum, overflow) = before.addingReportingOverflow(amount)
        if overflow { return false }
        switch consumed {
        case .holds: ledger.usage.setHeld(id, to: sum)
        case .uses:
            guard sum <= ledger.usage.used(id) else { return false }
            taken[id.row] = sum
        }
        return true
    }

    /// Checks what each counter carries, or works it out where the snapshot does not contain it.
    mutating func reconcileCarried(at offset: Int) throws(SnapshotProblem) {
        for row in 0..<ledger.usage.count {
            let id = CounterID(row: row)
            // No order took more than is counted: that was checked with each.
            let rest = ledger.usage.used(id) - taken[row]
            if !isJournalled {
                ledger.usage.setCarried(id, to: rest)
            } else if ledger.usage.carried(id) != rest {
                throw .contradiction(.counter, offset: offset)
            }
        }
    }
}

extension Ledger {
    /// The state that a snapshot's bytes hold. `orderLimit` is today's; more orders are read, too.
    package static func decoded(
        from bytes: Span<UInt8>, seed: HashSeed, orderLimit: Int,
        lapseClock: LapseClock = LapseClock()
    ) throws(SnapshotProblem) -> Ledger {
        var reader = try SnapshotReader(bytes)
        return try read(
            &reader, seed: seed, orderLimit: orderLimit, lapseClock: lapseClock)
    }

    /// The state that a snapshot holds.
    static func read(
        _ reader: inout SnapshotReader, seed: HashSeed, orderLimit: Int, lapseClock: LapseClock
    ) throws(SnapshotProblem) -> Ledger {
        var ledger = Ledger(seed: seed, orderLimit: orderLimit)
        ledger.lapseClock = lapseClock
        var decoder = SnapshotDecoder(reader.header, into: ledger)
        try decoder.read(&reader)
        return decoder.finish()
    }
}
