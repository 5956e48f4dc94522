import FlatStorage

/// Reads a snapshot piece after piece, so that never more than two pieces are in memory.
///
/// A piece is handed out once its checksums hold. A snapshot of versions 1 to 3 is one piece: it is
/// held whole, see ``wholeBytes``.
struct SnapshotReader: ~Copyable {
    let header: SnapshotHeader
    /// Of the file.
    let byteCount: Int
    /// Nil where all bytes are held already.
    private let disk: (any Disk)?
    private let path: String
    /// Bytes of the file from ``heldOffset`` on.
    private var held: ByteBuffer
    private var heldOffset = 0
    /// Where in the file the next piece begins.
    private(set) var position = SnapshotLayout.headerLength
    /// Of the piece that was read last; at first of the header.
    private(set) var checksum: UInt64
    /// Where in the file the content of the present piece lies.
    private var contentRange = 0..<0
    /// Items of the present piece.
    private(set) var itemCount = 0
    private var isEnded = false
    private var counted = SnapshotTotals()
    /// What the end says that there is; complete once ``next()`` has returned nil.
    private(set) var totals = SnapshotTotals()

    /// Bytes that are read at a time: a piece with its frame and the end of its last item, mostly.
    private static let readByteCount = SnapshotPiece.fullLength + 16 * 1_024

    /// The snapshot at `path`, or nil where there is none.
    static func open(
        _ path: String, on disk: any Disk
    ) throws(SnapshotProblem) -> SnapshotReader? {
        let byteCount: Int?
        do {
            byteCount = try disk.size(of: path)
        } catch {
            throw .unreadable(error)
        }
        guard let byteCount else { return nil }
        var start = ByteBuffer(capacity: min(byteCount, Self.readByteCount) + 1)
        try Self.read(Self.readByteCount, of: path, at: 0, on: disk, into: &start)
        let header = try SnapshotHeader(beginning: start.bytes)
        if !header.isInPieces {
            let rest = byteCount - start.count
            try Self.read(rest, of: path, at: start.count, on: disk, into: &start)
        }
        return SnapshotReader(header, start, byteCount: byteCount, path: path, on: disk)
    }

    /// The snapshot with these bytes.
    init(_ bytes: Span<UInt8>) throws(SnapshotProblem) {
        let header = try SnapshotHeader(beginning: bytes)
        var copy = ByteBuffer(capacity: bytes.count)
        copy.append(bytes)
        self.init(header, copy, byteCount: bytes.count, path: "", on: nil)
    }

    private init(
        _ header: SnapshotHeader, _ start: consuming ByteBuffer, byteCount: Int, path: String,
        on disk: (any Disk)?
    ) {
        self.header = header
        self.byteCount = byteCount
        self.disk = disk
        self.path = path
        held = start
        checksum = header.checksum
    }

    /// All bytes of a snapshot that is one piece.
    var wholeBytes: Span<UInt8> {
        @_lifetime(borrow self) get { held.bytes }
    }

    /// Bytes of memory that it holds.
    var allocatedBytes: Int { held.capacity }

    /// The items of the present piece.
    var content: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            held.bytes(
                in: (contentRange.lowerBound - heldOffset)..<(contentRange.upperBound - heldOffset))
        }
    }

    /// Where in the file the content of the present piece begins.
    var contentOffset: Int { contentRange.lowerBound }

    /// The next piece with items, whose bytes are ``content`` then; nil behind a good end.
    mutating func next() throws(SnapshotProblem) -> SnapshotPiece? {
        if isEnded { return nil }
        let frame = position..<(position + SnapshotPiece.headerLength)
        try hold(frame)
        let place = (frame.lowerBound - heldOffset)..<(frame.upperBound - heldOffset)
        let piece = try SnapshotPiece(held.bytes(in: place), after: checksum)
        guard piece.length <= byteCount - frame.upperBound else {
            throw .endsEarly(found: byteCount)
        }
        contentRange = frame.upperBound..<(frame.upperBound + piece.length)
        try hold(contentRange)
        guard hash64(content, seed: 0) == piece.contentChecksum else { throw .contentDamaged }
        position = contentRange.upperBound
        checksum = piece.checksum
        itemCount = piece.itemCount
        try follow(piece)
        return isEnded ? nil : piece
    }

    /// Checks what the checksums do not: the order of pieces, and what the end says.
    private mutating func follow(_ piece: SnapshotPiece) throws(SnapshotProblem) {
        switch piece.kind {
        case .counters:
            guard counted.orders == 0, piece.itemCount > 0 else {
                throw .contradiction(.counter, offset: contentOffset)
            }
            counted.counters += piece.itemCount
        case .orders:
            guard piece.itemCount > 0 else {
                throw .contradiction(.order, offset: contentOffset)
            }
            counted.orders += piece.itemCount
        case .end:
            var fields = ByteReader(content)
            guard piece.itemCount == 0, piece.length == SnapshotPiece.endLength,
                let coupons = fields.uint64(), let counters = fields.uint64(),
                let orders = fields.uint64(), let coupons = Int(exactly: coupons),
                counters == UInt64(counted.counters), orders == UInt64(counted.orders)
            else { throw .contradiction(.end, offset: contentOffset) }
            guard position == byteCount else {
                throw .wrongLength(expected: UInt64(position), found: byteCount)
            }
            totals = counted
            totals.coupons = coupons
            isEnded = true
        }
    }

    /// Makes sure that these bytes of the file are held, and lets go of those before them.
    private mutating func hold(_ range: Range<Int>) throws(SnapshotProblem) {
        let end = heldOffset + held.count
        if range.upperBound <= end { return }
        guard let disk, range.upperBound <= byteCount else {
            throw .endsEarly(found: byteCount)
        }
        held.removeFirst(min(range.lowerBound - heldOffset, held.count))
        heldOffset = range.lowerBound
        let missing = range.upperBound - end
        try Self.read(
            max(missing, Self.readByteCount), of: path, at: end, on: disk, into: &held)
        guard heldOffset + held.count >= range.upperBound else {
            throw .endsEarly(found: heldOffset + held.count)
        }
    }

    private static func read(
        _ count: Int, of path: String, at offset: Int, on disk: any Disk,
        into buffer: inout ByteBuffer
    ) throws(SnapshotProblem) {
        do {
            try disk.read(path, from: offset, count: count, into: &buffer)
        } catch {
            throw .unreadable(error)
        }
    }
}
