import CouponStore
import FlatStorage

/// A text's bytes, to borrow a span from.
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// A span's bytes as text.
func text(_ span: Span<UInt8>) -> String {
    String(decoding: (0..<span.count).map { span[$0] }, as: UTF8.self)
}

/// A copy of a span's bytes.
func array(_ span: Span<UInt8>) -> [UInt8] { (0..<span.count).map { span[$0] } }

/// What an image says, as a plain value: written by the writer, read back through the view.
struct ImageSketch: Equatable {
    struct Consumption: Equatable {
        var kind = CounterKind.total
        /// Empty: the code's own usage key.
        var couponKey = ""
        var detail = ""
        var amount: UInt64 = 1
    }

    struct Code: Equatable {
        var facts = CodeFacts(flags: .valid)
        var code = "SUMMER20"
        var coupon = "cou_summer"
        var usageKey = "default\0cou_summer"
        var lineDiscounts: [Int64] = []
        var fragment = #""code":"SUMMER20","valid":true"#
        var consumptions = [Consumption()]
    }

    var facts: OrderFacts
    var customer = ""
    var email = ""
    var lineDiscounts: [Int64] = []
    var metadata: [[String]] = []
    var codes: [Code] = []

    init(state: OrderState = .applied) {
        facts = OrderFacts(
            state: state, decidedAt: 1_780_000_000_000, request: Fingerprint(low: 1, high: 2))
        if state == .reserved { facts.expiresAt = 1_780_000_900_000 }
    }

    /// Its counters are created in `usage` if they do not exist.
    func write(with writer: inout OrderImageWriter, _ usage: inout UsageTable) {
        writer.begin(facts, customer: bytes(customer).span, email: bytes(email).span)
        for amount in lineDiscounts { writer.appendLineDiscount(amount) }
        for pair in metadata {
            writer.appendMetadata(name: bytes(pair[0]).span, value: bytes(pair[1]).span)
        }
        for code in codes {
            writer.beginCode(
                code.facts, code: bytes(code.code).span, coupon: bytes(code.coupon).span,
                usageKey: bytes(code.usageKey).span)
            for amount in code.lineDiscounts { writer.appendCodeLineDiscount(amount) }
            writer.writeFragment(bytes(code.fragment).span)
            for consumption in code.consumptions {
                let key = consumption.couponKey.isEmpty ? code.usageKey : consumption.couponKey
                let detail = bytes(consumption.detail)
                writer.appendConsumption(
                    of: usage.createdIfAbsent(consumption.kind, key, consumption.detail),
                    consumption.kind,
                    couponKey: bytes(consumption.couponKey).span, detail: detail.span,
                    amount: consumption.amount)
            }
        }
        writer.finish()
    }

    var encoded: [UInt8] {
        var writer = OrderImageWriter()
        var usage = UsageTable(seed: HashSeed(1))
        write(with: &writer, &usage)
        return array(writer.bytes)
    }

    /// What the bytes say. Where a consumption names its code's usage key, `couponKey` is empty.
    init(reading image: Span<UInt8>) throws(OrderImageFault) {
        let view = try OrderImageView(image)
        facts = view.facts
        customer = text(view.customer)
        email = text(view.email)
        var amounts = view.lineDiscounts
        while let amount = amounts.next() { lineDiscounts.append(amount) }
        var pairs = view.metadata
        while let pair = pairs.next() { metadata.append([text(pair.name), text(pair.value)]) }
        var entries = view.codes
        while let entry = entries.next() {
            var code = Code(
                facts: entry.facts, code: text(entry.code), coupon: text(entry.coupon),
                usageKey: text(entry.usageKey), fragment: text(entry.fragment), consumptions: [])
            var amounts = entry.lineDiscounts
            while let amount = amounts.next() { code.lineDiscounts.append(amount) }
            var consumptions = entry.consumptions
            while let consumption = consumptions.next() {
                let key = text(consumption.couponKey)
                code.consumptions.append(
                    Consumption(
                        kind: consumption.kind, couponKey: key == code.usageKey ? "" : key,
                        detail: text(consumption.detail), amount: consumption.amount))
            }
            codes.append(code)
        }
    }

    /// An order with everything that an image can hold.
    static var full: ImageSketch {
        var sketch = ImageSketch(state: .partlyApplied)
        sketch.facts.modes = [.partial, .auto, .hasCart]
        sketch.facts.reservedAt = 1_779_999_999_000
        sketch.facts.expiresAt = 1_780_000_900_000
        sketch.facts.releasedAt = 1_780_000_300_000
        sketch.facts.request = Fingerprint(low: 0x0123_4567_89AB_CDEF, high: .max)
        sketch.facts.currency = 0x55_53_44
        sketch.facts.subtotal = 12_500
        sketch.facts.shipping = 500
        sketch.facts.discount = 1_250
        sketch.facts.shippingDiscount = 500
        sketch.facts.total = 11_250
        sketch.customer = "cus_7"
        sketch.email = "ann@example.com"
        sketch.lineDiscounts = [160, 360, 730]
        sketch.metadata = [["invoice", "2026-17"], ["client", "Ännchen"]]
        var summer = Code()
        summer.facts.flags = [.valid, .hasLineDiscounts, .released, .lastRelease, .keepsUse]
        summer.facts.redemption = 1_780_000_000_000 << 20
        summer.facts.discount = 1_250
        summer.lineDiscounts = [160, 360, 730]
        summer.consumptions = [
            Consumption(), Consumption(kind: .code, detail: "SUMMER20", amount: 2),
        ]
        var refused = Code(code: "OLD", coupon: "cou_old", usageKey: "default\0cou_old")
        refused.facts = CodeFacts(flags: [])
        refused.facts.reason = 4
        refused.consumptions = []
        var automatic = Code(code: "", coupon: "cou_auto", usageKey: "default\0cou_auto")
        automatic.facts.flags = [.valid, .automatic]
        automatic.facts.shippingDiscount = 500
        automatic.consumptions = [Consumption(couponKey: "default\0spring", amount: .max)]
        var card = Code(code: "CARD", coupon: "gif_1", usageKey: "default\0gif_1")
        card.facts.flags = [.valid, .released, .wasHeld, .giftCard]
        card.facts.discount = 4_000
        card.consumptions = CounterKind.allCases.map { Consumption(kind: $0, detail: "d") }
        sketch.codes = [summer, refused, automatic, card]
        return sketch
    }
}

/// The bytes of an applied order of 300 with one line and one code, written by hand as the layout
/// of that version says. `flags` are the code's.
func smallImage(version: UInt8, flags: [UInt8], releasedAt: UInt8 = 0) -> [UInt8] {
    let none = [UInt8](repeating: 0, count: 8)
    var image: [UInt8] = [version, 2, 4, 0, 0, 0, 0, 0]
    image += [2, 1, 0, 0, 0, 0, 0, 0] + none + none
    image += [1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]
    image += [0x44, 0x53, 0x55, 0, 1, 0, 0, 0]
    image += [0x2C, 1, 0, 0, 0, 0, 0, 0] + none + none + none + none
    image += [0, 0, 1, 0]
    if version > 1 { image += [releasedAt, 0, 0, 0, 0, 0, 0, 0] }
    image += [0, 0, 0xAC, 0x02]
    image += flags + [0, 5, 0, 0, 0, 0, 0, 0, 0, 0xAC, 0x02, 0]
    image += [1, 67, 1, 105, 3, 115, 0, 105, 1, 123]
    image += [1, 2, 0, 1, 67, 1]
    image[4] = UInt8(image.count)
    return image
}
