import FlatStorage

// A scan follows the chain: each batch names the checksum of the one before, so that nothing
// counts that was written after something that is lost. Beyond the place where the chain breaks it
// only looks for durable marks. A whole batch there proves nothing about the ones before it but
// what its mark says, because un-synchronized writes reach the disk in any order.

/// What the bytes of one segment hold.
package struct SegmentScan: Equatable, Sendable {
    package enum End: Hashable, Sendable {
        /// Nothing was written from here on, or nothing that is there to see.
        case unwritten
        /// The segment was ended in good order, and another one follows.
        case sealed(successor: SegmentName)
        case damaged(BatchProblem)
    }

    package let name: SegmentName
    package let header: SegmentHeader
    /// The batches of the unbroken chain, without the seal.
    package private(set) var batches: [ScannedBatch] = []
    /// Why the chain ends.
    package private(set) var end = End.unwritten
    /// Where the chain ends: the offset of the seal, or of the first block outside the chain.
    package private(set) var endOffset = SegmentHeader.byteCount
    /// The highest sequence that is known to have been durable, from the header, from the batches
    /// and from those past the damage.
    package private(set) var durableMark: UInt64

    /// Scans the bytes of the segment of that name.
    package init(_ bytes: Span<UInt8>, named name: SegmentName) throws(JournalCorruption) {
        do {
            header = try SegmentHeader(bytes)
        } catch {
            throw JournalCorruption(
                segment: name, offset: 0, sequence: name.firstSequence, reason: .header(error))
        }
        guard header.fileByteCount <= UInt64(bytes.count) else {
            throw JournalCorruption(
                segment: name, offset: bytes.count, sequence: name.firstSequence,
                reason: .header(.cut(to: bytes.count)))
        }
        guard header.name == name else {
            throw JournalCorruption(
                segment: name, offset: 0, sequence: name.firstSequence, reason: .name)
        }
        self.name = name
        durableMark = header.continuesAfter
        followChain(bytes)
        if !isSealed { lookOn(bytes) }
    }

    /// Whether the segment was ended in good order.
    package var isSealed: Bool {
        if case .sealed = end { return true }
        return false
    }

    /// The last sequence of the chain.
    package var lastSequence: UInt64 { batches.last?.lastSequence ?? header.continuesAfter }

    /// The last of the records that the start of this segment had read before it: it continues after
    /// the durable ones and begins with the others.
    var startedWith: UInt64 {
        if let first = batches.first, first.isRenewed { return first.lastSequence }
        return header.continuesAfter
    }

    /// What a batch that follows the chain names as the checksum before it.
    package var checksum: UInt64 { batches.last?.checksum ?? header.checksum }

    private mutating func followChain(_ bytes: Span<UInt8>) {
        while endOffset < bytes.count {
            if Self.isUnwritten(bytes, at: endOffset) { return }
            let batch: ScannedBatch
            do {
                batch = try next(bytes)
            } catch {
                end = .damaged(error)
                return
            }
            durableMark = max(durableMark, batch.durableMark)
            if let successor = batch.successor {
                end = .sealed(successor: successor)
                return
            }
            batches.append(batch)
            endOffset = batch.endOffset
        }
    }

    /// The batch that continues the chain.
    private func next(_ bytes: Span<UInt8>) throws(BatchProblem) -> ScannedBatch {
        let batch = try ScannedBatch(bytes, at: endOffset)
        guard batch.salt == header.salt else { throw .otherSalt }
        guard batch.firstSequence - 1 == lastSequence, batch.previousChecksum == checksum else {
            throw .outOfChain
        }
        return batch
    }

    /// Looks for durable marks beyond the chain, in every block on which a batch could begin.
    private mutating func lookOn(_ bytes: Span<UInt8>) {
        var offset = endOffset
        while offset < bytes.count {
            if Self.mayBegin(bytes, at: offset),
                let batch = try? ScannedBatch(bytes, at: offset), batch.salt == header.salt
            {
                durableMark = max(durableMark, batch.durableMark)
                // The chain cannot have ended in good order where more was written after it.
                if end == .unwritten { end = .damaged(.foreign) }
            }
            offset += BatchLayout.blockLength
        }
    }

    /// Whether a batch may begin at `offset`: the first byte rules out most blocks.
    private static func mayBegin(_ bytes: Span<UInt8>, at offset: Int) -> Bool {
        bytes[offset] == UInt8(truncatingIfNeeded: BatchLayout.magic)
    }

    /// Whether the block at `offset` is as it was when its space was taken: all zeros.
    package static func isUnwritten(_ bytes: Span<UInt8>, at offset: Int) -> Bool {
        for index in offset..<min(offset + BatchLayout.blockLength, bytes.count)
        where bytes[index] != 0 {
            return false
        }
        return true
    }
}

/// Acknowledged records are gone, or the file is not a journal: the daemon must not go on from here
/// unless the operator decides so.
package struct JournalCorruption: Error, Equatable {
    package enum Reason: Equatable, Sendable {
        case header(SegmentHeaderProblem)
        /// The header is of a segment of another name.
        case name
        /// The chain breaks here, below what is known to have been durable.
        case damage(SegmentScan.End)
        /// The segment that it continues is missing, or is another one.
        case missingBefore
        /// The segment was sealed, and the one that its seal names is missing.
        case missingAfter(SegmentName)
        /// It says of records that they are durable, and the next segment does not continue them.
        case markedBeyond(SegmentName)
        /// The anchor names a newer segment, and that is missing.
        case missingNewest(SegmentName)
        /// The anchor names this segment, but of another history.
        case notAnchored
        /// There must be an anchor, and there is none.
        case anchorMissing
        case anchorDamaged(AnchorProblem)
        /// A record's checksum holds, but it cannot be read.
        case record(JournalRecordFault)
        /// The device returned other bytes when the segment was read again.
        case unsteady
    }

    /// Nil where the journal has no segment.
    package var segment: SegmentName?
    /// Offset in the segment's file, in bytes.
    package var offset: Int
    /// The first sequence that is in doubt.
    package var sequence: UInt64
    package var reason: Reason

    package init(segment: SegmentName?, offset: Int, sequence: UInt64, reason: Reason) {
        self.segment = segment
        self.offset = offset
        self.sequence = sequence
        self.reason = reason
    }
}
