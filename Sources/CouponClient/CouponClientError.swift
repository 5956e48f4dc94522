/// Why a call of ``CouponClient`` did not return a reply.
///
/// ``cause`` is what happened, ``outcome`` what it means for the request. A refused code is not an
/// error but a reply whose `valid` is false.
public struct CouponClientError: Error, Equatable, Sendable {
    /// What happened.
    public enum Cause: Equatable, Sendable {
        /// The connection to this path failed; `errno` is the system's reason.
        case cannotConnect(path: String, errno: Int32)
        /// The path cannot be the address of a Unix socket: it is empty or longer than the system's
        /// limit (107 bytes on Linux).
        case pathNotUsable(path: String)
        /// The exchange took longer than the timeout.
        case timedOut(Stage)
        /// The daemon closed the connection before its reply was complete.
        case connectionClosed
        /// The connection failed with this `errno`.
        case connectionFailed(errno: Int32)
        /// The reply breaks the protocol; the text says how.
        case replyNotValid(String)
        /// The reply carries the `id` of another request.
        case replyToAnotherRequest
        /// The request cannot be written as one line of JSON; the text says why.
        case requestNotValid(String)
        /// The daemon answered with an error.
        case server(ServerError)
    }

    /// How far an exchange got.
    public enum Stage: Equatable, Sendable {
        case connecting
        case sending
        case waitingForReply
    }

    /// What is known about the effect of a request that got no reply.
    public enum Outcome: Equatable, Sendable {
        /// Nothing was changed: the request was not sent, was rejected, or only reads.
        case nothingChanged
        /// The request may have been carried out. Repeat it with the same order id: the daemon
        /// answers a repeat from its record and never consumes twice.
        case unknown
    }

    /// What happened.
    public var cause: Cause
    /// What that means for the request.
    public var outcome: Outcome

    /// An error with its cause and what it means for the request.
    public init(_ cause: Cause, outcome: Outcome = .nothingChanged) {
        self.cause = cause
        self.outcome = outcome
    }
}

extension CouponClientError: CustomStringConvertible {
    /// One or two English sentences for a log or a terminal.
    public var description: String {
        switch outcome {
        case .nothingChanged:
            cause.description
        case .unknown:
            cause.description
                + " The outcome is unknown. Repeat the request with the same order id; if it was"
                + " carried out, the daemon answers from its record."
        }
    }
}

extension CouponClientError.Cause: CustomStringConvertible {
    /// One English sentence.
    public var description: String {
        switch self {
        case .cannotConnect(let path, let errno):
            "Cannot connect to \(path): \(systemText(of: errno))."
        case .pathNotUsable(let path):
            "The socket path is empty or too long (\(path.utf8.count) bytes): \(path)"
        case .timedOut(.connecting): "Timed out while connecting."
        case .timedOut(.sending): "Timed out while sending the request."
        case .timedOut(.waitingForReply): "Timed out while waiting for the reply."
        case .connectionClosed: "The daemon closed the connection before it replied."
        case .connectionFailed(let errno): "The connection failed: \(systemText(of: errno))."
        case .replyNotValid(let why): "The reply is not valid: \(why)"
        case .replyToAnotherRequest: "The reply belongs to another request."
        case .requestNotValid(let why): "The request is not valid: \(why)"
        case .server(let error): error.description
        }
    }
}

/// An error that the daemon answered with.
public struct ServerError: Error, Equatable, Sendable, Decodable {
    /// The kind of error. It is stable: branch on it.
    public var code: Code
    /// English, for logs.
    public var message: String
    /// The field of the request that is at fault, such as `cart.lines[2].quantity`.
    public var field: String?
    /// Facts beyond the message: messages per field, or the stored reply's facts on an
    /// `idempotency_conflict`.
    public var details: JSONValue?

    /// An error of the daemon, for instance for a shop's own tests.
    public init(code: Code, message: String, field: String? = nil, details: JSONValue? = nil) {
        self.code = code
        self.message = message
        self.field = field
        self.details = details
    }

    /// The name of an error. A newer daemon may have names that are not listed here.
    public struct Code: RawRepresentable, Hashable, Sendable, Codable {
        /// The name on the wire.
        public var rawValue: String

        /// The error with this name on the wire.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The line is not JSON.
        public static let badJSON = Code(rawValue: "bad_json")
        /// JSON, but not a valid request.
        public static let badRequest = Code(rawValue: "bad_request")
        /// The line is over the daemon's limit.
        public static let lineTooLong = Code(rawValue: "line_too_long")
        /// The operation does not exist.
        public static let unknownOperation = Code(rawValue: "unknown_op")
        /// The socket does not allow this.
        public static let forbidden = Code(rawValue: "forbidden")
        /// The code, coupon or order does not exist.
        public static let notFound = Code(rawValue: "not_found")
        /// The code or id is taken.
        public static let conflict = Code(rawValue: "conflict")
        /// A definition breaks a rule; `details` lists the faults by field.
        public static let unprocessable = Code(rawValue: "unprocessable")
        /// The catalog files manage this; edit them and reload.
        public static let managedByCatalog = Code(rawValue: "managed_by_catalog")
        /// The order is already recorded with another request; `details` shows it.
        public static let idempotencyConflict = Code(rawValue: "idempotency_conflict")
        /// Too many requests of this kind.
        public static let throttled = Code(rawValue: "throttled")
        /// A limit of the daemon is reached.
        public static let overloaded = Code(rawValue: "overloaded")
        /// The daemon has reached its limit of connections.
        public static let tooManyConnections = Code(rawValue: "too_many_connections")
        /// Nothing can be recorded at the moment. Validating still works.
        public static let storageUnavailable = Code(rawValue: "storage_unavailable")
        /// The daemon is about to end.
        public static let shuttingDown = Code(rawValue: "shutting_down")
        /// The daemon failed. It may or may not have carried out the request.
        public static let internalError = Code(rawValue: "internal")
    }
}

extension ServerError: CustomStringConvertible {
    /// The code, the field at fault and the message in one line.
    public var description: String {
        let place = field.map { " (\($0))" } ?? ""
        return "\(code.rawValue)\(place): \(message)"
    }
}
