// The end comes in steps, so that every request sent in time gets its reply:
//
// 1. The sockets close. Clients are served as before; a client that was silent for a short while is
//    closed once its replies are sent.
// 2. After a second, requests are answered with `shutting_down`, and their clients are closed.
// 3. After nine seconds, or on a second signal, the remaining connections are cut off.
// 4. Records that are not durable yet are synchronized, and the daemon ends. If the disk does not
//    answer, it ends ten seconds after the signal, or on another signal: every acknowledged use is
//    durable already.

import CouponService
import Logging
import UVLoop

/// The time since a drain began, and the actions that each tick requires.
struct DrainClock {
    struct Actions: OptionSet {
        let rawValue: UInt8
        /// Answer requests with `shutting_down`.
        static let refuseRequests = Actions(rawValue: 1)
        /// Close active clients, too.
        static let closeActive = Actions(rawValue: 2)
        /// Cut off every connection.
        static let cutOff = Actions(rawValue: 4)
        /// End without waiting for the disk.
        static let end = Actions(rawValue: 8)
    }

    static let tickMilliseconds: Int64 = 50
    private static let refusingTicks = 20
    private static let partingTicks = refusingTicks + 2
    private static let cutOffTicks = 180
    private static let endTicks = 200

    private var ticks = 0

    mutating func tick() -> Actions {
        ticks += 1
        var actions: Actions = []
        if ticks == Self.refusingTicks { actions.insert(.refuseRequests) }
        if ticks >= Self.partingTicks { actions.insert(.closeActive) }
        if ticks >= Self.cutOffTicks { actions.insert(.cutOff) }
        if ticks >= Self.endTicks { actions.insert(.end) }
        return actions
    }
}

/// The daemon's way to its end.
final class Drain {
    /// The phases follow each other in this order only.
    private enum Phase {
        case serving
        /// The sockets are closed; connected clients are still answered.
        case draining
        /// Every client has left; the last records are made durable.
        case flushing
    }

    private let loop: EventLoop
    private let listeners: Listeners
    private let clients: ClientList
    private let server: LoopServer
    private let journal: JournalDriver
    private let log: DaemonLog

    private var phase = Phase.serving
    private var clock = DrainClock()
    private var timer: LoopTimer?

    init(
        on loop: EventLoop, listeners: Listeners, clients: ClientList, server: LoopServer,
        journal: JournalDriver, log: DaemonLog
    ) {
        self.loop = loop
        self.listeners = listeners
        self.clients = clients
        self.server = server
        self.journal = journal
        self.log = log
    }

    /// Begins to drain; while draining, ends sooner.
    func advance() {
        switch phase {
        case .serving: begin()
        case .draining:
            log.warning("second signal: connections are cut off")
            clients.closeAll()
        case .flushing:
            log.error("another signal: the daemon ends without waiting for the disk")
            log.endProcess(.inputOutput)
        }
    }

    private func begin() {
        phase = .draining
        log.notifyServiceManager("STOPPING=1")
        log.info("draining", metadata: ["connections": .stringConvertible(clients.count)])
        listeners.close()
        do throws(UVFault) {
            let timer = try LoopTimer(on: loop) { [unowned self] in tick() }
            timer.start(
                after: DrainClock.tickMilliseconds, repeatingEvery: DrainClock.tickMilliseconds)
            self.timer = timer
        } catch {
            log.error(
                "cannot start the drain timer: connections are cut off",
                metadata: ["fault": "\(error)"])
            clients.closeAll()
        }
        // The first tick closes no client: the loop may have been busy, and only between two ticks
        // it has certainly read all bytes that came before the first.
        clients.markActive()
    }

    private func tick() {
        let actions = clock.tick()
        if actions.contains(.refuseRequests) { server.with { server in server.beginDrain() } }
        if actions.contains(.end) {
            log.error("time is up: the daemon ends without waiting for the disk")
            log.endProcess(.inputOutput)
        }
        guard actions.contains(.cutOff) else {
            clients.closeFinished(all: actions.contains(.closeActive))
            return
        }
        if clients.count > 0 {
            log.warning(
                "time is up: connections are cut off",
                metadata: ["connections": .stringConvertible(clients.count)])
        }
        clients.closeAll()
    }

    /// Ends the daemon once every client has left and every record is durable. At the end of each
    /// turn.
    func endTurn() {
        if phase == .draining && clients.count == 0 {
            phase = .flushing
            server.with { server, now in server.beginFinish(at: now) }
            journal.advance()
        }
        if phase == .flushing && server.with({ server in server.isDurable }) {
            log.endProcess(.success)
        }
    }
}
