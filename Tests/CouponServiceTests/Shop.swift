import Definitions
import CouponCatalog
import CouponRules
import CouponService
import CouponStore
import CouponWire
import FlatStorage
import ServerSupport

/// A daemon in a test: definitions from text, clients as values, a clock that the test moves, and a
/// restart in one call.
final class Shop {
    /// Noon of 1 June 2026 in UTC.
    static let opening = Instant(millisecondsSinceEpoch: 1_780_315_200_000)

    var now = Shop.opening
    private var server: PromptServer
    private let limits: ResourceLimits
    private let stores: [String]
    private var clientCount: UInt64 = 0
    /// One client for each role, for tests that need no other.
    private var clients: [Role: Client] = [:]

    /// A shop whose sockets serve `stores`; all of them when there are none. Each text of
    /// definitions is a file of its own.
    init(
        _ definitions: String..., limits: ResourceLimits = ResourceLimits(), stores: [String] = []
    ) throws {
        self.limits = limits
        self.stores = stores
        server = try Shop.server(
            definitions, ledger: Ledger(seed: HashSeed(7), orderLimit: limits.ordersMax), limits)
    }

    /// A connected client.
    final class Client {
        let role: Role
        fileprivate(set) var conversation: Conversation

        fileprivate init(_ conversation: consuming Conversation, role: Role) {
            self.conversation = conversation
            self.role = role
        }

        var unansweredByteCount: Int { conversation.unansweredByteCount }
    }

    func connect(as role: Role = .storefront) -> Client {
        clientCount += 1
        return Client(
            Conversation(
                id: ConversationID(rawValue: clientCount),
                terms: ListenerTerms(role: role, stores: stores), limits: limits),
            role: role)
    }

    /// Leaves without waiting for an answer.
    func disconnect(_ client: Client) { server.server.forget(client.conversation.id) }

    /// Moves the clock, forwards or backwards.
    func advance(seconds: Int64) {
        now = Instant(millisecondsSinceEpoch: now.millisecondsSinceEpoch + seconds * 1_000)
    }

    // MARK: Talking

    /// The replies to these bytes, and the next step.
    func send(_ bytes: [UInt8], from client: Client) -> (replies: String, next: AfterRead) {
        let next = server.receive(bytes.span, on: &client.conversation, at: now)
        return (takeOutput(), next)
    }

    func send(_ text: String, from client: Client) -> (replies: String, next: AfterRead) {
        send(Array(text.utf8), from: client)
    }

    /// As ``send(_:from:)-([UInt8],_)``, and goes on after every turn given up for fairness.
    func sendAll(_ bytes: [UInt8], from client: Client) -> String {
        var (replies, next) = send(bytes, from: client)
        while next == .yieldTurn {
            let more = resume(client)
            replies += more.replies
            next = more.next
        }
        return replies
    }

    func resume(_ client: Client) -> (replies: String, next: AfterRead) {
        let next = server.resume(&client.conversation, at: now)
        return (takeOutput(), next)
    }

    /// The reply to one line, without its line feed.
    func ask(_ line: String, as role: Role = .storefront) -> String {
        let client = clients[role] ?? connect(as: role)
        clients[role] = client
        return String(send(line + "\n", from: client).replies.dropLast())
    }

    /// The reply to one line, read.
    func reply(_ line: String, as role: Role = .storefront) throws -> JSON {
        try JSON(reading: ask(line, as: role))
    }

    private func takeOutput() -> String { Shop.takeOutput(of: &server) }

    private static func takeOutput(of server: inout PromptServer) -> String {
        let replies = text(server.output)
        server.clearOutput()
        return replies
    }

    func turnAway(_ reason: TurnAwayReason) -> String {
        server.server.turnAway(reason)
        return takeOutput()
    }

    func beginDrain() { server.server.beginDrain() }

    func noteConnections(_ count: Int) { server.server.noteConnections(count) }

    var codeByteCount: Int { server.server.catalog.catalog.codeByteCount }

    func noteTurn(nanoseconds: Int64) { server.noteTurn(nanoseconds: nanoseconds) }

    // MARK: Work of other threads

    func request(_ task: LongTask) { server.server.request(task) }

    func nextStartableTask() -> StartableTask? { server.nextTask(at: now) }

    func nextTask() -> LongTask? {
        switch nextStartableTask() {
        case .reload: .reload
        case .compaction: .snapshot
        case .archive: preconditionFailure("this shop keeps its orders")
        case nil: nil
        }
    }

    /// Ends a reload as the thread does that has read `definitions`.
    func finishReload(with definitions: String..., milliseconds: Int64 = 12) {
        let outcome: ReloadOutcome
        do {
            let next = SharedCatalog(try Shop.compile(definitions))
            let changes = next.catalog.changedDerivedIDs(from: server.server.catalog.catalog)
            outcome = .built(next, changes: changes, milliseconds: milliseconds)
        } catch {
            outcome = .refused(error.faults.map(\.description))
        }
        _ = server.finishReload(outcome, at: now)
    }

    /// The outcome of a snapshot of everything, with this number of bytes.
    static func written(_ byteCount: Int, milliseconds: Int64 = 1) -> SnapshotOutcome {
        .written(
            Compacted(sequence: 0, byteCount: byteCount, orderCount: 0),
            milliseconds: milliseconds)
    }

    func finishSnapshot(_ outcome: SnapshotOutcome) { server.finishSnapshot(outcome, at: now) }

    /// The client whose awaited answer is ready.
    func nextAnswer(among clients: [Client]) -> Client? {
        let id = server.server.nextAnswer()
        return clients.first { $0.conversation.id == id }
    }

    /// Whether some awaited answer is ready. Takes it.
    func hasAnswer() -> Bool { server.server.nextAnswer() != nil }

    func deliverAnswer(to client: Client) -> (replies: String, next: AfterRead) {
        let next = server.deliverAnswer(on: &client.conversation, at: now)
        return (takeOutput(), next)
    }

    /// Reads other definitions, as a signal makes the daemon do. Returns their faults.
    @discardableResult
    func reload(_ definitions: String) -> [String] {
        server.server.request(.reload)
        precondition(nextTask() == .reload, "a reload that is wished for is the next task")
        finishReload(with: definitions)
        return server.server.reloadFaults
    }

    /// The whole state, as a snapshot holds it.
    func snapshot() -> [UInt8] {
        let buffer = server.server.encodedState()
        let bytes = buffer.bytes
        return bytes.indices.map { bytes[$0] }
    }

    /// The metadata on record with an order of the default store; nil if the order does not exist.
    func metadata(of order: String) throws -> [String: String]? {
        let ledger = try Ledger.decoded(
            from: snapshot().span, seed: HashSeed(9), orderLimit: limits.ordersMax)
        let store = Array("default".utf8)
        let name = Array(order.utf8)
        guard let id = ledger.orders.find(store: store.span, order: name.span) else { return nil }
        let image = try OrderImageView(ledger.orders.image(id))
        var found: [String: String] = [:]
        var pairs = image.metadata
        while let pair = pairs.next() { found[Shop.text(pair.name)] = Shop.text(pair.value) }
        return found
    }

    private static func text(_ bytes: Span<UInt8>) -> String {
        String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
    }

    /// Ends the daemon and starts another one, on these definitions, from the state of this one.
    func restart(_ definitions: String...) throws {
        let ledger = try Ledger.decoded(
            from: snapshot().span, seed: HashSeed(8), orderLimit: limits.ordersMax)
        server = try Shop.server(definitions, ledger: ledger, limits)
        clients = [:]
    }

    private static func server(
        _ definitions: [String], ledger: consuming Ledger, _ limits: ResourceLimits
    ) throws(CatalogFaults) -> PromptServer {
        PromptServer(
            catalog: SharedCatalog(try compile(definitions)), ledger: ledger, limits: limits,
            facts: ServerFacts(version: "0.1.0", startedAt: opening))
    }

    private static func compile(_ definitions: [String]) throws(CatalogFaults) -> Catalog {
        var files: [CatalogFile] = []
        var faults: [DefinitionFault] = []
        for (place, text) in definitions.enumerated() {
            let path = place == 0 ? "coupons.yaml" : "coupons\(place + 1).yaml"
            let (file, found) = CatalogReader.read(text: text, path: path, format: .yaml)
            if let file { files.append(file) }
            faults += found
        }
        return try Catalog.compile(files, faults: faults)
    }
}
