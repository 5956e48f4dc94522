import FlatStorage

// What a stretch of the journal changes is known by hashes alone: for each order which of its
// mentions is the newest, for each counter what it counts at the end. Keys and images stay in the
// segments, which are read again when the snapshot is written. So a changed order costs some 35
// bytes of memory, and so does a changed counter.

/// What the records of the journal after a snapshot change.
struct JournalChanges: ~Copyable {
    let hasher = KeyHasher()
    /// For each changed order, which mention is the newest one: they are counted over all records.
    private var orders = FingerprintTable()
    private var mentionCount: UInt64 = 0
    /// For each changed counter its uses at the end, or ``Self/wideBit`` and an index of ``wide``.
    private var counters = FingerprintTable()
    private var wide = FlatArray<CounterValues>()
    /// For each coupon of a changed counter its number in the new snapshot, or ``Self/unnumbered``.
    private var coupons = FingerprintTable()
    private var unwrittenCounterCount = 0

    private(set) var sequence: UInt64
    private(set) var lastRedemption: UInt64
    private(set) var calendar: Int64

    private static let wideBit: UInt64 = 1 << 63
    private static let writtenBit: UInt64 = 1 << 62
    private static let usedMax = writtenBit - 1
    private static let unnumbered = UInt64.max
    private static let forgotten = UInt64.max

    /// No changes, after a snapshot with this header or after the empty state.
    init(after header: SnapshotHeader?) {
        sequence = header?.sequence ?? 0
        lastRedemption = header?.lastRedemption ?? 0
        calendar = header?.calendar ?? 0
    }

    /// Of a snapshot that has all these changes.
    var header: SnapshotHeader {
        SnapshotHeader(sequence: sequence, lastRedemption: lastRedemption, calendar: calendar)
    }

    /// Bytes allocated, used or not.
    var allocatedBytes: Int {
        orders.allocatedBytes + counters.allocatedBytes + coupons.allocatedBytes
            + wide.capacity * MemoryLayout<CounterValues>.stride
    }

    // MARK: - Taking changes in

    /// Takes the next record in.
    mutating func note(
        _ bytes: Span<UInt8>, _ sequence: UInt64
    ) throws(JournalRecordFault) {
        self.sequence = sequence
        switch try JournalRecord(bytes) {
        case .calendar(let milliseconds): calendar = milliseconds
        case .orders(let record):
            lastRedemption = max(lastRedemption, record.lastRedemption)
            if record.date > 0 { calendar = record.date }
            try note(record.orders, areForgotten: record.forgets)
            note(record.counters)
        }
    }

    private mutating func note(
        _ orders: consuming RecordedOrders, areForgotten: Bool
    ) throws(JournalRecordFault) {
        var changed = orders
        while let order = changed.next() {
            let key = hasher.order(store: order.store, order: order.order)
            if areForgotten {
                self.orders.set(key, to: Self.forgotten)
                continue
            }
            // Each is read as a start would, also those that change again later.
            _ = try order.checkedImage()
            self.orders.set(key, to: mentionCount)
            mentionCount += 1
        }
    }

    private mutating func note(_ counters: consuming RecordedCounters) {
        var changed = counters
        while let counter = changed.next() {
            let coupon = hasher.coupon(counter.couponKey)
            if coupons[coupon] == nil { coupons.set(coupon, to: Self.unnumbered) }
            set(hasher.counter(coupon, counter.kind, counter.detail), to: counter.values)
        }
    }

    private mutating func set(_ key: Fingerprint, to values: CounterValues) {
        let known = counters[key]
        if known == nil { unwrittenCounterCount += 1 }
        if let known, known & Self.wideBit != 0 {
            wide[Int(known & Self.usedMax)] = values
        } else if values.carried > 0 || values.used > Self.usedMax {
            counters.set(key, to: Self.wideBit | UInt64(wide.count))
            wide.append(values)
        } else {
            counters.set(key, to: values.used)
        }
    }

    // MARK: - Asking

    /// Whether an order changed or was forgotten.
    func hasChanged(_ order: borrowing SnapshotOrder) -> Bool {
        orders[hasher.order(store: order.store, order: order.order)] != nil
    }

    /// Whether some changed counters were not taken by ``takeCounter(_:)`` yet.
    var hasUnwrittenCounters: Bool { unwrittenCounterCount > 0 }

    /// What a changed counter counts at the end, the first time that it is asked for; nil for one that
    /// has not changed, and `isTaken` for one that was taken before.
    mutating func takeCounter(_ key: Fingerprint) -> ChangedCounter? {
        guard let number = counters[key] else { return nil }
        if number & Self.writtenBit != 0 { return ChangedCounter(isTaken: true) }
        counters.set(key, to: number | Self.writtenBit)
        unwrittenCounterCount -= 1
        if number & Self.wideBit == 0 { return ChangedCounter(used: number) }
        let values = wide[Int(number & Self.usedMax)]
        return ChangedCounter(used: values.used, carried: values.carried)
    }

    /// The number of a coupon in the new snapshot; nil for one that it does not have yet.
    func couponNumber(_ coupon: Fingerprint) -> Int? {
        guard let number = coupons[coupon], number != Self.unnumbered else { return nil }
        return Int(number)
    }

    /// Remembers the number of a coupon, where a changed counter may ask for it.
    mutating func setCouponNumber(_ coupon: Fingerprint, to number: Int) {
        if coupons[coupon] != nil { coupons.set(coupon, to: UInt64(number)) }
    }

    /// Starts counting mentions from the first record again.
    mutating func beginAgain() { mentionCount = 0 }

    /// Whether this mention of an order, which is the next one, is its newest.
    mutating func isNewestMention(_ order: borrowing RecordedOrder) -> Bool {
        defer { mentionCount += 1 }
        return orders[hasher.order(store: order.store, order: order.order)] == mentionCount
    }
}

extension JournalChanges {
    static func pace(_ writer: inout SnapshotWriter) throws(RecordVisitFault) {
        do {
            try writer.pace()
        } catch {
            throw .other(.disk(error))
        }
    }
}

/// What a changed counter counts.
struct ChangedCounter: Equatable {
    var used: UInt64 = 0
    var carried: UInt64 = 0
    /// It is in the new snapshot already, or left out of it.
    var isTaken = false

    /// Whether a snapshot leaves it out.
    var isZero: Bool { used == 0 && carried == 0 }
}
