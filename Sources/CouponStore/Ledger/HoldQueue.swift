import FlatStorage

// A binary heap that knows where each order stands in it, so that a reserve that is renewed,
// applied or given back moves or loses its one entry at once. With entries left behind until their
// time comes, a client that reserves one order in a loop would fill the memory for as long as the
// longest hold. Price: 4 bytes for every order, reserved or not.
//
// Holds mostly lapse in the order in which they were made, so a new entry mostly stays where it is
// appended.

/// Every reserved order, and which of them lapses first.
///
/// Allocates only when a chunk of memory is full.
struct HoldQueue: ~Copyable, Sendable {
    // Not private: a row type that is a generic argument must be seen by other files.
    struct Entry: BitwiseCopyable {
        /// In milliseconds of the clock by which holds lapse.
        var deadline: Int64
        var row: UInt32

        /// Orders that lapse at the same time lapse in the order in which they came.
        func isBefore(_ other: Entry) -> Bool {
            (deadline, row) < (other.deadline, other.row)
        }
    }

    private var entries = ChunkedArray<Entry>()
    /// For each order, 1 and the place of its entry, or 0 when it has none.
    private var places = ChunkedArray<UInt32>()

    /// Reserved orders.
    var count: Int { entries.count }

    /// What lapses first, or nil when nothing is reserved.
    var first: Entry? { entries.count > 0 ? entries[0] : nil }

    /// Makes room for an order that was added to the order table. Each is admitted once, in turn.
    mutating func admit(_ id: OrderID) {
        let row = places.append(0)
        precondition(row == id.row, "orders are admitted in the order of their rows")
    }

    /// Lets the queue follow what the order's image says now.
    mutating func follow(_ id: OrderID, _ facts: OrderFacts, by clock: LapseClock) {
        if facts.state == .reserved {
            hold(id, until: clock.steady(facts.expiresAt))
        } else {
            drop(id)
        }
    }

    private mutating func hold(_ id: OrderID, until deadline: Int64) {
        let entry = Entry(deadline: deadline, row: UInt32(id.row))
        let place = places[id.row]
        insert(entry, at: place > 0 ? Int(place) - 1 : entries.append(entry))
    }

    private mutating func drop(_ id: OrderID) {
        let place = places[id.row]
        if place == 0 { return }
        places[id.row] = 0
        // The last entry fills the gap, unless it is the one that leaves.
        let last = entries.removeLast()
        if Int(last.row) != id.row { insert(last, at: Int(place) - 1) }
    }

    // MARK: - The heap

    /// Puts an entry at a place that is free for it, or as far up or down as it belongs.
    private mutating func insert(_ entry: Entry, at place: Int) {
        let risen = rise(entry, from: place)
        put(entry, at: risen == place ? sink(entry, from: place) : risen)
    }

    /// The place for `entry` at or above `place`. Entries that lapse later have moved down.
    private mutating func rise(_ entry: Entry, from place: Int) -> Int {
        var place = place
        while place > 0 {
            let parent = (place - 1) / 2
            if !entry.isBefore(entries[parent]) { break }
            put(entries[parent], at: place)
            place = parent
        }
        return place
    }

    /// The place for `entry` at or below `place`. Entries that lapse earlier have moved up.
    private mutating func sink(_ entry: Entry, from place: Int) -> Int {
        var place = place
        while true {
            var child = 2 * place + 1
            if child + 1 < entries.count && entries[child + 1].isBefore(entries[child]) {
                child += 1
            }
            guard child < entries.count, entries[child].isBefore(entry) else { return place }
            put(entries[child], at: place)
            place = child
        }
    }

    private mutating func put(_ entry: Entry, at place: Int) {
        entries[place] = entry
        places[Int(entry.row)] = UInt32(place) + 1
    }
}

/// How the time of day, which can jump, relates to the clock by which holds lapse, which cannot.
///
/// A hold lasts for so long from now, however the time of day jumps meanwhile. Images contain the
/// time of day at which holds lapse, because only that has a meaning for shops and after a restart;
/// the deadline on the steady clock is computed when the hold is made or read from disk.
package struct LapseClock: Equatable, Sendable, BitwiseCopyable {
    /// Milliseconds from the time of day, in milliseconds since 1970, to the steady clock.
    private var offset: Int64 = 0

    /// A steady clock that is the time of day, where nothing lapses or nothing jumps.
    package init() {}

    /// The clocks at one moment, both in milliseconds.
    package init(wall: Int64, steady: Int64) { offset = steady &- wall }

    /// The steady time at which it will be `wall`, unless the time of day jumps.
    func steady(_ wall: Int64) -> Int64 { wall &+ offset }
}
