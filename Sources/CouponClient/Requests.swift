/// A request of the protocol. It encodes the operation's fields as one JSON object; the client adds
/// `id` and `op`.
public protocol CouponRequest: Encodable, Sendable {
    /// The reply of the daemon, if it is not an error.
    associatedtype Reply: Decodable & Sendable

    /// The operation's name and effect.
    static var operation: CouponOperation { get }
}

/// An operation of the protocol.
public struct CouponOperation: Equatable, Sendable {
    /// The name on the wire.
    public let name: String
    /// Whether the operation changes anything. If its reply is lost, its outcome is then unknown.
    public let changesState: Bool

    /// An operation by its name on the wire.
    public init(_ name: String, changesState: Bool) {
        self.name = name
        self.changesState = changesState
    }
}

/// Evaluates codes. Changes nothing and may be repeated.
public struct ValidateRequest: CouponRequest, Equatable {
    /// The reply to this operation.
    public typealias Reply = CouponReply
    /// The operation's name and effect.
    public static let operation = CouponOperation("validate", changesState: false)

    /// The codes, the customer and the cart.
    public var checkout: Checkout
    /// The order, whose own holds and uses do not count against it.
    public var order: String?
    /// Evaluates as of this instant: ISO 8601, or a date in the coupon's time zone.
    public var at: String?

    /// A request to evaluate `checkout`.
    public init(_ checkout: Checkout, order: String? = nil, at: String? = nil) {
        self.checkout = checkout
        self.order = order
        self.at = at
    }
}

/// Holds uses of the codes for an order while the shopper pays.
public struct ReserveRequest: CouponRequest, Equatable {
    /// The reply to this operation.
    public typealias Reply = CouponReply
    /// The operation's name and effect.
    public static let operation = CouponOperation("reserve", changesState: true)

    /// The codes, the customer and the cart.
    public var checkout: Checkout
    /// The order or reservation.
    public var order: String
    /// How long the hold lasts; nil is the daemon's default, 900 seconds.
    public var ttlSeconds: Int64?

    /// A request to hold the codes for `order`, in place of its earlier hold.
    public init(_ checkout: Checkout, order: String, ttlSeconds: Int64? = nil) {
        self.checkout = checkout
        self.order = order
        self.ttlSeconds = ttlSeconds
    }
}

/// Applies codes to an order. The same request for the same order is carried out once.
public struct ApplyRequest: CouponRequest, Equatable {
    /// The reply to this operation.
    public typealias Reply = CouponReply
    /// The operation's name and effect.
    public static let operation = CouponOperation("apply", changesState: true)

    /// The codes, the customer and the cart.
    public var checkout: Checkout
    /// The order or reservation.
    public var order: String
    /// Stored with the redemption and shown in the activity list; at most 1 KiB.
    public var metadata: [String: String]?

    /// A request to apply the codes to `order`.
    public init(_ checkout: Checkout, order: String, metadata: [String: String]? = nil) {
        self.checkout = checkout
        self.order = order
        self.metadata = metadata
    }
}

/// Gives back the uses that an order holds or has consumed.
public struct ReleaseRequest: CouponRequest, Equatable, Codable {
    /// The reply to this operation.
    public typealias Reply = ReleaseReply
    /// The operation's name and effect.
    public static let operation = CouponOperation("release", changesState: true)

    /// The order or reservation.
    public var order: String
    /// Limits the release to this code.
    public var code: String?
    /// Limits the release to this coupon or gift card.
    public var coupon: String?
    /// The tenant; nil is the default store.
    public var store: String?

    /// A request to release all of `order`, or one code or coupon.
    public init(order: String, code: String? = nil, coupon: String? = nil, store: String? = nil) {
        self.order = order
        self.code = code
        self.coupon = coupon
        self.store = store
    }
}

/// Reads how much of a code's limits is used and left.
public struct UsageRequest: CouponRequest, Equatable, Codable {
    /// The reply to this operation.
    public typealias Reply = UsageReply
    /// The operation's name and effect.
    public static let operation = CouponOperation("usage", changesState: false)

    /// The code as the shopper typed it.
    public var code: String
    /// The customer whose own limit is shown; nil leaves it out.
    public var customer: Customer?
    /// The site, event … in question.
    public var context: [String: AttributeValues]?
    /// The booking date whose limit is shown.
    public var bookingDate: String?
    /// The tenant; nil is the default store.
    public var store: String?

    private enum CodingKeys: String, CodingKey {
        case code, customer, context, store
        case bookingDate = "booking_date"
    }

    /// A request about `code`.
    public init(
        code: String, customer: Customer? = nil, context: [String: AttributeValues]? = nil,
        bookingDate: String? = nil, store: String? = nil
    ) {
        self.code = code
        self.customer = customer
        self.context = context
        self.bookingDate = bookingDate
        self.store = store
    }
}

/// Checks that the daemon runs and is ready.
public struct PingRequest: CouponRequest, Equatable, Codable {
    /// The reply to this operation.
    public typealias Reply = PingReply
    /// The operation's name and effect.
    public static let operation = CouponOperation("ping", changesState: false)

    /// A request; it has no fields.
    public init() {}
}

/// Reads the daemon's statistics. For the admin and viewer sockets.
public struct StatisticsRequest: CouponRequest, Equatable, Codable {
    /// The reply to this operation.
    public typealias Reply = ResultReply
    /// The operation's name and effect.
    public static let operation = CouponOperation("server.stats", changesState: false)

    /// A request; it has no fields.
    public init() {}
}

/// Reloads the catalog; if it has errors, the old one stays. For the admin socket.
public struct ReloadRequest: CouponRequest, Equatable, Codable {
    /// The reply to this operation.
    public typealias Reply = ResultReply
    /// The operation's name and effect.
    public static let operation = CouponOperation("server.reload", changesState: true)

    /// Whether definitions that look as if a part were missing are taken, too; nil for no.
    public var force: Bool?

    /// A request that forces nothing unless `force` is true.
    public init(force: Bool? = nil) { self.force = force }
}

/// Writes a snapshot now. For the admin socket.
public struct SnapshotRequest: CouponRequest, Equatable, Codable {
    /// The reply to this operation.
    public typealias Reply = ResultReply
    /// The operation's name and effect.
    public static let operation = CouponOperation("server.snapshot", changesState: true)

    /// A request; it has no fields.
    public init() {}
}

// The three requests about a checkout write its fields beside their own.

extension ValidateRequest: Codable {
    private enum Field: String, CodingKey { case order, at }

    /// Reads the checkout's fields and the request's own.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Field.self)
        self.init(
            try Checkout(from: decoder),
            order: try fields.decodeIfPresent(String.self, forKey: .order),
            at: try fields.decodeIfPresent(String.self, forKey: .at))
    }

    /// Writes the checkout's fields and the request's own.
    public func encode(to encoder: any Encoder) throws {
        try checkout.encode(to: encoder)
        var fields = encoder.container(keyedBy: Field.self)
        try fields.encodeIfPresent(order, forKey: .order)
        try fields.encodeIfPresent(at, forKey: .at)
    }
}

extension ReserveRequest: Codable {
    private enum Field: String, CodingKey { case order, ttl }

    /// Reads the checkout's fields and the request's own.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Field.self)
        self.init(
            try Checkout(from: decoder),
            order: try fields.decode(String.self, forKey: .order),
            ttlSeconds: try fields.decodeIfPresent(Int64.self, forKey: .ttl))
    }

    /// Writes the checkout's fields and the request's own.
    public func encode(to encoder: any Encoder) throws {
        try checkout.encode(to: encoder)
        var fields = encoder.container(keyedBy: Field.self)
        try fields.encode(order, forKey: .order)
        try fields.encodeIfPresent(ttlSeconds, forKey: .ttl)
    }
}

extension ApplyRequest: Codable {
    private enum Field: String, CodingKey { case order, metadata }

    /// Reads the checkout's fields and the request's own.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Field.self)
        self.init(
            try Checkout(from: decoder),
            order: try fields.decode(String.self, forKey: .order),
            metadata: try fields.decodeIfPresent([String: String].self, forKey: .metadata))
    }

    /// Writes the checkout's fields and the request's own.
    public func encode(to encoder: any Encoder) throws {
        try checkout.encode(to: encoder)
        var fields = encoder.container(keyedBy: Field.self)
        try fields.encode(order, forKey: .order)
        try fields.encodeIfPresent(metadata, forKey: .metadata)
    }
}
