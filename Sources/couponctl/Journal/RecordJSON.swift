import CouponRules
import CouponStore
import FlatStorage
import Foundation

// A record, for people and for jq: names in place of codes, times in milliseconds and as text, and
// nothing where the record has nothing.

/// Members that are left out where there is nothing to say.
private typealias Members = [(name: String, value: JSONText)]

extension JSONText {
    /// All that a record says, without its place.
    static func members(
        ofRecord record: Span<UInt8>
    ) throws(JournalRecordFault) -> [(name: String, value: JSONText)] {
        switch try JournalRecord(record) {
        case .orders(let changed): try members(of: changed)
        case .calendar(let milliseconds):
            [("kind", "calendar")] + time("date", milliseconds)
        }
    }

    private static func members(
        of record: borrowing OrderRecord
    ) throws(JournalRecordFault) -> Members {
        var orders: [JSONText] = []
        var changed = record.orders
        while let order = changed.next() {
            orders.append(record.forgets ? .object(names(of: order)) : try json(of: order))
        }
        var counters: [JSONText] = []
        var moved = record.counters
        while let counter = moved.next() {
            counters.append(
                .object(
                    key(counter.kind, counter.couponKey, counter.detail) + [
                        ("used", JSONText(counter.values.used)),
                        ("held", JSONText(counter.values.held)),
                        ("carried", JSONText(counter.values.carried)),
                    ]))
        }
        let head: Members =
            record.forgets
            ? [("kind", "forgotten_orders")]
            : [("kind", "orders"), ("last_redemption", JSONText(record.lastRedemption))]
        return head + time("date", record.date) + [
            ("orders", .array(orders)), ("counters", .array(counters)),
        ]
    }

    private static func names(of order: borrowing RecordedOrder) -> Members {
        [("store", .string(text(order.store))), ("order", .string(text(order.order)))]
    }

    /// A counter's key: its kind, and the two halves of its coupon part.
    static func key(
        _ kind: CounterKind, _ couponKey: Span<UInt8>, _ detail: Span<UInt8>
    ) -> [(name: String, value: JSONText)] {
        key(kind, couponKey: text(couponKey), detail: text(detail))
    }

    static func key(
        _ kind: CounterKind, couponKey: String, detail: String
    ) -> [(name: String, value: JSONText)] {
        let (store, coupon) = halves(of: couponKey)
        return [
            ("counter", .string(kind.name)), ("store", .string(store)),
            ("coupon", .string(coupon)), ("detail", .string(detail)),
        ]
    }

    /// `store \0 coupon`
    static func halves(of couponKey: String) -> (store: String, coupon: String) {
        let halves = couponKey.split(
            separator: "\0", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2 else { return ("", couponKey) }
        return (String(halves[0]), String(halves[1]))
    }

    private static func json(
        of order: borrowing RecordedOrder
    ) throws(JournalRecordFault) -> JSONText {
        let image = try order.checkedImage()
        let facts = image.facts
        var members = names(of: order)
        members += [
            ("state", .string(facts.state.name)), ("modes", .array(facts.modes.names)),
        ]
        members += time("decided_at", facts.decidedAt)
        members += time("reserved_at", facts.reservedAt)
        members += time("expires_at", facts.expiresAt)
        members += time("released_at", facts.releasedAt)
        members += time("booked_for", facts.bookedFor)
        members += time("kept_from", facts.keptFrom)
        if !image.customer.isEmpty { members.append(("customer", .string(text(image.customer)))) }
        if !image.email.isEmpty { members.append(("email", .string(text(image.email)))) }
        if facts.modes.contains(.hasCart) {
            members += [
                ("currency", .string(currency(facts.currency))),
                ("subtotal", JSONText(facts.subtotal)), ("shipping", JSONText(facts.shipping)),
                ("total", JSONText(facts.total)),
            ]
        }
        members += [
            ("discount", JSONText(facts.discount)),
            ("shipping_discount", JSONText(facts.shippingDiscount)),
            ("line_discounts", amounts(image.lineDiscounts)),
        ]
        var pairs: Members = []
        var stored = image.metadata
        while let pair = stored.next() {
            pairs.append((text(pair.name), .string(text(pair.value))))
        }
        if !pairs.isEmpty { members.append(("metadata", .object(pairs))) }
        var codes: [JSONText] = []
        var entries = image.codes
        while let code = entries.next() { codes.append(json(of: code)) }
        members.append(("codes", .array(codes)))
        members.append(
            (
                "request",
                .array([
                    JSONText(hexadecimal: facts.request.high),
                    JSONText(hexadecimal: facts.request.low),
                ])
            ))
        return .object(members)
    }

    private static func json(of code: borrowing OrderImageCode) -> JSONText {
        let facts = code.facts
        var members: Members = []
        if !code.code.isEmpty { members.append(("code", .string(text(code.code)))) }
        let (store, _) = halves(of: text(code.usageKey))
        members += [
            (facts.flags.contains(.giftCard) ? "gift_card" : "coupon", .string(text(code.coupon))),
            ("store", .string(store)), ("flags", .array(facts.flags.names)),
        ]
        if !facts.flags.contains(.valid) { members.append(("reason", reason(facts.reason))) }
        if facts.redemption > 0 {
            members += [
                ("redemption", .string(redemption(facts.redemption))),
                ("redemption_number", JSONText(facts.redemption)),
            ]
        }
        members += [
            ("discount", JSONText(facts.discount)),
            ("shipping_discount", JSONText(facts.shippingDiscount)),
        ]
        if facts.flags.contains(.hasLineDiscounts) {
            members.append(("line_discounts", amounts(code.lineDiscounts)))
        }
        var uses: [JSONText] = []
        var consumptions = code.consumptions
        while let use = consumptions.next() {
            uses.append(
                .object(
                    key(use.kind, use.couponKey, use.detail) + [("amount", JSONText(use.amount))]))
        }
        members.append(("uses", .array(uses)))
        members.append(("reply_members", .string(text(code.fragment))))
        return .object(members)
    }

    // MARK: - Values

    private static func amounts(_ amounts: OrderImageAmounts) -> JSONText {
        var amounts = amounts
        var values: [JSONText] = []
        while let amount = amounts.next() { values.append(JSONText(amount)) }
        return .array(values)
    }

    /// Nothing for 0, which is "never".
    private static func time(_ name: String, _ milliseconds: Int64) -> Members {
        guard milliseconds > 0 else { return [] }
        return [(name, .string(isoText(milliseconds))), (name + "_ms", JSONText(milliseconds))]
    }

    /// A time as ISO 8601 in UTC, to the millisecond.
    static func isoText(_ milliseconds: Int64) -> String {
        // Whole seconds are formatted, so that no fraction is rounded.
        let date = Date(timeIntervalSince1970: Double(milliseconds / 1_000))
        let fraction = String(milliseconds % 1_000 + 1_000).dropFirst()
        return date.formatted(.iso8601).dropLast() + ".\(fraction)Z"
    }

    /// Three letters in the low 24 bits.
    private static func currency(_ packed: UInt32) -> String {
        let letters = [packed >> 16, packed >> 8, packed].map { UInt8(truncatingIfNeeded: $0) }
        return String(decoding: letters, as: UTF8.self)
    }

    private static func reason(_ number: UInt8) -> JSONText {
        Reason(rawValue: number).map { .string("\($0.code)") } ?? JSONText(Int(number))
    }

    /// The number as shops see it.
    private static func redemption(_ number: UInt64) -> String {
        var buffer = ByteBuffer()
        RedemptionNumbers.append(number, to: &buffer)
        return text(buffer.bytes)
    }

    private static func text(_ bytes: Span<UInt8>) -> String {
        String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
    }
}
