import FlatStorage

/// Writes a whole state as the bytes of a snapshot.
private struct SnapshotEncoder: ~Copyable {
    private var buffer: ByteBuffer

    init(_ ledger: borrowing Ledger) {
        buffer = ByteBuffer(capacity: Self.byteCountEstimate(of: ledger))
        appendHeader(of: ledger)
        append(ledger.usage)
        append(ledger.orders)
        seal()
    }

    consuming func finish() -> ByteBuffer { buffer }

    /// A little more than the snapshot will need, so that its buffer need not grow and be copied.
    private static func byteCountEstimate(of ledger: borrowing Ledger) -> Int {
        let lengthsPerOrder = 3 * 3, numbersPerCounter = 1 + 5 + 2 + 4
        return SnapshotLayout.headerLength
            + ledger.orders.contentBytes + ledger.orders.count * lengthsPerOrder
            + ledger.usage.contentBytes + ledger.usage.couponCount * 2
            + ledger.usage.count * numbersPerCounter
    }

    private mutating func appendHeader(of ledger: borrowing Ledger) {
        buffer.appendLittleEndian(SnapshotLayout.magic)
        buffer.appendLittleEndian(SnapshotLayout.version)
        buffer.appendLittleEndian(UInt32(0))
        buffer.appendLittleEndian(UInt64(0))
        buffer.appendLittleEndian(UInt64(ledger.usage.couponCount))
        buffer.appendLittleEndian(UInt64(ledger.usage.count))
        buffer.appendLittleEndian(UInt64(ledger.orders.count))
        buffer.appendLittleEndian(ledger.redemptions.last)
        buffer.appendLittleEndian(ledger.sequence)
        buffer.appendLittleEndian(UInt64(0))
        buffer.appendLittleEndian(UInt64(0))
    }

    private mutating func append(_ usage: borrowing UsageTable) {
        for number in 0..<usage.couponCount { buffer.appendCounted(usage.bytes(ofCoupon: number)) }
        for row in 0..<usage.count {
            let id = CounterID(row: row)
            buffer.append(usage.kind(id).rawValue)
            buffer.appendVarint(UInt64(usage.couponNumber(id)))
            buffer.appendCounted(usage.detail(id))
            buffer.appendVarint(usage.used(id))
            buffer.appendVarint(usage.carried(id))
        }
    }

    private mutating func append(_ orders: borrowing OrderTable) {
        var next = orders.next(after: nil)
        while let id = next {
            next = orders.next(after: id)
            buffer.appendCounted(orders.store(id))
            buffer.appendCounted(orders.order(id))
            buffer.appendCounted(orders.image(id))
        }
    }

    /// Fills in the length and the checksums.
    private mutating func seal() {
        let content = SnapshotLayout.headerLength..<buffer.count
        let contentChecksum = hash64(buffer.bytes(in: content), seed: 0)
        buffer.setLittleEndian(UInt64(content.count), at: SnapshotLayout.lengthOffset)
        buffer.setLittleEndian(contentChecksum, at: SnapshotLayout.contentChecksumOffset)
        let headerChecksum = hash64(
            buffer.bytes(in: 0..<SnapshotLayout.headerChecksumOffset), seed: 0)
        buffer.setLittleEndian(headerChecksum, at: SnapshotLayout.headerChecksumOffset)
    }
}

extension Ledger {
    /// The whole state as the bytes of a snapshot: a plain copy, made between two operations.
    package func encodeSnapshot() -> ByteBuffer { SnapshotEncoder(self).finish() }
}
