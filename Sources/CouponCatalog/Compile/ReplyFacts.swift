// Most of what a reply says beside the verdict never changes while a catalog lives: it is put into
// JSON when the catalog is compiled, as members that each begin with a comma, so that a reply
// copies them in one piece behind what it computed.

import Definitions
import FlatStorage
import CouponRules

/// The members of a reply that come from definitions alone.
struct ReplyFacts: ~Copyable {
    private var json = JSONWriter(membersInto: ByteBuffer())

    var bytes: Span<UInt8> { @_lifetime(borrow self) get { json.bytes.bytes } }

    /// What `coupon` says in replies, and what `code` adds or says instead.
    init(of coupon: CouponDefinition, code: CodeDefinition?) {
        if coupon.kind != .discount {
            json.key("type")
            json.string(coupon.kind.code)
        }
        write(coupon.duration)
        if let discount = coupon.discount { writeGiftItem(of: discount) }
        // With offers, the one that fits says what is unlocked.
        if coupon.kind.opensAccess && coupon.offers.isEmpty { writeUnlocks(coupon.appliesTo) }
        if let revenue = code?.revenue ?? coupon.revenue {
            json.key("revenue")
            json.integer(revenue)
        }
        if let credit = code?.customerCredit {
            json.key("customer_credit")
            json.string(copying: credit)
        }
        write(coupon.metadata)
    }

    /// What a reply says when `offer` is the one of `coupon` that fits.
    init(of offer: OfferDefinition, in coupon: CouponDefinition) {
        json.key("offer")
        json.string(copying: offer.id)
        if let limit = offer.ticketLimit {
            json.key("ticket_limit")
            json.integer(limit)
        }
        if coupon.kind.opensAccess {
            writeUnlocks(offer.appliesTo.isEmpty ? coupon.appliesTo : offer.appliesTo)
        }
    }

    private mutating func write(_ duration: DurationDefinition?) {
        switch duration {
        case nil: break
        case .once: writeDuration("once")
        case .forever: writeDuration("forever")
        case .repeating(let months):
            writeDuration("repeating")
            json.key("duration_in_months")
            json.integer(months)
        }
    }

    private mutating func writeDuration(_ name: StaticString) {
        json.key("duration")
        json.string(name)
    }

    private mutating func writeGiftItem(of discount: DiscountDefinition) {
        guard discount.kind == .giftItem, let product = discount.product else { return }
        json.key("gift_items")
        json.beginArray()
        json.beginObject()
        json.key("product")
        json.string(copying: product)
        json.key("quantity")
        json.integer(discount.quantity ?? 1)
        json.endObject()
        json.endArray()
    }

    private mutating func writeUnlocks(_ cover: [AttributeMap]) {
        if cover.isEmpty { return }
        json.key("unlocks")
        json.cover(cover)
    }

    private mutating func write(_ metadata: [MetadataEntry]) {
        if metadata.isEmpty { return }
        json.key("metadata")
        json.beginObject()
        for entry in metadata {
            json.key(copying: entry.key)
            json.string(copying: entry.value)
        }
        json.endObject()
    }
}
