// The next step of a connection follows from three independent facts: the server's last
// disposition, whether replies are backing up, and whether the peer will send more. Only
// `proceed()` combines them.

import CouponService
import UVLoop

/// One connected client.
final class Client: ConnectionHandler {
    /// The server's last disposition of this client's bytes.
    private enum Reading {
        case wanted
        /// Complete lines are left; they are answered in the next turn.
        case yielded
        /// A reply is not ready yet.
        case awaitsAnswer
    }

    let id: ConversationID
    let place: ConnectionPlaces.Place
    private let connection: Connection
    private let server: LoopServer
    private unowned let list: ClientList
    private var conversation: Conversation
    private let outputBytesMax: Int

    private var reading = Reading.wanted
    private var isBackedUp = false
    private var isPaused = false
    /// Whether its remaining lines are queued for the next turn.
    private var isInLine = false
    private var peerHasFinished = false
    private var hasEnded = false

    /// Whether bytes came, or a backlog was taken, since the last drain tick.
    private var isActive = true
    private var idleClock = IdleClock()

    init(
        _ id: ConversationID, on connection: Connection, in place: ConnectionPlaces.Place,
        terms: ListenerTerms, limits: ResourceLimits, server: LoopServer, list: ClientList
    ) {
        self.id = id
        self.place = place
        self.connection = connection
        self.server = server
        self.list = list
        conversation = Conversation(id: id, terms: terms, limits: limits)
        outputBytesMax = limits.outputBytesMax
    }

    private var awaitsJournal: Bool { conversation.heldReplyByteCount > 0 }

    /// Whether a reply is not ready yet, or waits for the journal.
    private var awaitsAnswer: Bool { reading == .awaitsAnswer || awaitsJournal }

    /// Bytes of replies that the peer has not taken, or that wait for the journal.
    private var waitingByteCount: Int {
        connection.backlogByteCount + conversation.heldReplyByteCount
    }

    // MARK: Events of the connection

    func received(_ bytes: Span<UInt8>, on connection: Connection) {
        isActive = true
        follow(server.receive(bytes, on: &conversation, over: connection))
    }

    func peerFinished(_ connection: Connection) {
        peerHasFinished = true
        proceed()
    }

    func drained(_ connection: Connection) {
        guard isBackedUp else { return }
        isActive = true
        idleClock.noteTaken()
        proceedIfTaken()
    }

    func ended(_ reason: ConnectionEnd, on connection: Connection) {
        hasEnded = true
        list.remove(self, reason)
    }

    // MARK: Events of the daemon

    /// Answers the lines left over from an earlier turn.
    func resume() {
        isInLine = false
        if hasEnded || isBackedUp || reading != .yielded { return }
        follow(server.receive(Span(), on: &conversation, over: connection))
    }

    /// Sends the awaited answer, and continues.
    func deliverAnswer() {
        if hasEnded { return }
        follow(server.deliverAnswer(on: &conversation, over: connection))
    }

    /// Sends the replies that no longer wait for the journal.
    func releaseReplies() {
        if hasEnded { return }
        server.releaseReplies(of: &conversation, over: connection)
        proceedIfTaken()
    }

    func markActive() { isActive = true }

    /// Closes the connection after `sweepsMax` sweeps without activity.
    func sweep(disconnectingAfter sweepsMax: Int) {
        // A client that waits for the daemon is not idle; one that does not take its replies is.
        let idleSweeps = idleClock.sweep(
            lineCount: conversation.lineCount, awaitsDaemon: awaitsAnswer)
        if idleSweeps == 0 { return }
        conversation.trim()
        if idleSweeps >= sweepsMax { connection.close() }
    }

    /// Closes the connection if every reply was sent and nothing happened since the last call.
    func closeIfFinished(evenIfActive: Bool) {
        let isFinished = reading == .wanted && !isBackedUp && !isActive
        if (isFinished || evenIfActive) && !awaitsAnswer { connection.closeAfterFlush() }
        isActive = false
    }

    func close() { connection.close() }

    // MARK: The next step

    private func follow(_ after: AfterRead) {
        switch after {
        case .keepReading: reading = .wanted
        case .yieldTurn: reading = .yielded
        case .awaitAnswer: reading = .awaitsAnswer
        }
        proceed()
    }

    private func proceedIfTaken() {
        if connection.backlogByteCount == 0 { isBackedUp = false }
        proceed()
    }

    private func proceed() {
        if waitingByteCount > outputBytesMax { isBackedUp = true }
        if isBackedUp {
            pause()
            return
        }
        switch reading {
        case .wanted:
            if peerHasFinished {
                if !awaitsJournal { connection.closeAfterFlush() }
            } else if isPaused {
                isPaused = false
                connection.resumeReading()
            }
        case .yielded:
            pause()
            if !isInLine {
                isInLine = true
                list.resumeNextTurn(self)
            }
        case .awaitsAnswer:
            pause()
        }
    }

    private func pause() {
        if isPaused { return }
        isPaused = true
        connection.pauseReading()
    }
}
