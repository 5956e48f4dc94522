import FlatStorage

// Snapshots up to version 3 are one run of bytes with one checksum, so they are read whole. Nothing
// writes them any more: the first compaction after an upgrade makes version 4 of one.
//
// ```
//  0   8 bytes  "CPNDSNAP"
//  8   4 bytes  version, 1 to 3
// 12   4 bytes  0
// 16   8 bytes  length of the content in bytes
// 24   8 bytes  number of coupons that have a counter
// 32   8 bytes  number of counters
// 40   8 bytes  number of orders
// 48   8 bytes  redemption number given last
// 56   8 bytes  sequence: the journal's last record that it holds
// 64   8 bytes  XXH3-64 of the content
// 72   8 bytes  XXH3-64 of the 72 bytes above
// 80            coupons: for each, text key (`store \0 coupon`)
//               counters: for each, 1 byte kind, varint coupon (0 = the first above), text detail,
//                 varint uses, varint carried uses
//               orders: for each, text store, text order, text image
// ```
//
// Versions 1 and 2 have neither carried uses (uses that no order accounts for become carried) nor the
// sequence (it is 0, since they are older than the journal), so their checksums lie 8 bytes earlier.
// Version 1 has fewer kinds of counters and older images besides.

/// The header of such a snapshot, whose own checksum holds.
struct WholeSnapshotHeader: Equatable {
    private static let versions: ClosedRange<UInt32> = 1...3
    static let lengthMax = 80

    let version: UInt32
    let couponCount: UInt64
    let counterCount: UInt64
    let orderCount: UInt64
    let lastRedemption: UInt64
    /// The journal's last record that the snapshot holds; 0 where it is older than the journal.
    let sequence: UInt64
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
    func checkContent(_ bytes: Span<UInt8>) throws(SnapshotProblem) {
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
    init(beginning bytes: Span<UInt8>) throws(SnapshotProblem) {
        var reader = ByteReader(bytes)
        let version = try SnapshotLayout.readVersion(from: &reader, of: bytes, among: Self.versions)
        let isJournalled = version >= SnapshotLayout.journalledVersion
        let length = Self.lengthMax - (isJournalled ? 0 : 8)
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

extension SnapshotDecoder {
    /// Reads the whole snapshot with these bytes, of a version before 4.
    mutating func read(whole bytes: Span<UInt8>) throws(SnapshotProblem) {
        let header = try WholeSnapshotHeader(bytes)
        var reader = WholeSnapshotReader(bytes, header)
        var keys = FlatArray<WholeSnapshotReader.Run>()
        for _ in 0..<header.couponCount { keys.append(try reader.couponKey()) }
        for _ in 0..<header.counterCount {
            let counter = try reader.counter()
            guard counter.coupon < keys.count else {
                throw .contradiction(.counter, offset: reader.position)
            }
            try add(
                counter.kind, couponKey: reader.bytes(of: keys[counter.coupon]),
                detail: counter.detail, used: counter.used, carried: counter.carried,
                at: reader.position)
        }
        // A repeated key, or one that no counter names.
        guard couponCount == header.couponCount else {
            throw .contradiction(.coupon, offset: reader.position)
        }
        for _ in 0..<header.orderCount {
            let entry = try reader.order()
            try add(entry, at: reader.position)
        }
        guard reader.isAtEnd else { throw .contradiction(.end, offset: reader.position) }
        try reconcileCarried(at: reader.position)
    }
}

/// Reads the parts of such a snapshot's content in order.
struct WholeSnapshotReader: ~Escapable {
    private let bytes: Span<UInt8>
    private let headerLength: Int
    private let isJournalled: Bool
    private var reader: ByteReader

    /// Where a run of bytes lies in the snapshot.
    struct Run: BitwiseCopyable {
        var offset: Int
        var count: Int
    }

    struct Counter: ~Escapable {
        let kind: CounterKind
        let coupon: Int
        let detail: Span<UInt8>
        let used: UInt64
        let carried: UInt64

        @_lifetime(copy detail)
        init(kind: CounterKind, coupon: Int, detail: Span<UInt8>, used: UInt64, carried: UInt64) {
            self.kind = kind
            self.coupon = coupon
            self.detail = detail
            self.used = used
            self.carried = carried
        }
    }

    /// `bytes` are a whole snapshot with that header, which was checked.
    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, _ header: WholeSnapshotHeader) {
        self.bytes = bytes
        headerLength = header.length
        isJournalled = header.isJournalled
        let content = bytes.extracting(headerLength..<bytes.count)
        reader = ByteReader(content)
    }

    /// Offset in the file of what is read next.
    var position: Int { headerLength + reader.position }

    var isAtEnd: Bool { reader.remaining == 0 }

    mutating func couponKey() throws(SnapshotProblem) -> Run {
        guard let key = reader.counted() else {
            throw .contradiction(.coupon, offset: position)
        }
        return Run(offset: position - key.count, count: key.count)
    }

    @_lifetime(copy self)
    func bytes(of run: Run) -> Span<UInt8> {
        bytes.extracting(run.offset..<(run.offset + run.count))
    }

    @_lifetime(copy self)
    mutating func counter() throws(SnapshotProblem) -> Counter {
        guard let code = reader.byte(), let kind = CounterKind(rawValue: code),
            let coupon = reader.varint(), let number = Int(exactly: coupon),
            let detail = reader.counted(), let used = reader.varint(),
            let carried = isJournalled ? reader.varint() : 0
        else { throw .contradiction(.counter, offset: position) }
        return Counter(kind: kind, coupon: number, detail: detail, used: used, carried: carried)
    }

    @_lifetime(copy self)
    mutating func order() throws(SnapshotProblem) -> SnapshotOrder {
        guard let order = SnapshotOrder(&reader) else {
            throw .contradiction(.order, offset: position)
        }
        return order
    }
}
