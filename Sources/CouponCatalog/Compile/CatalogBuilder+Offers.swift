// A coupon's offers become a run of flat values. Each keeps what it narrows — window, cover, context —
// apart from its coupon's, because a verdict tells which offer fitted; only its window is cut.
//
// Offers that name the same counter count their uses together, across the coupons and files of a
// store. One counter has one limit: with two, an offer could be used up and not be used up.

import Definitions
import CouponRules
import FlatStorage

/// A counter that offers share, as the first of them says it.
struct SharedCounter {
    let limit: Int64
    let place: SourcePlace
}

extension CatalogBuilder {
    /// The offers of `definition`, whose window and zone `coupon` has already.
    mutating func offers(
        of definition: CouponDefinition, coupon: Coupon, store: StoreID
    ) -> Run {
        let first = rules.offers.count
        for written in definition.offers {
            let place = definition.place.atLine(written.line)
            let offer = offer(written, coupon: coupon, store: store, place: place)
            let facts = ReplyFacts(of: written, in: definition)
            rules.offers.append(offer)
            _ = offerFacts.add(facts.bytes)
        }
        return Run(first: first, count: definition.offers.count)
    }

    private mutating func offer(
        _ written: OfferDefinition, coupon: Coupon, store: StoreID, place: SourcePlace
    ) -> Offer {
        var offer = Offer()
        offer.id = rules.vocabulary.symbolAdding(written.id)
        offer.zone = coupon.zone
        if let name = written.timezone {
            offer.zone = zone(named: name, place: place, field: written.path + ".timezone")
        }
        let own = window(from: written.startsAt, to: written.endsAt, in: offer.zone)
        refuseIfEmpty(own, in: coupon, place: place.atLine(written.windowLine), path: written.path)
        let window = own.cut(to: coupon)
        offer.startsAt = window.startsAt
        offer.endsAt = window.endsAt
        offer.blackouts = run(of: written.blackout)
        // A global offer has none: it covers whatever its coupon covers.
        offer.appliesTo = run(of: written.appliesTo)
        offer.context = clauses(of: written.context)
        offer.limit = written.limit ?? 0
        offer.ticketLimit = written.ticketLimit ?? 0
        if let counter = written.counter {
            offer.counter = rules.vocabulary.symbolAdding(counter)
            // One without a limit has been told when it was read.
            if let limit = written.limit { share(counter, limit, written, store, place) }
        }
        return offer
    }

    /// Notes the limit of a shared counter, or tells that another offer gave it another.
    private mutating func share(
        _ counter: String, _ limit: Int64, _ written: OfferDefinition, _ store: StoreID,
        _ place: SourcePlace
    ) {
        let key = key(store: store, id: counter)
        guard let known = counters[key] else {
            counters[key] = SharedCounter(limit: limit, place: place)
            return
        }
        if known.limit == limit { return }
        refuse(
            place, written.path + ".limit",
            "The offers of the counter “\(counter)” share one limit: it is \(limit) here, and "
                + "\(known.limit) at \(known.place.text).")
    }
}
