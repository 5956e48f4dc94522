/// One of a coupon's alternatives: with its own window, limit and cover, inside those of its
/// coupon.
///
/// A coupon with offers is judged with each of them in turn and uses the first that passes.
@usableFromInline
package struct Offer: Sendable, BitwiseCopyable {
    /// Its id, among the texts of the catalog.
    package var id = Symbol.unmentioned
    /// Half-open, as the coupon's.
    package var startsAt = Instant.distantPast
    package var endsAt = Instant.distantFuture
    /// The zone in which its blackout dates are judged.
    package var zone = ZoneID.utc
    /// A run of ``DateRange``.
    package var blackouts = Run.empty
    /// As ``Coupon/appliesTo``, beside the coupon's own; a global offer has none.
    package var appliesTo = Run.empty
    /// Clauses, each of which the request's context must meet.
    package var context = Run.empty
    /// Uses of the offer, or of all offers of the store with its counter; 0 means no limit.
    @usableFromInline package var limit: Int64 = 0
    /// The counter that it shares with other offers; ``Symbol/unmentioned`` when it shares none.
    package var counter = Symbol.unmentioned
    /// The most covered units of one order; 0 means no bound. A discount goes to at most that many
    /// units; a code that opens access is refused for more.
    package var ticketLimit: Int64 = 0

    package init() {}
}
