import CouponStore
import Synchronization

// The journal's thread without a thread. A turn is handed over in one step of the schedule, done in
// another, and reported in a third; whatever comes in between happens while the disk is waited for.
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
    }

    private let content: Mutex<Content>

    init(_ writer: consuming JournalWriter) {
        let report = writer.report
        content = Mutex(Content(writer: writer, report: report, sound: report))
    }

    /// How the journal stood after the last turn in which the disk did everything, also when nobody
    /// was told of it.
    var soundReport: JournalReport { content.withLock { $0.sound } }

    /// What broke the journal, also when nobody was told of it.
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
            swap(&$0.records, &records)
        }
    }

    /// Does the turn that was handed over, if it is not done.
    func perform() {
        content.withLock { content in
            guard let turn = content.turn, !content.isDone else { return }
            content.report = content.writer.perform(turn, content.records)
            if case .broken = content.report.condition {} else { content.sound = content.report }
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
