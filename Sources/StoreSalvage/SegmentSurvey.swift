import CouponStore
import FlatStorage
import Glibc

// A start follows the chain of a segment and stops where it breaks. A survey reads on: a segment's
// space is fresh and nothing in it is written twice, so a batch of its salt with a good checksum is
// what the daemon wrote at that place. The batch before it may be lost all the same, so each batch
// says whether the chain reaches it.

/// All whole batches in the bytes of a segment's file, and the places where they are damaged.
package struct SegmentSurvey: Equatable, Sendable {
    /// Why a stretch of the file does not belong to the segment.
    package enum Problem: Hashable, Sendable {
        case header(SegmentHeaderProblem)
        /// The header is whole, but of a segment of that name.
        case name(SegmentName)
        case batch(BatchProblem)
        /// Nothing was written here, but there are batches after it.
        case unwritten
        /// The device cannot read the file from here on.
        case unreadable(DiskFault)
    }

    package struct Damage: Hashable, Sendable {
        /// Where it begins and ends in the file, in bytes.
        package var bytes: Range<Int>
        /// The first sequence that could have stood there.
        package var sequence: UInt64
        package var problem: Problem
    }

    package enum Part: Hashable, Sendable {
        /// A batch or a seal. It is chained where nothing before it in the segment is damaged.
        case batch(ScannedBatch, isChained: Bool)
        case damage(Damage)
    }

    /// The name of the file.
    package let name: SegmentName
    package let byteCount: Int
    /// Nil where the header is not whole.
    package let header: SegmentHeader?
    package private(set) var parts: [Part] = []
    /// The end of the last batch.
    package private(set) var endOffset = SegmentHeader.byteCount
    /// The highest sequence that the segment says was durable.
    package private(set) var durableMark: UInt64
    /// The last sequence of the batches that were passed.
    private var lastSequence: UInt64
    private var chainChecksum: UInt64?

    /// Surveys the bytes of the file of that name. `fault` is why there are not more of them.
    package init(_ bytes: Span<UInt8>, named name: SegmentName, endingWith fault: DiskFault? = nil)
    {
        self.name = name
        byteCount = bytes.count
        var problem: Problem?
        do {
            let header = try SegmentHeader(bytes)
            self.header = header
            chainChecksum = header.checksum
            if header.name != name { problem = .name(header.name) }
        } catch {
            header = nil
            if fault == nil || bytes.count >= SegmentHeader.byteCount { problem = .header(error) }
        }
        // The name alone says as much: it was durable before anything else in the file.
        let named = name.firstSequence > 0 ? name.firstSequence - 1 : 0
        lastSequence = header?.continuesAfter ?? named
        durableMark = lastSequence
        if let problem { appendDamage(0..<SegmentHeader.byteCount, problem) }
        readBatches(bytes)
        if let fault { appendDamage(bytes.count..<bytes.count, .unreadable(fault)) }
        if fault == nil, let header, header.fileByteCount > UInt64(bytes.count) {
            let cut = DiskFault(.read, path: name.text, errno: ENODATA)
            appendDamage(bytes.count..<bytes.count, .unreadable(cut))
        }
    }

    /// The sequence that the segment continues after, by its header or else by its name.
    package var continuesAfter: UInt64 {
        header?.continuesAfter ?? (name.firstSequence > 0 ? name.firstSequence - 1 : 0)
    }

    /// The last of the records that the start of this segment had read before it.
    package var startedWith: UInt64 {
        if case .batch(let batch, _) = parts.first, batch.isRenewed {
            return max(continuesAfter, batch.lastSequence)
        }
        return continuesAfter
    }

    /// Its place among the other segments.
    package var position: SegmentName { header?.name ?? name }

    /// The seal, where there is one.
    package var successor: SegmentName? {
        if case .batch(let batch, _) = parts.last { return batch.successor }
        return nil
    }

    private mutating func appendDamage(_ bytes: Range<Int>, _ problem: Problem) {
        chainChecksum = nil
        parts.append(.damage(Damage(bytes: bytes, sequence: lastSequence + 1, problem: problem)))
    }

    private mutating func readBatches(_ bytes: Span<UInt8>) {
        var salt = header?.salt
        var offset = SegmentHeader.byteCount
        var damage: (start: Int, problem: Problem)?
        while offset < bytes.count {
            do throws(BatchProblem) {
                let batch = try ScannedBatch(bytes, at: offset)
                guard batch.salt == salt ?? batch.salt else { throw .otherSalt }
                salt = batch.salt
                if let (start, problem) = damage { appendDamage(start..<offset, problem) }
                damage = nil
                append(batch)
                offset = batch.endOffset
                if batch.successor != nil { return }
            } catch {
                if damage == nil {
                    let isUnwritten = SegmentScan.isUnwritten(bytes, at: offset)
                    damage = (offset, isUnwritten ? .unwritten : .batch(error))
                }
                offset += SegmentHeader.byteCount
            }
        }
        guard let (start, problem) = damage, problem != .unwritten else { return }
        appendDamage(start..<bytes.count, problem)
    }

    private mutating func append(_ batch: ScannedBatch) {
        durableMark = max(durableMark, batch.durableMark)
        if let checksum = chainChecksum,
            batch.previousChecksum != checksum || batch.firstSequence - 1 != lastSequence
        {
            appendDamage(batch.offset..<batch.offset, .batch(.outOfChain))
        }
        parts.append(.batch(batch, isChained: chainChecksum != nil))
        if chainChecksum != nil { chainChecksum = batch.checksum }
        lastSequence = max(lastSequence, batch.lastSequence)
        endOffset = min(batch.endOffset, byteCount)
    }
}
