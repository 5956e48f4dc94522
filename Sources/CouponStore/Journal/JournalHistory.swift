import FlatStorage

// Every segment says which batch of the one before it continues. What stands behind that batch is
// dead: it was never acknowledged, or the newer segment holds it again. So of each segment but the
// last one exactly the batches up to that one count, and they must be there; and of the last one
// its whole chain, which must reach its highest durable mark. That the last one is the last is what
// the anchor says.

/// The records that count of all segments of a journal together.
package struct JournalHistory: Sendable {
    /// What ends the journal where it does not end in good order: a batch that was not yet durable
    /// when the daemon ended. Its records were never acknowledged.
    package struct Tail: Hashable, Sendable {
        package var segment: SegmentName
        package var offset: Int
        /// What the first lost record's sequence would be.
        package var sequence: UInt64
        package var problem: BatchProblem
    }

    /// The segments, in order.
    package let segments: [SegmentName]
    /// For each segment the batches that count.
    private let batches: [ArraySlice<ScannedBatch>]
    /// The snapshot holds the records up to this one.
    private let base: UInt64
    /// The last record there is; `base` where there is none beyond the snapshot.
    package let lastSequence: UInt64
    /// The end of what is known to be durable, which is where the next segment continues.
    ///
    /// The records after it are read back but not promised by this journal's marks: the next segment
    /// begins with them, see ``renew(from:into:)``.
    package let durableSequence: UInt64
    /// The checksum that the next segment names for ``durableSequence``.
    package let durableChecksum: UInt64
    package let tail: Tail?

    /// Judges the scans of all segments there are, in the order of their names.
    ///
    /// `base` is the sequence up to which the snapshot holds everything, 0 without one. Segments
    /// that end at or before it may be missing from the front. `next` is the header of a segment
    /// that follows them and is not scanned; without it the last one is the journal's end, and
    /// `anchor` says whether it can be. `started` is the last record that was read when `next` was begun;
    /// without it, the one that it continues after.
    package init(
        _ scans: [SegmentScan], after base: UInt64, anchor: FoundAnchor = .missing,
        continuedBy next: SegmentHeader? = nil, startedWith started: UInt64? = nil
    ) throws(JournalCorruption) {
        self.base = base
        segments = scans.map(\.name)
        guard let first = scans.first, let last = scans.last else {
            guard base == next?.continuesAfter ?? 0 else {
                throw JournalCorruption(
                    segment: next?.name, offset: 0, sequence: base + 1, reason: .missingBefore)
            }
            if next == nil { try anchor.checkEnd(nil, after: base) }
            batches = []
            lastSequence = base
            durableSequence = base
            durableChecksum = next?.previousChecksum ?? 0
            tail = nil
            return
        }
        guard first.header.continuesAfter <= base, base <= next?.continuesAfter ?? .max else {
            throw JournalCorruption(
                segment: first.name, offset: 0, sequence: base + 1, reason: .missingBefore)
        }
        var counting: [ArraySlice<ScannedBatch>] = []
        for (scan, next) in zip(scans, scans.dropFirst()) {
            counting.append(try scan.batches(upTo: next.header, startedWith: next.startedWith))
        }
        if let next {
            batches =
                counting + [
                    try last.batches(upTo: next, startedWith: started ?? next.continuesAfter)
                ]
            lastSequence = next.continuesAfter
            durableSequence = next.continuesAfter
            durableChecksum = next.previousChecksum
            tail = nil
            return
        }
        try last.checkEnd(durableMark: max(base, last.durableMark))
        try anchor.checkEnd(last, after: base)
        batches = counting + [last.batches[...]]
        lastSequence = last.lastSequence
        let durable = last.batches.last { $0.lastSequence <= max(base, last.durableMark) }
        durableSequence = durable?.lastSequence ?? last.header.continuesAfter
        // An empty segment is passed over: the next one continues what it continued.
        durableChecksum = durable?.checksum ?? last.header.previousChecksum
        tail = last.tail
    }

    /// The segments that the next one replaces, as they have nothing that counts by then.
    package var superseded: ArraySlice<SegmentName> {
        let isDurable = { (batches: ArraySlice<ScannedBatch>) in
            batches.contains { $0.lastSequence <= self.durableSequence }
        }
        return segments[(batches.lastIndex(where: isDurable).map { $0 + 1 } ?? 0)...]
    }

    /// Whether a segment holds a record beyond the snapshot.
    func isNeeded(_ index: Int) -> Bool { (batches[index].last?.lastSequence ?? 0) > base }

    /// The batches of a segment that count, those that the snapshot holds included.
    func counting(_ index: Int) -> ArraySlice<ScannedBatch> { batches[index] }

    /// Redoes what a segment holds beyond the snapshot, from the bytes that were scanned. All
    /// segments are redone in order; `index` is that of ``segments``.
    package func redo(
        _ index: Int, from bytes: Span<UInt8>, in ledger: inout Ledger
    ) throws(JournalCorruption) {
        for batch in batches[index] where batch.lastSequence > base {
            var sequence = batch.firstSequence
            var records = batch.records(in: bytes)
            while let record = records.next() {
                defer { sequence += 1 }
                if sequence <= base { continue }
                do {
                    try ledger.redo(record, sequence)
                } catch {
                    throw JournalCorruption(
                        segment: segments[index],
                        offset: batch.contentOffset + records.position - record.count
                            + error.offset,
                        sequence: sequence, reason: .record(error))
                }
            }
        }
    }

    /// Appends the records after ``durableSequence``, from the bytes of the last segment: those
    /// that the next segment begins with, under the same sequences.
    package func renew(from bytes: Span<UInt8>, into log: inout RecordLog) {
        for batch in batches.last ?? [] where batch.firstSequence > durableSequence {
            var records = batch.records(in: bytes)
            while let record = records.next() { log.append(record) }
        }
    }
}

extension SegmentScan {
    /// The batches that count, as the segment that follows sees it.
    fileprivate func batches(
        upTo next: SegmentHeader, startedWith started: UInt64
    ) throws(JournalCorruption) -> ArraySlice<ScannedBatch> {
        // What is known to have been durable was read when the next one was begun.
        guard durableMark <= started else {
            let marked = batches.first { $0.durableMark > started }
            throw JournalCorruption(
                segment: name, offset: marked?.offset ?? endOffset, sequence: started + 1,
                reason: .markedBeyond(next.name))
        }
        // The next one continues this one's header, or what this one continued.
        if next.continuesAfter == header.continuesAfter,
            [header.checksum, header.previousChecksum].contains(next.previousChecksum)
        {
            return batches[..<0]
        }
        // From the end: mostly the last batch is the one.
        let last = batches.lastIndex {
            $0.lastSequence == next.continuesAfter && $0.checksum == next.previousChecksum
        }
        if let last { return batches[...last] }
        let sequence = min(lastSequence, next.continuesAfter) + 1
        let isWhole = lastSequence >= next.continuesAfter || isSealed
        // A chain that is whole and leads elsewhere: another segment stood between the two.
        throw isWhole
            ? JournalCorruption(
                segment: next.name, offset: 0, sequence: sequence, reason: .missingBefore)
            : JournalCorruption(
                segment: name, offset: endOffset, sequence: sequence, reason: .damage(end))
    }

    /// Whether all that was known to be durable is there, and the segment is the last one.
    fileprivate func checkEnd(durableMark: UInt64) throws(JournalCorruption) {
        if case .sealed(let successor) = end {
            throw JournalCorruption(
                segment: name, offset: endOffset, sequence: successor.firstSequence,
                reason: .missingAfter(successor))
        }
        guard lastSequence >= durableMark else {
            throw JournalCorruption(
                segment: name, offset: endOffset, sequence: lastSequence + 1,
                reason: .damage(end))
        }
    }

    fileprivate var tail: JournalHistory.Tail? {
        guard case .damaged(let problem) = end else { return nil }
        return JournalHistory.Tail(
            segment: name, offset: endOffset, sequence: lastSequence + 1, problem: problem)
    }
}

extension FoundAnchor {
    /// Whether the journal may end with the segment `last`, or with none after the sequence `base`.
    fileprivate func checkEnd(_ last: SegmentScan?, after base: UInt64) throws(JournalCorruption) {
        func corruption(
            _ reason: JournalCorruption.Reason, from sequence: UInt64 = .max
        ) -> JournalCorruption {
            JournalCorruption(
                segment: last?.name, offset: last?.endOffset ?? 0,
                sequence: min((last?.lastSequence ?? base) + 1, sequence), reason: reason)
        }
        switch self {
        case .missing:
            if last?.header.isAnchored ?? false { throw corruption(.anchorMissing) }
        case .damaged(let problem): throw corruption(.anchorDamaged(problem))
        case .whole(let anchor):
            guard let newest = anchor.segment else { return }
            guard let last, last.name.generation >= newest.generation else {
                throw corruption(.missingNewest(newest), from: newest.firstSequence)
            }
            if last.name.generation > newest.generation { return }
            guard last.name == newest, last.header.salt == anchor.salt else {
                throw corruption(.notAnchored, from: newest.firstSequence)
            }
        }
    }
}
