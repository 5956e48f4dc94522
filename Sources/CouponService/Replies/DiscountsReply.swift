import CouponCatalog
import CouponWire
import FlatStorage

/// The reply to code.discounts.
enum DiscountsReply {
    static func write(
        _ coupon: CouponID, _ catalog: borrowing Catalog, to id: Span<UInt8>,
        _ reply: inout JSONWriter
    ) {
        ReplyEnvelope.begin(to: id, &reply)
        reply.key("result")
        reply.beginObject()
        reply.key("coupon")
        reply.string(catalog.id(of: coupon))
        // The facts begin with a comma, so they do not go through the writer.
        reply.bytes.append(catalog.discountFacts(of: coupon))
        reply.endObject()
        ReplyEnvelope.end(&reply)
    }
}
