// code.discounts: what a code gives and on what, as its author wrote it, for whoever shows that before
// a shopper commits. Nothing is judged: a code that is over or switched off is told like any other.

import CouponCatalog
import CouponRules
import CouponWire
import FlatStorage

extension Checkout {
    mutating func tellDiscounts(
        _ catalog: borrowing Catalog, _ parser: borrowing RequestParser, at now: Instant,
        _ reply: inout JSONWriter
    ) -> CheckoutOutcome {
        // What a judge would look at is not needed.
        _ = findEntries(catalog, parser, .validate, at: now)
        switch entries[0].subject {
        case .unknown:
            reply.error(.notFound, field: "code", "This code does not exist.", to: parser)
            return .faulted
        case .giftCard:
            // It pays, and discounts nothing.
            ReplyEnvelope.begin(to: parser.bytes(of: parser.request.id), &reply)
            reply.key("result")
            reply.null()
            ReplyEnvelope.end(&reply)
        case .coupon:
            let coupon = firstDefinedOwner(of: entries[0])
            ReplyEnvelope.begin(to: parser.bytes(of: parser.request.id), &reply)
            reply.key("result")
            reply.beginObject()
            reply.key("coupon")
            reply.string(catalog.id(of: coupon))
            // Beside the writer, which sets no comma before what begins with one.
            reply.bytes.append(catalog.discountFacts(of: coupon))
            reply.endObject()
            ReplyEnvelope.end(&reply)
        }
        return .accepted
    }

    /// Look-up finds owners whose code is case-sensitive before the others.
    private func firstDefinedOwner(of entry: Entry) -> CouponID {
        var first = owners[Int(entry.owners.first)].coupon
        for place in entry.owners.range where owners[place].coupon.index < first.index {
            first = owners[place].coupon
        }
        return first
    }
}
