import CouponStore
import FlatStorage
import StoreSupport

// A journal for tests: batches and seals are blocks of one letter or one number, which the files
// below do not look at. Beside the files it keeps what was acknowledged.

/// `count` blocks of one byte.
func blocks(of byte: UInt8, count: Int = 1) -> [UInt8] {
    [UInt8](repeating: byte, count: count * 512)
}

/// Segments of eight blocks: a header, up to six of batches, and a seal.
struct SketchJournal: ~Copyable {
    static let directory = "state"
    static let segmentByteCount = 8 * 512

    var files: JournalFiles
    /// What was written after the header of each segment, in order, and how much is durable.
    private(set) var written: [SegmentHeader: [UInt8]] = [:]
    private(set) var durableCount: [SegmentHeader: Int] = [:]
    private var sequence: UInt64

    /// What a seal of tests is: a block that names the generation of the successor.
    static func seal(of next: SegmentHeader) -> [UInt8] {
        blocks(of: 0xF0 | UInt8(truncatingIfNeeded: next.generation & 0x0F))
    }

    init(
        on disk: SimulatedDisk, continuingAfter sequence: UInt64 = 0, loggingAgain: [UInt8] = []
    ) throws(DiskFault) {
        let header = try JournalFiles.firstHeader(
            on: disk, directory: Self.directory, continuingAfter: sequence, checksum: sequence,
            salt: 7, byteCount: 0)
        files = try JournalFiles.start(
            on: disk, directory: Self.directory, segmentByteCount: Self.segmentByteCount,
            header: header, batches: loggingAgain.span)
        self.sequence = sequence + UInt64(loggingAgain.count / 512)
        written[header] = loggingAgain
        durableCount[header] = loggingAgain.count
    }

    /// Writes a batch of so many sequences, one block for each.
    mutating func write(_ byte: UInt8, count: Int = 1) throws(DiskFault) {
        let header = files.header
        let batch = blocks(of: byte, count: count)
        // What fails may be there in part: it is expected, and not promised.
        written[header, default: []] += batch
        try files.write(batch.span)
        sequence += UInt64(count)
    }

    mutating func synchronize() throws(DiskFault) {
        try files.synchronize()
        durableCount[files.header] = written[files.header]?.count
    }

    mutating func roll() throws(DiskFault) {
        let old = files.header
        let next = files.nextHeader(
            continuingAfter: sequence, checksum: sequence, salt: old.salt + 1)
        let seal = Self.seal(of: next)
        written[old, default: []] += seal
        written[next] = []
        durableCount[next] = 0
        do {
            try files.roll(to: next, seal: seal.span)
        } catch {
            // Only the old one's closing comes after the step to the new one.
            if files.header == next { durableCount[old] = written[old]?.count }
            throw error
        }
        durableCount[old] = written[old]?.count
    }

    consuming func close() throws(DiskFault) { try files.close() }
}
