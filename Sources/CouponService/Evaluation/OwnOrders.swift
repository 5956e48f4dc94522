// What a shopper's own order holds or has used never counts against that order: neither what the order
// of the request has, nor what the one (a session) has whose holds the request takes over. The images
// of both say exactly how much that is.

import CouponCatalog
import CouponRules
import CouponStore
import FlatStorage

/// The orders on record whose uses are the shopper's own.
struct OwnOrders: BitwiseCopyable {
    /// Where the order of the request is, or would be; nil when the request names none.
    private(set) var slot: OrderSlot?
    /// The order whose holds the request takes over, where it is reserved.
    private(set) var session: OrderID?

    /// The order of the request, where it is on record.
    var order: OrderID? { slot?.id }

    static let none = OwnOrders()

    private init() {}

    init(_ request: borrowing IncomingRequest, _ ledger: borrowing Ledger) {
        if !request.fields.order.isEmpty {
            slot = ledger.orders.slot(store: request.storeName, order: request.order)
        }
        guard !request.fields.holdOf.isEmpty else { return }
        let holder = request.bytes(of: request.fields.holdOf)
        let other = ledger.orders.find(store: request.storeName, order: holder)
        guard let other, other != order, ledger.state(of: other) == .reserved else { return }
        session = other
    }

    // MARK: Uses

    /// What own orders have of the counter with this key.
    func uses(
        of kind: CounterKind, _ couponKey: Span<UInt8>, _ detail: Span<UInt8>,
        _ ledger: borrowing Ledger
    ) -> UseCount {
        var uses = UseCount()
        if let order { ledger.image(of: order).addUses(of: kind, couponKey, detail, to: &uses) }
        if let session { ledger.image(of: session).addUses(of: kind, couponKey, detail, to: &uses) }
        return uses
    }

    // MARK: Holds

    /// The own hold of an entry's code, if one is in force.
    func hold(
        of index: Int, _ entries: borrowing Entries, _ catalog: borrowing Catalog,
        _ ledger: borrowing Ledger
    ) -> OwnHold? {
        if let order,
            let hold = Self.hold(of: index, entries, in: ledger.image(of: order), catalog)
        {
            return hold
        }
        guard let session else { return nil }
        return Self.hold(of: index, entries, in: ledger.image(of: session), catalog)
    }

    private static func hold(
        of index: Int, _ entries: borrowing Entries, in image: borrowing OrderImageView,
        _ catalog: borrowing Catalog
    ) -> OwnHold? {
        guard image.facts.state == .reserved else { return nil }
        let since = Instant(millisecondsSinceEpoch: image.facts.decidedAt)
        var codes = image.codes
        while let held = codes.next() {
            guard held.facts.isLeft else { continue }
            for place in entries.rows[index].owners.range {
                let owner = entries.owner(place)
                if catalog.id(of: owner.coupon).isEqual(to: held.coupon),
                    isHeld(held, by: owner.code, catalog)
                {
                    return OwnHold(since: since, owner: owner)
                }
            }
        }
        return nil
    }

    /// Whether a held entry is of `code`, or of an automatic coupon where `code` is nil.
    private static func isHeld(
        _ held: borrowing OrderImageCode, by code: CodeID?, _ catalog: borrowing Catalog
    ) -> Bool {
        guard let code else { return held.code.isEmpty }
        var consumptions = held.consumptions
        while let consumption = consumptions.next() {
            if consumption.kind == .code {
                return catalog.isKeyText(of: code, equalTo: consumption.detail)
            }
        }
        return false
    }

    /// When the own hold of a gift card was made, if one is in force.
    func holdTime(ofCard id: Span<UInt8>, _ ledger: borrowing Ledger) -> Instant? {
        if let order, ledger.image(of: order).holdsCard(id) {
            return Instant(millisecondsSinceEpoch: ledger.image(of: order).facts.decidedAt)
        }
        if let session, ledger.image(of: session).holdsCard(id) {
            return Instant(millisecondsSinceEpoch: ledger.image(of: session).facts.decidedAt)
        }
        return nil
    }

    /// When the holds that an apply takes over were made, in milliseconds; 0 when there are none.
    func holdMilliseconds(_ ledger: borrowing Ledger) -> Int64 {
        if let order {
            let facts = ledger.image(of: order).facts
            if facts.state == .reserved { return facts.decidedAt }
        }
        guard let session else { return 0 }
        return ledger.image(of: session).facts.decidedAt
    }
}

/// A hold of an own order that is in force.
struct OwnHold: BitwiseCopyable {
    /// When it was made.
    var since: Instant
    /// Which of the entry's owners it is of.
    var owner: CodeOwner
}

extension OrderImageView {
    /// Adds what the order has of one counter.
    fileprivate func addUses(
        of kind: CounterKind, _ couponKey: Span<UInt8>, _ detail: Span<UInt8>,
        to uses: inout UseCount
    ) {
        if facts.state == .released { return }
        var codes = codes
        while let code = codes.next() {
            // What a released code keeps counts like that of any other order.
            if code.facts.flags.contains(.released) { continue }
            var consumptions = code.consumptions
            while let consumption = consumptions.next() {
                guard consumption.kind == kind, consumption.couponKey.isEqual(to: couponKey),
                    consumption.detail.isEqual(to: detail)
                else { continue }
                switch facts.state.consumes {
                case .holds: uses.held += Int64(clamping: consumption.amount)
                case .uses: uses.used += Int64(clamping: consumption.amount)
                }
            }
        }
    }

    fileprivate func holdsCard(_ id: Span<UInt8>) -> Bool {
        guard facts.state == .reserved else { return false }
        var codes = codes
        while let code = codes.next() {
            if code.facts.flags.contains(.giftCard), code.facts.isLeft, code.coupon.isEqual(to: id)
            {
                return true
            }
        }
        return false
    }
}

extension Ledger {
    /// The image of an order, which the ledger keeps whole.
    @_lifetime(borrow self)
    func image(of order: OrderID) -> OrderImageView {
        OrderImageView(recorded: orders.image(order))
    }

    func state(of order: OrderID) -> OrderState { image(of: order).facts.state }
}
