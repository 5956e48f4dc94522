import CouponStore
import FlatStorage
import StoreSalvage
import Testing

/// A start that read less than there was, and went on: what it did not read is replaced.
@Suite struct `A survey of a journal that went on too early` {
    private struct Segment: ~Copyable {
        var header: SegmentHeader
        var content = ByteBuffer()
        var checksum: UInt64

        init(generation: UInt64, continuesAfter: UInt64, previousChecksum: UInt64) {
            header = SegmentHeader(
                generation: generation, salt: generation, continuesAfter: continuesAfter,
                previousChecksum: previousChecksum)
            header.encode(into: &content)
            checksum = header.checksum
        }

        mutating func append(
            _ count: Int, from first: UInt64, mark: UInt64, isRenewed: Bool = false
        ) {
            var writer = BatchWriter()
            writer.begin(salt: header.salt, firstSequence: first, isRenewed: isRenewed)
            for number in 0..<count { writer.append([UInt8(number)].span) }
            checksum = writer.finish(durableMark: mark, previousChecksum: checksum)
            content.append(writer.bytes)
        }

        var survey: SegmentSurvey { SegmentSurvey(content.bytes, named: header.name) }
    }

    /// Record 1, then 2 and 3, which a mark says are durable; and a segment that continues after 1.
    private func survey(renewing renewed: Int) -> JournalSurvey {
        var old = Segment(generation: 1, continuesAfter: 0, previousChecksum: 0)
        old.append(1, from: 1, mark: 0)
        var new = Segment(generation: 2, continuesAfter: 1, previousChecksum: old.checksum)
        old.append(2, from: 2, mark: 1)
        old.append(0, from: 4, mark: 3)
        if renewed > 0 { new.append(renewed, from: 2, mark: 1, isRenewed: true) }
        new.append(4, from: UInt64(2 + renewed), mark: 1)
        return JournalSurvey([old.survey, new.survey], after: 0)
    }

    @Test(arguments: zip([0, 1], [2...3, 3...3] as [ClosedRange<UInt64>]))
    func `reports what it does not continue as lost`(renewed: Int, lost: ClosedRange<UInt64>) {
        let survey = survey(renewing: renewed)
        let next = SegmentName(generation: 2, firstSequence: 2)
        #expect(survey.faults.map(\.reason) == [.markedBeyond(next)])
        #expect(survey.faults.map(\.lost) == [.records(lost)])
    }

    @Test func `finds nothing where it has logged them again`() {
        #expect(survey(renewing: 2).faults.isEmpty)
        #expect(survey(renewing: 3).faults.isEmpty)
    }
}
