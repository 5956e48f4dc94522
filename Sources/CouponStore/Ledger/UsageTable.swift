import FlatStorage

// One look-up is one probe: the row keeps the number of its coupon, and the coupon's own bytes are
// kept once for all its counters. The coupon part of the hash comes from the caller, who has it
// from the catalog; the rest is hashed under the seed of the process, because a detail may be
// something that a shopper chooses.
//
// Most counters belong to a customer, and most of those come for a hold that lapses. So a counter that
// counts nothing is removed at the end of the operation: the last one takes its row.

/// What a counter counts. The codes are on disk: never reuse one.
package enum CounterKind: UInt8, CaseIterable, Sendable, BitwiseCopyable {
    /// Uses of a coupon.
    case total = 1
    /// Uses of one code of a coupon; the detail is the code's key.
    case code = 2
    /// Uses of one offer of a coupon; the detail is the offer's id.
    case offer = 3
    /// Uses of a coupon by one customer; the detail is the customer's id.
    case customer = 4
    /// Uses of a coupon by one e-mail; the detail is its lower-cased text.
    case email = 5
    /// Uses of one code by one customer; the detail is the code's key, 0 and the id.
    case codeCustomer = 6
    /// Uses of one code by one e-mail; the detail is the code's key, 0 and the e-mail.
    case codeEmail = 7
    /// Uses on one day; the detail is the day, such as 2026-07-01.
    case day = 8
    /// Uses in one week; the detail is its Monday.
    case week = 9
    /// Uses in one month; the detail is its first day.
    case month = 10
    /// Uses for one booking date, which is the detail.
    case bookingDate = 11
    /// Money a coupon gave, in minor units; the detail is the currency's three letters.
    case budget = 12
    /// Uses of the offers of a store that share a counter. The coupon part is the store, 0 and
    /// nothing; the detail is the counter's name.
    case sharedOffer = 13
    /// Money of a gift card that was spent, in minor units. The coupon part is the store, 0 and the
    /// card's id.
    case giftCard = 14

    /// Whether it sums up money, which always returns, and not uses.
    package var isMoney: Bool { self == .budget || self == .giftCard }
}

/// A counter's row. It stays valid until the end of the operation, which may remove counters.
@frozen
package struct CounterID: Hashable, Sendable, BitwiseCopyable {
    package let row: Int

    @inlinable
    package init(row: Int) { self.row = row }
}

/// The key of a counter.
struct CounterKey: ~Escapable {
    let kind: CounterKind
    let couponKey: Span<UInt8>
    let detail: Span<UInt8>

    @_lifetime(copy couponKey, copy detail)
    init(kind: CounterKind, couponKey: Span<UInt8>, detail: Span<UInt8>) {
        self.kind = kind
        self.couponKey = couponKey
        self.detail = detail
    }
}

/// How often each coupon and each code was used.
///
/// A counter is keyed by its kind, its coupon part (`store \0 coupon-id`) and a detail. The table
/// is sparse: a counter is created at its first consumption, with the uses from before the daemon, and
/// may be removed when it counts nothing.
package struct UsageTable: ~Copyable, Sendable {
    // Not private: with rows that other files cannot see, Swift 6.3.1 links no unoptimised ledger.
    struct Row: BitwiseCopyable {
        var coupon: UInt32
        var detailLength: UInt32
        var detail: ByteArena.Place
        var kind: CounterKind
    }

    struct CouponRow: BitwiseCopyable {
        var key: ByteArena.Place
        var length: UInt32
        var counterCount: UInt32 = 0
    }

    private let seed: UInt64
    private var rows = ChunkedArray<Row>()
    private var index: ShardedIndex
    private var coupons = ChunkedArray<CouponRow>()
    private var couponIndex = ShardedIndex(shardBits: 6)
    private var couponKeys = ByteArena()
    private var details = ByteArena()
    /// The row at which ``gather()`` goes on.
    private var gatheringRow = 0
    private let usedCounters = AtomicCounters()
    private let heldCounters = AtomicCounters()
    /// What counters brought along, by row, where it is not 0. Few have any.
    private var carriedCounts = SparseCounts()

    /// `seed` is drawn once per process, so that no client can aim at one bucket.
    package init(seed: HashSeed) {
        self.seed = seed.value
        index = ShardedIndex()
    }

    /// The hash of a coupon part that every operation here expects. The catalog computes it once
    /// per coupon, when it is compiled.
    package static func couponHash(of couponKey: Span<UInt8>) -> UInt64 {
        durableHash64(couponKey)
    }

    /// Counters in the table; their rows are 0 ..< `count`.
    package var count: Int { rows.count }

    /// Whether there may be no room for the counters of one more order.
    package var isFull: Bool { rows.count > AtomicCounters.countMax - Self.countersPerOrderMax }

    private static let countersPerOrderMax = 65_536

    /// Coupons that have or had a counter.
    package var couponCount: Int { coupons.count }

    /// Coupons that have a counter.
    package private(set) var usedCouponCount = 0

    /// Bytes allocated, used or not.
    package var allocatedBytes: Int {
        rows.allocatedBytes + index.allocatedBytes + coupons.allocatedBytes
            + couponIndex.allocatedBytes + couponKeys.allocatedBytes + details.allocatedBytes
            + usedCounters.allocatedBytes + heldCounters.allocatedBytes
    }

    // MARK: - Finding

    /// The counter with this key, or nil when it counts nothing. Allocates nothing.
    ///
    /// `couponHash` is ``couponHash(of:)`` of `couponKey`.
    package func find(
        _ kind: CounterKind, couponKey: Span<UInt8>, couponHash: UInt64, detail: Span<UInt8>
    ) -> CounterID? {
        find(kind, couponKey, detail, hash: hash(kind, couponHash, detail))
    }

    /// The counter with this key, created with `start` uses if it does not exist.
    ///
    /// Allocates only when a chunk of memory is full.
    package mutating func createIfAbsent(
        _ kind: CounterKind, couponKey: Span<UInt8>, couponHash: UInt64, detail: Span<UInt8>,
        startingAt start: UInt64
    ) -> CounterID {
        let hash = hash(kind, couponHash, detail)
        if let known = find(kind, couponKey, detail, hash: hash) { return known }
        let coupon = coupon(couponKey, hash: couponHash)
        let row = rows.append(
            Row(
                coupon: UInt32(coupon),
                detailLength: UInt32(detail.count), detail: details.append(detail), kind: kind))
        index.insert(row: row, hash: hash)
        usedCounters.append(start)
        heldCounters.append(0)
        if start > 0 { carriedCounts[row] = start }
        if coupons[coupon].counterCount == 0 { usedCouponCount += 1 }
        coupons[coupon].counterCount += 1
        return CounterID(row: row)
    }

    private func hash(_ kind: CounterKind, _ couponHash: UInt64, _ detail: Span<UInt8>) -> UInt64 {
        combine(couponHash, hash64(detail, seed: seed &+ UInt64(kind.rawValue)))
    }

    private func find(
        _ kind: CounterKind, _ couponKey: Span<UInt8>, _ detail: Span<UInt8>, hash: UInt64
    ) -> CounterID? {
        var probe = index.probe(hash)
        while let row = index.next(&probe) {
            let candidate = rows[row]
            if candidate.kind == kind
                && details.bytes(at: candidate.detail, count: Int(candidate.detailLength))
                    .isEqual(to: detail)
                && bytes(ofCoupon: Int(candidate.coupon)).isEqual(to: couponKey)
            {
                return CounterID(row: row)
            }
        }
        return nil
    }

    /// The coupon's number, given now if it is new. `hash` is ``couponHash(of:)`` of `key`.
    mutating func coupon(_ key: Span<UInt8>, hash: UInt64) -> Int {
        var probe = couponIndex.probe(hash)
        while let number = couponIndex.next(&probe) {
            if bytes(ofCoupon: number).isEqual(to: key) { return number }
        }
        let row = CouponRow(key: couponKeys.append(key), length: UInt32(key.count))
        let number = coupons.append(row)
        couponIndex.insert(row: number, hash: hash)
        return number
    }

    // MARK: - Removing

    /// Whether a counter may be removed: it counts nothing, and no order names it.
    package func isIdle(_ id: CounterID) -> Bool {
        guard used(id) == 0, held(id) == 0 else { return false }
        // An order may have taken 0 of a sum of money, so its counter is still named.
        return !kind(id).isMoney && carried(id) == 0
    }

    /// Removes a counter that is idle. Another one has this number from now on: returns the number that
    /// it had before. It is the same where the last one is removed.
    package mutating func remove(_ id: CounterID) -> CounterID {
        precondition(isIdle(id), "a counter that counts something stays")
        let row = rows[id.row]
        index.remove(row: id.row, hash: hash(of: row))
        details.remove(Int(row.detailLength), at: row.detail)
        coupons[Int(row.coupon)].counterCount -= 1
        if coupons[Int(row.coupon)].counterCount == 0 { usedCouponCount -= 1 }
        let last = rows.count - 1
        if id.row < last {
            let moved = rows[last]
            index.renumber(row: last, to: id.row, hash: hash(of: moved))
            rows[id.row] = moved
            usedCounters.store(usedCounters.load(last), at: id.row)
            heldCounters.store(heldCounters.load(last), at: id.row)
            carriedCounts.move(from: last, to: id.row)
        }
        rows.removeLast()
        usedCounters.removeLast()
        heldCounters.removeLast()
        return CounterID(row: last)
    }

    private func hash(of row: Row) -> UInt64 {
        hash(
            row.kind, Self.couponHash(of: bytes(ofCoupon: Int(row.coupon))),
            details.bytes(at: row.detail, count: Int(row.detailLength)))
    }

    /// Whether memory that removed counters left should be gathered, with ``gather()``.
    package var needsGathering: Bool { details.needsGathering }

    /// Moves the details of some counters together, so that memory goes back. Numbers stay.
    package mutating func gather() {
        for _ in 0..<Self.rowsPerGathering where needsGathering {
            if gatheringRow >= rows.count { gatheringRow = 0 }
            let (place, count) = (
                rows[gatheringRow].detail, Int(rows[gatheringRow].detailLength)
            )
            if count > 0, details.isSparse(around: place) {
                let new = details.allocate(count)
                details.copy(count, from: place, to: new)
                details.remove(count, at: place)
                rows[gatheringRow].detail = new
            }
            gatheringRow += 1
        }
    }

    private static let rowsPerGathering = 64

    // MARK: - Counting

    /// Uses so far, those from before the daemon included.
    package func used(_ id: CounterID) -> UInt64 { usedCounters.load(id.row) }

    /// Uses that live reservations hold.
    package func held(_ id: CounterID) -> UInt64 { heldCounters.load(id.row) }

    /// Sets the uses to an absolute value, which is what a record of them says.
    package mutating func setUsed(_ id: CounterID, to value: UInt64) {
        usedCounters.store(value, at: id.row)
    }

    /// The uses that no order on record accounts for: those from before the daemon, and those that
    /// stay of orders which started afresh. What is left of ``used(_:)`` is the sum of all orders.
    package func carried(_ id: CounterID) -> UInt64 { carriedCounts[id.row] }

    /// Sets the uses that no order accounts for. It allocates only for a counter that had none.
    package mutating func setCarried(_ id: CounterID, to value: UInt64) {
        if value != carried(id) { carriedCounts[id.row] = value }
    }

    /// Sets what live reservations hold.
    package mutating func setHeld(_ id: CounterID, to value: UInt64) {
        heldCounters.store(value, at: id.row)
    }

    /// All three figures of a counter.
    package func values(of id: CounterID) -> CounterValues {
        CounterValues(used: used(id), held: held(id), carried: carried(id))
    }

    /// Sets all three figures of a counter.
    package mutating func set(_ id: CounterID, to values: CounterValues) {
        setUsed(id, to: values.used)
        setHeld(id, to: values.held)
        setCarried(id, to: values.carried)
    }

    // MARK: - Reading keys

    // The next two are inlined: every counter of an apply is read through them twice.

    /// All parts of a counter's key, from one look at its row.
    @inline(__always)
    @_lifetime(borrow self)
    func key(of id: CounterID) -> CounterKey {
        let row = rows[id.row]
        return CounterKey(
            kind: row.kind, couponKey: bytes(ofCoupon: Int(row.coupon)),
            detail: details.bytes(at: row.detail, count: Int(row.detailLength)))
    }

    package func kind(_ id: CounterID) -> CounterKind { rows[id.row].kind }

    /// The coupon part of the counter's key.
    @_lifetime(borrow self)
    package func couponKey(_ id: CounterID) -> Span<UInt8> {
        bytes(ofCoupon: Int(rows[id.row].coupon))
    }

    /// The number of the counter's coupon, 0 ..< ``couponCount``: the same for all its counters.
    package func couponNumber(_ id: CounterID) -> Int { Int(rows[id.row].coupon) }

    /// The detail of the counter's key; empty where its kind has none.
    @_lifetime(borrow self)
    package func detail(_ id: CounterID) -> Span<UInt8> {
        let row = rows[id.row]
        return details.bytes(at: row.detail, count: Int(row.detailLength))
    }

    /// The coupon part of all counters of the coupon with this number.
    @inline(__always)
    @_lifetime(borrow self)
    package func bytes(ofCoupon number: Int) -> Span<UInt8> {
        let row = coupons[number]
        return couponKeys.bytes(at: row.key, count: Int(row.length))
    }
}
