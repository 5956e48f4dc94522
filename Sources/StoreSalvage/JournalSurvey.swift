import CouponStore

// Reads a journal of which some segments are damaged or missing. Sequences have no gaps, so a
// record is missing exactly where no batch has its sequence. Three things are not damage:
//
//   after the batch that a newer segment continues, everything is dead: it was never acknowledged,
//     or the newer segment repeats it under the same sequences
//   after the highest durable mark is the tail, which was never acknowledged
//   before the snapshot's sequence nothing is needed
//
// A batch that the chain does not reach is believed only up to where the next segment goes on.

/// Everything that the segments of a journal hold together, also after damage.
package struct JournalSurvey: Sendable {
    /// Records that can be redone: those of a batch from a sequence on.
    package struct Run: Hashable, Sendable {
        /// Index of ``segments``.
        package var segment: Int
        package var batch: ScannedBatch
        package var firstSequence: UInt64

        /// Records in it, 1 or more.
        package var count: Int { Int(batch.lastSequence - firstSequence) + 1 }
    }

    /// A place where the journal is not as it was written.
    package struct Fault: Equatable, Sendable {
        package enum Reason: Equatable, Sendable {
            case segment(SegmentSurvey.Problem)
            /// The segment ends in good order, before the next one goes on.
            case endsEarly
            /// The segment that it continues is in no file.
            case missingBefore
            /// The segment was sealed, and the one that its seal names is missing.
            case missingAfter(SegmentName)
            /// The anchor names a newer segment, and that is missing.
            case missingNewest(SegmentName)
            /// The anchor is missing, or damaged as it says: newer segments may be missing.
            case notAnchored(AnchorProblem?)
            /// It says of records that they are durable, and the next segment does not continue them.
            case markedBeyond(SegmentName)
            /// The segment does not continue the one before it.
            case otherHistory
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
        /// The records that are gone: none, these, or all from one on, however many there were.
        package var lost: Lost
        /// Runs that come before it.
        package var runsBefore: Int
    }

    package enum Lost: Hashable, Sendable {
        case nothing
        case records(ClosedRange<UInt64>)
        case recordsFrom(UInt64)
    }

    package let segments: [SegmentSurvey]
    package private(set) var runs: [Run] = []
    package private(set) var faults: [Fault] = []
    /// What was being written when the daemon ended: it was never acknowledged.
    package private(set) var tail: (segment: SegmentName, damage: SegmentSurvey.Damage)?
    /// The highest sequence that is known to have been durable.
    package let promised: UInt64
    /// The highest sequence that was seen at all.
    package let highest: UInt64

    /// The last sequence that the walk has reached.
    private var cursor: UInt64
    /// The first place at which the sequence after ``cursor`` is missing.
    private var place: (segment: SegmentName?, offset: Int, reason: Fault.Reason)?

    /// Surveys segments in any order. All up to `base` is known from elsewhere; `evidence` is a
    /// sequence that is known to have been durable. Where `isWhole`, these are all there are, and
    /// `anchor` says whether they can be.
    package init(
        _ surveys: [SegmentSurvey], after base: UInt64, evidence: UInt64 = 0,
        anchor: FoundAnchor = .missing, isWhole: Bool = true
    ) {
        segments = surveys.sorted { $0.position < $1.position }
        cursor = base
        var promised = max(base, evidence)
        if isWhole, let newest = anchor.segment {
            promised = max(promised, newest.firstSequence - 1)
        }
        var highest = promised
        for segment in segments {
            promised = max(promised, segment.durableMark)
            for case .batch(let batch, _) in segment.parts {
                highest = max(highest, batch.lastSequence)
            }
            if let successor = segment.successor {
                promised = max(promised, successor.firstSequence - 1)
            }
        }
        self.promised = promised
        self.highest = max(highest, promised)
        for index in segments.indices { walk(index) }
        end(isWhole: isWhole)
        if isWhole { judge(anchor) }
    }

    /// The sequence that the next segment continues after; everything beyond it is dead.
    private func bound(of index: Int) -> UInt64 {
        index + 1 < segments.count ? segments[index + 1].continuesAfter : .max
    }

    private mutating func walk(_ index: Int) {
        let segment = segments[index], bound = bound(of: index)
        guard bound > cursor else { return }
        if segment.continuesAfter > cursor { mark(segment.name, 0, .missingBefore) }
        var isReported = false
        if isOfOtherHistory(index) {
            fault(segment.name, 0, .otherHistory)
            isReported = true
        }
        for part in segment.parts {
            switch part {
            case .damage(let damage):
                if cursor < bound {
                    mark(segment.name, damage.bytes.lowerBound, .segment(damage.problem))
                }
                if damage.isOfHeader {
                    // Without a batch, the end reports it together with what is lost.
                    if bound < .max || !damage.hidesHowMany(in: segment) {
                        fault(segment.name, 0, .segment(damage.problem))
                    }
                    isReported = true
                }
            case .batch(let batch, let isChained):
                guard batch.recordCount > 0, batch.lastSequence > cursor else { continue }
                if !isChained && batch.lastSequence > bound { continue }
                let isGap = batch.firstSequence > cursor + 1
                // Past the mark nothing was acknowledged, and a batch that stands there alone is not
                // redone.
                if cursor >= promised && (isGap || !isChained && !isReported) { return }
                if isGap {
                    faultAtPlace(lost: .records(cursor + 1...batch.firstSequence - 1))
                } else if !isChained && !isReported {
                    faultAtPlace(lost: .nothing)
                }
                if !isChained { isReported = true }
                runs.append(
                    Run(
                        segment: index, batch: batch,
                        firstSequence: max(cursor + 1, batch.firstSequence)))
                cursor = batch.lastSequence
                place = nil
            }
        }
        if bound < .max, segment.durableMark > segments[index + 1].startedWith {
            let next = segments[index + 1]
            fault(
                segment.name, segment.endOffset, .markedBeyond(next.name),
                lost: .records(next.startedWith + 1...segment.durableMark))
        }
        if bound < .max && cursor < bound {
            if segment.successor == nil {
                mark(segment.name, segment.endOffset, .endsEarly)
            } else {
                mark(segments[index + 1].name, 0, .missingBefore)
            }
        }
    }

    /// Remembers where something is missing; the first such place counts.
    private mutating func mark(_ segment: SegmentName?, _ offset: Int, _ reason: Fault.Reason) {
        if place == nil { place = (segment, offset, reason) }
    }

    private mutating func fault(
        _ segment: SegmentName?, _ offset: Int, _ reason: Fault.Reason, lost: Lost = .nothing
    ) {
        faults.append(
            Fault(
                segment: segment, offset: offset, sequence: cursor + 1, reason: reason, lost: lost,
                runsBefore: runs.count))
    }

    private mutating func faultAtPlace(lost: Lost) {
        let place = place ?? (segments.last?.name, segments.last?.endOffset ?? 0, .endsEarly)
        fault(place.segment, place.offset, place.reason, lost: lost)
    }

    /// Whether this segment should continue the one before, which is whole there, and does not.
    private func isOfOtherHistory(_ index: Int) -> Bool {
        guard index > 0, let header = segments[index].header,
            let before = segments[index - 1].header
        else { return false }
        if header.continuesAfter == before.continuesAfter
            && header.previousChecksum == before.previousChecksum
        {
            return false
        }
        var isReached = false
        for case .batch(let batch, true) in segments[index - 1].parts where batch.successor == nil {
            if batch.lastSequence == header.continuesAfter
                && batch.checksum == header.previousChecksum
            {
                return false
            }
            isReached = isReached || batch.lastSequence >= header.continuesAfter
        }
        return isReached || header.continuesAfter == before.continuesAfter
    }

    private mutating func end(isWhole: Bool) {
        if cursor < promised {
            faultAtPlace(lost: .records(cursor + 1...promised))
            cursor = promised
        }
        guard let last = segments.last else { return }
        if isWhole, let successor = last.successor {
            fault(
                last.name, last.endOffset, .missingAfter(successor), lost: .recordsFrom(cursor + 1))
        }
        for case .damage(let damage) in last.parts {
            if damage.hidesHowMany(in: last) {
                fault(
                    last.name, damage.bytes.lowerBound, .segment(damage.problem),
                    lost: .recordsFrom(cursor + 1))
                return
            }
            if damage.sequence > promised && !damage.isOfHeader && tail == nil {
                tail = (last.name, damage)
            }
        }
    }
}

extension JournalSurvey {
    /// Notes where the anchor says that newer segments were there, or cannot say that there were none.
    private mutating func judge(_ anchor: FoundAnchor) {
        let last = segments.last
        let offset = last?.endOffset ?? 0
        switch anchor {
        case .missing:
            guard segments.contains(where: { $0.header?.isAnchored ?? false }) else { return }
            fault(last?.name, offset, .notAnchored(nil), lost: .recordsFrom(cursor + 1))
        case .damaged(let problem):
            fault(last?.name, offset, .notAnchored(problem), lost: .recordsFrom(cursor + 1))
        case .whole(let anchor):
            guard let newest = anchor.segment else { return }
            let isThere = segments.contains { segment in
                max(segment.name.generation, segment.position.generation) >= newest.generation
            }
            let isReported = faults.contains { $0.reason == .missingAfter(newest) }
            if isThere || isReported { return }
            fault(last?.name, offset, .missingNewest(newest), lost: .recordsFrom(cursor + 1))
        }
    }
}

extension SegmentSurvey.Damage {
    fileprivate var isOfHeader: Bool {
        switch problem {
        case .header, .name: true
        case .batch, .unwritten, .unreadable: false
        }
    }

    /// Whether durable marks may be gone with it, in the journal's last segment.
    fileprivate func hidesHowMany(in segment: SegmentSurvey) -> Bool {
        switch problem {
        case .unreadable: true
        case .header: !segment.parts.contains { if case .batch = $0 { true } else { false } }
        case .name, .batch, .unwritten: false
        }
    }
}
