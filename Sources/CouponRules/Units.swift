// Choosing units of covered lines, without ever counting units one by one: a line is a lot of equal
// units, lots are taken in order, and only the last of them may be taken in part.

/// Units of one line that may be chosen.
struct UnitLot: Ranked {
    /// The original unit price, or its negative where the cheapest come first.
    var rank: Int64
    /// What is left of the whole line.
    var left: Money
    /// How many units the line has, and how many of them may be chosen.
    var quantity: Int64
    var count: Int64
    var line: Int

    init(_ line: Purchase.Line, at index: Int, left: Money, count: Int64, _ order: UnitOrder) {
        let price = line.unitPrice.minorUnits
        rank = order == .dearest ? price : -price
        self.left = left
        quantity = line.quantity
        self.count = count
        self.line = index
    }

    /// By price, then the line of which more is left. Of the same left in fewer units each is worth
    /// more; asking that before the place keeps the result from depending on the order of lines.
    func precedes(_ other: UnitLot) -> Bool {
        if rank != other.rank { return rank > other.rank }
        if left != other.left { return left > other.left }
        if quantity != other.quantity { return quantity < other.quantity }
        if count != other.count { return count < other.count }
        return line < other.line
    }
}

extension Judge {
    /// Narrows what is covered to the first `most` covered units: `unitsTaken` says how many of each
    /// line, and `coveredRemaining` what these are worth.
    mutating func narrowCover(
        to most: Int64, _ order: UnitOrder, of purchase: borrowing Purchase
    ) {
        lots.removeAll()
        for index in purchase.lines.indices where isCovered[index] {
            let line = purchase.lines[index]
            let count = unitsAllowed.isEmpty ? line.quantity : unitsAllowed[index]
            lots.append(UnitLot(line, at: index, left: remaining[index], count: count, order))
        }
        takeUnits(most, of: purchase)
        weighTakenUnits(of: purchase)
    }

    /// Takes up to `most` units out of `lots`; `unitsTaken` says how many of each line.
    mutating func takeUnits(_ most: Int64, of purchase: borrowing Purchase) {
        unitsTaken.empty()
        for _ in purchase.lines.indices { unitsTaken.append(0) }
        lots.settle()
        var left = most
        while left > 0 && !lots.isEmpty {
            let lot = lots.removeFirst()
            let count = min(left, lot.count)
            unitsTaken[lot.line] = count
            left -= count
        }
    }

    /// Of `q` units of a line, `k` are worth what is left of the line times `k ÷ q`, rounded down.
    mutating func weighTakenUnits(of purchase: borrowing Purchase) {
        for index in purchase.lines.indices {
            coveredRemaining[index] = remaining[index].share(
                unitsTaken[index], of: purchase.lines[index].quantity, rounding: .down)
        }
    }

    /// Charges `total` to the one covered unit that comes first in `order` and has something left;
    /// it bears at most that. Other shares are zero.
    mutating func chargeOneUnit(
        _ total: Money, _ order: UnitOrder, of purchase: borrowing Purchase
    ) {
        var bearer: UnitLot?
        var worth = Money.zero
        for index in purchase.lines.indices {
            lineDiscounts[index] = .zero
            let line = purchase.lines[index]
            let unit = remaining[index].share(1, of: line.quantity, rounding: .down)
            // A line of which no unit takes part has nothing covered left.
            guard unit > .zero, coveredRemaining[index] >= unit else { continue }
            let lot = UnitLot(line, at: index, left: remaining[index], count: 1, order)
            if let bearer, !lot.precedes(bearer) { continue }
            bearer = lot
            worth = unit
        }
        guard let bearer else {
            discount = .zero
            return
        }
        discount = min(total, worth)
        lineDiscounts[bearer.line] = discount
    }
}
