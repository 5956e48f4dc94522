import CouponService
import CouponWire
import FlatStorage
import Logging
import UVLoop

// MARK: Bytes in, replies out

// Each of these is one access to the server: what it says is sent while it is still at hand.

extension Daemon {
    func receive(
        _ bytes: Span<UInt8>, on conversation: inout Conversation, over connection: Connection
    ) -> AfterRead {
        let now = now
        return answer(bytes, on: &conversation, by: &server, over: connection, at: now)
    }

    func resume(
        _ conversation: inout Conversation, over connection: Connection
    ) -> AfterRead {
        receive(Span(), on: &conversation, over: connection)
    }

    func deliverAnswer(
        on conversation: inout Conversation, over connection: Connection
    ) -> AfterRead {
        let after = server.deliverAnswer(on: &conversation, at: now)
        sendOutput(of: &server, over: connection)
        return after
    }

    /// Sends what need not wait for the journal any more.
    func releaseReplies(
        of conversation: inout Conversation, over connection: Connection
    ) {
        server.releaseReplies(of: &conversation, at: now)
        sendOutput(of: &server, over: connection)
    }

    /// Goes on with `client` in the next turn.
    func resumeNextTurn(_ client: Client) { yielded.append(client) }
}

private func answer(
    _ bytes: Span<UInt8>, on conversation: inout Conversation, by server: inout ConversationServer,
    over connection: Connection, at time: TurnTime
) -> AfterRead {
    let after = server.receive(bytes, on: &conversation, at: time)
    sendOutput(of: &server, over: connection)
    return after
}

private func sendOutput(of server: inout ConversationServer, over connection: Connection) {
    connection.write(server.output)
    server.clearOutput()
}

// MARK: Coming and going

extension Daemon {
    /// How many connections may wait in the kernel until they are accepted.
    private static let acceptBacklogMax: Int32 = 1_024
    /// A client in whose connection nothing stirred for so many sweeps is idle.
    static let idleSweepsMax = 4
    private static let acceptFaultLogMilliseconds: Int64 = 10_000

    func listen(on socket: BoundSocket) throws(UVFault) {
        let terms = ListenerTerms(role: socket.settings.role, stores: socket.settings.stores)
        try socket.listener.listen(
            backlog: Self.acceptBacklogMax,
            onFailure: { [unowned self] in acceptFailed($0, on: socket.settings.path) },
            onConnection: { [unowned self] in
                admit($0, on: terms, allowedUserIDs: socket.settings.allowedUserIDs)
            })
    }

    private func admit(
        _ connection: Connection, on terms: ListenerTerms, allowedUserIDs: [UInt32]?
    ) {
        if let allowedUserIDs, !mayUse(connection, allowedUserIDs) {
            turnAway(connection, .notOnTheList)
            return
        }
        if clients.count >= configuration.limits.connectionsMax {
            turnAway(connection, .tooManyConnections)
            return
        }
        lastConversationID += 1
        let id = ConversationID(rawValue: lastConversationID)
        let client = Client(
            id, on: connection, terms: terms, limits: configuration.limits, daemon: self)
        clients[id] = client
        server.noteConnections(clients.count)
        connection.start(deliveringTo: client)
    }

    private func mayUse(_ connection: Connection, _ allowedUserIDs: [UInt32]) -> Bool {
        do throws(UVFault) {
            return allowedUserIDs.contains(try connection.peerCredentials().userID)
        } catch {
            log.warning("a peer is not known", metadata: ["fault": "\(error)"])
            return false
        }
    }

    /// Says why in one line, and closes.
    private func turnAway(_ connection: Connection, _ reason: TurnAwayReason) {
        server.turnAway(reason)
        sendOutput(of: &server, over: connection)
        connection.closeAfterFlush()
    }

    /// The listener tries again ten times a second; once in ten seconds is enough for the log.
    private func acceptFailed(_ fault: UVFault, on path: String) {
        let now = now.steady
        if let last = lastAcceptFaultLoggedAt, now - last < Self.acceptFaultLogMilliseconds {
            return
        }
        lastAcceptFaultLoggedAt = now
        log.error(
            "cannot accept connections", metadata: ["socket": "\(path)", "fault": "\(fault)"])
    }

    func clientEnded(_ client: Client, _ reason: ConnectionEnd) {
        clients[client.id] = nil
        server.forget(client.id)
        server.noteConnections(clients.count)
        if case .failed(let fault) = reason {
            log.debug("a connection broke off", metadata: ["fault": "\(fault)"])
        }
    }

    func sweepIdleClients() {
        for client in clients.values {
            // Whoever waits for us is not idle, unless what it waits for is its own reading.
            if client.hasStirred || client.awaitsAnswer {
                client.hasStirred = false
                client.idleSweeps = 0
                continue
            }
            client.idleSweeps += 1
            client.trim()
            if client.idleSweeps >= Self.idleSweepsMax { client.connection.close() }
        }
    }
}
