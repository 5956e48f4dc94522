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
// in which they lapse: their images contain the times.
//
// Carried uses are those that no order accounts for. Versions 1 and 2 are read: they have neither
// carried uses (uses that no order accounts for become carried) nor the sequence (it is 0, since
// they are older than the journal), so their checksums lie 8 bytes earlier. Version 1 has fewer
// kinds of counters and older images besides.

enum SnapshotLayout {
    /// "CPNDSNAP", as the little-endian integer of its bytes.
    static let magic: UInt64 = 0x5041_4E53_444E_5043
    static let version: UInt32 = 3
    static let versions: ClosedRange<UInt32> = 1...version
    static let lengthOffset = 16
    static let contentChecksumOffset = 64
    static let headerChecksumOffset = 72
    static let headerLength = 80
    /// The first version with a journal beside it: it has the sequence and carried uses.
    static let journalledVersion: UInt32 = 3
}

/// A snapshot's header, whose own checksum holds.
package struct SnapshotHeader: Equatable, Sendable {
    package let version: UInt32
    package let couponCount: UInt64
    package let counterCount: UInt64
    package let orderCount: UInt64
    package let lastRedemption: UInt64
    /// The journal's last record that the snapshot holds; 0 where it is older than the journal.
    package let sequence: UInt64
    /// Whether it is of a version that has the sequence and carried uses.
    let isJournalled: Bool
    /// Bytes of the header, which depend on the version.
    let length: Int
    private let contentLength: UInt64
    private let contentChecksum: UInt64

    /// Checks everything but the content's parts: first what kind of file it is, then whether it is
    /// whole, then whether it is what was written.
    init(_ bytes: Span<UInt8>) throws(SnapshotProblem) {
        try self.init(beginning: bytes)
        try checkContent(bytes)
    }

    /// Checks the length and checksum of the content of the snapshot with these bytes.
    package func checkContent(_ bytes: Span<UInt8>) throws(SnapshotProblem) {
        guard contentLength == UInt64(bytes.count - length) else {
            throw .wrongLength(
                expected: contentLength.addingReportingOverflow(UInt64(length)).partialValue,
                found: bytes.count)
        }
        guard hash64(bytes.extracting(length..<bytes.count), seed: 0) == contentChecksum else {
            throw .contentDamaged
        }
    }

    /// Reads and checks the header alone.
    package init(beginning bytes: Span<UInt8>) throws(SnapshotProblem) {
        if bytes.isEmpty { throw .empty }
        guard bytes.mayBegin(withMagic: SnapshotLayout.magic) else { throw .foreign }
        var reader = ByteReader(bytes)
        guard reader.uint64() != nil,
            let version = reader.uint32()
        else { throw .wrongLength(expected: nil, found: bytes.count) }
        // Before all other checks: a later version may look different from here on.
        guard SnapshotLayout.versions.contains(version) else { throw .unknownVersion(version) }
        let isJournalled = version >= SnapshotLayout.journalledVersion
        let length = SnapshotLayout.headerLength - (isJournalled ? 0 : 8)
        guard let padding = reader.uint32(),
            let contentLength = reader.uint64(),
            let couponCount = reader.uint64(),
            let counterCount = reader.uint64(),
            let orderCount = reader.uint64(),
            let lastRedemption = reader.uint64(),
            let sequence = isJournalled ? reader.uint64() : 0,
            let contentChecksum = reader.uint64(),
            let headerChecksum = reader.uint64()
        else { throw .wrongLength(expected: nil, found: bytes.count) }
        let checked = bytes.extracting(0..<(length - 8))
        guard padding == 0, sequence < .max, hash64(checked, seed: 0) == headerChecksum else {
            throw .headerDamaged
        }
        self.version = version
        self.couponCount = couponCount
        self.counterCount = counterCount
        self.orderCount = orderCount
        self.lastRedemption = lastRedemption
        self.sequence = sequence
        self.isJournalled = isJournalled
        self.length = length
        self.contentLength = contentLength
        self.contentChecksum = contentChecksum
    }
}
