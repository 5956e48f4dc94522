import FlatStorage
import Glibc

// # The anchor, version 1
//
// One block of 512 bytes: the file `anchor`, which names the newest segment. Integers are
// little-endian.
//
// ```
// offset size
//      0    8  "CPNDANCH"
//      8    4  version, 1
//     12    4  0
//     16    8  generation of the newest segment, 0 before the very first
//     24    8  first sequence of that segment
//     32    8  salt of that segment
//     40    8  XXH3-64 of the 40 bytes above
//     48  464  0
// ```
//
// A segment names the one before it, and a seal the one after it; but nothing names the newest, so
// without the anchor no one would miss it. It is replaced as a whole at each start and each roll:
// after the new segment is durable under its name, and before anything is written to it that could
// be acknowledged. So there may be newer segments than it says, and never only older ones.
//
// Segments of version 1 are from before there was an anchor. One of version 2 shows that there
// must be one: the very first anchor is durable before the first of those has its name.

/// Which segment was the newest when it was written.
package struct JournalAnchor: Hashable, Sendable {
    package static let name = "anchor"
    /// Its next version, whose space is taken before it is needed.
    package static let temporaryName = "anchor.new"
    package static let byteCount = SegmentHeader.byteCount
    /// "CPNDANCH", as the little-endian integer of its bytes.
    static let magic: UInt64 = 0x4843_4E41_444E_5043
    static let version: UInt32 = 1
    private static let checkedByteCount = 40

    /// 0 where there was no segment yet.
    package var generation: UInt64
    package var firstSequence: UInt64
    package var salt: UInt64

    package init(_ header: SegmentHeader) {
        generation = header.generation
        firstSequence = header.firstSequence
        salt = header.salt
    }

    private init() {
        generation = 0
        firstSequence = 0
        salt = 0
    }

    /// That of a journal whose newest segment is not known to be the newest: it promises nothing.
    package static let beforeTheFirst = JournalAnchor()

    /// The newest segment, or nil where there was none.
    package var segment: SegmentName? {
        generation == 0
            ? nil : SegmentName(generation: generation, firstSequence: firstSequence)
    }

    /// Appends the whole block.
    package func encode(into buffer: inout ByteBuffer) {
        let start = buffer.count
        buffer.appendLittleEndian(Self.magic)
        buffer.appendLittleEndian(Self.version)
        buffer.appendLittleEndian(UInt32(0))
        buffer.appendLittleEndian(generation)
        buffer.appendLittleEndian(firstSequence)
        buffer.appendLittleEndian(salt)
        let checked = start..<(start + Self.checkedByteCount)
        buffer.appendLittleEndian(hash64(buffer.bytes(in: checked), seed: 0))
        while buffer.count < start + Self.byteCount { buffer.append(0) }
    }

    /// Reads the bytes of the file.
    package init(_ bytes: Span<UInt8>) throws(AnchorProblem) {
        guard bytes.mayBegin(withMagic: Self.magic), bytes.count >= 8 else { throw .foreign }
        var reader = ByteReader(bytes)
        guard reader.uint64() != nil, let version = reader.uint32() else { throw .damaged }
        guard version == Self.version else { throw .unknownVersion(version) }
        guard bytes.count == Self.byteCount, let padding = reader.uint32(), padding == 0,
            let generation = reader.uint64(), let firstSequence = reader.uint64(),
            let salt = reader.uint64(), let checksum = reader.uint64(),
            hash64(bytes.extracting(0..<Self.checkedByteCount), seed: 0) == checksum,
            generation < .max, (generation == 0) == (firstSequence == 0)
        else { throw .damaged }
        for index in reader.position..<Self.byteCount where bytes[index] != 0 { throw .damaged }
        self.generation = generation
        self.firstSequence = firstSequence
        self.salt = salt
    }
}

/// Why a file is not an anchor.
package enum AnchorProblem: Error, Hashable {
    /// The file is something else, or all zeros.
    case foreign
    /// A later version of the daemon wrote it.
    case unknownVersion(UInt32)
    /// It is not what was written.
    case damaged
}

/// What there is of a directory's anchor.
package enum FoundAnchor: Equatable, Sendable {
    case missing
    case damaged(AnchorProblem)
    case whole(JournalAnchor)

    /// Reads the anchor of `directory`. Where the segments are looked at, too, this comes first:
    /// while a daemon runs there are never fewer of them than it says.
    package init(in directory: String, on disk: any Disk) throws(DiskFault) {
        var bytes = ByteBuffer()
        do throws(DiskFault) {
            try disk.read("\(directory)/\(JournalAnchor.name)", into: &bytes)
        } catch {
            // A directory that is not there is for the caller to report, who lists it.
            guard error.errno == ENOENT || error.errno == ENOTDIR else { throw error }
            self = .missing
            return
        }
        do throws(AnchorProblem) {
            self = .whole(try JournalAnchor(bytes.bytes))
        } catch {
            self = .damaged(error)
        }
    }

    /// The segment that must be there, or a newer one.
    package var segment: SegmentName? {
        if case .whole(let anchor) = self { anchor.segment } else { nil }
    }
}
