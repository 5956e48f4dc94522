import CouponService
import CouponStore
import Logging
import UVLoop

// At the end of each turn of the loop its records go to the journal's thread, if that is idle;
// otherwise they gather and go with the next batch.

/// Runs the journal: passes records to its thread, and releases the replies that waited for them.
final class JournalDriver {
    private let thread: JournalThread
    private let server: LoopServer
    private let clients: ClientList
    private let log: DaemonLog
    private let diskWatch: DiskWatch
    /// Starts a turn at the time of the next journal work or snapshot; the turn's end does the
    /// work.
    private let deadlineTimer: LoopTimer
    /// Whether the journal had space in the last log line about it.
    private var hadSpace = true

    init(
        _ writer: consuming JournalWriter, on loop: EventLoop, server: LoopServer,
        clients: ClientList, log: DaemonLog
    ) throws(UVFault) {
        thread = try JournalThread(writer, on: loop)
        deadlineTimer = try LoopTimer(on: loop) {}
        diskWatch = try DiskWatch(on: loop, server: server, log: log)
        self.server = server
        self.clients = clients
        self.log = log
    }

    /// Starts the journal's next turn if it has work, and sets the timer for later work.
    func advance() {
        let turn = server.with { server, now in
            server.beginJournalTurn(into: &thread.records, at: now)
        }
        if let turn {
            diskWatch.begin()
            thread.perform(turn) { [unowned self] in finishTurn($0) }
        }
        guard let deadline = server.with({ server, now in server.deadline(at: now) }) else {
            deadlineTimer.stop()
            return
        }
        deadlineTimer.start(after: max(0, deadline - server.now.steady))
    }

    private func finishTurn(_ report: JournalReport) {
        diskWatch.end()
        let fault = server.with { server, now in
            server.endJournalTurn(report, at: now)
            return server.journalFault
        }
        if let fault { stopAcknowledging(because: fault) }
        logSpace()
        clients.releaseReplies()
    }

    /// Logs a change between space and no space.
    func logSpace() {
        let fault = server.with { server in server.spaceFault }
        let hasSpace = fault == nil
        if hasSpace == hadSpace { return }
        hadSpace = hasSpace
        if let fault {
            log.critical(
                "no space for the journal: only validate is answered until there is space",
                metadata: ["fault": "\(fault.explanation)"])
        } else {
            log.info("the journal has space again")
        }
    }

    /// After a failed write the content of the disk is unknown. Waiting replies are not sent, and
    /// the write is not repeated: the kernel drops pages it could not write, and a second try would
    /// succeed. Without its name the content is lost as well: no start would find it.
    private func stopAcknowledging(because fault: DiskFault) -> Never {
        if fault.isLostName {
            log.critical(
                "the state is not this daemon's any more: no more requests are acknowledged",
                metadata: ["fault": "\(fault.explanation)"])
        } else {
            log.critical(
                "cannot write the journal: no more requests are acknowledged",
                metadata: ["fault": "\(fault.explanation)"])
        }
        log.endProcess(.inputOutput)
    }
}
