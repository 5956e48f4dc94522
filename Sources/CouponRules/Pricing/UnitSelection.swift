// Choosing units of covered lines, without ever counting units one by one: a line is a lot of equal
// units, lots are taken in order, and only the last of them may be taken in part.

/// Units of one line that may be chosen.
struct UnitLot: Ranked {
    /// The original unit price, or its negative where the cheapest come first.
    private var rank: Int64
    /// The remaining value of the whole line.
    private var left: Money
    /// How many units the line has, and how many of them may be chosen.
    private var quantity: Int64
    fileprivate var count: Int64
    /// Visible because it says which line the chosen units are from.
    private(set) var line: Int

    init(_ line: Purchase.Line, at index: Int, left: Money, count: Int64, _ order: UnitOrder) {
        let price = line.unitPrice.minorUnits
        rank = order == .dearest ? price : -price
        self.left = left
        quantity = line.quantity
        self.count = count
        self.line = index
    }

    /// By price, then the line of which more is left. Of the same left in fewer units each is worth
    /// more; comparing that before the place keeps the result from depending on the order of lines.
    func precedes(_ other: UnitLot) -> Bool {
        if rank != other.rank { return rank > other.rank }
        if left != other.left { return left > other.left }
        if quantity != other.quantity { return quantity < other.quantity }
        if count != other.count { return count < other.count }
        return line < other.line
    }
}

/// The units of a discount that is for some units only: add lots, then ``take(_:lineCount:)``.
struct UnitSelection: ~Copyable {
    private var lots: Heap<UnitLot>
    /// How many units of each line were taken last.
    private var taken: [Int64] = []
    /// How many units of each line may be taken, where one limit is for several discounts; empty
    /// when all may.
    private var allowed: [Int64] = []

    init(lineCapacity: Int) {
        lots = Heap(capacity: lineCapacity)
        taken.reserveCapacity(lineCapacity)
        allowed.reserveCapacity(lineCapacity)
    }

    mutating func removeLots() { lots.removeAll() }

    mutating func add(_ lot: UnitLot) { lots.append(lot) }

    /// Takes up to `most` units out of the lots, which are then used up.
    mutating func take(_ most: Int64, lineCount: Int) {
        taken.fill(with: 0, count: lineCount)
        lots.arrange()
        var left = most
        while left > 0 && !lots.isEmpty {
            let lot = lots.removeFirst()
            let count = min(left, lot.count)
            taken[lot.line] = count
            left -= count
        }
    }

    /// How many units of the line at `index` were taken last.
    func taken(of index: Int) -> Int64 { taken[index] }

    // MARK: One limit for several discounts

    /// Whether only some units may be taken.
    var isRestricted: Bool { !allowed.isEmpty }

    /// How many units of `line` may be taken.
    func allowed(of line: Purchase.Line, at index: Int) -> Int64 {
        allowed.isEmpty ? line.quantity : allowed[index]
    }

    /// Allows the units that were taken last and no others.
    mutating func allowTaken() {
        allowed.empty()
        for index in taken.indices { allowed.append(taken[index]) }
    }

    mutating func allowAll() { allowed.empty() }
}
