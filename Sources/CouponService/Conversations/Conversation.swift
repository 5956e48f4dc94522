import CouponWire

/// Names one client's conversation for as long as the process lives.
package struct ConversationID: Hashable, Sendable {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// The state of one client's conversation: what it may ask, and its input that is not answered yet.
///
/// The owner of the connection owns this too, and lends it to the server with each event.
package struct Conversation: ~Copyable {
    package let id: ConversationID
    let terms: ListenerTerms
    var lines: LineBuffer
    /// The lines that were answered, or are being answered; blank ones do not count.
    package internal(set) var lineCount: UInt64 = 0
    /// The reply that every later line has to wait for.
    var awaited: Awaited?
    /// Replies that wait for the journal.
    var held = HeldReplies()

    struct Awaited {
        var task: LongTask
        /// The id to echo, as it was written; empty for none.
        var replyID: [UInt8]
    }

    package init(id: ConversationID, terms: ListenerTerms, limits: ResourceLimits) {
        self.id = id
        self.terms = terms
        lines = LineBuffer(lineBytesMax: limits.lineBytesMax)
    }

    /// Bytes received and not yet answered.
    package var unansweredByteCount: Int { lines.heldByteCount }

    /// Bytes of replies that wait for the journal.
    package var heldReplyByteCount: Int { held.byteCount }

    /// Releases the memory of an idle conversation.
    package mutating func trim() {
        held.trim()
    }
}

/// What the shell does after handing over bytes, once it has sent `ConversationServer/output`.
package enum AfterRead: Equatable, Sendable {
    /// More requests are welcome.
    case keepReading
    /// Complete lines are left over, for fairness: call `resume` in the next turn, and do not read
    /// before.
    case yieldTurn
    /// The reply waits for other work: do not read until `ConversationServer/nextAnswer()` names this
    /// conversation.
    case awaitAnswer
}
