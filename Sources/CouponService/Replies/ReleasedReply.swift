import CouponStore
import CouponWire
import FlatStorage

/// The reply to release.
enum ReleasedReply {
    /// Lists what the latest release of the order gave back.
    static func write(
        _ image: borrowing OrderImageView, isReplayed: Bool, to id: Span<UInt8>,
        _ reply: inout JSONWriter
    ) {
        ReplyEnvelope.begin(to: id, &reply)
        reply.key("released")
        reply.boolean(true)
        if isReplayed {
            reply.key("replayed")
            reply.boolean(true)
        }
        reply.key("codes")
        reply.beginArray()
        var codes = image.codes
        while let code = codes.next() {
            let flags = code.facts.flags
            guard flags.contains(.lastRelease) else { continue }
            reply.beginObject()
            reply.codeMember(code.code)
            if flags.contains(.giftCard) { reply.key("gift_card") } else { reply.key("coupon") }
            reply.string(code.coupon)
            reply.key("was")
            reply.string(flags.contains(.wasHeld) ? "reserved" : "applied")
            if flags.contains(.keepsUse) && !flags.contains(.wasHeld) {
                reply.key("use_returned")
                reply.boolean(false)
            }
            reply.endObject()
        }
        reply.endArray()
        ReplyEnvelope.end(&reply)
    }
}
