import FlatStorage

/// A snapshot's header, whose own checksum holds.
package struct SnapshotHeader: Equatable, Sendable {
    package let version: UInt32
    package let couponCount: UInt64
    package let counterCount: UInt64
    package let orderCount: UInt64
    package let lastRedemption: UInt64
    /// The journal's last record that the snapshot holds; 0 where there was no journal yet.
    package let sequence: UInt64
    /// Whether it is of a version that knows of the journal.
    let isJournalled: Bool
    /// Bytes of the header, which depend on the version.
    let length: Int
    private let contentLength: UInt64
    private let contentChecksum: UInt64

    /// Checks everything that can be told without reading the content's parts: what kind of file
    /// it is first, then whether it is whole, then whether it is what was written.
    init(_ bytes: Span<UInt8>) throws(SnapshotProblem) {
        try self.init(beginning: bytes)
        try checkContent(bytes)
    }

    /// Checks the content of the snapshot with these bytes, but for what its parts say.
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
        for index in 0..<min(bytes.count, 8)
        where bytes[index] != UInt8(truncatingIfNeeded: SnapshotLayout.magic >> (8 * index)) {
            throw .foreign
        }
        var reader = ByteReader(bytes)
        guard reader.uint64() != nil,
            let version = reader.uint32()
        else { throw .wrongLength(expected: nil, found: bytes.count) }
        // Before anything else is judged: a later version may look different from here on.
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

/// Reads the parts of a snapshot's content in order.
struct SnapshotReader: ~Escapable {
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
        init(
            kind: CounterKind, coupon: Int, detail: Span<UInt8>, used: UInt64, carried: UInt64
        ) {
            self.kind = kind
            self.coupon = coupon
            self.detail = detail
            self.used = used
            self.carried = carried
        }
    }

    struct Order: ~Escapable {
        let store: Span<UInt8>
        let order: Span<UInt8>
        let image: Span<UInt8>

        @_lifetime(copy store, copy order, copy image)
        init(store: Span<UInt8>, order: Span<UInt8>, image: Span<UInt8>) {
            self.store = store
            self.order = order
            self.image = image
        }
    }

    /// `bytes` are a whole snapshot with that header, which was checked.
    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, _ header: SnapshotHeader) {
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
        return Counter(
            kind: kind, coupon: number, detail: detail, used: used, carried: carried)
    }

    @_lifetime(copy self)
    mutating func order() throws(SnapshotProblem) -> Order {
        guard let store = reader.counted(), let order = reader.counted(),
            let image = reader.counted()
        else { throw .contradiction(.order, offset: position) }
        return Order(store: store, order: order, image: image)
    }
}
