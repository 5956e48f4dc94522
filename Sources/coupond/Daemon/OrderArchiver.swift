import CouponRules
import CouponService
import Logging
import Posix
import UVLoop

/// Adds orders that leave the records to a file, one for each month, on a thread of its own.
final class OrderArchiver {
    private let worker: Worker
    private let server: LoopServer
    private let log: DaemonLog
    /// Where the files are; nil for none.
    var folder: String?

    init(_ worker: Worker, folder: String?, server: LoopServer, log: DaemonLog) {
        self.worker = worker
        self.folder = folder
        self.server = server
        self.log = log
    }

    func start(_ lines: [UInt8]) {
        guard let folder else {
            // The settings changed meanwhile: there is no file any more to wait for.
            server.with { server, now in server.finishArchiving(isDurable: true, at: now) }
            return
        }
        let path = folder + "/" + Self.fileName(at: server.now.wall)
        worker.run({ archive(lines, path) }, then: { [unowned self] in finish($0, path) })
    }

    /// Returns what orders left in memory to the system. It takes some milliseconds.
    func returnMemory() { worker.run({ returnFreedMemory() }, then: {}) }

    private func finish(_ fault: PosixFault?, _ path: String) {
        if let fault {
            log.error(
                "cannot archive orders: they are kept until it succeeds",
                metadata: ["file": "\(path)", "fault": "\(fault)"])
        }
        server.with { server, now in server.finishArchiving(isDurable: fault == nil, at: now) }
    }

    /// Such as `orders-2027-05.jsonl`, in UTC.
    private static func fileName(at now: Instant) -> String {
        let day = CivilTime(milliseconds: now.millisecondsSinceEpoch).date.yearMonthDay
        let month = day.month < 10 ? "0\(day.month)" : "\(day.month)"
        return "orders-\(day.year)-\(month).jsonl"
    }
}

private func archive(_ lines: [UInt8], _ path: String) -> PosixFault? {
    do throws(PosixFault) {
        try appendDurably(lines: lines, toFile: path)
        return nil
    } catch {
        return error
    }
}
