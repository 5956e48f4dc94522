import Foundation

extension CouponClient {
    /// Returns what the codes of `checkout` are worth, now or at another instant. Changes nothing.
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

    /// Applies the codes to `order`: their uses are consumed.
    ///
    /// If this throws with the outcome `unknown`, repeat it with the same order id, or use
    /// ``applyUntilKnown(_:attempts:pause:)``.
    public func apply(
        _ checkout: Checkout, order: String, metadata: [String: String]? = nil
    ) throws(CouponClientError) -> CouponReply {
        try send(ApplyRequest(checkout, order: order, metadata: metadata))
    }

    /// Gives back the uses that `order` holds or has consumed, or only those of one code or coupon.
    ///
    /// If the order has nothing to give back, the daemon's error is `not_found`. A shop may treat that
    /// as success.
    public func release(
        order: String, code: String? = nil, coupon: String? = nil, store: String? = nil
    ) throws(CouponClientError) -> ReleaseReply {
        try send(ReleaseRequest(order: order, code: code, coupon: coupon, store: store))
    }

    /// Returns how much of a code's limits is used and left.
    public func usage(
        of code: String, customer: Customer? = nil, context: [String: AttributeValues]? = nil,
        bookingDate: String? = nil, store: String? = nil
    ) throws(CouponClientError) -> UsageReply {
        try send(
            UsageRequest(
                code: code, customer: customer, context: context, bookingDate: bookingDate,
                store: store))
    }

    /// Returns whether the daemon is ready.
    public func ping() throws(CouponClientError) -> PingReply {
        try send(PingRequest())
    }
}

extension CouponClient {
    /// Applies, and repeats the same request until its outcome is known.
    ///
    /// Repeating is safe because the daemon records the order with its uses. It answers a repeat from
    /// that record, with `replayed` true, and consumes nothing.
    ///
    /// - Parameters:
    ///   - request: what to apply. Every attempt sends it with the same order id.
    ///   - attempts: the number of attempts, at least 1.
    ///   - pause: the wait before the second attempt; each further one is twice as long.
    /// - Returns: the reply, which may refuse the codes.
    /// - Throws: the last attempt's error. Its outcome is `unknown` if that of any attempt was, unless
    ///   the daemon reports the recorded order (`idempotency_conflict`).
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
                if isInDoubt, !error.showsRecordedOrder { failure.outcome = .unknown }
                if attempt >= attempts || !failure.mayPass { throw failure }
            }
            Thread.sleep(forTimeInterval: nextPause / .seconds(1))
            nextPause *= 2
            attempt += 1
        }
    }
}

extension CouponClientError {
    /// Whether this shows what the daemon has recorded for the order.
    fileprivate var showsRecordedOrder: Bool {
        if case .server(let error) = cause { error.code == .idempotencyConflict } else { false }
    }

    /// Whether the same request may succeed a moment later.
    fileprivate var mayPass: Bool {
        if outcome == .unknown { return true }
        switch cause {
        case .cannotConnect, .timedOut, .connectionClosed, .connectionFailed: return true
        case .pathNotUsable, .replyNotValid, .replyToAnotherRequest, .requestNotValid, .server:
            return false
        }
    }
}
