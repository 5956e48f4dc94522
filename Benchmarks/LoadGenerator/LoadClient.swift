import FlatStorage
import Glibc
import LoopClient
import Posix
import UVLoop

/// One connection to the target at a time: prepares it, sends requests and takes the replies.
final class LoadClient: ConnectionHandler {
    /// Open loop: with more than this still to be taken by the kernel, scheduled requests are
    /// counted, but not written yet; they stay due when they were.
    private static let backlogBytesMax = 256 * 1_024
    private static let requestsPerWriteMax = 256

    private let run: LoadRun
    private let measurement: Measurement
    private var connection: Connection?
    private var replies: ReplyStream
    private var waiting = SendTimes()
    /// What is still to be sent, and awaited, before the first request. Nil once all was.
    private var preparing: ArraySlice<[UInt8]>?

    /// Open loop: the number of the next request that this client writes.
    private var nextNumber: Int
    /// Open loop: scheduled requests that are not written yet.
    private var owedCount = 0

    init(_ run: LoadRun, number: Int) {
        self.run = run
        measurement = run.measurement
        replies = ReplyStream(run.plan.target.framing)
        nextNumber = number
    }

    // MARK: Connecting

    /// Connects and prepares the connection, then notifies the run.
    func connect() {
        do {
            let connection = try Connection(
                on: run.loop, connectingTo: run.plan.target.socketPath)
            self.connection = connection
            connection.start(deliveringTo: self)
        } catch let fault as PosixFault {
            if fault.errno == EAGAIN { return run.connectLater(self) }
            return run.fail(.cannotConnect(path: run.plan.target.socketPath, fault))
        } catch {
            return run.fail(.cannotStart(reason: "\(error)"))
        }
        preparing = run.preparation[...]
        prepareNext()
    }

    private func prepareNext() {
        guard let next = preparing?.popFirst() else {
            preparing = nil
            return run.isReady(self)
        }
        connection?.write(next.span)
    }

    private func receivedPreparing(_ bytes: Span<UInt8>) {
        var position = 0
        switch replies.next(in: bytes, from: &position) {
        case .needsMore: return
        case .malformed: return run.fail(.unexpectedBytes(replies.complaint))
        case .reply(.failed): return run.fail(.notPrepared(reply: replies.complaint))
        case .reply:
            guard replies.next(in: bytes, from: &position) == .needsMore, replies.isAtStart else {
                return run.fail(.unexpectedBytes(replies.complaint))
            }
            prepareNext()
        }
    }

    /// Ends the connection, which owes nothing any more.
    func disconnect() {
        let ending = connection
        connection = nil
        ending?.close()
    }

    // MARK: Sending

    /// Sends requests now, unless the time is over.
    func send(_ count: Int) {
        run.writer.write(count)
        let now = MonotonicClock.nanoseconds
        if now >= measurement.end { return }
        for _ in 0..<count { waiting.append(now) }
        measurement.noteSent(count, at: now)
        if let connection { run.writer.send(on: connection) }
    }

    /// Connection per request: starts to connect, from when on the one request counts.
    func startOver() {
        let now = MonotonicClock.nanoseconds
        if now >= measurement.end { return }
        waiting.append(now)
        measurement.noteSent(1, at: now)
        connect()
    }

    /// Connection per request: sends the request that the connection was made for.
    func sendOnlyRequest() {
        run.writer.write(1)
        if let connection { run.writer.send(on: connection) }
    }

    /// Open loop: sends requests that have become due, now or as soon as the connection takes them.
    func owe(_ count: Int) {
        owedCount += count
        sendOwed()
    }

    private func sendOwed() {
        guard let connection, let schedule = run.schedule else { return }
        while owedCount > 0, connection.backlogByteCount < Self.backlogBytesMax {
            let count = min(owedCount, Self.requestsPerWriteMax)
            owedCount -= count
            for _ in 0..<count { waiting.append(schedule.time(of: takeNumber())) }
            run.writer.write(count)
            run.writer.send(on: connection)
        }
    }

    private func takeNumber() -> Int {
        defer { nextNumber += run.plan.pace.connections }
        return nextNumber
    }

    /// Counts all requests that have no reply.
    func giveUp(at now: Int64) {
        while let sentAt = waiting.takeFirst() {
            measurement.noteUnanswered(sentAt: sentAt, at: now)
        }
        guard let schedule = run.schedule else { return }
        for _ in 0..<owedCount {
            measurement.noteUnanswered(sentAt: schedule.time(of: takeNumber()), at: now)
        }
    }

    // MARK: What happens on the connection

    func received(_ bytes: Span<UInt8>, on connection: Connection) {
        // One reading of the clock for all replies that came together.
        let now = MonotonicClock.nanoseconds
        if preparing != nil { return receivedPreparing(bytes) }
        var position = 0
        var answeredCount = 0
        while true {
            switch replies.next(in: bytes, from: &position) {
            case .reply(let outcome):
                guard let sentAt = waiting.takeFirst() else {
                    return run.fail(.unexpectedBytes(replies.complaint))
                }
                if outcome == .failed { measurement.noteFailure(replies.complaint) }
                measurement.noteReply(outcome, sentAt: sentAt, at: now)
                answeredCount += 1
            case .needsMore:
                if answeredCount > 0 { run.received(answeredCount, by: self) }
                return
            case .malformed:
                return run.fail(.unexpectedBytes(replies.complaint))
            }
        }
    }

    func peerFinished(_ connection: Connection) { lost(connection, nil) }

    func drained(_ connection: Connection) { sendOwed() }

    func ended(_ reason: ConnectionEnd, on connection: Connection) {
        if case .failed(let fault) = reason { lost(connection, fault) }
    }

    private func lost(_ lost: Connection, _ fault: UVFault?) {
        // One that was closed here may still end in its own time.
        guard lost === connection else { return }
        run.fail(
            .connectionEnded(
                fault, afterReplies: measurement.repliesInAll,
                lastWords: replies.begun ?? measurement.result.firstFailure))
    }
}
