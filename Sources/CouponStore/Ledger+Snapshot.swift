import FlatStorage

// # The snapshot, version 3
//
// Integers are little-endian; a *varint* is LEB128, a *text* a varint length and its bytes.
//
// ```
// offset size
//      0    8  "CPNDSNAP"
//      8    4  version, 3
//     12    4  0
//     16    8  length of the content in bytes
//     24    8  number of coupons that have a counter
//     32    8  number of counters
//     40    8  number of orders
//     48    8  redemption number given last
//     56    8  sequence: the journal's last record that it holds
//     64    8  XXH3-64 of the content
//     72    8  XXH3-64 of the 72 bytes above
//     80       coupons: for each, text key (`store \0 coupon`)
//              counters: for each, 1 byte kind, varint coupon (0 = the first above), text detail,
//                varint uses, varint carried uses
//              orders: for each, text store, text order, text image
// ```
//
// What reservations hold is not stored: it is the sum of what their images list. Nor is the order
// in which they lapse: their images say when.
//
// Carried uses are those that no order accounts for. Versions 1 and 2 are read: they have neither
// them (what orders do not account for is taken for carried) nor the sequence (which is 0, since
// they were written before there was a journal), so their checksums lie 8 bytes earlier. Version 1
// has fewer kinds of counters and older images besides.

enum SnapshotLayout {
    /// "CPNDSNAP", as the little-endian integer of its bytes.
    static let magic: UInt64 = 0x5041_4E53_444E_5043
    static let version: UInt32 = 3
    static let versions: ClosedRange<UInt32> = 1...version
    static let lengthOffset = 16
    static let contentChecksumOffset = 64
    static let headerChecksumOffset = 72
    static let headerLength = 80
    /// The first version that knows of the journal: with the sequence and carried uses.
    static let journalledVersion: UInt32 = 3
}

extension Ledger {
    /// The whole state as the bytes of a snapshot: a plain copy, made between two operations.
    package func encodeSnapshot() -> ByteBuffer {
        var buffer = ByteBuffer(capacity: encodedSizeEstimate)
        buffer.appendLittleEndian(SnapshotLayout.magic)
        buffer.appendLittleEndian(SnapshotLayout.version)
        buffer.appendLittleEndian(UInt32(0))
        buffer.appendLittleEndian(UInt64(0))
        buffer.appendLittleEndian(UInt64(usage.couponCount))
        buffer.appendLittleEndian(UInt64(usage.count))
        buffer.appendLittleEndian(UInt64(orders.count))
        buffer.appendLittleEndian(redemptions.last)
        buffer.appendLittleEndian(sequence)
        buffer.appendLittleEndian(UInt64(0))
        buffer.appendLittleEndian(UInt64(0))
        for number in 0..<usage.couponCount { buffer.appendCounted(usage.bytes(ofCoupon: number)) }
        for row in 0..<usage.count {
            let id = CounterID(row: row)
            buffer.append(usage.kind(id).rawValue)
            buffer.appendVarint(UInt64(usage.couponNumber(id)))
            buffer.appendCounted(usage.detail(id))
            buffer.appendVarint(usage.used(id))
            buffer.appendVarint(usage.carried(id))
        }
        for row in 0..<orders.count {
            let id = OrderID(row: row)
            buffer.appendCounted(orders.store(id))
            buffer.appendCounted(orders.order(id))
            buffer.appendCounted(orders.image(id))
        }
        seal(&buffer)
        return buffer
    }

    /// A little more than the snapshot will need, so that its buffer need not grow and be copied.
    private var encodedSizeEstimate: Int {
        let lengthsPerOrder = 3 * 3, numbersPerCounter = 1 + 5 + 2 + 4
        return SnapshotLayout.headerLength + orders.contentBytes + orders.count * lengthsPerOrder
            + usage.contentBytes + usage.couponCount * 2 + usage.count * numbersPerCounter
    }

    private func seal(_ buffer: inout ByteBuffer) {
        let content = SnapshotLayout.headerLength..<buffer.count
        let contentChecksum = hash64(buffer.bytes(in: content), seed: 0)
        buffer.setLittleEndian(UInt64(content.count), at: SnapshotLayout.lengthOffset)
        buffer.setLittleEndian(contentChecksum, at: SnapshotLayout.contentChecksumOffset)
        let headerChecksum = hash64(
            buffer.bytes(in: 0..<SnapshotLayout.headerChecksumOffset), seed: 0)
        buffer.setLittleEndian(headerChecksum, at: SnapshotLayout.headerChecksumOffset)
    }

    /// The state that a snapshot's bytes hold. Everything is checked: a counter that an order
    /// consumes from exists, and counts exactly what all orders together took from it and what it
    /// carries.
    package static func decoded(
        from bytes: Span<UInt8>, seed: HashSeed, orderLimit: Int,
        lapseClock: LapseClock = LapseClock()
    ) throws(SnapshotProblem) -> Ledger {
        let header = try SnapshotHeader(bytes)
        var ledger = Ledger(seed: seed, orderLimit: orderLimit)
        ledger.lapseClock = lapseClock
        ledger.redemptions = RedemptionNumbers(last: header.lastRedemption)
        ledger.sequence = header.sequence
        var reader = SnapshotReader(bytes, header)
        try ledger.restoreCounters(from: &reader, header)
        // What all orders together took from each counter, by the counter's row.
        var taken = FlatArray<UInt64>(repeating: 0, count: ledger.usage.count)
        for _ in 0..<header.orderCount { try ledger.restoreOrder(from: &reader, &taken) }
        guard reader.isAtEnd else { throw .contradiction(.end, offset: reader.position) }
        try ledger.settleCarried(taken, header, at: reader.position)
        return ledger
    }

    /// Holds the counters to what orders took from them.
    private mutating func settleCarried(
        _ taken: borrowing FlatArray<UInt64>, _ header: SnapshotHeader, at offset: Int
    ) throws(SnapshotProblem) {
        for row in 0..<usage.count {
            let id = CounterID(row: row)
            // No order took more than is counted: that was checked with each.
            let rest = usage.used(id) - taken[row]
            if !header.isJournalled {
                usage.setCarried(id, to: rest)
            } else if usage.carried(id) != rest {
                throw .contradiction(.counter, offset: offset)
            }
        }
    }

    private mutating func restoreCounters(
        from reader: inout SnapshotReader, _ header: SnapshotHeader
    ) throws(SnapshotProblem) {
        var keys = FlatArray<SnapshotReader.Run>()
        for _ in 0..<header.couponCount { keys.append(try reader.couponKey()) }
        for row in 0..<header.counterCount {
            let counter = try reader.counter()
            guard counter.coupon < keys.count else {
                throw .contradiction(.counter, offset: reader.position)
            }
            let key = reader.bytes(of: keys[counter.coupon])
            let id = usage.findOrInsert(
                counter.kind, couponKey: key, couponHash: UsageTable.couponHash(of: key),
                detail: counter.detail, startingAt: counter.used)
            usage.setCarried(id, to: counter.carried)
            // A key that stands twice finds the row of the first.
            guard UInt64(id.row) == row else {
                throw .contradiction(.counter, offset: reader.position)
            }
        }
        // A key that stands twice, or that no counter names.
        guard UInt64(usage.couponCount) == header.couponCount else {
            throw .contradiction(.coupon, offset: reader.position)
        }
    }

    private mutating func restoreOrder(
        from reader: inout SnapshotReader, _ taken: inout FlatArray<UInt64>
    ) throws(SnapshotProblem) {
        let entry = try reader.order()
        let contradiction = SnapshotProblem.contradiction(.order, offset: reader.position)
        guard orders.find(store: entry.store, order: entry.order) == nil else {
            throw contradiction
        }
        let image: OrderImageView
        do {
            image = try OrderImageView(entry.image)
        } catch {
            throw .contradiction(.image, offset: reader.position)
        }
        var codes = image.codes
        while let code = codes.next() {
            if image.isInForce(code) { usesInForce += 1 }
            var consumptions = code.consumptions
            while let consumption = consumptions.next() {
                guard let id = usage.find(consumption) else { throw contradiction }
                let before = image.facts.state.consumes == .holds ? usage.held(id) : taken[id.row]
                let (sum, overflow) = before.addingReportingOverflow(consumption.amount)
                if overflow { throw contradiction }
                switch image.facts.state.consumes {
                case .holds: usage.setHeld(id, to: sum)
                case .uses:
                    guard sum <= usage.used(id) else { throw contradiction }
                    taken[id.row] = sum
                }
            }
        }
        let id = orders.insert(store: entry.store, order: entry.order, image: entry.image)
        holds.admit(id)
        holds.follow(id, image.facts, by: lapseClock)
    }
}
