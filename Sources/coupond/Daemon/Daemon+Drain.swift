// The end comes in steps, so that nobody who asked in time goes without a reply:
//
// 1. The sockets close. Clients are read and answered as before; one that was silent for a short
//    while has what it asked for, and is closed once its replies are sent.
// 2. After a second, whoever still talks is told that the daemon is shutting down, and closed.
// 3. After ten seconds, or on a second signal, whoever has not taken its replies is cut off.
// 4. What is not saved is written, and the daemon ends. A signal during that ends it at once.

import CouponService
import Glibc
import Logging
import UVLoop

/// The time that is left for those who are still there.
struct Drain {
    static let tickMilliseconds: Int64 = 50
    static let refusingTicks = 20
    static let partingTicks = refusingTicks + 2
    static let cutOffTicks = 200

    let timer: LoopTimer
    var ticks = 0
}

extension Daemon {
    /// Begins to end, or ends sooner.
    func finish() {
        switch phase {
        case .serving: beginDraining()
        case .draining:
            log.warning("asked to end again: connections are cut off")
            cutOff()
        case .saving:
            log.error("asked to end again: uses since the last snapshot are lost")
            leave(with: .inputOutput)
        }
    }

    private func beginDraining() {
        phase = .draining
        tellServiceManager("STOPPING=1")
        log.info("draining", metadata: ["connections": .stringConvertible(clients.count)])
        for socket in sockets { socket.listener.close() }
        do throws(UVFault) {
            let timer = try LoopTimer(on: loop) { [unowned self] in drainTick() }
            timer.start(
                after: Drain.tickMilliseconds, repeatingEvery: Drain.tickMilliseconds)
            drain = Drain(timer: timer)
        } catch {
            log.error("draining without time", metadata: ["fault": "\(error)"])
            cutOff()
        }
        // The first tick only begins to look: between two ticks the loop has surely read everything
        // that had come before the first, however long it was busy until then.
        for client in clients.values { client.hasStirred = true }
    }

    private func drainTick() {
        drain?.ticks += 1
        let ticks = drain?.ticks ?? 0
        if ticks == Drain.refusingTicks { server.beginDrain() }
        if ticks >= Drain.cutOffTicks {
            log.warning(
                "time is up: connections are cut off",
                metadata: ["connections": .stringConvertible(clients.count)])
            cutOff()
            return
        }
        for client in clients.values {
            let isDone = client.isAtRest && !client.hasStirred
            if isDone || ticks >= Drain.partingTicks { client.connection.closeAfterFlush() }
            client.hasStirred = false
        }
    }

    private func cutOff() {
        for client in clients.values { client.connection.close() }
    }

    /// At the end of each turn: goes on once everybody has left.
    func goOnDraining() {
        guard phase == .draining, clients.isEmpty else { return }
        phase = .saving
        drain?.timer.close()
        drain = nil
        goOnSaving()
    }

    /// Ends the daemon once everything is saved, or saving has failed. A snapshot that was under way
    /// when everybody had left may have begun too early, so its end decides nothing.
    func goOnSaving() {
        if isSnapshotUnderWay { return }
        if !server.hasUnsavedChanges { leave(with: .success) }
        if hasTriedToSave {
            log.error("uses since the last snapshot are lost")
            leave(with: .inputOutput)
        }
        hasTriedToSave = true
        server.wish(.snapshot)
        startTasks()
    }

    /// Ends the process. It is not unwound: a catalog that is still being built would be waited for.
    private func leave(with reason: ExitReason) -> Never {
        log.info("ended", metadata: ["status": .stringConvertible(reason.rawValue)])
        _exit(reason.rawValue)
    }
}
