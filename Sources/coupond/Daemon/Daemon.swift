// The shell around `ConversationServer`: it owns the loop and everything on it, moves bytes between connections
// and the server, reads the clock, and does what the server wishes for.
//
// One turn of the loop: connections bring bytes, each chunk is one access to the server, and replies
// leave at once, or when the journal has what they speak of. Before the loop waits again, `endTurn`
// does what is left: lines that were left over for fairness, answers that became ready, work to be
// started, records to be written.

import CouponCatalog
import CouponRules
import CouponService
import CouponStore
import Logging
import UVLoop

/// A running daemon. Belongs to the loop's thread.
final class Daemon {
    /// Where the daemon is in its life; it only ever goes forward.
    enum Phase: Equatable {
        case serving
        /// No one new is let in; who is there is answered and sent off.
        case draining
        /// Everyone has left; what is not durable yet is being made so.
        case settling
    }

    let loop: EventLoop
    let overrides: Overrides
    var configuration: Configuration
    var log: Logger
    let logOutput: LogOutput
    let directory: StateDirectory
    let sockets: [BoundSocket]
    let builder: Worker
    let snapshotter: Worker
    let journal: JournalThread

    var server: ConversationServer
    var clients: [ConversationID: Client] = [:]
    var lastConversationID: UInt64 = 0
    /// Who has lines left over for the next turn.
    var yielded: [Client] = []
    private var turnTime: TurnTime?
    /// Lines of the log about work that ended in this turn; they tell how long the turn was, too.
    var newsOfTurn: [() -> Void] = []

    private var turnHook: TurnHook?
    /// Keeps the loop from waiting while somebody has lines left over.
    private var nextTurn: LoopTimer?
    /// Rings when the journal or a snapshot is due.
    var deadlineTimer: LoopTimer?
    private var idleTimer: LoopTimer?
    /// In steady milliseconds.
    var lastAcceptFaultLoggedAt: Int64?

    private static let workerNiceness: Int32 = 19

    var phase = Phase.serving
    /// Whether the journal had space when that was last told.
    var hadSpace = true
    var drain: Drain?

    /// What the daemon is made of, all of it ready.
    struct Parts: ~Copyable {
        var loop: EventLoop
        var overrides: Overrides
        var configuration: Configuration
        var log: Logger
        var logOutput: LogOutput
        var directory: StateDirectory
        var sockets: [BoundSocket]
        var server: ConversationServer
        var journal: JournalWriter
    }

    init(_ parts: consuming Parts) throws(UVFault) {
        loop = parts.loop
        overrides = parts.overrides
        configuration = parts.configuration
        log = parts.log
        logOutput = parts.logOutput
        directory = parts.directory
        sockets = parts.sockets
        server = parts.server
        journal = try JournalThread(parts.journal, on: loop)
        // Where there are as many processors as busy threads and no more, these give way to the loop:
        // at a niceness of 5 it waited for them for a third of its time, at 19 for a twelfth. The
        // scheduler's idle class would be better still, but what is in it may never come to its turn
        // on a machine that is busy all day, and could not leave it without privileges.
        builder = try Worker(
            on: loop, name: "catalog", niceness: Self.workerNiceness, returnsMemory: true)
        snapshotter = try Worker(
            on: loop, name: "snapshot", niceness: Self.workerNiceness, returnsMemory: true)
    }

    /// Starts to serve. The process ends from inside, when everything is durable (see draining).
    func run() throws(UVFault) {
        turnHook = try TurnHook(
            on: loop, onTurn: { [unowned self] in endTurn() },
            afterTurn: { [unowned self] in noteTurn(nanoseconds: $0) })
        nextTurn = try LoopTimer(on: loop) {}
        // What is due is done at the end of the turn.
        deadlineTimer = try LoopTimer(on: loop) {}
        idleTimer = try LoopTimer(on: loop) { [unowned self] in sweepIdleClients() }
        startIdleTimer()
        for socket in sockets { try listen(on: socket) }
        for socket in sockets {
            Console.say("listening on \(socket.settings.path) (\(socket.settings.role.name))")
        }
        tellServiceManager("READY=1")
        log.info("serving")
        tellSpace()
        loop.run()
    }

    func startIdleTimer() {
        if let timeout = configuration.idleTimeoutSeconds {
            let period = timeout * 1_000 / Int64(Self.idleSweepsMax)
            idleTimer?.start(after: period, repeatingEvery: period)
        } else {
            idleTimer?.stop()
        }
    }

    func tellServiceManager(_ text: String) {
        do throws(UVFault) {
            try notifyServiceManager(text)
        } catch {
            log.warning("the service manager was not told", metadata: ["fault": "\(error)"])
        }
    }

    /// The time of this turn. Everything that happens in one turn happens at the same time.
    var now: TurnTime {
        if let turnTime { return turnTime }
        let time = TurnTime.read()
        turnTime = time
        return time
    }

    private func endTurn() {
        if !yielded.isEmpty {
            let waiting = yielded
            yielded = []
            for client in waiting { client.resume() }
        }
        while let id = server.nextAnswer() { clients[id]?.deliverAnswer() }
        startTasks()
        advanceJournal()
        if phase != .serving { goOnDraining() }
        if !yielded.isEmpty { nextTurn?.start(after: 0) }
        turnTime = nil
    }

    private func noteTurn(nanoseconds: Int64) {
        server.noteTurn(nanoseconds: nanoseconds)
        if !newsOfTurn.isEmpty { tellNews() }
    }

    /// Logs what was kept until the turn is over.
    func tellNews() {
        let news = newsOfTurn
        newsOfTurn = []
        for tell in news { tell() }
    }
}

extension TurnTime {
    /// What the clocks say now.
    static func read() -> TurnTime {
        // A clock that was never set may lie before 1970, where orders have no times.
        TurnTime(
            wall: Instant(millisecondsSinceEpoch: max(0, WallClock.now)), steady: BootClock.now)
    }
}
