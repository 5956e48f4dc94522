import CouponService
import Logging
import Posix
import UVLoop

/// The connected clients, and those among them with work left for the next turn.
final class ClientList {
    /// A client without activity for so many sweeps is disconnected.
    static let idleSweepsMax = 4

    private let server: LoopServer
    private let limits: ResourceLimits
    private let log: DaemonLog
    private var clients: [ConversationID: Client] = [:]
    private var places: ConnectionPlaces
    private var lastID: UInt64 = 0
    /// The clients whose remaining lines are answered in the next turn.
    private var yielded: [Client] = []

    init(_ server: LoopServer, limits: ResourceLimits, log: DaemonLog) {
        self.server = server
        self.limits = limits
        self.log = log
        places = ConnectionPlaces(limits)
    }

    var count: Int { clients.count }

    // MARK: Coming and going

    /// Starts a conversation, or turns the connection away.
    func admit(_ connection: Connection, on terms: ListenerTerms, allowedUserIDs: [UInt32]?) {
        if let allowedUserIDs, !isAllowed(connection, allowedUserIDs) {
            server.turnAway(connection, .notOnTheList)
            return
        }
        switch places.take(for: terms.role) {
        case .admitted(let place): start(connection, on: terms, in: place)
        case .refused(let isNews):
            if isNews {
                log.warning(
                    "the limit of connections is reached: clients are turned away",
                    metadata: ["connections": .stringConvertible(clients.count)])
            }
            server.turnAway(connection, .tooManyConnections)
        }
    }

    private func start(
        _ connection: Connection, on terms: ListenerTerms, in place: ConnectionPlaces.Place
    ) {
        lastID += 1
        let id = ConversationID(rawValue: lastID)
        let client = Client(
            id, on: connection, in: place, terms: terms, limits: limits, server: server,
            list: self)
        clients[id] = client
        noteCount()
        connection.start(deliveringTo: client)
    }

    private func isAllowed(_ connection: Connection, _ allowedUserIDs: [UInt32]) -> Bool {
        do throws(PosixFault) {
            return allowedUserIDs.contains(try peerUserID(on: connection.descriptor))
        } catch {
            log.warning("cannot read the user of a connection", metadata: ["fault": "\(error)"])
            return false
        }
    }

    /// The connection of `client` ended.
    func remove(_ client: Client, _ reason: ConnectionEnd) {
        clients[client.id] = nil
        places.giveBack(client.place)
        server.with { server in server.forget(client.id) }
        noteCount()
        if case .failed(let fault) = reason {
            log.debug("a connection broke", metadata: ["fault": "\(fault)"])
        }
    }

    private func noteCount() {
        let count = clients.count
        server.with { server in server.noteConnections(count) }
    }

    /// Disconnects clients that were idle for too long, and frees memory of the others.
    func sweepIdle() {
        for client in clients.values { client.sweep(disconnectingAfter: Self.idleSweepsMax) }
    }

    // MARK: Turns

    /// Whether a client has lines left for the next turn.
    var hasYielded: Bool { !yielded.isEmpty }

    /// Continues with `client` in the next turn.
    func resumeNextTurn(_ client: Client) { yielded.append(client) }

    /// Answers the lines left over from the turn before.
    func resumeYielded() {
        if yielded.isEmpty { return }
        let waiting = yielded
        yielded = []
        for client in waiting { client.resume() }
    }

    /// Sends the answers of long work that has ended.
    func deliverAnswers() {
        while let id = server.with({ server in server.nextAnswer() }) {
            clients[id]?.deliverAnswer()
        }
    }

    /// Sends the replies that waited for the journal and no longer do.
    func releaseReplies() {
        while let id = server.with({ server, now in server.nextReleasable(at: now) }) {
            clients[id]?.releaseReplies()
        }
    }

    // MARK: Draining

    /// Counts every client as active until the next call of ``closeFinished(all:)``.
    func markActive() {
        for client in clients.values { client.markActive() }
    }

    /// Closes the clients without activity since the last call whose replies were all sent. With
    /// `all`, active ones are closed too, unless an answer is outstanding.
    func closeFinished(all: Bool) {
        for client in clients.values { client.closeIfFinished(evenIfActive: all) }
    }

    func closeAll() {
        for client in clients.values { client.close() }
    }
}
