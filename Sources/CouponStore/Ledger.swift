import FlatStorage

// An order's image states what the order stands for now, so there is one rule: when an image
// appears or is replaced, what the old one consumed is taken back and what the new one lists is
// taken. Apply, reserve, release and lapse are all that rule, and every counter is its starting
// count and what the images of all orders list.

/// Everything that changes while the daemon runs: what was used, by which orders, and under which
/// redemption numbers.
///
/// It belongs to one thread. What an operation may do is decided before by the caller, who looked
/// at every limit; from here on nothing refuses.
package struct Ledger: ~Copyable, Sendable {
    package var usage: UsageTable
    package internal(set) var orders: OrderTable
    package var redemptions: RedemptionNumbers

    /// Codes that are consumed by orders in force.
    package internal(set) var usesInForce = 0

    /// An empty state. `orderLimit` is the number of orders at which new ones are refused.
    package init(seed: HashSeed, orderLimit: Int) {
        usage = UsageTable(seed: seed)
        orders = OrderTable(seed: seed, limit: orderLimit)
        redemptions = RedemptionNumbers()
    }

    /// What `server.stats` tells, in constant time.
    package var totals: LedgerTotals {
        LedgerTotals(
            orders: orders.count, counters: usage.count, couponsUsed: usage.couponCount,
            usesInForce: usesInForce)
    }

    /// Records what has become of an order, in one step: its image appears or is replaced, and all
    /// counters that it names follow.
    ///
    /// The image comes from ``OrderImageWriter``. Every counter it names exists (the caller found
    /// or inserted it while judging), a new order finds room, and the state may follow the one
    /// before.
    @discardableResult
    package mutating func record(
        store: Span<UInt8>, order: Span<UInt8>, image: Span<UInt8>
    ) -> OrderID {
        let view = Ledger.checked(image)
        if let known = orders.find(store: store, order: order) {
            usesInForce -= Ledger.takeBack(known, of: orders, from: &usage, before: view)
            take(view)
            orders.replaceImage(of: known, with: image)
            return known
        }
        precondition(!orders.isFull, "a new order is recorded only where it finds room")
        precondition(view.facts.state.mayBegin, "an order begins as its state allows")
        take(view)
        return orders.insert(store: store, order: order, image: image)
    }

    /// Records the image that `writer` finished.
    @discardableResult
    package mutating func record(
        store: Span<UInt8>, order: Span<UInt8>, writtenBy writer: borrowing OrderImageWriter
    ) -> OrderID {
        record(store: store, order: order, image: writer.bytes)
    }

    private mutating func take(_ image: borrowing OrderImageView) {
        Ledger.move(&usage, image, .take)
        usesInForce += image.codesInForce
    }

    /// Undoes what the order's present image consumed, and returns how many codes it had in force.
    private static func takeBack(
        _ id: OrderID, of orders: borrowing OrderTable, from usage: inout UsageTable,
        before next: borrowing OrderImageView
    ) -> Int {
        let present = checked(orders.image(id))
        precondition(
            present.facts.state.mayBecome(next.facts.state),
            "an order changes only as its state allows")
        move(&usage, present, .takeBack)
        return present.codesInForce
    }

    @_lifetime(copy image)
    private static func checked(_ image: Span<UInt8>) -> OrderImageView {
        do {
            return try OrderImageView(image)
        } catch {
            preconditionFailure("an image in memory is whole: \(error)")
        }
    }

    private enum Direction {
        case take, takeBack
    }

    /// Moves the counters that an image names.
    private static func move(
        _ usage: inout UsageTable, _ image: borrowing OrderImageView, _ direction: Direction
    ) {
        var codes = image.codes
        while let code = codes.next() {
            var consumptions = code.consumptions
            while let consumption = consumptions.next() {
                guard let id = usage.find(consumption) else {
                    preconditionFailure("a counter is born before it is consumed from")
                }
                let amount = consumption.amount
                switch (image.facts.state.consumes, direction) {
                case (.uses, .take): usage.setUsed(id, to: usage.used(id) + amount)
                case (.uses, .takeBack): usage.setUsed(id, to: usage.used(id) - amount)
                case (.holds, .take): usage.setHeld(id, to: usage.held(id) + amount)
                case (.holds, .takeBack): usage.setHeld(id, to: usage.held(id) - amount)
                }
            }
        }
    }
}

/// How much a ledger holds.
package struct LedgerTotals: Equatable, Sendable {
    /// Orders with an image, whatever their state.
    package var orders: Int
    package var counters: Int
    /// Coupons that have a counter.
    package var couponsUsed: Int
    /// Codes that are consumed by orders in force.
    package var usesInForce: Int

    package init(orders: Int, counters: Int, couponsUsed: Int, usesInForce: Int) {
        self.orders = orders
        self.counters = counters
        self.couponsUsed = couponsUsed
        self.usesInForce = usesInForce
    }
}

extension OrderImageView {
    /// Codes that the order consumes now: they passed and were not given back.
    var codesInForce: Int {
        guard facts.state == .applied || facts.state == .partlyApplied else { return 0 }
        var count = 0
        var codes = codes
        while let code = codes.next() {
            if code.facts.flags.contains(.valid) && !code.facts.flags.contains(.released) {
                count += 1
            }
        }
        return count
    }
}

extension UsageTable {
    /// The counter that an image consumes from.
    func find(_ consumption: borrowing OrderImageConsumption) -> CounterID? {
        find(
            consumption.kind, couponKey: consumption.couponKey,
            couponHash: UsageTable.couponHash(of: consumption.couponKey),
            detail: consumption.detail)
    }
}
