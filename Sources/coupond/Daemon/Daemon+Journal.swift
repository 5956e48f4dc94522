// What was decided in a turn of the loop goes to the journal's thread at its end, if that is free;
// otherwise it gathers, and goes along with the next.

import CouponService
import CouponStore
import Glibc
import Logging
import SystemPackage

extension Daemon {
    /// Has the journal do what there is to do, and sees to it that this is asked again in time.
    func advanceJournal() {
        if let turn = server.beginJournalTurn(into: &journal.records, at: now) {
            journal.perform(turn) { [unowned self] in finishJournalTurn($0) }
        }
        guard let deadline = server.deadline else {
            deadlineTimer?.stop()
            return
        }
        deadlineTimer?.start(after: max(0, deadline - now.steady))
    }

    private func finishJournalTurn(_ report: JournalReport) {
        server.endJournalTurn(report, at: now)
        if let fault = server.journalFault { stopAcknowledging(because: fault) }
        tellSpace()
        while let id = server.nextReleasable(at: now) { clients[id]?.releaseReplies() }
    }

    /// Logs when there is no space any more, or again.
    func tellSpace() {
        let hasSpace = server.spaceFault == nil
        if hasSpace == hadSpace { return }
        hadSpace = hasSpace
        if let fault = server.spaceFault {
            log.critical(
                "no space for the journal: nothing can be used up until there is some",
                metadata: ["fault": "\(fault.explanation)"])
        } else {
            log.info("the journal has space again")
        }
    }

    /// What reached the disk is not known any more. Nothing that waits is told, and no second try is
    /// made: the system forgets what it could not write, and would report success.
    private func stopAcknowledging(because fault: DiskFault) -> Never {
        log.critical(
            "the journal cannot be written: nothing more is acknowledged",
            metadata: ["fault": "\(fault.explanation)"])
        leave(with: .inputOutput)
    }
}
