import CouponStore
import FlatStorage
import Testing

/// A segment that grows batch by batch, with what each says.
struct SegmentSketch {
    struct Batch {
        var offset: Int
        /// Where what it says ends, and padding begins.
        var contentEnd: Int
        var lastSequence: UInt64
        var mark: UInt64
        var checksum: UInt64
    }

    private(set) var header: SegmentHeader
    var content: [UInt8]
    var batches: [Batch] = []

    init(
        generation: UInt64 = 1, continuesAfter: UInt64 = 0, previousChecksum: UInt64 = 0,
        salt: UInt64 = 0x5A17, isAnchored: Bool = false
    ) {
        header = SegmentHeader(
            generation: generation, salt: salt, continuesAfter: continuesAfter,
            previousChecksum: previousChecksum)
        header.isAnchored = isAnchored
        var buffer = ByteBuffer()
        header.encode(into: &buffer)
        content = array(buffer.bytes)
    }

    /// The segment that goes on after the last batch of `before`.
    init(after before: SegmentSketch, salt: UInt64 = 0x5A18, isAnchored: Bool = false) {
        self.init(
            generation: before.header.generation + 1, continuesAfter: before.lastSequence,
            previousChecksum: before.checksum, salt: salt, isAnchored: isAnchored)
    }

    var lastSequence: UInt64 { batches.last?.lastSequence ?? header.continuesAfter }
    var checksum: UInt64 { batches.last?.checksum ?? header.checksum }

    /// Appends a batch of records that are those texts.
    mutating func append(
        _ records: [String], mark: UInt64, salt: UInt64? = nil, previousChecksum: UInt64? = nil,
        isRenewed: Bool = false
    ) {
        append(
            records.map { bytes($0) }, mark: mark, salt: salt, previousChecksum,
            isRenewed: isRenewed)
    }

    mutating func append(
        _ records: [[UInt8]], mark: UInt64, salt: UInt64? = nil, _ previousChecksum: UInt64? = nil,
        isRenewed: Bool = false
    ) {
        var writer = BatchWriter()
        writer.begin(
            salt: salt ?? header.salt, firstSequence: lastSequence + 1, isRenewed: isRenewed)
        for record in records { writer.append(record.span) }
        let sum = writer.finish(
            durableMark: mark, previousChecksum: previousChecksum ?? checksum)
        #expect(writer.bytes.count % 512 == 0)
        let recordLength = records.reduce(0) { $0 + $1.count + ($1.count < 128 ? 1 : 2) }
        batches.append(
            Batch(
                offset: content.count, contentEnd: content.count + 64 + recordLength,
                lastSequence: lastSequence + UInt64(records.count), mark: mark, checksum: sum))
        content += array(writer.bytes)
    }

    mutating func seal(successor: SegmentName? = nil) {
        var writer = BatchWriter()
        writer.writeSeal(
            salt: header.salt,
            successor: successor
                ?? SegmentName(
                    generation: header.generation + 1, firstSequence: lastSequence + 1),
            previousChecksum: checksum)
        content += array(writer.bytes)
    }

    /// Space that was taken and not written.
    mutating func appendUnwritten(blocks: Int = 1) {
        content += [UInt8](repeating: 0, count: 512 * blocks)
    }

    func scan() throws -> SegmentScan { try SegmentScan(content.span, named: header.name) }

    /// Four batches, the third without records, and a block that was never written. What is durable
    /// is said one batch late, as by a daemon that waits for each.
    static var sample: SegmentSketch {
        var segment = SegmentSketch()
        segment.append(["one", "two"], mark: 0)
        segment.append([String(repeating: "3", count: 600)], mark: 2)
        segment.append([String](), mark: 3)
        segment.append(["four", ""], mark: 3)
        segment.appendUnwritten()
        return segment
    }
}

/// What a journal of those segments says, or why it says nothing.
func judge(
    _ segments: [SegmentSketch], after base: UInt64 = 0, anchor: FoundAnchor = .missing
) throws -> Result<JournalHistory, JournalCorruption> {
    do throws(JournalCorruption) {
        var scans: [SegmentScan] = []
        for segment in segments {
            scans.append(try SegmentScan(segment.content.span, named: segment.header.name))
        }
        return .success(try JournalHistory(scans, after: base, anchor: anchor))
    } catch {
        return .failure(error)
    }
}

extension Result where Success == JournalHistory, Failure == JournalCorruption {
    var corruption: JournalCorruption? {
        if case .failure(let corruption) = self { return corruption }
        return nil
    }
}
