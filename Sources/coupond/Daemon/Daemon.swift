// The shell around `ConversationServer`: each part owns its piece of the outside world (clients,
// the journal's thread, reloads, snapshots, the end), and shares the server, the clock and the log.
//
// One turn of the loop: connections bring bytes, each chunk is one access to the server, and
// replies leave at once, or once the journal has their records. Before the loop waits again,
// `endTurn` does the rest: lines left over for fairness, answers that became ready, new work,
// records to write.

import CouponCatalog
import CouponService
import CouponStore
import Definitions
import Logging
import UVLoop

/// A running daemon. Belongs to the loop's thread.
final class Daemon {
    private let loop: EventLoop
    private let log: DaemonLog
    private let server: LoopServer
    private let clients: ClientList
    private let listeners: Listeners
    private let journal: JournalDriver
    private let reloader: Reloader
    private let snapshotter: Snapshotter
    private let archiver: OrderArchiver
    private let idleTimeout: IdleTimeout
    private let drain: Drain
    /// Held, because it holds the lock.
    private let directory: StateDirectory
    private let idleTimeoutSeconds: Int64?

    private var turnHook: TurnHook?
    /// Keeps the loop from waiting while a client has lines left over.
    private var nextTurn: LoopTimer?

    private static let workerNiceness: Int32 = 19

    /// The parts of a daemon, all ready to serve.
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
        directory = parts.directory
        idleTimeoutSeconds = parts.configuration.idleTimeoutSeconds
        log = DaemonLog(parts.log, on: parts.logOutput)
        server = LoopServer(parts.server)
        clients = ClientList(server, limits: parts.configuration.limits, log: log)
        listeners = try Listeners(
            parts.sockets, on: loop, server: server, clients: clients, log: log)
        journal = try JournalDriver(
            parts.journal, on: loop, server: server, clients: clients, log: log)
        idleTimeout = try IdleTimeout(on: loop, clients: clients)
        // With no more processors than busy threads, the workers yield to the loop: at a niceness
        // of 5 the loop waited for them for a third of its time, at 19 for a twelfth. The
        // scheduler's idle class would be better still, but on a machine that is busy all day its
        // threads may never run, and leaving it needs privileges.
        archiver = OrderArchiver(
            try Worker(on: loop, name: "archive"),
            folder: parts.configuration.orders.archiveFolder, server: server, log: log)
        reloader = Reloader(
            try Worker(
                on: loop, name: "catalog", niceness: Self.workerNiceness, returnsMemory: true),
            overrides: parts.overrides, configuration: parts.configuration,
            cache: CatalogCache(in: parts.directory.path), server: server,
            idleTimeout: idleTimeout, archiver: archiver, log: log)
        snapshotter = Snapshotter(
            try Worker(
                on: loop, name: "snapshot", niceness: Self.workerNiceness, returnsMemory: true),
            directory: parts.directory.path, server: server, log: log)
        drain = Drain(
            on: loop, listeners: listeners, clients: clients, server: server, journal: journal,
            log: log)
    }

    /// Serves the catalog made from `sources`; `isUncached` if the cache does not hold it yet.
    /// The process ends from inside (see ``Drain``).
    func run(serving sources: CatalogSources, isUncached: Bool) throws(UVFault) {
        turnHook = try TurnHook(
            on: loop, onTurn: { [unowned self] in endTurn() },
            afterTurn: { [unowned self] in noteTurn(nanoseconds: $0) })
        nextTurn = try LoopTimer(on: loop) {}
        idleTimeout.start(seconds: idleTimeoutSeconds)
        reloader.begin(serving: sources, isUncached: isUncached)
        try listeners.listen()
        log.notifyServiceManager("READY=1")
        log.info("serving")
        journal.logSpace()
        server.endTurn()
        loop.run()
    }

    /// Follows an operator's signal.
    func follow(_ signal: OperatorSignal) {
        switch signal {
        case .reload: server.with { server in server.request(.reload) }
        case .snapshot: server.with { server in server.request(.snapshot) }
        case .reopenLog: log.reopen()
        case .finish: drain.advance()
        }
        startTasks()
    }

    /// Starts the background work whose time has come.
    private func startTasks() {
        while let task = server.with({ server, now in server.nextTask(at: now) }) {
            switch task {
            case .reload(let isForced): reloader.start(isForced: isForced)
            case .compaction(let header): snapshotter.start(continuedBy: header)
            case .archive(let lines): archiver.start(lines)
            }
        }
    }

    private func endTurn() {
        clients.resumeYielded()
        clients.deliverAnswers()
        server.with { server, now in server.endOrders(at: now) }
        if server.with({ server, now in server.takeMemoryReturn(at: now) }) {
            archiver.returnMemory()
        }
        logFullness()
        startTasks()
        journal.advance()
        drain.endTurn()
        if clients.hasYielded { nextTurn?.start(after: 0) }
        server.endTurn()
    }

    private func logFullness() {
        guard let percent = server.with({ server in server.nextFullness() }) else { return }
        let metadata: Logger.Metadata = ["percent": .stringConvertible(percent)]
        if percent < 100 {
            log.warning("the orders on record come near limits.orders", metadata: metadata)
        } else {
            log.warning("limits.orders is reached: new orders are refused", metadata: metadata)
        }
    }

    private func noteTurn(nanoseconds: Int64) {
        server.with { server in server.noteTurn(nanoseconds: nanoseconds) }
        log.endTurn()
    }
}
