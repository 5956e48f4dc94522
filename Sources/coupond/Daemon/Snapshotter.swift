import CouponService
import CouponStore
import Logging
import Posix
import UVLoop

/// Writes snapshots on a thread of its own, from the files on disk: the last snapshot and the
/// segments after it.
final class Snapshotter {
    private let worker: Worker
    private let directory: String
    private let server: LoopServer
    private let log: DaemonLog

    init(_ worker: Worker, directory: String, server: LoopServer, log: DaemonLog) {
        self.worker = worker
        self.directory = directory
        self.server = server
        self.log = log
    }

    /// Writes a snapshot of everything before the segment with `header`.
    func start(continuedBy header: SegmentHeader) {
        worker.run(
            { [directory] in compact(directory, continuedBy: header) },
            then: { [unowned self] in finish($0) })
    }

    private func finish(_ outcome: SnapshotOutcome) {
        switch outcome {
        case .written(let compacted, let milliseconds):
            logWritten(compacted, milliseconds)
        case .failed(let reason):
            log.error("cannot write a snapshot", metadata: ["fault": "\(reason)"])
        }
        server.with { server, now in server.finishSnapshot(outcome, at: now) }
    }

    private func logWritten(_ compacted: Compacted, _ milliseconds: Int64) {
        log.postpone { [log, server] in
            log.info(
                "snapshot written",
                metadata: [
                    "sequence": .stringConvertible(compacted.sequence),
                    "bytes": .stringConvertible(compacted.byteCount),
                    "orders": .stringConvertible(compacted.orderCount),
                    "ms": .stringConvertible(milliseconds),
                    "longest_turn_us": server.longestTurn(of: .snapshot),
                ])
        }
        if let fault = compacted.leftBehind {
            log.warning(
                "cannot remove segments that are no longer needed",
                metadata: ["fault": "\(fault.explanation)"])
        }
    }
}

extension LoopServer {
    /// In microseconds, for the log; complete once the turn that ended `task` is over.
    func longestTurn(of task: LongTask) -> Logger.MetadataValue {
        .stringConvertible(with { server in server.longestTurn(of: task) } / 1_000)
    }
}

private func compact(_ directory: String, continuedBy header: SegmentHeader) -> SnapshotOutcome {
    let start = BootClock.now
    do throws(CompactionFault) {
        let compacted = try Compaction.run(
            on: PosixDisk(), directory: directory, continuedBy: header)
        return .written(compacted, milliseconds: BootClock.now - start)
    } catch {
        return .failed(error.explanation(directory))
    }
}

extension CompactionFault {
    fileprivate func explanation(_ directory: String) -> String {
        switch self {
        case .disk(let fault): fault.explanation
        case .unreadable(let fault): fault.lines(directory).joined(separator: " ")
        case .unproven:
            "the counters and orders of the new snapshot of \(directory) contradict each other, but"
                + " not those of the files that it was made from: report this bug"
        }
    }
}
