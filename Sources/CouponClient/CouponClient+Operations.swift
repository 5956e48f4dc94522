import Foundation

extension CouponClient {
    /// Asks what the codes of `checkout` are worth, now or at another instant. Changes nothing.
    public func validate(
        _ checkout: Checkout, order: String? = nil, at instant: String? = nil
    ) throws(CouponClientError) -> CouponReply {
        try send(ValidateRequest(checkout, order: order, at: instant))
    }

    /// Holds uses for `order` while the shopper pays. A later hold of the same order replaces it.
    public func reserve(
        _ checkout: Checkout, order: String, ttlSeconds: Int64? = nil
    ) throws(CouponClientError) -> CouponReply {
        try send(ReserveRequest(checkout, order: order, ttlSeconds: ttlSeconds))
    }

    /// Uses the codes up for `order`.
    ///
    /// When this throws with the outcome `unknown`, repeat it with the same order id, or use
    /// ``applyUntilKnown(_:attempts:pause:)``.
    public func apply(
        _ checkout: Checkout, order: String, metadata: [String: String]? = nil
    ) throws(CouponClientError) -> CouponReply {
        try send(ApplyRequest(checkout, order: order, metadata: metadata))
    }

    /// Gives back what `order` holds or has used, or only one code's or coupon's part of it.
    ///
    /// An order that has nothing to give back is the daemon's error `not_found`, which a shop may
    /// take as done.
    public func release(
        order: String, code: String? = nil, coupon: String? = nil, store: String? = nil
    ) throws(CouponClientError) -> ReleaseReply {
        try send(ReleaseRequest(order: order, code: code, coupon: coupon, store: store))
    }

    /// Asks how much of a code's limits is left.
    public func usage(
        of code: String, customer: Customer? = nil, context: [String: AttributeValues]? = nil,
        bookingDate: String? = nil, store: String? = nil
    ) throws(CouponClientError) -> UsageReply {
        try send(
            UsageRequest(
                code: code, customer: customer, context: context, bookingDate: bookingDate,
                store: store))
    }

    /// Asks whether the daemon is there and ready.
    public func ping() throws(CouponClientError) -> PingReply {
        try send(PingRequest())
    }
}

extension CouponClient {
    /// Applies, and repeats the same request until its outcome is known.
    ///
    /// Repeating is safe, because the daemon records the order with the use: a repeat is answered
    /// from the record (`replayed` is true then) and consumes nothing.
    ///
    /// - Parameters:
    ///   - request: what to apply. Every attempt sends it with the same order id.
    ///   - attempts: how often to try in all, at least once.
    ///   - pause: how long to wait before the second attempt; each further pause is twice as long.
    /// - Returns: the reply, which may refuse the codes.
    /// - Throws: the last attempt's error. Its outcome is `unknown` if any attempt's was, unless the
    ///   daemon said what it has on record (`idempotency_conflict`).
    public func applyUntilKnown(
        _ request: ApplyRequest, attempts: Int = 4, pause: Duration = .milliseconds(100)
    ) throws(CouponClientError) -> CouponReply {
        var isInDoubt = false
        var nextPause = pause
        var attempt = 1
        while true {
            do {
                return try send(request)
            } catch {
                isInDoubt = isInDoubt || error.outcome == .unknown
                var failure = error
                if isInDoubt, !error.tellsWhatIsRecorded { failure.outcome = .unknown }
                // Refused for good, or tried often enough.
                if attempt >= attempts || !failure.mayHeal { throw failure }
            }
            Thread.sleep(forTimeInterval: nextPause / .seconds(1))
            nextPause *= 2
            attempt += 1
        }
    }
}

extension CouponClientError {
    /// Whether this says what the daemon has on record for the order.
    fileprivate var tellsWhatIsRecorded: Bool {
        if case .server(let error) = cause { error.code == .idempotencyConflict } else { false }
    }

    /// Whether the same request may fare better in a moment.
    fileprivate var mayHeal: Bool {
        if outcome == .unknown { return true }
        switch cause {
        case .cannotConnect, .timedOut, .connectionClosed, .connectionFailed: return true
        case .pathNotUsable, .replyNotValid, .replyToAnotherRequest, .requestNotValid, .server:
            return false
        }
    }
}
