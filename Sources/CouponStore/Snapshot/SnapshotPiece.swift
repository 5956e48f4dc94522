import FlatStorage

// # The pieces of a snapshot, version 4
//
// After its header a snapshot is made of pieces of about a mebibyte, so that it can be written, read
// and merged without ever being in memory as a whole. Counters come before orders, and the end
// comes last. Integers are little-endian; a *varint* is LEB128, a *text* a varint length and its
// bytes.
//
// ```
// offset size
//      0    4  kind: 1 counters, 2 orders, 3 end
//      4    4  number of items, 0 in the end
//      8    8  length of the content in bytes
//     16    8  XXH3-64 of the content
//     24    8  XXH3-64 of the 24 bytes above, seeded with the same of the piece before
//     32       content
//                counters: for each, 1 byte kind, varint coupon (0 = the first that is named), text
//                  key (`store \0 coupon`) where the coupon was not named before, text detail,
//                  varint uses, varint carried uses
//                orders: for each, text store, text order, text image
//                end: 8 bytes each: number of coupons, counters, orders
// ```
//
// The first piece's seed is the checksum of the header. So a piece is believed only behind exactly the
// pieces before it, and the end only where nothing is missing; after the end comes nothing.
//
// Orders stand in the order of their last change, the oldest first. What reservations hold is not
// stored: it is the sum of what their images list. Nor is the order in which they lapse: their
// images contain the times. A counter that counts no uses is left out, even if an order holds some
// of it.
//
// Carried uses are those that no order accounts for: a counter is exactly the sum of its carried uses
// and of the uses that all images list.

/// The frame of one piece of a snapshot. Its own checksum holds.
struct SnapshotPiece: Equatable, BitwiseCopyable {
    enum Kind: UInt32 {
        case counters = 1
        case orders = 2
        case end = 3
    }

    static let headerLength = 32
    static let headerChecksumOffset = 24
    static let endLength = 24
    /// Bytes of content from which on a piece takes no other item.
    static let fullLength = 1_024 * 1_024

    let kind: Kind
    let itemCount: Int
    /// Bytes of the content.
    let length: Int
    let contentChecksum: UInt64
    /// What seeds the checksum of the next piece.
    let checksum: UInt64

    /// Reads the frame in these bytes, after the piece with that checksum.
    init(_ bytes: Span<UInt8>, after previous: UInt64) throws(SnapshotProblem) {
        var reader = ByteReader(bytes)
        guard let kind = reader.uint32(), let itemCount = reader.uint32(),
            let length = reader.uint64(), let contentChecksum = reader.uint64(),
            let checksum = reader.uint64(), checksum == Self.checksum(of: bytes, after: previous),
            let kind = Kind(rawValue: kind), let length = Int(exactly: length)
        else { throw .contentDamaged }
        self.kind = kind
        self.itemCount = Int(itemCount)
        self.length = length
        self.contentChecksum = contentChecksum
        self.checksum = checksum
    }

    /// The checksum of a frame that begins with these bytes.
    static func checksum(of bytes: Span<UInt8>, after previous: UInt64) -> UInt64 {
        hash64(bytes.extracting(0..<headerChecksumOffset), seed: previous)
    }
}

/// How much a snapshot holds.
package struct SnapshotTotals: Equatable, Sendable {
    /// Coupons that have a counter.
    package var coupons = 0
    package var counters = 0
    package var orders = 0
}

// MARK: - Items

/// A counter in a snapshot.
struct SnapshotCounter: ~Escapable {
    let kind: CounterKind
    /// The number of its coupon, in the order in which coupons are named first.
    let coupon: Int
    /// Nil where the coupon was named before.
    let couponKey: Span<UInt8>?
    let detail: Span<UInt8>
    let used: UInt64
    let carried: UInt64

    /// Reads the next one; `couponCount` coupons were named before it.
    @_lifetime(copy reader)
    init?(_ reader: inout ByteReader, couponCount: Int) {
        guard let code = reader.byte(), let kind = CounterKind(rawValue: code),
            let number = reader.varint(), number <= UInt64(couponCount)
        else { return nil }
        var key: Span<UInt8>?
        if number == UInt64(couponCount) {
            guard let text = reader.counted() else { return nil }
            key = text
        }
        guard let detail = reader.counted(), let used = reader.varint(),
            let carried = reader.varint()
        else { return nil }
        self.kind = kind
        coupon = Int(number)
        couponKey = key
        self.detail = detail
        self.used = used
        self.carried = carried
    }
}

/// An order in a snapshot.
struct SnapshotOrder: ~Escapable {
    let store: Span<UInt8>
    let order: Span<UInt8>
    let image: Span<UInt8>

    @_lifetime(copy reader)
    init?(_ reader: inout ByteReader) {
        guard let store = reader.counted(), let order = reader.counted(),
            let image = reader.counted(),
            max(store.count, order.count) <= OrderTable.nameBytesMax
        else { return nil }
        self.store = store
        self.order = order
        self.image = image
    }
}
