// What a shopper's own order holds or has used never stands in the way of that order: neither of the
// order that the request names, nor of the one (a session) whose holds it takes over. The images of
// both say exactly how much that is.

import CouponCatalog
import CouponRules
import CouponStore
import CouponWire
import FlatStorage

/// The orders on record whose uses are the shopper's own.
struct OwnOrders: BitwiseCopyable {
    /// The place of the order that the request names.
    var slot: OrderSlot?
    /// The order that the request names, where it is on record.
    var order: OrderID? { slot?.id }
    /// The order whose holds it takes over, where that holds anything.
    var session: OrderID?
}

/// A hold of an own order that is still in force.
struct OwnHold: BitwiseCopyable {
    /// When it was made.
    var since: Instant
    /// Which of the entry's owners it is of.
    var owner: CodeOwner
}

extension Checkout {
    mutating func findOwnOrders(
        _ parser: borrowing RequestParser, _ ledger: borrowing Ledger
    ) {
        own = OwnOrders()
        if !parser.request.order.isEmpty {
            let order = parser.bytes(of: parser.request.order)
            own.slot = ledger.orders.slot(store: storeName.bytes, order: order)
        }
        guard !parser.request.holdOf.isEmpty else { return }
        let holder = parser.bytes(of: parser.request.holdOf)
        let session = ledger.orders.find(store: storeName.bytes, order: holder)
        guard let session, session != own.order, ledger.state(of: session) == .reserved
        else { return }
        own.session = session
    }

    /// What own orders have of the counter whose detail is in `detail`.
    func ownUses(
        of kind: CounterKind, _ couponKey: Span<UInt8>, _ ledger: borrowing Ledger
    ) -> UseCount {
        var uses = UseCount()
        if let order = own.order {
            add(ledger.image(of: order), kind, couponKey, to: &uses)
        }
        if let session = own.session {
            add(ledger.image(of: session), kind, couponKey, to: &uses)
        }
        return uses
    }

    private func add(
        _ image: borrowing OrderImageView, _ kind: CounterKind, _ couponKey: Span<UInt8>,
        to uses: inout UseCount
    ) {
        if image.facts.state == .released { return }
        var codes = image.codes
        while let code = codes.next() {
            // What a released code keeps counts like anybody's.
            if code.facts.flags.contains(.released) { continue }
            var consumptions = code.consumptions
            while let consumption = consumptions.next() {
                guard consumption.kind == kind, consumption.couponKey.isEqual(to: couponKey),
                    consumption.detail.isEqual(to: detail.bytes)
                else { continue }
                switch image.facts.state.consumes {
                case .holds: uses.held += Int64(clamping: consumption.amount)
                case .uses: uses.used += Int64(clamping: consumption.amount)
                }
            }
        }
    }

    /// The own hold of an entry's code, if one is in force.
    mutating func ownHold(
        of index: Int, _ catalog: borrowing Catalog, _ ledger: borrowing Ledger
    ) -> OwnHold? {
        if let order = own.order, let hold = hold(of: index, in: ledger.image(of: order), catalog) {
            return hold
        }
        guard let session = own.session else { return nil }
        return hold(of: index, in: ledger.image(of: session), catalog)
    }

    private mutating func hold(
        of index: Int, in image: borrowing OrderImageView, _ catalog: borrowing Catalog
    ) -> OwnHold? {
        guard image.facts.state == .reserved else { return nil }
        let since = Instant(millisecondsSinceEpoch: image.facts.decidedAt)
        var codes = image.codes
        while let held = codes.next() {
            if !held.facts.flags.contains(.valid) || held.facts.flags.contains(.released) {
                continue
            }
            for place in entries[index].owners.range {
                let owner = owners[place]
                if catalog.id(of: owner.coupon).isEqual(to: held.coupon),
                    isHeld(held, by: owner.code, catalog)
                {
                    return OwnHold(since: since, owner: owner)
                }
            }
        }
        return nil
    }

    /// Whether a held entry is of `code`; of no code when the coupon came by itself.
    private mutating func isHeld(
        _ held: borrowing OrderImageCode, by code: CodeID?, _ catalog: borrowing Catalog
    ) -> Bool {
        guard let code else { return held.code.isEmpty }
        detail.removeAll()
        catalog.appendKeyText(of: code, to: &detail)
        var consumptions = held.consumptions
        while let consumption = consumptions.next() {
            if consumption.kind == .code { return consumption.detail.isEqual(to: detail.bytes) }
        }
        return false
    }

    /// When the own hold of a gift card was made, if one is in force.
    func ownHold(ofCard id: Span<UInt8>, _ ledger: borrowing Ledger) -> Instant? {
        if let order = own.order, ledger.image(of: order).holdsCard(id) {
            return Instant(millisecondsSinceEpoch: ledger.image(of: order).facts.decidedAt)
        }
        if let session = own.session, ledger.image(of: session).holdsCard(id) {
            return Instant(millisecondsSinceEpoch: ledger.image(of: session).facts.decidedAt)
        }
        return nil
    }
}

extension OrderImageView {
    fileprivate func holdsCard(_ id: Span<UInt8>) -> Bool {
        guard facts.state == .reserved else { return false }
        var codes = codes
        while let code = codes.next() {
            let flags = code.facts.flags
            if flags.contains(.giftCard), flags.contains(.valid), !flags.contains(.released),
                code.coupon.isEqual(to: id)
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
