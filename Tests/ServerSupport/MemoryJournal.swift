import CouponService
import CouponStore
import FlatStorage

/// A journal that keeps nothing and is never late, for tests of replies that need no restart.
package struct MemoryJournal: ~Copyable {
    private var report: JournalReport
    private var records = RecordLog()

    /// A journal in which a state with so many changes is durable.
    package init(after sequence: UInt64 = 0) {
        report = JournalReport(
            written: sequence, synchronized: sequence, marked: sequence, room: .max / 2,
            condition: .ready,
            segment: SegmentHeader(
                generation: 1, salt: 1, continuesAfter: sequence, previousChecksum: 0),
            byteCount: 0)
    }

    /// What a server starts from.
    package var start: JournalReport { report }

    /// Does every turn that the server wants, as if no time passed.
    package mutating func keepUp(with server: inout ConversationServer, at time: TurnTime) {
        while let turn = server.beginJournalTurn(into: &records, at: time) {
            report.written += UInt64(records.count)
            report.synchronized = report.written
            let byteCount = records.bytes.count
            report.byteCount += byteCount
            if turn.marks { report.marked = report.synchronized }
            if turn.rolls {
                report.segment.generation += 1
                report.segment.continuesAfter = report.written
                report.marked = report.written
            }
            records.removeAll()
            server.endJournalTurn(report, at: time)
        }
    }
}
