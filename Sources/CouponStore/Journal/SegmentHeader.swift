import FlatStorage

// # The header of a journal segment, version 2
//
// One block of 512 bytes, before the first batch. Integers are little-endian.
//
// ```
// offset size
//      0    8  "CPNDJRNL"
//      8    4  version, 2
//     12    4  0
//     16    8  generation
//     24    8  salt
//     32    8  first sequence
//     40    8  continues after this sequence; the one before the first
//     48    8  checksum of the batch that ends with that sequence, 0 before the very first
//     56    8  length of the segment's file at least, in bytes
//     64    8  XXH3-64 of the 64 bytes above
//     72  440  0
// ```
//
// The generation rises by one with every segment, at a start and at a roll alike, so that a name is
// never used twice and the names in order are the journal in order. What an older segment holds
// beyond the sequence that a newer one continues after is dead: the newer one holds it again, or
// it was never acknowledged.
//
// Version 1 looks the same and is read. It is from before the journal had an anchor; a segment of
// version 2 shows that there must be one (see JournalAnchor.swift).

/// The header of a journal segment.
package struct SegmentHeader: Hashable, Sendable {
    /// Bytes of the header, and of the blocks that everything in a segment starts on.
    package static let byteCount = 512
    /// "CPNDJRNL", as the little-endian integer of its bytes.
    static let magic: UInt64 = 0x4C4E_524A_444E_5043
    static let version: UInt32 = 2
    private static let unanchoredVersion: UInt32 = 1
    static let checkedByteCount = 64

    /// Rises by one with every segment; below `UInt64.max`.
    package var generation: UInt64
    /// Marks the batches of this segment: no other one has it, but by a chance of one in 2^64.
    package var salt: UInt64
    /// The last sequence before this segment, 0 before the very first; below `UInt64.max`.
    package var continuesAfter: UInt64
    /// Checksum of the batch that ends with that sequence, 0 before the very first.
    package var previousChecksum: UInt64
    /// Bytes that the file had before it became a segment: one that is shorter was cut.
    package var fileByteCount: UInt64 = 0
    /// Whether the journal had an anchor when the segment was begun: version 2.
    package var isAnchored = false

    package init(
        generation: UInt64, salt: UInt64, continuesAfter: UInt64, previousChecksum: UInt64
    ) {
        precondition(
            generation < .max && continuesAfter < .max, "generations and sequences have successors")
        self.generation = generation
        self.salt = salt
        self.continuesAfter = continuesAfter
        self.previousChecksum = previousChecksum
    }

    package var firstSequence: UInt64 { continuesAfter + 1 }

    package var name: SegmentName {
        SegmentName(generation: generation, firstSequence: firstSequence)
    }

    /// The header's own checksum, which the first batch names as that of the batch before it.
    package var checksum: UInt64 { hash64(checkedBytes().bytes, seed: 0) }

    /// Appends the whole block.
    package func encode(into buffer: inout ByteBuffer) {
        let checked = checkedBytes()
        buffer.append(checked.bytes)
        buffer.appendLittleEndian(hash64(checked.bytes, seed: 0))
        let end = buffer.count - Self.checkedByteCount - 8 + Self.byteCount
        while buffer.count < end { buffer.append(0) }
    }

    private func checkedBytes() -> ByteBuffer {
        var buffer = ByteBuffer(capacity: Self.checkedByteCount)
        buffer.appendLittleEndian(Self.magic)
        buffer.appendLittleEndian(isAnchored ? Self.version : Self.unanchoredVersion)
        buffer.appendLittleEndian(UInt32(0))
        buffer.appendLittleEndian(generation)
        buffer.appendLittleEndian(salt)
        buffer.appendLittleEndian(firstSequence)
        buffer.appendLittleEndian(continuesAfter)
        buffer.appendLittleEndian(previousChecksum)
        buffer.appendLittleEndian(fileByteCount)
        return buffer
    }
}

extension SegmentHeader {
    /// Reads the header at the start of a segment's bytes. What kind of file it is comes first, then
    /// its version, then whether it is what was written; nothing that stands there is a trap.
    package init(_ bytes: Span<UInt8>) throws(SegmentHeaderProblem) {
        if bytes.isEmpty { throw .short }
        guard bytes.mayBegin(withMagic: Self.magic) else { throw .foreign }
        var reader = ByteReader(bytes)
        guard reader.uint64() != nil, let version = reader.uint32() else { throw .short }
        // Before all other checks: a later version may look different from here on.
        guard version == Self.version || version == Self.unanchoredVersion else {
            throw .unknownVersion(version)
        }
        guard bytes.count >= Self.byteCount,
            let padding = reader.uint32(),
            let generation = reader.uint64(),
            let salt = reader.uint64(),
            let firstSequence = reader.uint64(),
            let continuesAfter = reader.uint64(),
            let previousChecksum = reader.uint64(),
            let fileByteCount = reader.uint64(),
            let checksum = reader.uint64()
        else { throw .short }
        guard hash64(bytes.extracting(0..<Self.checkedByteCount), seed: 0) == checksum,
            padding == 0, generation < .max, continuesAfter < .max,
            firstSequence == continuesAfter + 1
        else { throw .damaged }
        // The checksum does not reach here, and nothing was ever written here.
        for index in reader.position..<Self.byteCount where bytes[index] != 0 { throw .damaged }
        self.init(
            generation: generation, salt: salt, continuesAfter: continuesAfter,
            previousChecksum: previousChecksum)
        self.fileByteCount = fileByteCount
        isAnchored = version == Self.version
    }
}

/// Why the start of a file is not the header of a segment.
package enum SegmentHeaderProblem: Error, Hashable {
    /// The file ends before the header does.
    case short
    /// The file is something else, or all zeros.
    case foreign
    /// A later version of the daemon wrote it.
    case unknownVersion(UInt32)
    /// The header is not what was written.
    case damaged
    /// The header is whole, but the file is shorter than when it was created.
    case cut(to: Int)
}

/// The name of a segment's file, `journal-<generation>-<first sequence>.log`, both numbers as 16
/// lower-case hexadecimal digits, the first below `UInt64.max`. Names are in the order of the journal, as text too.
package struct SegmentName: Hashable, Comparable, Sendable {
    package var generation: UInt64
    package var firstSequence: UInt64

    package static let prefix = "journal-"
    private static let suffix = ".log"

    package init(generation: UInt64, firstSequence: UInt64) {
        self.generation = generation
        self.firstSequence = firstSequence
    }

    /// The segment of that file name, or nil when the file is none.
    package init?(_ text: String) {
        guard text.hasPrefix(Self.prefix), text.hasSuffix(Self.suffix) else { return nil }
        let digits = text.dropFirst(Self.prefix.count).dropLast(Self.suffix.count)
        let numbers = digits.split(separator: "-", omittingEmptySubsequences: false)
        guard numbers.count == 2, let generation = UInt64(numbers[0], radix: 16),
            let firstSequence = UInt64(numbers[1], radix: 16)
        else { return nil }
        self.init(generation: generation, firstSequence: firstSequence)
        // One spelling for each segment: no capitals, no signs, no digit more or less.
        guard generation < .max, self.text == text else { return nil }
    }

    package var text: String {
        Self.prefix + Self.digits(generation) + "-" + Self.digits(firstSequence) + Self.suffix
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.generation, left.firstSequence) < (right.generation, right.firstSequence)
    }

    private static func digits(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
