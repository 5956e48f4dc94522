// Most of what a reply says beside the verdict never changes while a catalog lives: it is put into
// JSON when the catalog is compiled, as members that each begin with a comma, so that a reply
// copies them in one piece behind what it computed.

import CouponRules
import FlatStorage

/// The members of a reply that come from definitions alone.
struct ReplyFacts: ~Copyable {
    private(set) var json = ByteBuffer()

    /// What `coupon` says in replies, and what `code` adds or says instead.
    init(of coupon: CouponDefinition, code: CodeDefinition?) {
        if coupon.kind != .discount {
            beginMember("type")
            append(coupon.kind.code.description)
        }
        write(coupon.duration)
        if let discount = coupon.discount { writeGiftItem(of: discount) }
        // With offers, what is opened is told by the one that fits.
        if coupon.kind.opensAccess && coupon.offers.isEmpty { writeUnlocks(coupon.appliesTo) }
        if let revenue = code?.revenue ?? coupon.revenue {
            beginMember("revenue")
            json.append(String(revenue).utf8.span)
        }
        if let credit = code?.customerCredit {
            beginMember("customer_credit")
            append(credit)
        }
        write(coupon.metadata)
    }

    /// What a reply says when `offer` is the one of `coupon` that fits.
    init(of offer: OfferDefinition, in coupon: CouponDefinition) {
        beginMember("offer")
        append(offer.id)
        if let limit = offer.ticketLimit {
            beginMember("ticket_limit")
            json.append(String(limit).utf8.span)
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
            beginMember("duration_in_months")
            json.append(String(months).utf8.span)
        }
    }

    private mutating func writeDuration(_ name: String) {
        beginMember("duration")
        append(name)
    }

    private mutating func writeGiftItem(of discount: DiscountDefinition) {
        guard discount.kind == .giftItem, let product = discount.product else { return }
        beginMember("gift_items")
        json.append("[{\"product\":" as StaticString)
        append(product)
        json.append(",\"quantity\":" as StaticString)
        json.append(String(discount.quantity ?? 1).utf8.span)
        json.append("}]" as StaticString)
    }

    /// One map as an object, several as a list of objects: as they may be written.
    private mutating func writeUnlocks(_ maps: [AttributeMap]) {
        guard let first = maps.first else { return }
        beginMember("unlocks")
        if maps.count == 1 { return append(first) }
        json.append(UInt8(ascii: "["))
        for (place, map) in maps.enumerated() {
            if place > 0 { json.append(UInt8(ascii: ",")) }
            append(map)
        }
        json.append(UInt8(ascii: "]"))
    }

    private mutating func write(_ metadata: [MetadataEntry]) {
        if metadata.isEmpty { return }
        beginMember("metadata")
        json.append(UInt8(ascii: "{"))
        for (place, entry) in metadata.enumerated() {
            if place > 0 { json.append(UInt8(ascii: ",")) }
            append(entry.key)
            json.append(UInt8(ascii: ":"))
            append(entry.value)
        }
        json.append(UInt8(ascii: "}"))
    }

    private mutating func append(_ map: AttributeMap) {
        json.append(UInt8(ascii: "{"))
        for (place, entry) in map.entries.enumerated() {
            if place > 0 { json.append(UInt8(ascii: ",")) }
            append(entry.attribute)
            json.append(":[" as StaticString)
            for (valuePlace, value) in entry.values.enumerated() {
                if valuePlace > 0 { json.append(UInt8(ascii: ",")) }
                append(value)
            }
            json.append(UInt8(ascii: "]"))
        }
        json.append(UInt8(ascii: "}"))
    }

    private mutating func beginMember(_ name: String) {
        json.append(UInt8(ascii: ","))
        append(name)
        json.append(UInt8(ascii: ":"))
    }

    /// Appends a JSON string.
    private mutating func append(_ text: String) {
        json.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                json.append(UInt8(ascii: "\\"))
                json.append(byte)
            case 0..<0x20:
                json.append("\\u00" as StaticString)
                let hex = String(byte, radix: 16)
                json.append((byte < 0x10 ? "0" + hex : hex).utf8.span)
            default: json.append(byte)
            }
        }
        json.append(UInt8(ascii: "\""))
    }
}
