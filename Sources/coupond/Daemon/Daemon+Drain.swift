// The end comes in steps, so that nobody who asked in time goes without a reply:
//
// 1. The sockets close. Clients are read and answered as before; one that was silent for a short
//    while has what it asked for, and is closed once its replies are sent.
// 2. After a second, whoever still talks is told that the daemon is shutting down, and closed.
// 3. After nine seconds, or on a second signal, whoever has not taken its replies is cut off.
// 4. What is not durable yet is made so, and the daemon ends. A disk that does not come back, or
//    another signal, ends it ten seconds after the first: what was acknowledged is safe anyhow.

import CouponService
import Glibc
import Logging
import UVLoop

/// The time that is left for those who are still there.
struct Drain {
    static let tickMilliseconds: Int64 = 50
    static let refusingTicks = 20
    static let partingTicks = refusingTicks + 2
    static let cutOffTicks = 180
    static let endTicks = 200

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
        case .settling:
            log.error("asked to end again: what waits for the disk is not waited for")
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
        if ticks >= Drain.endTicks {
            log.error("time is up: what waits for the disk is not waited for")
            leave(with: .inputOutput)
        }
        if ticks >= Drain.cutOffTicks {
            if !clients.isEmpty {
                log.warning(
                    "time is up: connections are cut off",
                    metadata: ["connections": .stringConvertible(clients.count)])
            }
            cutOff()
            return
        }
        for client in clients.values {
            let isDone = client.isAtRest && !client.hasStirred
            let mayGo = isDone || ticks >= Drain.partingTicks
            if mayGo && !client.awaitsAnswer { client.connection.closeAfterFlush() }
            client.hasStirred = false
        }
    }

    private func cutOff() {
        for client in clients.values { client.connection.close() }
    }

    /// At the end of each turn: ends the daemon once everybody has left and everything is durable.
    func goOnDraining() {
        if phase == .draining && clients.isEmpty {
            phase = .settling
            server.beginFinish()
            advanceJournal()
        }
        if phase == .settling && server.isDurable { leave(with: .success) }
    }

    /// Ends the process. It is not unwound: a catalog that is still being built would be waited for.
    func leave(with reason: ExitReason) -> Never {
        tellNews()
        log.info("ended", metadata: ["status": .stringConvertible(reason.rawValue)])
        _exit(reason.rawValue)
    }
}
