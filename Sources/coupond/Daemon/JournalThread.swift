import CouponStore
import Synchronization
import UVLoop

// The writer belongs to the journal's thread. It is under a lock because the compiler cannot know
// that only one turn runs at a time; the lock is never contended. Records cross threads by an
// exchange of two logs, which reuses their memory.

/// The journal on a thread of its own, where waiting for the disk delays no client.
final class JournalThread {
    private final class Desk: Sendable {
        private let writer: Mutex<JournalWriter>
        private let records = Mutex(RecordLog())

        init(_ writer: consuming JournalWriter) { self.writer = Mutex(writer) }

        /// Swaps the records of the next turn for the emptied log of the turn before.
        func exchange(_ log: inout RecordLog) {
            records.withLock { swap(&$0, &log) }
        }

        func perform(_ turn: JournalTurn) -> JournalReport {
            records.withLock { records in
                let report = writer.withLock { $0.perform(turn, records) }
                records.removeAll()
                return report
            }
        }
    }

    private let desk: Desk
    private let worker: Worker
    /// The records of the next turn. Open, because the server appends to them in place.
    var records = RecordLog()

    init(_ writer: consuming JournalWriter, on loop: EventLoop) throws(UVFault) {
        desk = Desk(writer)
        worker = try Worker(on: loop, name: "journal")
    }

    /// Runs a turn with ``records``, and delivers its report on the loop.
    func perform(_ turn: JournalTurn, then deliver: @escaping (JournalReport) -> Void) {
        desk.exchange(&records)
        worker.run({ [desk] in desk.perform(turn) }, then: deliver)
    }
}
