import FlatStorage

// What is given back is a new image made of the one before: nothing is decided anew, because
// definitions may have changed since. The ledger makes these images itself, and then they are
// recorded like any other.

extension Ledger {
    /// Gives back some of an order's codes.
    ///
    /// `codes` says of each code of the image whether it is given back; those are left to give back
    /// (``CodeFacts/isLeft``). At least one is, unless the order has none left and ends here.
    ///
    /// What is given back consumes nothing any more, save that an applied code with
    /// ``CodeFlags/keepsUse`` goes on counting its uses, and only its money returns. The order is
    /// released once nothing of it is left.
    package mutating func release(
        _ id: OrderID, codes: borrowing FlatArray<Bool>, at nowMilliseconds: Int64
    ) {
        touched.removeAll()
        Ledger.rewrite(
            orders, id, with: &rewriter, releasing: codes, nowMilliseconds: nowMilliseconds, usage)
        replaceImageByRewritten(id)
        capture(nil, id)
    }

    /// Gives back what the reserve holds whose time is over, the earliest of those that lapse at or
    /// before `steadyMilliseconds` on the clock of ``lapseClock``. Returns false when there is none, or
    /// no room to record it: then it goes on holding.
    ///
    /// What such an order then says is ``OrderFacts/isLapsed``.
    package mutating func lapseNext(until steadyMilliseconds: Int64) -> Bool {
        guard let due = holds.first, due.deadline <= steadyMilliseconds else { return false }
        let id = OrderID(row: Int(due.row))
        guard hasRoom(toRecord: Span(), id) else { return false }
        touched.removeAll()
        endHold(id, endedAt: Ledger.known(orders.image(id)).facts.expiresAt)
        capture(nil, id)
        return true
    }

    /// Lets a reserved order hold nothing any more. `endedAt` is the time at which it lapsed, or 0.
    mutating func endHold(_ id: OrderID, endedAt: Int64) {
        Ledger.rewrite(orders, id, with: &rewriter, endedAt: endedAt)
        replaceImageByRewritten(id)
    }

    private mutating func replaceImageByRewritten(_ id: OrderID) {
        usesInForce += Ledger.replaceImage(
            of: id, by: rewriter, in: &orders, counters: &usage, holds: &holds, lapseClock,
            touching: &touched)
    }

    /// Writes the image of a reserved order that holds nothing any more: without codes, and with
    /// `endedAt` as the time at which it lapsed, or 0.
    private static func rewrite(
        _ orders: borrowing OrderTable, _ id: OrderID, with writer: inout OrderImageWriter,
        endedAt: Int64
    ) {
        let image = known(orders.image(id))
        var facts = image.facts
        precondition(facts.state == .reserved, "only what is reserved is held")
        facts.state = .released
        facts.expiresAt = endedAt
        writer.begin(facts, repeating: image)
        writer.finish()
    }

    /// Writes the order's image with those codes given back.
    private static func rewrite(
        _ orders: borrowing OrderTable, _ id: OrderID, with writer: inout OrderImageWriter,
        releasing codes: borrowing FlatArray<Bool>, nowMilliseconds: Int64,
        _ usage: borrowing UsageTable
    ) {
        let image = known(orders.image(id))
        var facts = image.facts
        let wasReserved = facts.state == .reserved
        facts.releasedAt = nowMilliseconds
        facts.state = state(of: image, releasing: codes)
        if facts.state != .reserved { facts.expiresAt = 0 }
        writer.begin(facts, repeating: image)
        var index = 0
        var entries = image.codes
        while let code = entries.next() {
            var flags = code.facts.flags.subtracting(.lastRelease)
            var kept = OrderImageWriter.Kept.all
            if codes[index] {
                kept = !wasReserved && flags.contains(.keepsUse) ? .counts : .none
                flags.formUnion([.released, .lastRelease])
                if wasReserved { flags.insert(.wasHeld) }
            }
            writer.appendCode(repeating: code, flags: flags, keeping: kept, usage)
            index += 1
        }
        writer.finish()
    }

    /// What becomes of an order that gives those codes back.
    private static func state(
        of image: borrowing OrderImageView, releasing codes: borrowing FlatArray<Bool>
    ) -> OrderState {
        precondition(
            codes.count == image.codeCount, "a release says of every code whether it is given back")
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
