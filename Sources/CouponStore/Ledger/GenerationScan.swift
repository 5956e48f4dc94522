/// A walk over the orders of one generation, in pieces, that finds those that have expired. Orders may come,
/// change and go meanwhile.
///
/// The generation counts as one with nothing due when the walk begins; what the walk passes, and what
/// changes meanwhile, is noted again.
package struct GenerationScan: Sendable {
    package enum Finding: Equatable, Sendable {
        /// This order has expired. It is to be forgotten, or will be found again.
        case due(OrderID)
        /// The budget is used up.
        case pause
        /// There are no more orders.
        case end
    }

    private let slab: Int
    private var next: Int

    init(of slab: Int, in orders: borrowing OrderTable) {
        self.slab = slab
        next = orders.numbers(inSlab: slab).lowerBound
    }

    /// The next order that has expired when it is `today`. Each number that is looked at takes one from
    /// `budget`.
    mutating func next(
        in orders: inout OrderTable, _ keeping: OrderKeeping, today: Int64,
        looking budget: inout Int
    ) -> Finding {
        while true {
            let end = orders.numbers(inSlab: slab).upperBound
            if next >= end { return .end }
            if budget <= 0 { return .pause }
            let limit = min(end, next + budget)
            let found = orders.first(from: next, below: limit)
            let passed = found.map { $0.row + 1 } ?? limit
            budget -= passed - next
            next = passed
            guard let id = found else { continue }
            // What waits in a queue is not due here.
            if orders.queuePlace(of: id) != 0 { continue }
            let facts = OrderImageView(recorded: orders.image(id)).facts
            orders.noteDue(id, at: keeping.earliestDue(facts))
            if keeping.isDue(facts, today: today) { return .due(id) }
        }
    }
}

extension Ledger {
    /// Of the generation whose orders expire first: how many of them have expired when it is `today`,
    /// counted up to `limit`, and when the first of its orders was decided, in milliseconds since 1970.
    package func firstGeneration(today: Int64, limit: Int) -> (count: Int, oldest: Int64?) {
        guard let slab = orders.slabDueFirst else { return (0, nil) }
        var count = 0
        var oldest: Int64?
        var numbers = orders.numbers(inSlab: slab)
        while let id = orders.first(from: numbers.lowerBound, below: numbers.upperBound) {
            numbers = (id.row + 1)..<numbers.upperBound
            if orders.queuePlace(of: id) != 0 { continue }
            let facts = OrderImageView(recorded: orders.image(id)).facts
            oldest = min(oldest ?? .max, facts.decidedAt)
            if keeping.isDue(facts, today: today), count < limit { count += 1 }
        }
        return (count, oldest)
    }

    /// When the newest order was decided, in milliseconds since 1970; nil without orders. Reads every
    /// image.
    package var newestDecision: Int64? {
        var newest: Int64?
        var next = orders.next(after: nil)
        while let id = next {
            next = orders.next(after: id)
            let decidedAt = OrderImageView(recorded: orders.image(id)).facts.decidedAt
            newest = max(newest ?? 0, decidedAt)
        }
        return newest
    }
}
