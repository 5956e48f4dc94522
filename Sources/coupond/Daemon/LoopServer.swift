import CouponRules
import CouponService
import FlatStorage
import Posix
import UVLoop

/// The conversation server, with the clock of the loop's turns. Every part of the daemon that needs
/// the server holds this; each call is one access.
final class LoopServer {
    private var server: ConversationServer
    private var turnTime: TurnTime?

    init(_ server: consuming ConversationServer) { self.server = server }

    /// The time of this turn: all events of one turn have the same time.
    var now: TurnTime {
        if let turnTime { return turnTime }
        let time = TurnTime.read()
        turnTime = time
        return time
    }

    /// From now on another turn: the next reading of ``now`` reads the clocks again.
    func endTurn() { turnTime = nil }

    func with<Result>(_ body: (inout ConversationServer) -> Result) -> Result { body(&server) }

    /// Calls `body` with the server and the time of this turn.
    func with<Result>(_ body: (inout ConversationServer, TurnTime) -> Result) -> Result {
        let now = now
        return body(&server, now)
    }

    // MARK: Bytes in, replies out

    func receive(
        _ bytes: Span<UInt8>, on conversation: inout Conversation, over connection: Connection
    ) -> AfterRead {
        let now = now
        return Self.receive(bytes, on: &conversation, by: &server, over: connection, at: now)
    }

    /// One access to the server for all: receiving, sending and clearing the output.
    private static func receive(
        _ bytes: Span<UInt8>, on conversation: inout Conversation,
        by server: inout ConversationServer, over connection: Connection, at time: TurnTime
    ) -> AfterRead {
        let after = server.receive(bytes, on: &conversation, at: time)
        sendOutput(of: &server, over: connection)
        return after
    }

    /// Writes the awaited answer, and continues with the lines that followed its request.
    func deliverAnswer(
        on conversation: inout Conversation, over connection: Connection
    ) -> AfterRead {
        let after = server.deliverAnswer(on: &conversation, at: now)
        Self.sendOutput(of: &server, over: connection)
        return after
    }

    /// Sends the replies that no longer wait for the journal.
    func releaseReplies(of conversation: inout Conversation, over connection: Connection) {
        server.releaseReplies(of: &conversation, at: now)
        Self.sendOutput(of: &server, over: connection)
    }

    /// Sends the reason in one line, and closes.
    func turnAway(_ connection: Connection, _ reason: TurnAwayReason) {
        server.turnAway(reason)
        Self.sendOutput(of: &server, over: connection)
        connection.closeAfterFlush()
    }

    private static func sendOutput(
        of server: inout ConversationServer, over connection: Connection
    ) {
        connection.write(server.output)
        server.clearOutput()
    }
}

extension TurnTime {
    /// The present time of both clocks.
    static func read() -> TurnTime {
        // A clock that was never set may show a time before 1970; orders cannot store one.
        TurnTime(
            wall: Instant(millisecondsSinceEpoch: max(0, WallClock.now)), steady: BootClock.now)
    }
}
