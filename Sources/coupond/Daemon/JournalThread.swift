import CouponStore
import Synchronization
import UVLoop

// The writer belongs to the journal's thread; it is under a lock because the compiler cannot know
// that there is only ever one turn at a time, and the lock is never waited for. Records cross over by
// an exchange of two logs, whose memory is used again and again.

/// The journal on a thread of its own, where waiting for the disk delays nobody.
final class JournalThread {
    private final class Desk: Sendable {
        private let writer: Mutex<JournalWriter>
        private let records = Mutex(RecordLog())

        init(_ writer: consuming JournalWriter) { self.writer = Mutex(writer) }

        /// Gives the records of the next turn, and takes back the emptied log of the one before.
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
    /// Where the records of the next turn gather.
    var records = RecordLog()

    init(_ writer: consuming JournalWriter, on loop: EventLoop) throws(UVFault) {
        desk = Desk(writer)
        worker = try Worker(on: loop, name: "journal")
    }

    /// Does a turn with ``records``, and tells on the loop how the journal stands then.
    func perform(_ turn: JournalTurn, then deliver: @escaping (JournalReport) -> Void) {
        desk.exchange(&records)
        worker.run({ [desk] in desk.perform(turn) }, then: deliver)
    }
}
