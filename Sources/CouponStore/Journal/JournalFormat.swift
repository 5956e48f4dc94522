import FlatStorage

// # The journal, version 1
//
// What has changed since the snapshot is a run of records, numbered by a *sequence* from 1 on
// without gaps. Consecutive records that become durable together are one *batch*, and batches
// stand one after the other in a segment, whose first block is its header. Integers are
// little-endian; a *varint* is LEB128 in its shortest form, a *text* a varint length and its bytes.
//
// ```
// A batch, on a multiple of 512:
// offset size
//      0    8  "CPNDBTCH"
//      8    4  version, 1
//     12    4  flags: bit 0 a seal, bit 1 logged again by a start; the rest 0
//     16    8  salt of the segment
//     24    8  sequence of the first record, or of the next one where there is none
//     32    4  number of records, 0 in a seal
//     36    4  length of the content
//     40    8  durable mark: a sequence known to be durable before the batch was written
//     48    8  checksum of the batch before; for the first, of the segment's header
//     56    8  checksum: XXH3-64 of the content, seeded with XXH3-64 of the 56 bytes above
//     64       content: records, each a varint length and that many bytes;
//                in a seal, 8 bytes generation and 8 bytes first sequence of the next segment
//              bytes without meaning up to a multiple of 512, written as zeros
//
// A record:
//              1 byte kind: 1 orders
//              varint redemption number given last
//              varint number of orders, 1 at least: for each, text store, text order, text image
//              varint number of counters: for each, 1 byte kind, text coupon part, text detail,
//                varint uses, varint held, varint carried uses
// or
//              1 byte kind: 2 forgotten orders
//              varint number of orders, 1 at least: for each, text store, text order
//              counters as above: what the orders had used is carried
// or
//              1 byte kind: 3 calendar
//              varint date of the purge, in milliseconds since 1970
// or
//              1 byte kind: 4 dated orders
//              varint date of the purge, then as in kind 1
// ```
//
// All that one operation changes is one record, so that it is there or not there as a whole: an
// order that takes over what another one held lists both. Records say what is so *after* the
// operation, images and counters alike, so to redo one is to set and never to add: from any state
// that holds some of the records, redoing all up to the last leads to the same state.
//
// The segment has its space before it is written and nothing is written twice, so an unwritten
// block is all zeros, and a power cut can only leave out or tear what was not yet synchronized.
// Damage above the highest durable mark is such a tail, which was never acknowledged; below it,
// acknowledged records are gone.
//
// What a start logs again is one batch, the first of its segment, and says so: then a mark of the
// segment before, up to the end of that batch, does not show a loss. In segments of version 1 it
// did not say so.
//
// Changing this is a new version number, and a reader for all before.

/// Sizes and places of a batch.
enum BatchLayout {
    /// "CPNDBTCH", as the little-endian integer of its bytes.
    static let magic: UInt64 = 0x4843_5442_444E_5043
    static let version: UInt32 = 1
    static let sealFlag: UInt32 = 1
    static let renewedFlag: UInt32 = 2
    static let blockLength = SegmentHeader.byteCount
    static let recordCountOffset = 32
    static let contentLengthOffset = 36
    static let durableMarkOffset = 40
    static let previousChecksumOffset = 48
    static let checksumOffset = 56
    static let headerLength = 64
    static let sealContentLength = 16

    /// Bytes up to the next block, where the next batch begins.
    static func paddedLength(_ length: Int) -> Int {
        (length + blockLength - 1) / blockLength * blockLength
    }

    /// The checksum of a batch that begins with these bytes. The content is hashed where it lies,
    /// after the checksum; as its seed the header's hash binds both together.
    static func checksum(header: Span<UInt8>, content: Span<UInt8>) -> UInt64 {
        hash64(content, seed: hash64(header.extracting(0..<checksumOffset), seed: 0))
    }
}

/// The kind of a record. The codes are on disk: never reuse one.
enum JournalRecordKind: UInt8 {
    case orders = 1
    case forgottenOrders = 2
    case calendar = 3
    case datedOrders = 4
}
