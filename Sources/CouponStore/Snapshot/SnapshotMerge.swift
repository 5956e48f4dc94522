import FlatStorage

// The next snapshot is the last one with what the journal has changed since, merged in one pass over
// the file:
//
//   counters of the last snapshot, with what they count now; those that count nothing are left out
//   counters that are new, in the order in which the journal names them first
//   orders of the last snapshot that have not changed, in their order
//   orders that changed, at the record that changed them last, in the order of these records
//
// So orders stay in the order of their last change. The segments are read once to learn what has changed,
// once more for new counters if there are any, and once more for the changed orders.

/// Copies the last snapshot with the changes of the journal into a new one.
struct SnapshotMerge: ~Copyable {
    private var changes: JournalChanges
    /// For each coupon of the last snapshot the hash of its key.
    private var coupons = FlatArray<Fingerprint>()
    /// The number of each in the new snapshot, or ``unnumbered``.
    private var numbers = FlatArray<UInt32>()
    /// Keys of coupons that are not in the new snapshot yet, since the counter that named them is left
    /// out: by number, in rising order.
    private var pending = FlatArray<PendingKey>()
    private var pendingBytes = ByteArena()
    private(set) var memory = MemoryWatch()

    private static let unnumbered = UInt32.max

    // Not private: a row type that is a generic argument must be seen by other files.
    struct PendingKey: BitwiseCopyable {
        var coupon: Int
        var place: ByteArena.Place
        var count: Int
    }

    /// Bytes for each coupon of the last snapshot that a merge holds.
    static let bytesPerCoupon = MemoryLayout<Fingerprint>.stride + MemoryLayout<UInt32>.stride

    init(_ changes: consuming JournalChanges, memory: MemoryWatch) {
        self.changes = changes
        self.memory = memory
    }

    var header: SnapshotHeader { changes.header }

    /// Appends everything to `writer`: the last snapshot, at its first piece, with the changes of the
    /// first `end` segments, which were taken in.
    mutating func write(
        from last: inout SnapshotReader, at path: String, _ segments: inout SegmentPassage,
        upTo end: Int, to writer: inout SnapshotWriter
    ) throws(CompactionFault) {
        let isAtOrders: Bool
        do {
            isAtOrders = try copyCounters(from: &last, to: &writer)
        } catch {
            throw error.ofSnapshot(at: path)
        }
        if changes.hasUnwrittenCounters {
            for index in 0..<end {
                try segments.read(index) { record, _ throws(RecordVisitFault) in
                    try appendNewCounters(of: record, to: &writer)
                }
                watch(last, segments, writer)
            }
        }
        do {
            if isAtOrders { try copyOrders(from: &last, to: &writer) }
        } catch {
            throw error.ofSnapshot(at: path)
        }
        changes.beginAgain()
        for index in 0..<end {
            try segments.read(index) { record, _ throws(RecordVisitFault) in
                try appendNewestOrders(of: record, to: &writer)
            }
            watch(last, segments, writer)
        }
    }

    private mutating func watch(
        _ last: borrowing SnapshotReader, _ segments: borrowing SegmentPassage,
        _ writer: borrowing SnapshotWriter
    ) {
        memory.note(
            changes.allocatedBytes + coupons.count * Self.bytesPerCoupon
                + pendingBytes.allocatedBytes + last.allocatedBytes + segments.allocatedBytes
                + writer.encoder.allocatedBytes)
    }

    // MARK: - Counters

    /// Copies the counters of the last snapshot. Returns whether it has orders; the first piece of them
    /// was read then.
    private mutating func copyCounters(
        from last: inout SnapshotReader, to writer: inout SnapshotWriter
    ) throws(MergeFault) -> Bool {
        while let piece = try nextPiece(of: &last) {
            if piece.kind == .orders { return true }
            var items = ByteReader(last.content)
            for _ in 0..<piece.itemCount {
                guard let counter = SnapshotCounter(&items, couponCount: coupons.count) else {
                    throw .snapshot(
                        .contradiction(.counter, offset: last.contentOffset + items.position))
                }
                copy(counter, to: &writer)
                try pace(&writer)
            }
        }
        return false
    }

    private func nextPiece(
        of last: inout SnapshotReader
    ) throws(MergeFault) -> SnapshotPiece? {
        do {
            return try last.next()
        } catch {
            throw .snapshot(error)
        }
    }

    private func pace(_ writer: inout SnapshotWriter) throws(MergeFault) {
        do {
            try writer.pace()
        } catch {
            throw .other(.disk(error))
        }
    }

    private mutating func copy(
        _ counter: borrowing SnapshotCounter, to writer: inout SnapshotWriter
    ) {
        if let key = counter.couponKey {
            coupons.append(changes.hasher.coupon(key))
            numbers.append(Self.unnumbered)
        }
        let coupon = coupons[counter.coupon]
        let key = changes.hasher.counter(coupon, counter.kind, counter.detail)
        let now =
            changes.takeCounter(key)
            ?? ChangedCounter(used: counter.used, carried: counter.carried)
        if now.isZero {
            if let key = counter.couponKey {
                pending.append(
                    PendingKey(
                        coupon: counter.coupon, place: pendingBytes.append(key), count: key.count))
            }
            return
        }
        if numbers[counter.coupon] != Self.unnumbered {
            writer.encoder.appendCounter(
                counter.kind, coupon: Int(numbers[counter.coupon]), couponKey: Span(),
                detail: counter.detail, used: now.used, carried: now.carried)
            return
        }
        let number = writer.encoder.totals.coupons
        numbers[counter.coupon] = UInt32(number)
        changes.setCouponNumber(coupon, to: number)
        if let key = counter.couponKey {
            writer.encoder.appendCounter(
                counter.kind, coupon: number, couponKey: key, detail: counter.detail,
                used: now.used, carried: now.carried)
        } else {
            let key = pending[indexOfPending(counter.coupon)]
            writer.encoder.appendCounter(
                counter.kind, coupon: number,
                couponKey: pendingBytes.bytes(at: key.place, count: key.count),
                detail: counter.detail, used: now.used, carried: now.carried)
        }
    }

    /// Where the key of a coupon is that is not in the new snapshot yet.
    private func indexOfPending(_ coupon: Int) -> Int {
        var low = 0, high = pending.count
        while low < high {
            let middle = (low + high) / 2
            if pending[middle].coupon < coupon { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Appends those counters of a record that the last snapshot did not have, and no record before.
    private mutating func appendNewCounters(
        of bytes: Span<UInt8>, to writer: inout SnapshotWriter
    ) throws(RecordVisitFault) {
        guard let record = try Self.orders(in: bytes) else { return }
        var counters = record.counters
        while let counter = counters.next() {
            let coupon = changes.hasher.coupon(counter.couponKey)
            let key = changes.hasher.counter(coupon, counter.kind, counter.detail)
            guard let now = changes.takeCounter(key), !now.isTaken, !now.isZero else { continue }
            let number = changes.couponNumber(coupon) ?? writer.encoder.totals.coupons
            changes.setCouponNumber(coupon, to: number)
            writer.encoder.appendCounter(
                counter.kind, coupon: number, couponKey: counter.couponKey,
                detail: counter.detail, used: now.used, carried: now.carried)
        }
        try JournalChanges.pace(&writer)
    }

    /// What a record changes; nil where it changes no order.
    @_lifetime(copy bytes)
    private static func orders(
        in bytes: Span<UInt8>
    ) throws(RecordVisitFault) -> OrderRecord? {
        do throws(JournalRecordFault) {
            switch try JournalRecord(bytes) {
            case .orders(let record): return record
            case .calendar: return nil
            }
        } catch {
            throw .record(error)
        }
    }

    // MARK: - Orders

    /// Copies the orders that have not changed, from the present piece on.
    private mutating func copyOrders(
        from last: inout SnapshotReader, to writer: inout SnapshotWriter
    ) throws(MergeFault) {
        // The piece at hand was read with the last of the counters.
        var count = last.itemCount
        while true {
            var items = ByteReader(last.content)
            for _ in 0..<count {
                guard let order = SnapshotOrder(&items) else {
                    throw .snapshot(
                        .contradiction(.order, offset: last.contentOffset + items.position))
                }
                if changes.hasChanged(order) { continue }
                writer.encoder.appendOrder(
                    store: order.store, order: order.order, image: order.image)
                try pace(&writer)
            }
            guard let piece = try nextPiece(of: &last) else { return }
            count = piece.itemCount
        }
    }

    private mutating func appendNewestOrders(
        of bytes: Span<UInt8>, to writer: inout SnapshotWriter
    ) throws(RecordVisitFault) {
        guard let record = try Self.orders(in: bytes), !record.forgets else { return }
        var orders = record.orders
        while let order = orders.next() {
            guard changes.isNewestMention(order) else { continue }
            writer.encoder.appendOrder(store: order.store, order: order.order, image: order.image)
        }
        try JournalChanges.pace(&writer)
    }
}

/// Why a merge ends.
private enum MergeFault: Error {
    /// Of the last snapshot, which was whole when it was looked at before.
    case snapshot(SnapshotProblem)
    case other(CompactionFault)

    func ofSnapshot(at path: String) -> CompactionFault {
        switch self {
        // Its checksums hold. What a start makes of it is found out by reading it as a start does.
        case .snapshot(.contradiction): .unproven
        case .snapshot(let problem):
            .unreadable(.snapshot(SnapshotFault(path: path, problem: problem)))
        case .other(let fault): fault
        }
    }
}

/// The most bytes of memory that were held at a time, by its own account.
struct MemoryWatch: Equatable {
    private(set) var peak = 0

    mutating func note(_ byteCount: Int) { peak = max(peak, byteCount) }
}
