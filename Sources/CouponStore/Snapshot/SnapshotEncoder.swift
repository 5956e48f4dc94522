import FlatStorage

/// Makes the pieces of a snapshot, one item after the other: first all counters, then all orders.
///
/// Sealed pieces gather until they are taken; at most one is open.
struct SnapshotEncoder: ~Copyable {
    private var output = ByteBuffer(capacity: SnapshotPiece.fullLength + 64 * 1_024)
    /// The open piece: its kind, where it begins in `output`, and its items.
    private var open: SnapshotPiece.Kind?
    private var openOffset = 0
    private var itemCount = 0
    /// Of the last piece that was sealed, or of the header.
    private(set) var checksum: UInt64
    private(set) var totals = SnapshotTotals()

    init(_ header: SnapshotHeader) {
        header.encode(into: &output)
        checksum = header.checksum
    }

    /// Bytes that are made and not taken, but for the open piece.
    var sealedByteCount: Int { open == nil ? output.count : openOffset }

    /// Bytes of memory that it holds.
    var allocatedBytes: Int { output.capacity }

    /// The bytes that can be taken.
    var sealed: Span<UInt8> {
        @_lifetime(borrow self) get { output.bytes(in: 0..<sealedByteCount) }
    }

    mutating func removeSealed() {
        output.removeFirst(sealedByteCount)
        openOffset = 0
    }

    /// All bytes, after ``finish()``.
    consuming func takeOutput() -> ByteBuffer { output }

    // MARK: - Items

    /// Appends a counter of the coupon with that number. Coupons are numbered in the order in which
    /// they come first; a new one has the number ``totals`` says, and only then its key is written.
    mutating func appendCounter(
        _ kind: CounterKind, coupon: Int, couponKey: Span<UInt8>, detail: Span<UInt8>,
        used: UInt64, carried: UInt64
    ) {
        precondition(coupon <= totals.coupons, "coupons are numbered without a gap")
        beginItem(.counters)
        totals.counters += 1
        output.append(kind.rawValue)
        output.appendVarint(UInt64(coupon))
        if coupon == totals.coupons {
            output.appendCounted(couponKey)
            totals.coupons += 1
        }
        output.appendCounted(detail)
        output.appendVarint(used)
        output.appendVarint(carried)
    }

    mutating func appendOrder(store: Span<UInt8>, order: Span<UInt8>, image: Span<UInt8>) {
        beginItem(.orders)
        totals.orders += 1
        output.appendCounted(store)
        output.appendCounted(order)
        output.appendCounted(image)
    }

    /// Seals what is open, and appends the end.
    mutating func finish() {
        seal()
        begin(.end)
        output.appendLittleEndian(UInt64(totals.coupons))
        output.appendLittleEndian(UInt64(totals.counters))
        output.appendLittleEndian(UInt64(totals.orders))
        seal()
    }

    private mutating func beginItem(_ kind: SnapshotPiece.Kind) {
        let isFull =
            output.count - openOffset >= SnapshotPiece.headerLength + SnapshotPiece.fullLength
        if open != kind || isFull {
            seal()
            begin(kind)
        }
        itemCount += 1
    }

    private mutating func begin(_ kind: SnapshotPiece.Kind) {
        open = kind
        openOffset = output.count
        itemCount = 0
        output.appendLittleEndian(kind.rawValue)
        for _ in 4..<SnapshotPiece.headerLength { output.append(0) }
    }

    /// Fills in the frame of the open piece.
    private mutating func seal() {
        guard open != nil else { return }
        let contentOffset = openOffset + SnapshotPiece.headerLength
        let content = contentOffset..<output.count
        output.setLittleEndian(UInt32(itemCount), at: openOffset + 4)
        output.setLittleEndian(UInt64(content.count), at: openOffset + 8)
        output.setLittleEndian(hash64(output.bytes(in: content), seed: 0), at: openOffset + 16)
        checksum = SnapshotPiece.checksum(
            of: output.bytes(in: openOffset..<contentOffset), after: checksum)
        output.setLittleEndian(
            checksum, at: openOffset + SnapshotPiece.headerChecksumOffset)
        open = nil
    }
}

extension Ledger {
    /// The header of a snapshot of this state.
    var snapshotHeader: SnapshotHeader {
        SnapshotHeader(sequence: sequence, lastRedemption: redemptions.last, calendar: calendar)
    }

    /// The whole state as the bytes of a snapshot: a plain copy, made between two operations.
    package func encodeSnapshot() -> ByteBuffer {
        var encoder = SnapshotEncoder(snapshotHeader)
        encode(into: &encoder) { _ in }
        encoder.finish()
        return encoder.takeOutput()
    }

    /// Appends all counters and orders, and calls `pace` after each.
    func encode<Failure: Error>(
        into encoder: inout SnapshotEncoder,
        pace: (inout SnapshotEncoder) throws(Failure) -> Void
    ) throws(Failure) {
        var numbers = FlatArray<UInt32>(repeating: .max, count: usage.couponCount)
        for row in 0..<usage.count {
            let id = CounterID(row: row)
            let used = usage.used(id), carried = usage.carried(id)
            if used == 0 && carried == 0 { continue }
            let coupon = usage.couponNumber(id)
            if numbers[coupon] == .max { numbers[coupon] = UInt32(encoder.totals.coupons) }
            encoder.appendCounter(
                usage.kind(id), coupon: Int(numbers[coupon]), couponKey: usage.couponKey(id),
                detail: usage.detail(id), used: used, carried: carried)
            try pace(&encoder)
        }
        var next = orders.next(after: nil)
        while let id = next {
            next = orders.next(after: id)
            encoder.appendOrder(
                store: orders.store(id), order: orders.order(id), image: orders.image(id))
            try pace(&encoder)
        }
    }
}
