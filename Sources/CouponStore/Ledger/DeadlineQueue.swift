import FlatStorage

// A binary heap that knows where each order stands in it, so that a reserve that is renewed,
// applied or given back moves or loses its one entry at once. With entries left behind until their
// time comes, a client that reserves one order in a loop would fill the memory for as long as the
// longest hold. Where an order stands is noted in its row, which has room for one place: an order is in
// one queue at most.
//
// Holds mostly lapse in the order in which they were made, so a new entry mostly stays where it is
// appended.

/// Orders that wait for a time, and which of them comes first.
///
/// Allocates only when a chunk of memory is full.
struct DeadlineQueue: ~Copyable, Sendable {
    /// What an order waits for.
    enum Purpose: UInt32, Sendable {
        /// A reserve, for the end of its holds.
        case lapse = 0
        /// An order that uses nothing, for being forgotten.
        case forgetting = 1
    }

    // Not private: a row type that is a generic argument must be seen by other files.
    struct Entry: BitwiseCopyable {
        var deadline: Int64
        var row: UInt32

        /// Orders of the same deadline come in the order of their numbers.
        func isBefore(_ other: Entry) -> Bool {
            (deadline, row) < (other.deadline, other.row)
        }
    }

    private let purpose: Purpose
    private var entries = ChunkedArray<Entry>()

    init(_ purpose: Purpose) { self.purpose = purpose }

    /// Orders in the queue.
    var count: Int { entries.count }

    /// What comes first, or nil when nothing waits.
    var first: Entry? { entries.count > 0 ? entries[0] : nil }

    /// Orders whose deadline is at or before `time`, counted up to `limit`.
    func count(until time: Int64, limit: Int) -> Int {
        var found = 0
        countBelow(0, until: time, limit, &found)
        return found
    }

    private func countBelow(_ place: Int, until time: Int64, _ limit: Int, _ found: inout Int) {
        // An entry comes before all below it, so nothing is looked at behind one that is not due.
        guard place < entries.count, found < limit, entries[place].deadline <= time else { return }
        found += 1
        countBelow(2 * place + 1, until: time, limit, &found)
        countBelow(2 * place + 2, until: time, limit, &found)
    }

    /// Puts the order in, or gives it another deadline.
    mutating func set(_ id: OrderID, to deadline: Int64, in orders: inout OrderTable) {
        let entry = Entry(deadline: deadline, row: UInt32(id.row))
        insert(entry, at: place(of: id, in: orders) ?? entries.append(entry), &orders)
    }

    /// Takes the order out, if it is in this queue.
    mutating func drop(_ id: OrderID, in orders: inout OrderTable) {
        guard let place = place(of: id, in: orders) else { return }
        orders.setQueuePlace(of: id, to: 0)
        // The last entry fills the gap, unless it is the one that leaves.
        let last = entries.removeLast()
        if Int(last.row) != id.row { insert(last, at: place, &orders) }
    }

    /// The order has another number; its place is noted under that already.
    mutating func renumber(_ id: OrderID, in orders: borrowing OrderTable) {
        if let place = place(of: id, in: orders) { entries[place].row = UInt32(id.row) }
    }

    // MARK: - Places

    /// In its row an order has 0, or 1 and its place below one bit for the queue.
    private static let placeMask: UInt32 = 1 << 31 - 1

    private func place(of id: OrderID, in orders: borrowing OrderTable) -> Int? {
        let noted = orders.queuePlace(of: id)
        guard noted != 0, noted >> 31 == purpose.rawValue else { return nil }
        return Int(noted & Self.placeMask) - 1
    }

    private mutating func put(_ entry: Entry, at place: Int, _ orders: inout OrderTable) {
        entries[place] = entry
        orders.setQueuePlace(
            of: OrderID(row: Int(entry.row)), to: purpose.rawValue << 31 | UInt32(place + 1))
    }

    // MARK: - The heap

    /// Puts an entry at a place that is free for it, or as far up or down as it belongs.
    private mutating func insert(_ entry: Entry, at place: Int, _ orders: inout OrderTable) {
        let risen = rise(entry, from: place, &orders)
        put(entry, at: risen == place ? sink(entry, from: place, &orders) : risen, &orders)
    }

    /// The place for `entry` at or above `place`. Entries that come later have moved down.
    private mutating func rise(
        _ entry: Entry, from place: Int, _ orders: inout OrderTable
    ) -> Int {
        var place = place
        while place > 0 {
            let parent = (place - 1) / 2
            if !entry.isBefore(entries[parent]) { break }
            put(entries[parent], at: place, &orders)
            place = parent
        }
        return place
    }

    /// The place for `entry` at or below `place`. Entries that come earlier have moved up.
    private mutating func sink(
        _ entry: Entry, from place: Int, _ orders: inout OrderTable
    ) -> Int {
        var place = place
        while true {
            var child = 2 * place + 1
            if child + 1 < entries.count && entries[child + 1].isBefore(entries[child]) {
                child += 1
            }
            guard child < entries.count, entries[child].isBefore(entry) else { return place }
            put(entries[child], at: place, &orders)
            place = child
        }
    }
}
