import FlatStorage

/// Writes one batch after another into memory that it keeps.
///
/// A batch is begun, records are appended while it gathers, and it is finished when it is about to
/// be written: only then it is known what is durable by now.
package struct BatchWriter: ~Copyable, Sendable {
    private var buffer: ByteBuffer
    private var recordCount = 0
    private var isOpen = false

    package init(capacity: Int = 64 * 1_024) { buffer = ByteBuffer(capacity: capacity) }

    /// The batch, in whole blocks, once it is finished.
    package var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            precondition(!isOpen, "a batch is read once it is finished")
            return buffer.bytes
        }
    }

    /// Starts a batch and forgets the one before. `firstSequence` is the next record's.
    ///
    /// It `isRenewed` where a start logs its records again.
    package mutating func begin(salt: UInt64, firstSequence: UInt64, isRenewed: Bool = false) {
        begin(
            salt: salt, firstSequence: firstSequence,
            flags: isRenewed ? BatchLayout.renewedFlag : 0)
    }

    private mutating func begin(salt: UInt64, firstSequence: UInt64, flags: UInt32) {
        precondition(firstSequence > 0, "sequences begin at 1")
        buffer.removeAll()
        recordCount = 0
        isOpen = true
        buffer.appendLittleEndian(BatchLayout.magic)
        buffer.appendLittleEndian(BatchLayout.version)
        buffer.appendLittleEndian(flags)
        buffer.appendLittleEndian(salt)
        buffer.appendLittleEndian(firstSequence)
        buffer.appendLittleEndian(UInt32(0))
        buffer.appendLittleEndian(UInt32(0))
        buffer.appendLittleEndian(UInt64(0))
        buffer.appendLittleEndian(UInt64(0))
        buffer.appendLittleEndian(UInt64(0))
    }

    /// Adds a record, without its length.
    package mutating func append(_ record: Span<UInt8>) {
        precondition(isOpen, "records go into a batch that was begun")
        buffer.appendCounted(record)
        recordCount += 1
    }

    /// Adds all records of `log`.
    package mutating func append(contentsOf log: borrowing RecordLog) {
        precondition(isOpen, "records go into a batch that was begun")
        buffer.append(log.bytes)
        recordCount += log.count
    }

    /// Completes the batch, which may have no records, and returns its checksum.
    ///
    /// `durableMark` is a sequence before the first one here; `previousChecksum` is that of the
    /// batch before, or of the segment's header.
    @discardableResult
    package mutating func finish(durableMark: UInt64, previousChecksum: UInt64) -> UInt64 {
        precondition(isOpen, "a batch is finished once")
        let contentLength = buffer.count - BatchLayout.headerLength
        precondition(
            contentLength <= UInt32.max && recordCount <= UInt32.max,
            "a batch counts its records and their bytes in four bytes each")
        buffer.setLittleEndian(UInt32(recordCount), at: BatchLayout.recordCountOffset)
        buffer.setLittleEndian(UInt32(contentLength), at: BatchLayout.contentLengthOffset)
        buffer.setLittleEndian(durableMark, at: BatchLayout.durableMarkOffset)
        buffer.setLittleEndian(previousChecksum, at: BatchLayout.previousChecksumOffset)
        let checksum = BatchLayout.checksum(
            header: buffer.bytes(in: 0..<BatchLayout.headerLength),
            content: buffer.bytes(in: BatchLayout.headerLength..<buffer.count))
        buffer.setLittleEndian(checksum, at: BatchLayout.checksumOffset)
        while buffer.count % BatchLayout.blockLength != 0 { buffer.append(0) }
        isOpen = false
        return checksum
    }

    /// Writes the one block that ends a segment and names the one that follows. Everything before
    /// it is durable when it is written.
    package mutating func writeSeal(
        salt: UInt64, successor: SegmentName, previousChecksum: UInt64
    ) {
        begin(salt: salt, firstSequence: successor.firstSequence, flags: BatchLayout.sealFlag)
        buffer.appendLittleEndian(successor.generation)
        buffer.appendLittleEndian(successor.firstSequence)
        finish(durableMark: successor.firstSequence - 1, previousChecksum: previousChecksum)
    }
}

/// A batch that is whole by itself: its own checksum holds.
///
/// Whether it belongs where it stands is for the scan of its segment to say.
package struct ScannedBatch: Hashable, Sendable {
    /// Offset of the batch in its segment.
    package let offset: Int
    package let salt: UInt64
    package let firstSequence: UInt64
    package let recordCount: Int
    package let contentLength: Int
    package let durableMark: UInt64
    package let previousChecksum: UInt64
    package let checksum: UInt64
    /// Whether a start logged its records again.
    package let isRenewed: Bool
    /// The segment that follows, where the batch is a seal.
    package let successor: SegmentName?

    /// The last sequence up to and with this batch.
    package var lastSequence: UInt64 { firstSequence - 1 + UInt64(recordCount) }

    /// Where the batch ends and another one may begin.
    package var endOffset: Int {
        offset + BatchLayout.paddedLength(BatchLayout.headerLength + contentLength)
    }

    /// Where its records begin.
    package var contentOffset: Int { offset + BatchLayout.headerLength }

    /// Its records, from the bytes of its segment.
    @_lifetime(copy segment)
    package func records(in segment: Span<UInt8>) -> RecordFrames {
        RecordFrames(known: segment.extracting(contentOffset..<(contentOffset + contentLength)))
    }

    /// Reads the batch at `offset`, a multiple of 512 inside the segment's bytes.
    package init(_ segment: Span<UInt8>, at offset: Int) throws(BatchProblem) {
        var reader = ByteReader(segment.extracting(offset..<segment.count))
        guard let magic = reader.uint64(), magic == BatchLayout.magic else { throw .foreign }
        guard reader.uint32() == BatchLayout.version else { throw .unknownVersion }
        guard let flags = reader.uint32(), let salt = reader.uint64(),
            let firstSequence = reader.uint64(), let recordCount = reader.uint32(),
            let contentLength = reader.uint32(), let durableMark = reader.uint64(),
            let previousChecksum = reader.uint64(), let checksum = reader.uint64(),
            let content = reader.run(of: Int(contentLength))
        else { throw .short }
        let header = segment.extracting(offset..<(offset + BatchLayout.headerLength))
        guard BatchLayout.checksum(header: header, content: content) == checksum else {
            throw .damaged
        }
        // The checksum holds, so what is wrong from here on was written so.
        guard flags <= BatchLayout.renewedFlag, durableMark < firstSequence,
            !firstSequence.addingReportingOverflow(UInt64(recordCount)).overflow
        else { throw .contradiction }
        self.offset = offset
        self.salt = salt
        self.firstSequence = firstSequence
        self.recordCount = Int(recordCount)
        self.contentLength = Int(contentLength)
        self.durableMark = durableMark
        self.previousChecksum = previousChecksum
        self.checksum = checksum
        isRenewed = flags == BatchLayout.renewedFlag
        guard flags == BatchLayout.sealFlag else {
            guard RecordFrames(checking: content, count: Int(recordCount)) != nil else {
                throw .contradiction
            }
            successor = nil
            return
        }
        var fields = ByteReader(content)
        guard recordCount == 0, content.count == BatchLayout.sealContentLength,
            let generation = fields.uint64(), let first = fields.uint64(),
            generation < .max, first == firstSequence
        else { throw .contradiction }
        successor = SegmentName(generation: generation, firstSequence: first)
    }
}

/// Why the bytes at the start of a block are not the segment's next batch.
package enum BatchProblem: Error, Hashable {
    /// The block begins with something else.
    case foreign
    case unknownVersion
    /// The segment ends before the batch does.
    case short
    /// The batch is not what was written.
    case damaged
    /// The checksum holds, but the batch contradicts itself.
    case contradiction
    /// The batch is whole but of another segment.
    case otherSalt
    /// The batch is whole but does not follow the one before it.
    case outOfChain
}
