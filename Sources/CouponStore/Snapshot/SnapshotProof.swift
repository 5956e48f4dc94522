import FlatStorage

// What a compaction has written is read back from the device and proved, without a table of all
// counters. Each counter's key has a random weight w, which nothing outside of this one reading
// knows: a 128-bit hash of the key under a seed drawn for it. Two sums are built on the way, modulo
// 2^128:
//
//   what is counted   Σ over all counters        (uses − carried uses) · w
//   what is consumed  Σ over all consumptions    amount · w        (of images whose state uses them)
//
// Where each counter is exactly what it carries and what all orders took, both are the same sum in
// another order. Where some counter differs, by d ≠ 0, the sums differ by d · w and what the other
// counters that differ add; the weights are independent, so that sum is 0 for at most one in
// 2^128 / 2^v values of w, where 2^v is the largest power of two in d. A counter has 64 bits, so v is
// below 64, and an error passes with a probability of at most 2^-64. An order that
// consumes from a counter that is not there is such an error too, as is one that is missing or
// there twice.
//
// What orders hold is in no counter of the file, so there is nothing to compare. That no key occurs
// twice follows from how it was made: the snapshot before had each once, and so had the tables
// of what has changed. A start checks it again, together with each counter on its own.

/// Reads a snapshot in pieces, checks every item, and compares counters with orders.
struct SnapshotProof: ~Copyable {
    private let hasher: KeyHasher
    /// The hashes of the coupon keys, in the order in which they were named.
    private var coupons = FlatArray<Fingerprint>()
    private var counted: UInt128 = 0
    private var consumed: UInt128 = 0
    /// Of the last piece.
    private(set) var checksum: UInt64 = 0
    private(set) var byteCount = 0
    private(set) var totals = SnapshotTotals()
    let header: SnapshotHeader

    /// Whether counters and orders agree.
    var holds: Bool { counted == consumed }

    private init(_ header: SnapshotHeader) {
        self.header = header
        hasher = KeyHasher()
    }

    /// Reads the snapshot at `path`, of the version that is written.
    static func read(
        _ path: String, on disk: any Disk
    ) throws(SnapshotProblem) -> SnapshotProof {
        guard var reader = try SnapshotReader.open(path, on: disk) else { throw .empty }
        var proof = SnapshotProof(reader.header)
        try proof.read(&reader)
        return proof
    }

    private mutating func read(_ reader: inout SnapshotReader) throws(SnapshotProblem) {
        while let piece = try reader.next() {
            var items = ByteReader(reader.content)
            for _ in 0..<piece.itemCount {
                if piece.kind == .counters {
                    try addCounter(&items, at: reader.contentOffset)
                } else {
                    try addOrder(&items, at: reader.contentOffset)
                }
            }
            guard items.remaining == 0 else {
                throw .contradiction(.end, offset: reader.contentOffset + items.position)
            }
        }
        guard reader.totals.coupons == coupons.count else {
            throw .contradiction(.end, offset: reader.contentOffset)
        }
        totals = reader.totals
        checksum = reader.checksum
        byteCount = reader.byteCount
    }

    private mutating func addCounter(
        _ items: inout ByteReader, at offset: Int
    ) throws(SnapshotProblem) {
        guard let counter = SnapshotCounter(&items, couponCount: coupons.count),
            counter.carried <= counter.used
        else { throw .contradiction(.counter, offset: offset + items.position) }
        if let key = counter.couponKey { coupons.append(hasher.coupon(key)) }
        let hash = hasher.counter(coupons[counter.coupon], counter.kind, counter.detail)
        counted &+= Self.product(counter.used - counter.carried, hash)
    }

    private mutating func addOrder(
        _ items: inout ByteReader, at offset: Int
    ) throws(SnapshotProblem) {
        guard let order = SnapshotOrder(&items) else {
            throw .contradiction(.order, offset: offset + items.position)
        }
        let image: OrderImageView
        do {
            image = try OrderImageView(order.image)
        } catch {
            throw .contradiction(.image, offset: offset + items.position)
        }
        guard image.facts.state.consumes == .uses else { return }
        var codes = image.codes
        while let code = codes.next() {
            var consumptions = code.consumptions
            while let consumption = consumptions.next() {
                let hash = hasher.counter(
                    hasher.coupon(consumption.couponKey), consumption.kind, consumption.detail)
                consumed &+= Self.product(consumption.amount, hash)
            }
        }
    }

    private static func product(_ amount: UInt64, _ weight: Fingerprint) -> UInt128 {
        UInt128(amount) &* (UInt128(weight.high) << 64 | UInt128(weight.low))
    }
}

/// 128-bit hashes of the keys of counters and orders, under seeds of its own: two keys have the same
/// one with a probability of about 2^-128.
struct KeyHasher: Sendable {
    private let first: UInt64
    private let second: UInt64

    /// With seeds that cannot be foreseen.
    init() {
        first = HashSeed.random().value
        second = HashSeed.random().value
    }

    /// Of the coupon part of a counter's key.
    func coupon(_ key: Span<UInt8>) -> Fingerprint { hash(key, 0) }

    /// Of a counter's key, from the hash of its coupon part.
    func counter(_ coupon: Fingerprint, _ kind: CounterKind, _ detail: Span<UInt8>) -> Fingerprint {
        combined(coupon, hash(detail, UInt64(kind.rawValue)))
    }

    func order(store: Span<UInt8>, order: Span<UInt8>) -> Fingerprint {
        combined(hash(store, 0), hash(order, 1))
    }

    private func hash(_ bytes: Span<UInt8>, _ salt: UInt64) -> Fingerprint {
        Fingerprint(
            low: hash64(bytes, seed: first &+ salt), high: hash64(bytes, seed: second &+ salt))
    }

    private func combined(_ left: Fingerprint, _ right: Fingerprint) -> Fingerprint {
        Fingerprint(
            low: combine(left.low, right.low), high: combine(left.high, right.high))
    }
}
