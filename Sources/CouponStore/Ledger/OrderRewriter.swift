import FlatStorage

// Giving back makes a new image of the present one. Nothing is computed again, because definitions
// may have changed since.

/// Writes the images of orders that give back what they hold or have used.
struct OrderRewriter: ~Copyable, Sendable {
    /// The image that was written last. Not private: the ledger records it.
    private(set) var image = OrderImageWriter()

    /// Writes the image of a reserved order whose holds another order took over.
    mutating func endHold(of id: OrderID, in orders: borrowing OrderTable) {
        endHold(OrderImageView(recorded: orders.image(id)), endedAt: 0)
    }

    /// Writes the image of a reserved order whose time is over.
    mutating func lapse(_ id: OrderID, in orders: borrowing OrderTable) {
        let present = OrderImageView(recorded: orders.image(id))
        endHold(present, endedAt: present.facts.expiresAt)
    }

    /// Such an order has no codes any more. `endedAt` is the time at which it lapsed, or 0.
    private mutating func endHold(_ present: borrowing OrderImageView, endedAt: Int64) {
        var facts = present.facts
        precondition(facts.state == .reserved, "only what is reserved is held")
        facts.state = .released
        facts.expiresAt = endedAt
        image.begin(facts, repeating: present)
        image.finish()
    }

    /// Writes the order's image with those codes given back.
    mutating func release(
        _ codes: borrowing FlatArray<Bool>, of id: OrderID, in orders: borrowing OrderTable,
        at nowMilliseconds: Int64, _ usage: borrowing UsageTable
    ) {
        let present = OrderImageView(recorded: orders.image(id))
        var facts = present.facts
        let wasReserved = facts.state == .reserved
        facts.releasedAt = nowMilliseconds
        facts.state = Self.state(of: present, releasing: codes)
        if facts.state != .reserved { facts.expiresAt = 0 }
        image.begin(facts, repeating: present)
        var index = 0
        var entries = present.codes
        while let code = entries.next() {
            var flags = code.facts.flags.subtracting(.lastRelease)
            var kept = OrderImageWriter.Kept.all
            if codes[index] {
                kept = !wasReserved && flags.contains(.keepsUse) ? .counts : .none
                flags.formUnion([.released, .lastRelease])
                if wasReserved { flags.insert(.wasHeld) }
            }
            image.appendCode(repeating: code, flags: flags, keeping: kept, usage)
            index += 1
        }
        image.finish()
    }

    /// The state of an order that gives those codes back.
    private static func state(
        of image: borrowing OrderImageView, releasing codes: borrowing FlatArray<Bool>
    ) -> OrderState {
        precondition(
            codes.count == image.codeCount, "a release says for every code whether it is given back"
        )
        var index = 0
        var givesBack = false
        var isSomethingLeft = false
        var entries = image.codes
        while let code = entries.next() {
            precondition(
                !codes[index] || code.facts.isLeft, "a code is given back once, if it passed")
            if codes[index] {
                givesBack = true
            } else if code.facts.isLeft {
                isSomethingLeft = true
            }
            index += 1
        }
        precondition(
            givesBack || !isSomethingLeft, "a release gives something back or ends the order")
        guard isSomethingLeft else { return .released }
        return image.facts.state == .reserved ? .reserved : .partlyApplied
    }
}
