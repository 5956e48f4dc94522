// A socket whose file was removed or replaced still accepts connections, but no client can find it.
// Every second the files are looked at, on a thread of their own because a disk may hang, and lost
// ones are bound again by the procedure of a start: nothing is taken away from another process.

import CouponService
import Logging
import Posix
import UVLoop

/// Keeps the sockets of the daemon where clients look for them.
final class SocketKeeper {
    private static let periodMilliseconds: Int64 = 1_000

    private let worker: Worker
    private let log: DaemonLog
    private var timer: LoopTimer?
    private var sockets: [BoundSocket] = []
    private var watches: [SocketWatch] = []
    private var onBound: (Int, SocketBinding) -> Void = { _, _ in }
    /// How many jobs the worker has.
    private var pendingJobs = 0
    private var isStopped = false

    init(on loop: EventLoop, log: DaemonLog) throws(UVFault) {
        worker = try Worker(on: loop, name: "sockets")
        self.log = log
        timer = try LoopTimer(on: loop) { [unowned self] in look() }
    }

    /// Starts to look after `sockets`. Later each one that is bound again is given to `onBound`, with
    /// its place among them; ``replace(at:with:)`` follows.
    func start(_ sockets: [BoundSocket], onBound: @escaping (Int, SocketBinding) -> Void) {
        self.sockets = sockets
        self.onBound = onBound
        watches = sockets.map { SocketWatch(isOwn: $0.lock != nil) }
        timer?.start(after: Self.periodMilliseconds, repeatingEvery: Self.periodMilliseconds)
    }

    /// The daemon listens on another socket in place of one that was lost.
    func replace(at index: Int, with socket: BoundSocket) {
        sockets[index] = socket
        watches[index].noteBound()
        log.info("socket bound again", metadata: ["socket": "\(socket.settings.path)"])
    }

    /// From now on lost sockets stay lost.
    func stop() {
        isStopped = true
        timer?.stop()
    }

    private func look() {
        if pendingJobs > 0 { return }
        let files = sockets.map(\.file)
        run({ files.map { $0?.standing ?? .intact } }, then: { [unowned self] in follow($0) })
    }

    private func follow(_ standings: [SocketFile.Standing]) {
        if isStopped { return }
        for (index, standing) in standings.enumerated() {
            switch watches[index].note(standing) {
            case .nothing: break
            case .report:
                log.error(
                    "the file of a socket of the service manager is lost: restart its socket unit",
                    metadata: facts(index, standing))
            case .reportAndBind:
                log.warning(
                    "the file of a socket is lost: it is bound again",
                    metadata: facts(index, standing))
                bind(index)
            case .bind: bind(index)
            }
        }
    }

    private func facts(_ index: Int, _ standing: SocketFile.Standing) -> Logger.Metadata {
        [
            "socket": "\(sockets[index].file?.path ?? sockets[index].settings.path)",
            "found": standing == .missing ? "no file" : "another file",
        ]
    }

    private func bind(_ index: Int) {
        let settings = sockets[index].settings, lock = sockets[index].lock
        run(
            { () -> Result<SocketBinding, StartFault> in
                Result { () throws(StartFault) in try SocketBinding(settings, holding: lock) }
            }, then: { [unowned self] in finishBinding(index, $0) })
    }

    private func finishBinding(_ index: Int, _ result: Result<SocketBinding, StartFault>) {
        do throws(StartFault) {
            let binding = try result.get()
            if isStopped {
                try binding.discard(sockets[index].settings)
            } else {
                onBound(index, binding)
            }
        } catch {
            logFailure(index, error)
        }
    }

    /// Reports why a socket stays lost, once for each reason.
    func logFailure(_ index: Int, _ fault: StartFault) {
        let text = fault.lines.joined(separator: " ")
        if watches[index].noteFailure(text) {
            log.error("cannot bind a socket again", metadata: ["fault": "\(text)"])
        }
    }

    private func run<Made: Sendable>(
        _ job: @escaping @Sendable () -> Made, then deliver: @escaping (Made) -> Void
    ) {
        pendingJobs += 1
        worker.run(
            job,
            then: { [unowned self] made in
                pendingJobs -= 1
                deliver(made)
            })
    }
}
