import CouponRules
import CouponService
import CouponStore
import FlatStorage
import StoreSupport

// The daemon's shell without libuv: what came in a turn of the loop is answered, then work for other
// threads is begun, then the journal's turn. Each of them comes from one call of the schedule, so
// that anything may happen in between. The real shell does the same with the same server.

/// A client's end of a connection, and the daemon's.
final class SimulatedClient {
    var conversation: Conversation
    /// Bytes that were sent and did not arrive yet.
    var onTheWay: [UInt8] = []
    /// Sent, in order: those that are not decided yet come last.
    var waiting: [Request] = []
    /// Of those, how many arrived whole, and how many are decided.
    var arrivedCount = 0
    var decidedCount = 0
    /// What came of a reply that is not whole yet.
    var received: [UInt8] = []
    /// Whether the daemon does not read from it at the moment.
    var isPaused = false
    let isOperator: Bool

    init(_ conversation: consuming Conversation, isOperator: Bool) {
        self.conversation = conversation
        self.isOperator = isOperator
    }

    func send(_ request: Request) {
        onTheWay += request.line
        waiting.append(request)
    }
}

/// The observer of a daemon.
protocol DaemonObserver: AnyObject {
    /// Requests were decided in one call, between those two records of the journal.
    func decided(_ requests: ArraySlice<Request>, from first: UInt64, to last: UInt64)
    func replied(_ reply: Reply, to request: Request) throws(Violation)
    func begins(_ turn: JournalTurn, in state: StateCopy) throws(Violation)
    /// Lines for the archive; whether they become durable.
    func archives(_ lines: [UInt8]) -> Bool
}

/// A daemon that runs.
final class SimulatedDaemon {
    private var server: ConversationServer
    let desk: JournalDesk
    private let limits: ResourceLimits
    private unowned let observer: any DaemonObserver
    private var clients: [UInt64: SimulatedClient] = [:]
    private var lastClient: UInt64 = 0
    private var yielded: [SimulatedClient] = []
    private var records = RecordLog()
    private(set) var time: TurnTime
    /// Of the journal's last record that was decided.
    private var sequence: UInt64

    /// Work of other threads that is under way.
    private(set) var compaction: SegmentHeader?
    private(set) var isReloading = false

    init(
        _ server: consuming ConversationServer, _ desk: JournalDesk, _ limits: ResourceLimits,
        at time: TurnTime, observer: any DaemonObserver
    ) {
        self.server = server
        sequence = desk.soundReport.written
        self.desk = desk
        self.limits = limits
        self.time = time
        self.observer = observer
    }

    var state: StateCopy { StateCopy(server.encodedState()) }
    var journalFault: DiskFault? { server.journalFault }
    var spaceFault: DiskFault? { server.spaceFault }
    var deadline: Int64? { server.deadline(at: time) }
    var isSettled: Bool { server.isDurable }

    /// Clients in the order in which they came.
    var connected: [SimulatedClient] {
        clients.keys.sorted().compactMap { clients[$0] }
    }

    // MARK: - Clients

    func connect(asOperator isOperator: Bool = false) -> SimulatedClient {
        lastClient += 1
        let terms = ListenerTerms(role: isOperator ? .admin : .storefront)
        let client = SimulatedClient(
            Conversation(
                id: ConversationID(rawValue: lastClient), terms: terms, limits: limits),
            isOperator: isOperator)
        clients[lastClient] = client
        server.noteConnections(clients.count)
        return client
    }

    func disconnect(_ client: SimulatedClient) {
        clients[client.conversation.id.rawValue] = nil
        yielded.removeAll { $0 === client }
        server.forget(client.conversation.id)
        server.noteConnections(clients.count)
    }

    /// So many of the bytes that a client sent arrive.
    func receive(_ byteCount: Int, from client: SimulatedClient) throws(Violation) {
        if client.isPaused { return }
        let bytes = Array(client.onTheWay.prefix(byteCount))
        client.onTheWay.removeFirst(bytes.count)
        client.arrivedCount += bytes.count { $0 == UInt8(ascii: "\n") }
        let after = server.receive(bytes.span, on: &client.conversation, at: time)
        try follow(after, client)
    }

    private func follow(_ after: AfterRead, _ client: SimulatedClient) throws(Violation) {
        client.isPaused = after != .keepReading
        var count = client.arrivedCount
        switch after {
        case .keepReading: break
        case .yieldTurn:
            count = min(count, client.decidedCount + limits.linesPerTurnMax)
            yielded.append(client)
        case .awaitAnswer:
            let asking = client.waiting[client.decidedCount..<count].firstIndex {
                $0.operation == .reload || $0.operation == .snapshot
            }
            count = (asking ?? count - 1) + 1
        }
        if count > client.decidedCount {
            let before = sequence
            sequence = state.sequence
            observer.decided(
                client.waiting[client.decidedCount..<count], from: before, to: sequence)
            client.decidedCount = count
        }
        try send(to: client)
    }

    private func send(to client: SimulatedClient) throws(Violation) {
        let output = copy(server.output)
        server.clearOutput()
        for byte in output {
            if byte == UInt8(ascii: "\n") {
                try take(Reply(reading: client.received), from: client)
                client.received.removeAll(keepingCapacity: true)
            } else {
                client.received.append(byte)
            }
        }
    }

    private func take(_ reply: Reply, from client: SimulatedClient) throws(Violation) {
        guard client.decidedCount > 0, client.waiting[0].id == reply.id else {
            throw Violation("a reply to \(reply.id) came where another one was expected")
        }
        let request = client.waiting.removeFirst()
        client.arrivedCount -= 1
        client.decidedCount -= 1
        request.reply = reply
        try observer.replied(reply, to: request)
    }

    // MARK: - Turns of the loop

    /// What happens from now on happens at that time.
    func begin(at time: TurnTime) { self.time = time }

    /// Ends a turn of the loop.
    func endTurn() throws(Violation) {
        let waiting = yielded
        yielded = []
        for client in waiting {
            try follow(server.resume(&client.conversation, at: time), client)
        }
        while let id = server.nextAnswer() {
            guard let client = clients[id.rawValue] else { continue }
            try follow(server.deliverAnswer(on: &client.conversation, at: time), client)
        }
        server.endOrders(at: time)
        while let task = server.nextTask(at: time) {
            switch task {
            case .reload: isReloading = true
            case .compaction(let header): compaction = header
            case .archive(let lines):
                server.finishArchiving(isDurable: observer.archives(lines), at: time)
            }
        }
        try beginJournalTurn()
    }

    private func beginJournalTurn() throws(Violation) {
        guard let turn = server.beginJournalTurn(into: &records, at: time) else { return }
        try observer.begins(turn, in: state)
        desk.begin(turn, &records)
    }

    /// The loop learns how the journal's turn ended. Returns the fault that ends the daemon.
    func takeReport() throws(Violation) -> DiskFault? {
        guard let report = desk.takeReport() else { return nil }
        server.endJournalTurn(report, at: time)
        if let fault = server.journalFault { return fault }
        while let id = server.nextReleasable(at: time) {
            guard let client = clients[id.rawValue] else { continue }
            server.releaseReplies(of: &client.conversation, at: time)
            try send(to: client)
        }
        return nil
    }

    // MARK: - Work of other threads

    func request(_ task: LongTask) { server.request(task) }

    func finishReload(with next: SharedCatalog?) {
        isReloading = false
        let outcome: ReloadOutcome =
            if let next {
                .built(
                    next, changes: next.catalog.changedDerivedIDs(from: server.catalog.catalog),
                    milliseconds: 1)
            } else {
                .refused(["shop.yaml:1: not a catalog"])
            }
        _ = server.finishReload(outcome, at: time)
    }

    /// Takes the compaction that is to be done.
    func takeCompaction() -> SegmentHeader? {
        defer { compaction = nil }
        return compaction
    }

    func finishCompaction(_ outcome: SnapshotOutcome) { server.finishSnapshot(outcome, at: time) }

    func beginDrain() { server.beginDrain() }
    func beginFinish() { server.beginFinish(at: time) }
}
