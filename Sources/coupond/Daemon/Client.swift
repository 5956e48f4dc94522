// What a connection does next follows from three independent facts: what the server said of the
// bytes it got last, whether replies are backing up, and whether the peer will send more. `settle()`
// is the only place that looks at them together.

import CouponService
import UVLoop

/// One connected client.
final class Client: ConnectionHandler {
    /// What the server waits for before it wants more of this client's bytes.
    private enum Reading {
        case wanted
        /// Complete lines are left; they are answered in the next turn.
        case yielded
        /// A reply is still being worked on.
        case awaitsAnswer
    }

    let id: ConversationID
    let connection: Connection
    private let daemon: Daemon
    private var conversation: Conversation
    private let outputBytesMax: Int

    private var reading = Reading.wanted
    private var isBackedUp = false
    private var isPaused = false
    /// Whether its lines that are left over are answered in the next turn.
    private var isInLine = false
    private var peerHasFinished = false
    private(set) var hasEnded = false

    /// Whether anything came, or a backlog was taken, since somebody set this to false.
    var hasStirred = true
    /// How many sweeps in a row found that nothing stirred.
    var idleSweeps = 0

    init(
        _ id: ConversationID, on connection: Connection, terms: ListenerTerms,
        limits: ResourceLimits,
        daemon: Daemon
    ) {
        self.id = id
        self.connection = connection
        self.daemon = daemon
        conversation = Conversation(id: id, terms: terms, limits: limits)
        outputBytesMax = limits.outputBytesMax
    }

    /// Whether the client waits for nothing from us: everything that came is answered and sent.
    var isAtRest: Bool { reading == .wanted && !isBackedUp && !awaitsJournal }

    /// Whether a reply is still being worked on, or waits for the journal.
    var awaitsAnswer: Bool { reading == .awaitsAnswer || awaitsJournal }

    private var awaitsJournal: Bool { conversation.heldReplyByteCount > 0 }

    /// Bytes of replies that the peer has not taken, or that wait for the journal.
    private var waitingByteCount: Int {
        connection.backlogByteCount + conversation.heldReplyByteCount
    }

    func received(_ bytes: Span<UInt8>, on connection: Connection) {
        hasStirred = true
        follow(daemon.receive(bytes, on: &conversation, over: connection))
    }

    func peerFinished(_ connection: Connection) {
        peerHasFinished = true
        settle()
    }

    func drained(_ connection: Connection) {
        guard isBackedUp else { return }
        hasStirred = true
        goOnIfTaken()
    }

    /// Sends what the journal has by now.
    func releaseReplies() {
        if hasEnded { return }
        daemon.releaseReplies(of: &conversation, over: connection)
        goOnIfTaken()
    }

    /// Gives back memory that an idle client does not need.
    func trim() { conversation.trim() }

    private func goOnIfTaken() {
        if connection.backlogByteCount == 0 { isBackedUp = false }
        settle()
    }

    func ended(_ reason: ConnectionEnd, on connection: Connection) {
        hasEnded = true
        daemon.clientEnded(self, reason)
    }

    /// Answers what was left over in an earlier turn.
    func resume() {
        isInLine = false
        if hasEnded || isBackedUp || reading != .yielded { return }
        follow(daemon.resume(&conversation, over: connection))
    }

    /// Sends the answer that was worked on, and goes on.
    func deliverAnswer() {
        if hasEnded { return }
        follow(daemon.deliverAnswer(on: &conversation, over: connection))
    }

    private func follow(_ after: AfterRead) {
        switch after {
        case .keepReading: reading = .wanted
        case .yieldTurn: reading = .yielded
        case .awaitAnswer: reading = .awaitsAnswer
        }
        settle()
    }

    private func settle() {
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
                daemon.resumeNextTurn(self)
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
