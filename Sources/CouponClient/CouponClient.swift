import Foundation
import Synchronization

// One connection, one request at a time. Every request gets an `id` of its own that the reply must
// echo. After anything that leaves the stream in doubt (a timeout, the reply to another request, half
// a line) the connection is closed, so that a late reply is never read, and the next call connects
// again.

/// A blocking client of the coupon daemon.
///
/// ```swift
/// let client = CouponClient(socketPath: "/run/coupond/coupond.sock")
/// let cart = Cart(
///     currency: "USD", lines: [CartLine(product: "p1", quantity: 2, unitPrice: 2500)])
/// let reply = try client.validate(Checkout(codes: ["SUMMER20"], cart: cart))
/// ```
///
/// Safe to share between threads: calls take turns, one request at a time. For several requests at the
/// same time, use several clients.
public final class CouponClient: Sendable {
    /// Where the daemon listens.
    public let socketPath: String
    /// How long one request may take, including the connection but not the wait for other calls.
    public let timeout: Duration
    /// A longer reply is an error.
    public let replyByteCountMax: Int

    private struct State: ~Copyable {
        var connection: DaemonConnection?
        var lastID: Int64 = 0
    }

    private let state = Mutex(State())

    /// A client that connects with its first request.
    public init(
        socketPath: String, timeout: Duration = .seconds(5),
        replyByteCountMax: Int = 16 * 1_024 * 1_024
    ) {
        self.socketPath = socketPath
        self.timeout = timeout
        self.replyByteCountMax = replyByteCountMax
    }

    /// Sends a request and returns its reply.
    ///
    /// - Throws: ``CouponClientError``, also when the daemon answers with an error.
    public func send<Request: CouponRequest>(
        _ request: Request
    ) throws(CouponClientError) -> Request.Reply {
        try Self.reply(to: Request.self, in: try replyLine(to: request))
    }

    /// Sends a request and returns the reply as received, which may be an error of the daemon.
    ///
    /// - Throws: ``CouponClientError``, except for errors that the daemon answers this request with.
    public func replyLine<Request: CouponRequest>(
        to request: Request
    ) throws(CouponClientError) -> String {
        try state.withLock { (state) throws(CouponClientError) in
            state.lastID += 1
            let line = try Self.line(of: request, id: state.lastID)
            return try exchange(
                line, expecting: .integer(state.lastID),
                changesState: Request.operation.changesState, &state)
        }
    }

    /// Sends a line as it is and returns the reply as received, both without their line ends.
    ///
    /// It is for operations that have no type here. The reply must echo the line's own `id`.
    public func send(line: String) throws(CouponClientError) -> String {
        guard !line.utf8.contains(UInt8(ascii: "\n")), !line.utf8.allSatisfy(\.isBlank) else {
            throw CouponClientError(.requestNotValid("Give one JSON object on one line."))
        }
        // If the line cannot be read here, the daemon answers with an error and a null id.
        let id = (try? JSONDecoder().decode(ReplyHead.self, from: Data(line.utf8)))?.id ?? .null
        return try state.withLock { (state) throws(CouponClientError) in
            try exchange(Array(line.utf8), expecting: id, changesState: true, &state)
        }
    }

    /// Reads a reply that was received as a line.
    ///
    /// - Throws: ``CouponClientError``, also when the line is an error of the daemon.
    public static func reply<Request: CouponRequest>(
        to request: Request.Type, in line: String
    ) throws(CouponClientError) -> Request.Reply {
        let outcome: CouponClientError.Outcome =
            Request.operation.changesState ? .unknown : .nothingChanged
        let bytes = Data(line.utf8)
        if let error = try head(of: bytes, outcome: outcome).error {
            // Every other error means that nothing was done.
            let mayBeDone = error.code == .internalError
            throw CouponClientError(.server(error), outcome: mayBeDone ? outcome : .nothingChanged)
        }
        do {
            return try JSONDecoder().decode(Request.Reply.self, from: bytes)
        } catch {
            throw CouponClientError(.replyNotValid("\(error)"), outcome: outcome)
        }
    }

    /// One line out, one line in, over the open connection or a new one.
    private func exchange(
        _ line: [UInt8], expecting id: JSONValue, changesState: Bool, _ state: inout State
    ) throws(CouponClientError) -> String {
        let deadline = ContinuousClock.now + timeout
        let outcomeIfSent: CouponClientError.Outcome = changesState ? .unknown : .nothingChanged

        // Only a good reply puts the connection back into the state.
        var connection = try openConnection(&state, by: deadline)
        let bytes: [UInt8]
        do {
            bytes = try connection.exchange(
                line, replyByteCountMax: replyByteCountMax, by: deadline)
        } catch {
            throw CouponClientError(
                cause(of: error),
                outcome: error.requestMayHaveArrived ? outcomeIfSent : .nothingChanged)
        }

        let head = try Self.head(of: Data(bytes), outcome: outcomeIfSent)
        guard head.id ?? .null == id else {
            // An error without our id is about the connection, such as too many of them.
            if let error = head.error, head.id ?? .null == .null {
                throw CouponClientError(.server(error), outcome: outcomeIfSent)
            }
            throw CouponClientError(.replyToAnotherRequest, outcome: outcomeIfSent)
        }
        state.connection = consume connection
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Takes the connection of the last request if it can be used again, else opens a new one.
    private func openConnection(
        _ state: inout State, by deadline: UnixStream.Deadline
    ) throws(CouponClientError) -> DaemonConnection {
        if let connection = state.connection.take() {
            if connection.isReusable { return connection }
        }
        do {
            return try DaemonConnection(to: socketPath, by: deadline)
        } catch {
            throw CouponClientError(cause(of: error))
        }
    }

    private func cause(of fault: DaemonConnection.Fault) -> CouponClientError.Cause {
        switch (fault.cause, fault.stage) {
        case (.replyTooLong(let byteCountMax), _):
            .replyNotValid("It is longer than \(byteCountMax) bytes.")
        case (.stream(.pathTooLong), _), (.stream(.pathNotUsable), _):
            .pathNotUsable(path: socketPath)
        case (.stream(.timedOut), .connecting): .timedOut(.connecting)
        case (.stream(.timedOut), .sending): .timedOut(.sending)
        case (.stream(.timedOut), .waitingForReply): .timedOut(.waitingForReply)
        case (.stream(.closed), _): .connectionClosed
        case (.stream(.system(let errno)), .connecting):
            .cannotConnect(path: socketPath, errno: errno)
        case (.stream(.system(let errno)), _): .connectionFailed(errno: errno)
        }
    }

    private static func head(
        of line: Data, outcome: CouponClientError.Outcome
    ) throws(CouponClientError) -> ReplyHead {
        do {
            return try JSONDecoder().decode(ReplyHead.self, from: line)
        } catch {
            throw CouponClientError(.replyNotValid("It is not a JSON object."), outcome: outcome)
        }
    }

    private static func line(
        of request: some CouponRequest, id: Int64
    ) throws(CouponClientError) -> [UInt8] {
        let encoder = JSONEncoder()
        // Equal requests make equal lines, which are easier to find in a log.
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(RequestEnvelope(id: id, request: request)))
        } catch EncodingError.invalidValue(_, let context) {
            throw CouponClientError(.requestNotValid(context.debugDescription))
        } catch {
            throw CouponClientError(.requestNotValid("\(error)"))
        }
    }
}

/// The members common to all replies: the `id`, and the `error` if there is one.
private struct ReplyHead: Decodable {
    var id: JSONValue?
    var error: ServerError?
}

/// A request with the fields that every operation has.
private struct RequestEnvelope<Request: CouponRequest>: Encodable {
    let id: Int64
    let request: Request

    enum Field: String, CodingKey { case id, op }

    func encode(to encoder: any Encoder) throws {
        try request.encode(to: encoder)
        var fields = encoder.container(keyedBy: Field.self)
        try fields.encode(id, forKey: .id)
        try fields.encode(Request.operation.name, forKey: .op)
    }
}

extension UInt8 {
    /// Whether the byte is white space in JSON.
    fileprivate var isBlank: Bool {
        self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") || self == UInt8(ascii: "\r")
    }
}
