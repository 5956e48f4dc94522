/// The answer to a release.
public struct ReleaseReply: Equatable, Sendable, Decodable {
    /// Whether the order has nothing any more of what was to be given back.
    public var released: Bool
    /// What this call gave back.
    public var codes: [ReleasedCode]
    /// True if nothing was left to give back: this is the last answer again.
    public var replayed: Bool?

    /// A code that was given back.
    public struct ReleasedCode: Equatable, Sendable, Decodable {
        /// The code, as it is stored; nil for a coupon that needs no code.
        public var code: String?
        /// The coupon behind it; nil for a gift card.
        public var coupon: String?
        /// The gift card behind it, which has its money back.
        public var giftCard: String?
        /// What the order had of it.
        public var was: State
        /// False if the coupon keeps its count although money was returned.
        public var useReturned: Bool?

        private enum CodingKeys: String, CodingKey {
            case code, coupon, was
            case giftCard = "gift_card"
            case useReturned = "use_returned"
        }
    }

    /// What the order had of a code.
    public enum State: String, Sendable, Decodable {
        case reserved
        case applied
    }
}

/// The answer to a question about usage.
public struct UsageReply: Equatable, Sendable {
    /// Nil when the code has no limit, or does not cover the context that was asked about.
    public var limits: [LimitUsage]?

    /// How much of one limit is used: counts, or minor units for a budget.
    public struct LimitUsage: Equatable, Sendable, Decodable {
        /// `total`, `code`, `offer`, `customer`, `day`, `week`, `month`, `booking_date` or
        /// `budget`.
        public var kind: String
        /// What the definition allows.
        public var limit: Int64
        /// What orders have used.
        public var used: Int64
        /// What orders that are not paid yet hold.
        public var held: Int64
        /// What is left.
        public var remaining: Int64
        /// The currency of a budget.
        public var currency: String?
    }
}

extension UsageReply: Decodable {
    private struct Result: Decodable {
        var limits: [LimitUsage]
    }

    /// Reads `{"result": …}`.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: ResultField.self)
        limits = try fields.decode(Result?.self, forKey: .result)?.limits
    }
}

/// The answer to a ping.
public struct PingReply: Equatable, Sendable {
    /// `coupond`.
    public var name: String
    /// The daemon's version.
    public var version: String
    /// The version of the protocol.
    public var `protocol`: Int64
    /// Whether the daemon serves requests.
    public var ready: Bool
}

extension PingReply: Decodable {
    private struct Result: Decodable {
        var name: String
        var version: String
        var `protocol`: Int64
        var ready: Bool
    }

    /// Reads `{"result": …}`.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: ResultField.self)
        let result = try fields.decode(Result.self, forKey: .result)
        name = result.name
        version = result.version
        `protocol` = result.protocol
        ready = result.ready
    }
}

/// The answer to an operation for operators, whose result has no fixed shape.
public struct ResultReply: Equatable, Sendable {
    /// The result as it came.
    public var result: JSONValue

    /// A reply with this result.
    public init(result: JSONValue) { self.result = result }
}

extension ResultReply: Decodable {
    /// Reads `{"result": …}`.
    public init(from decoder: any Decoder) throws {
        result = try decoder.container(keyedBy: ResultField.self)
            .decode(JSONValue.self, forKey: .result)
    }
}

/// The field that holds the answer of every operation but those about a checkout.
private enum ResultField: String, CodingKey {
    case result
}
