import FlatStorage

// # The header of a snapshot, version 4
//
// Integers are little-endian.
//
// ```
// offset size
//      0    8  "CPNDSNAP"
//      8    4  version, 4
//     12    4  0
//     16    8  sequence: the journal's last record that it holds
//     24    8  redemption number given last
//     32    8  calendar: milliseconds since 1970, 0 = unknown
//     40    8  XXH3-64 of the 40 bytes above
// ```
//
// Pieces follow it, see ``SnapshotPiece``. Versions 1 to 3 are one piece, and their header says how
// long it is; they are read, see ``WholeSnapshot``.

enum SnapshotLayout {
    /// "CPNDSNAP", as the little-endian integer of its bytes.
    static let magic: UInt64 = 0x5041_4E53_444E_5043
    static let version: UInt32 = 4
    static let versions: ClosedRange<UInt32> = 1...version
    static let headerChecksumOffset = 40
    static let headerLength = 48
    /// The first version with a journal beside it: it has the sequence and carried uses.
    static let journalledVersion: UInt32 = 3

    /// Reads what all versions begin with. The version comes before all other checks: a later one may
    /// look different from there on.
    static func readVersion(
        from reader: inout ByteReader, of bytes: Span<UInt8>, among versions: ClosedRange<UInt32>
    ) throws(SnapshotProblem) -> UInt32 {
        if bytes.isEmpty { throw .empty }
        guard bytes.mayBegin(withMagic: magic) else { throw .foreign }
        guard reader.uint64() != nil, let version = reader.uint32() else {
            throw .wrongLength(expected: nil, found: bytes.count)
        }
        guard versions.contains(version) else { throw .unknownVersion(version) }
        return version
    }
}

/// A snapshot's header, whose own checksum holds.
package struct SnapshotHeader: Equatable, Sendable {
    package let version: UInt32
    /// The journal's last record that the snapshot holds; 0 where it is older than the journal.
    package let sequence: UInt64
    package let lastRedemption: UInt64
    /// How far the calendar had come by which orders are purged, in milliseconds since 1970; 0 where
    /// that is unknown.
    package let calendar: Int64

    /// Of the version that is written.
    init(sequence: UInt64, lastRedemption: UInt64, calendar: Int64) {
        version = SnapshotLayout.version
        self.sequence = sequence
        self.lastRedemption = lastRedemption
        self.calendar = calendar
    }

    /// Whether it is of a version that has the sequence and carried uses.
    var isJournalled: Bool { version >= SnapshotLayout.journalledVersion }

    /// Whether pieces follow.
    var isInPieces: Bool { version == SnapshotLayout.version }

    /// The header's own checksum, from which the chain of the pieces starts.
    var checksum: UInt64 { hash64(checkedBytes().bytes, seed: 0) }

    func encode(into buffer: inout ByteBuffer) {
        let checked = checkedBytes()
        buffer.append(checked.bytes)
        buffer.appendLittleEndian(hash64(checked.bytes, seed: 0))
    }

    private func checkedBytes() -> ByteBuffer {
        var buffer = ByteBuffer(capacity: SnapshotLayout.headerLength)
        buffer.appendLittleEndian(SnapshotLayout.magic)
        buffer.appendLittleEndian(version)
        buffer.appendLittleEndian(UInt32(0))
        buffer.appendLittleEndian(sequence)
        buffer.appendLittleEndian(lastRedemption)
        buffer.appendLittleEndian(calendar)
        return buffer
    }
}

extension SnapshotHeader {
    /// Reads and checks the header at the start of a snapshot's bytes, of any version.
    package init(beginning bytes: Span<UInt8>) throws(SnapshotProblem) {
        var reader = ByteReader(bytes)
        let version = try SnapshotLayout.readVersion(
            from: &reader, of: bytes, among: SnapshotLayout.versions)
        if version < SnapshotLayout.version {
            let whole = try WholeSnapshotHeader(beginning: bytes)
            self.version = version
            sequence = whole.sequence
            lastRedemption = whole.lastRedemption
            calendar = 0
            return
        }
        guard let padding = reader.uint32(),
            let sequence = reader.uint64(),
            let lastRedemption = reader.uint64(),
            let calendar = reader.uint64(),
            let checksum = reader.uint64()
        else { throw .wrongLength(expected: nil, found: bytes.count) }
        let checked = bytes.extracting(0..<SnapshotLayout.headerChecksumOffset)
        guard hash64(checked, seed: 0) == checksum, padding == 0, sequence < .max,
            let milliseconds = Int64(exactly: calendar)
        else { throw .headerDamaged }
        self.version = version
        self.sequence = sequence
        self.lastRedemption = lastRedemption
        self.calendar = milliseconds
    }
}
