import Logging
import UVLoop

/// Decides when a wait for the disk is worth a line of the log.
struct DiskWait {
    static let patienceMilliseconds: Int64 = 1_000

    private var beganAt: Int64?
    private var isReported = false

    /// Work on the disk begins, in steady milliseconds.
    mutating func begin(at now: Int64) {
        beganAt = now
        isReported = false
    }

    /// How long the wait has been, if it is too long and was not reported yet.
    mutating func overdue(at now: Int64) -> Int64? {
        guard let beganAt, !isReported, now - beganAt >= Self.patienceMilliseconds else {
            return nil
        }
        isReported = true
        return now - beganAt
    }

    /// When to ask ``overdue(at:)`` again; nil if that is not needed.
    var nextCheck: Int64? { isReported ? nil : beganAt.map { $0 + Self.patienceMilliseconds } }

    /// The disk has answered. Returns how long the wait was, if it was reported.
    mutating func end(at now: Int64) -> Int64? {
        defer { beganAt = nil }
        guard let beganAt, isReported else { return nil }
        return now - beganAt
    }
}

/// Reports waits of the journal's thread for the disk.
final class DiskWatch {
    private let server: LoopServer
    private let log: DaemonLog
    private var wait = DiskWait()
    private var timer: LoopTimer?

    init(on loop: EventLoop, server: LoopServer, log: DaemonLog) throws(UVFault) {
        self.server = server
        self.log = log
        timer = try LoopTimer(on: loop) { [unowned self] in check() }
    }

    func begin() {
        wait.begin(at: server.now.steady)
        timer?.start(after: DiskWait.patienceMilliseconds)
    }

    func end() {
        timer?.stop()
        if let milliseconds = wait.end(at: server.now.steady) {
            log.info(
                "the disk has answered", metadata: ["ms": .stringConvertible(milliseconds)])
        }
    }

    private func check() {
        let now = server.now.steady
        if let milliseconds = wait.overdue(at: now) {
            log.warning(
                "the disk does not answer",
                metadata: ["ms": .stringConvertible(milliseconds)])
        } else if let next = wait.nextCheck {
            timer?.start(after: max(1, next - now))
        }
    }
}
