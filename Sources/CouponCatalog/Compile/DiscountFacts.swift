// A point of sale shows what a code applies to before the shopper commits. The reply
// has the grammar of definitions and omits defaults: put into a definition, it means the same.

import Definitions
import FlatStorage
import CouponRules

/// The members of a reply that show what a coupon gives and on what: its discount, or the first of
/// its clauses.
struct DiscountFacts: ~Copyable {
    private var json = JSONWriter(membersInto: ByteBuffer())

    var bytes: Span<UInt8> { @_lifetime(borrow self) get { json.bytes.bytes } }

    init(of coupon: CouponDefinition) {
        // A coupon has the one or the others; one that has neither is refused with its catalog.
        guard let discount = coupon.discount ?? coupon.discounts.first else { return }
        json.key("discount")
        write(discount)
        let cover = discount.appliesTo.isEmpty ? coupon.appliesTo : discount.appliesTo
        write("applies_to", cover)
    }

    private mutating func write(_ discount: DiscountDefinition) {
        json.beginObject()
        write("kind", discount.kind.code)
        write("percent", discount.percent)
        write("amount", discount.amount)
        write("cap", discount.cap)
        write(discount.tiers)
        writeSets(of: discount)
        if let product = discount.product {
            json.key("product")
            json.string(copying: product)
        }
        if discount.quantity != 1 { write("quantity", discount.quantity) }
        write("max_units", discount.maxUnits)
        if discount.units != .dearest { write("units", discount.units.code) }
        if discount.rounding != .halfUp { write("rounding", discount.rounding.code) }
        if discount.allocationMethod != .proportional {
            write("spread", discount.allocationMethod.code)
        }
        json.endObject()
    }

    private mutating func write(_ tiers: [DiscountDefinition.Tier]) {
        if tiers.isEmpty { return }
        json.key("tiers")
        json.beginArray()
        for tier in tiers {
            json.beginObject()
            write("min_subtotal", tier.minimumSubtotal)
            write("min_items", tier.minimumItems)
            write("percent", tier.percent)
            write("amount", tier.amount)
            json.endObject()
        }
        json.endArray()
    }

    private mutating func writeSets(of discount: DiscountDefinition) {
        if let buy = discount.buy {
            json.key("buy")
            json.beginObject()
            write("quantity", buy.quantity)
            write("applies_to", buy.appliesTo)
            json.endObject()
        }
        if let get = discount.get {
            json.key("get")
            json.beginObject()
            write("quantity", get.quantity)
            write("applies_to", get.appliesTo)
            if get.percent != .hundred { write("percent", get.percent) }
            json.endObject()
        }
        write("max_times", discount.maxTimes)
    }

    // MARK: Members that may be missing

    private mutating func write(_ name: StaticString, _ word: StaticString) {
        json.key(name)
        json.string(word)
    }

    private mutating func write(_ name: StaticString, _ number: Int64?) {
        guard let number else { return }
        json.key(name)
        json.integer(number)
    }

    private mutating func write(_ name: StaticString, _ percent: Percent?) {
        guard let percent else { return }
        json.key(name)
        json.percent(percent)
    }

    private mutating func write(_ name: StaticString, _ amounts: AmountMap) {
        if amounts.isEmpty { return }
        json.key(name)
        json.amounts(amounts)
    }

    private mutating func write(_ name: StaticString, _ cover: [AttributeMap]) {
        if cover.isEmpty { return }
        json.key(name)
        json.cover(cover)
    }
}
