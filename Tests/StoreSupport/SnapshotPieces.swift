import FlatStorage

/// The pieces of a snapshot, to be changed and put together again with checksums that hold.
package struct SnapshotPieces: Sendable {
    package struct Piece: Equatable, Sendable {
        package var kind: UInt32
        package var itemCount: UInt32
        package var bytes: [UInt8]

        /// Where each item lies that is made of so many texts, and its last text.
        package func items(textsEach count: Int) -> [(all: Range<Int>, last: Range<Int>)] {
            var items: [(all: Range<Int>, last: Range<Int>)] = []
            var reader = ByteReader(bytes.span)
            for _ in 0..<itemCount {
                let start = reader.position
                var last = start..<start
                for _ in 0..<count {
                    guard let text = reader.counted() else { return items }
                    last = (reader.position - text.count)..<reader.position
                }
                items.append((start..<reader.position, last))
            }
            return items
        }
    }

    /// As it is, with its own checksum.
    package var header: [UInt8]
    package var contents: [Piece] = []
    /// Where each piece begins in the snapshot as it was read, and where it ends.
    package private(set) var boundaries: [Int] = []

    package init(_ snapshot: [UInt8]) {
        header = Array(snapshot[..<48])
        var offset = 48
        boundaries.append(offset)
        while offset < snapshot.count {
            let length = Int(Self.number(in: snapshot, at: offset + 8, byteCount: 8))
            contents.append(
                Piece(
                    kind: UInt32(Self.number(in: snapshot, at: offset, byteCount: 4)),
                    itemCount: UInt32(Self.number(in: snapshot, at: offset + 4, byteCount: 4)),
                    bytes: Array(snapshot[(offset + 32)..<(offset + 32 + length)])))
            offset += 32 + length
            boundaries.append(offset)
        }
    }

    /// The snapshot with the checksums that its pieces have now.
    package var bytes: [UInt8] {
        var whole = ByteBuffer()
        whole.append(header.span)
        var checksum = Self.number(in: header, at: 40, byteCount: 8)
        for piece in contents {
            let start = whole.count
            whole.appendLittleEndian(piece.kind)
            whole.appendLittleEndian(piece.itemCount)
            whole.appendLittleEndian(UInt64(piece.bytes.count))
            whole.appendLittleEndian(hash64(piece.bytes.span, seed: 0))
            checksum = hash64(whole.bytes(in: start..<whole.count), seed: checksum)
            whole.appendLittleEndian(checksum)
            whole.append(piece.bytes.span)
        }
        return [UInt8](copying: whole.bytes)
    }

    private static func number(in bytes: [UInt8], at offset: Int, byteCount: Int) -> UInt64 {
        (0..<byteCount).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
    }
}
