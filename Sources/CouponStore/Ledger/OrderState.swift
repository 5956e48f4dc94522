/// What has become of an order.
///
/// Legal transitions, from → to:
/// - no image → reserved, applied
/// - reserved → reserved (held again, or longer, or some codes given back), applied, released (all
///   given back, taken over by another order, or lapsed)
/// - applied → partly applied (some codes given back), released
/// - partly applied → partly applied (another code given back), released
/// - released → reserved, applied: the order starts afresh
///
/// The codes are on disk: never reuse one.
package enum OrderState: UInt8, CaseIterable, Sendable, BitwiseCopyable {
    /// Holds uses until it expires.
    case reserved = 1
    /// Every code that was valid is consumed.
    case applied = 2
    /// Some of its codes were given back, but not all.
    case partlyApplied = 3
    /// Nothing of it counts any more, save what its coupons do not give back.
    case released = 4

    /// Whether an order in this state may next be in `next`.
    package func mayBecome(_ next: OrderState) -> Bool {
        switch (self, next) {
        case (.reserved, .reserved), (.reserved, .applied), (.reserved, .released): true
        case (.applied, .partlyApplied), (.applied, .released): true
        case (.partlyApplied, .partlyApplied), (.partlyApplied, .released): true
        case (.released, .reserved), (.released, .applied): true
        case (.reserved, .partlyApplied), (.applied, .reserved), (.applied, .applied),
            (.partlyApplied, .reserved), (.partlyApplied, .applied),
            (.released, .partlyApplied), (.released, .released):
            false
        }
    }

    /// Whether a first image may be in this state.
    package var mayBegin: Bool { self == .reserved || self == .applied }

    /// Whether the order consumes the codes that it has left.
    var isInForce: Bool { self == .applied || self == .partlyApplied }

    /// What the consumptions that an image lists count as.
    package var consumes: Consumed { self == .reserved ? .holds : .uses }

    /// The two columns of a counter.
    package enum Consumed {
        case uses
        case holds
    }
}
