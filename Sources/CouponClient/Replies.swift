/// The reply to release.
public struct ReleaseReply: Equatable, Sendable, Decodable {
    /// Whether the uses in question are given back, now or earlier.
    public var released: Bool
    /// The codes given back.
    public var codes: [ReleasedCode]
    /// True if nothing was left to give back: this repeats the last reply.
    public var replayed: Bool?

    /// A code that was given back.
    public struct ReleasedCode: Equatable, Sendable, Decodable {
        /// The code as it is defined; nil for an automatic coupon.
        public var code: String?
        /// The coupon; nil for a gift card.
        public var coupon: String?
        /// The gift card, which has its money back.
        public var giftCard: String?
        /// Whether the order held or had applied it.
        public var was: State
        /// False if the coupon keeps its count although money was returned.
        public var useReturned: Bool?

        private enum CodingKeys: String, CodingKey {
            case code, coupon, was
            case giftCard = "gift_card"
            case useReturned = "use_returned"
        }
    }

    /// The state of a code in its order before the release.
    public enum State: String, Sendable, Decodable {
        case reserved
        case applied
    }
}

/// The reply to usage.
public struct UsageReply: Equatable, Sendable {
    /// Nil if the code has no limit or does not cover the context of the request.
    public var limits: [LimitUsage]?

    /// How much of one limit is used: counts, or minor units for a budget.
    public struct LimitUsage: Equatable, Sendable, Decodable {
        /// `total`, `code`, `offer`, `customer`, `day`, `week`, `month`, `booking_date` or
        /// `budget`.
        public var kind: String
        /// The limit in the definition.
        public var limit: Int64
        /// Used by applied orders.
        public var used: Int64
        /// Held by orders that are not applied yet.
        public var held: Int64
        /// Left.
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

/// The reply to ping.
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

/// The reply to an operation for operators. Its result has no fixed shape.
public struct ResultReply: Equatable, Sendable {
    /// The result as received.
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

/// The member that holds the result, except in replies about a checkout or a release.
private enum ResultField: String, CodingKey {
    case result
}
