import CouponStore
import Synchronization

// The journal's thread without a thread. A turn is handed over in one step of the schedule, done in
// another, and reported in a third; everything in between happens while the disk is waited for.
// It may also be done in the midst of a compaction, which is another thread's.

/// What lies between the loop and the journal's thread.
final class JournalDesk: Sendable {
    private struct Content: ~Copyable {
        var writer: JournalWriter
        var records = RecordLog()
        var turn: JournalTurn?
        var report: JournalReport
        /// The last report of a turn in which the disk did everything.
        var sound: JournalReport
        var isDone = false
        /// Segments that were left because a batch did not fit any more.
        var filledCount = 0
        /// A turn that the loop has heard of and that is not done.
        var late: JournalTurn?
        let planted: PlantedBug?

        /// Says that a turn went well, and does it before the next one.
        mutating func put(off turn: JournalTurn, _ next: inout RecordLog) {
            if let late { perform(late) }
            records.removeAll()
            swap(&records, &next)
            late = turn
            report.written += UInt64(records.count)
            report.synchronized = report.written
            report.marked = report.written
            isDone = true
        }

        mutating func perform(_ turn: JournalTurn) {
            let before = report
            let isTime = before.written % 4 == 3
            if planted == .dropsRecordsOfATurn && isTime {
                report.written += UInt64(records.count)
                report.synchronized = report.written
            } else {
                report = writer.perform(turn, records)
                if planted == .writesRecordsTwice && isTime {
                    report = writer.perform(turn, records)
                }
            }
            if case .broken(let fault) = report.condition {
                if planted == .goesOnAfterAFailedSync && fault.operation == .synchronize {
                    report.condition = .ready
                    report.room = before.room
                    report.written = before.written + UInt64(records.count)
                    report.synchronized = report.written
                }
            } else {
                sound = report
                if report.segment != before.segment && !turn.rolls { filledCount += 1 }
            }
        }
    }

    private let content: Mutex<Content>

    init(_ writer: consuming JournalWriter, planted: PlantedBug?) {
        let report = writer.report
        content = Mutex(Content(writer: writer, report: report, sound: report, planted: planted))
    }

    /// How the journal stood after the last turn in which the disk did everything, also when it
    /// was not reported.
    var soundReport: JournalReport { content.withLock { $0.sound } }

    /// Segments that were left because they were full.
    var filledCount: Int { content.withLock { $0.filledCount } }

    /// What broke the journal, also when it was not reported.
    var fault: DiskFault? {
        content.withLock {
            if case .broken(let fault) = $0.report.condition { fault } else { nil }
        }
    }

    var isWaiting: Bool { content.withLock { $0.turn != nil && !$0.isDone } }
    var isDone: Bool { content.withLock { $0.isDone } }

    /// Takes the next turn, and the records that go with it.
    func begin(_ turn: JournalTurn, _ records: inout RecordLog) {
        content.withLock {
            precondition($0.turn == nil, "one turn at a time")
            $0.turn = turn
            if $0.planted == .reportsBeforeWriting { return $0.put(off: turn, &records) }
            swap(&$0.records, &records)
        }
    }

    /// Does the turn that was handed over, if it is not done.
    func perform() {
        content.withLock { content in
            guard let turn = content.turn, !content.isDone else { return }
            content.perform(turn)
            content.records.removeAll()
            content.isDone = true
        }
    }

    /// Takes the report of a turn that was done.
    func takeReport() -> JournalReport? {
        content.withLock {
            guard $0.isDone else { return nil }
            $0.turn = nil
            $0.isDone = false
            return $0.report
        }
    }
}
