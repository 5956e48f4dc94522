import UVLoop

/// Disconnects clients that were idle for a configured time.
final class IdleTimeout {
    private let timer: LoopTimer

    init(on loop: EventLoop, clients: ClientList) throws(UVFault) {
        timer = try LoopTimer(on: loop) { clients.sweepIdle() }
    }

    /// Starts or restarts with another time; nil for never.
    func start(seconds: Int64?) {
        guard let seconds else {
            timer.stop()
            return
        }
        let period = seconds * 1_000 / Int64(ClientList.idleSweepsMax)
        timer.start(after: period, repeatingEvery: period)
    }
}
