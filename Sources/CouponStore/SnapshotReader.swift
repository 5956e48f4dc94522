import FlatStorage

/// A snapshot's header, whose checksums hold.
struct SnapshotHeader {
    let couponCount: UInt64
    let counterCount: UInt64
    let orderCount: UInt64
    let lastRedemption: UInt64

    /// Checks everything that can be told without reading the content's parts: what kind of file
    /// it is first, then whether it is whole, then whether it is what was written.
    init(_ bytes: Span<UInt8>) throws(SnapshotProblem) {
        if bytes.isEmpty { throw .empty }
        for index in 0..<min(bytes.count, 8)
        where bytes[index] != UInt8(truncatingIfNeeded: SnapshotLayout.magic >> (8 * index)) {
            throw .foreign
        }
        let length = SnapshotLayout.headerLength
        var reader = ByteReader(bytes)
        guard reader.uint64() != nil,
            let version = reader.uint32()
        else { throw .wrongLength(expected: nil, found: bytes.count) }
        // Before anything else is judged: a later version may look different from here on.
        guard SnapshotLayout.versions.contains(version) else { throw .unknownVersion(version) }
        guard let padding = reader.uint32(),
            let contentLength = reader.uint64(),
            let couponCount = reader.uint64(),
            let counterCount = reader.uint64(),
            let orderCount = reader.uint64(),
            let lastRedemption = reader.uint64(),
            let contentChecksum = reader.uint64(),
            let headerChecksum = reader.uint64()
        else { throw .wrongLength(expected: nil, found: bytes.count) }
        let checked = bytes.extracting(0..<SnapshotLayout.headerChecksumOffset)
        guard padding == 0, hash64(checked, seed: 0) == headerChecksum else {
            throw .headerDamaged
        }
        guard contentLength == UInt64(bytes.count - length) else {
            throw .wrongLength(
                expected: contentLength.addingReportingOverflow(UInt64(length)).partialValue,
                found: bytes.count)
        }
        guard hash64(bytes.extracting(length..<bytes.count), seed: 0) == contentChecksum else {
            throw .contentDamaged
        }
        self.couponCount = couponCount
        self.counterCount = counterCount
        self.orderCount = orderCount
        self.lastRedemption = lastRedemption
    }
}

/// Reads the parts of a snapshot's content in order.
struct SnapshotReader: ~Escapable {
    private let bytes: Span<UInt8>
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

        @_lifetime(copy detail)
        init(kind: CounterKind, coupon: Int, detail: Span<UInt8>, used: UInt64) {
            self.kind = kind
            self.coupon = coupon
            self.detail = detail
            self.used = used
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

    /// `bytes` are a whole snapshot with a checked header.
    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
        let content = bytes.extracting(SnapshotLayout.headerLength..<bytes.count)
        reader = ByteReader(content)
    }

    /// Offset in the file of what is read next.
    var position: Int { SnapshotLayout.headerLength + reader.position }

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
            let detail = reader.counted(), let used = reader.varint()
        else { throw .contradiction(.counter, offset: position) }
        return Counter(kind: kind, coupon: number, detail: detail, used: used)
    }

    @_lifetime(copy self)
    mutating func order() throws(SnapshotProblem) -> Order {
        guard let store = reader.counted(), let order = reader.counted(),
            let image = reader.counted()
        else { throw .contradiction(.order, offset: position) }
        return Order(store: store, order: order, image: image)
    }
}
