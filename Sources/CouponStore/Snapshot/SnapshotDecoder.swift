import FlatStorage

/// Makes a state from the bytes of a snapshot and checks everything: a counter that an order
/// consumes from exists, and counts exactly what all orders together took from it and what it
/// carries.
private struct SnapshotDecoder: ~Copyable {
    private let header: SnapshotHeader
    private var ledger: Ledger
    /// What all orders together took from each counter, by the counter's row.
    private var taken = FlatArray<UInt64>()

    init(_ header: SnapshotHeader, into ledger: consuming Ledger) {
        self.header = header
        self.ledger = ledger
        self.ledger.redemptions = RedemptionNumbers(last: header.lastRedemption)
        self.ledger.advance(to: header.sequence)
    }

    consuming func finish() -> Ledger { ledger }

    /// Reads the whole snapshot with these bytes.
    mutating func read(_ bytes: Span<UInt8>) throws(SnapshotProblem) {
        var reader = SnapshotReader(bytes, header)
        try readCounters(from: &reader)
        taken = FlatArray(repeating: 0, count: ledger.usage.count)
        for _ in 0..<header.orderCount { try readOrder(from: &reader) }
        guard reader.isAtEnd else { throw .contradiction(.end, offset: reader.position) }
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

    private mutating func readCounters(from reader: inout SnapshotReader) throws(SnapshotProblem) {
        var keys = FlatArray<SnapshotReader.Run>()
        for number in 0..<header.couponCount {
            let run = try reader.couponKey()
            let key = reader.bytes(of: run)
            let own = ledger.usage.coupon(key, hash: UsageTable.couponHash(of: key))
            // A repeated key finds the number of the first.
            guard UInt64(own) == number else {
                throw .contradiction(.coupon, offset: reader.position)
            }
            keys.append(run)
        }
        for row in 0..<header.counterCount {
            let counter = try reader.counter()
            guard counter.coupon < keys.count else {
                throw .contradiction(.counter, offset: reader.position)
            }
            let key = reader.bytes(of: keys[counter.coupon])
            let id = ledger.usage.createIfAbsent(
                counter.kind, couponKey: key, couponHash: UsageTable.couponHash(of: key),
                detail: counter.detail, startingAt: counter.used)
            ledger.usage.setCarried(id, to: counter.carried)
            // A repeated key finds the row of the first.
            guard UInt64(id.row) == row else {
                throw .contradiction(.counter, offset: reader.position)
            }
        }
    }

    private mutating func readOrder(from reader: inout SnapshotReader) throws(SnapshotProblem) {
        let entry = try reader.order()
        let offset = reader.position
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
                guard let id = ledger.usage.find(consumption),
                    add(consumption.amount, to: id, consumed)
                else { throw .contradiction(.order, offset: offset) }
            }
        }
        ledger.load(slot, store: entry.store, order: entry.order, image)
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
    private mutating func reconcileCarried(at offset: Int) throws(SnapshotProblem) {
        for row in 0..<ledger.usage.count {
            let id = CounterID(row: row)
            // No order took more than is counted: that was checked with each.
            let rest = ledger.usage.used(id) - taken[row]
            if !header.isJournalled {
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
        let header = try SnapshotHeader(bytes)
        var ledger = Ledger(seed: seed, orderLimit: orderLimit)
        ledger.lapseClock = lapseClock
        var decoder = SnapshotDecoder(header, into: ledger)
        try decoder.read(bytes)
        return decoder.finish()
    }
}

/// Reads the parts of a snapshot's content in order.
struct SnapshotReader: ~Escapable {
    private let bytes: Span<UInt8>
    private let headerLength: Int
    private let isJournalled: Bool
    private var reader: ByteReader

    /// Where a run of bytes lies in the snapshot.
    struct Run: BitwiseCopyable {
        var offset: Int
        var count: Int
    }

    struct Counter: ~Escapable {
        let kind: CounterKind
        let coupon: Int
        let detail: Span<UInt8>
        let used: UInt64
        let carried: UInt64

        @_lifetime(copy detail)
        init(kind: CounterKind, coupon: Int, detail: Span<UInt8>, used: UInt64, carried: UInt64) {
            self.kind = kind
            self.coupon = coupon
            self.detail = detail
            self.used = used
            self.carried = carried
        }
    }

    struct Order: ~Escapable {
        let store: Span<UInt8>
        let order: Span<UInt8>
        let image: Span<UInt8>

        @_lifetime(copy store, copy order, copy image)
        init(store: Span<UInt8>, order: Span<UInt8>, image: Span<UInt8>) {
            self.store = store
            self.order = order
            self.image = image
        }
    }

    /// `bytes` are a whole snapshot with that header, which was checked.
    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, _ header: SnapshotHeader) {
        self.bytes = bytes
        headerLength = header.length
        isJournalled = header.isJournalled
        let content = bytes.extracting(headerLength..<bytes.count)
        reader = ByteReader(content)
    }

    /// Offset in the file of what is read next.
    var position: Int { headerLength + reader.position }

    var isAtEnd: Bool { reader.remaining == 0 }

    mutating func couponKey() throws(SnapshotProblem) -> Run {
        guard let key = reader.counted() else {
            throw .contradiction(.coupon, offset: position)
        }
        return Run(offset: position - key.count, count: key.count)
    }

    @_lifetime(copy self)
    func bytes(of run: Run) -> Span<UInt8> {
        bytes.extracting(run.offset..<(run.offset + run.count))
    }

    @_lifetime(copy self)
    mutating func counter() throws(SnapshotProblem) -> Counter {
        guard let code = reader.byte(), let kind = CounterKind(rawValue: code),
            let coupon = reader.varint(), let number = Int(exactly: coupon),
            let detail = reader.counted(), let used = reader.varint(),
            let carried = isJournalled ? reader.varint() : 0
        else { throw .contradiction(.counter, offset: position) }
        return Counter(kind: kind, coupon: number, detail: detail, used: used, carried: carried)
    }

    @_lifetime(copy self)
    mutating func order() throws(SnapshotProblem) -> Order {
        guard let store = reader.counted(), let order = reader.counted(),
            let image = reader.counted(),
            max(store.count, order.count) <= OrderTable.nameBytesMax
        else { throw .contradiction(.order, offset: position) }
        return Order(store: store, order: order, image: image)
    }
}
