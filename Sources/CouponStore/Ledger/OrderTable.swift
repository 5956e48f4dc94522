import FlatStorage

// An order is a row of 12 bytes, and a run that holds store, order and image one after the other; with
// what the slab keeps of it and the index that is some 35 bytes beside the texts. Orders stand in slabs
// in the order in which they came, so a slab is a *generation*: its orders end at about the same
// time, and its memory goes back as a whole.
//
// An image that outgrows its run gets a longer one in its slab, or, where that is full, the order
// moves to the open slab: it is about to be kept as long as the orders there. For each slab the table
// keeps a time before which none of its orders can be due, so that a purge looks only into slabs that
// have something for it.

/// An order's number. It stays valid until the order's image is replaced, or the order is moved or
/// forgotten.
@frozen
package struct OrderID: Hashable, Sendable, BitwiseCopyable {
    package let row: Int

    @inlinable
    package init(row: Int) { self.row = row }
}

/// Where one look-up found an order, or where it will stand: recording needs no other look-up.
///
/// It holds until an order is added or moved, or this one is forgotten.
package struct OrderSlot: Sendable, BitwiseCopyable {
    /// Nil when the order was never reserved or applied, or is forgotten.
    package let id: OrderID?
    fileprivate let hash: UInt64
    /// The table's ``OrderTable/revision`` at the time.
    fileprivate let revision: UInt64
}

/// The image of every order on record, by store and order.
///
/// The table keeps bytes and does not read them: ``OrderImageView`` does. It forgets only what it is
/// asked to; at the configured limit ``isFull`` says so, and the caller makes room or refuses.
package struct OrderTable: ~Copyable, Sendable {
    // Not private: with rows that other files cannot see, Swift 6.3.1 links no unoptimised ledger.
    struct Row: BitwiseCopyable {
        var storeLength: UInt16
        var orderLength: UInt16
        var imageLength: UInt32
        /// See ``OrderTable/queuePlace(of:)``.
        var queuePlace: UInt32 = 0

        var nameLength: Int { Int(storeLength) + Int(orderLength) }

        var imageRange: Range<Int> { nameLength..<(nameLength + Int(imageLength)) }
    }

    private let seed: UInt64
    private let limit: Int
    private var rows: SlabTable<Row>
    private var index = ShardedIndex()
    /// By slab: no order there expires before this time.
    private var earliestDue = FlatArray<Int64>()
    /// No order that was noted expires before this time.
    private(set) var firstDue = Int64.max
    /// Rises whenever an order is added or moved.
    private var revision: UInt64 = 0

    /// The most orders that there can be.
    package static var countMax: Int { SlabTable<Row>.countMax }
    /// The longest name of a store or an order, in bytes. Requests keep far below it.
    package static var nameBytesMax: Int { Int(UInt16.max) }

    /// `limit` is the number of orders at which ``isFull`` holds, 1 ... ``countMax``.
    package init(seed: HashSeed, limit: Int, slabByteCount: Int = 1 << 20) {
        precondition(limit > 0 && limit <= Self.countMax, "an order's number fits four bytes")
        self.seed = seed.value
        self.limit = limit
        rows = SlabTable(slabByteCount: slabByteCount)
    }

    /// Orders in the table.
    package var count: Int { rows.count }

    /// Whether the configured number of orders is reached.
    package var isFull: Bool { isFull(without: 0) }

    /// Whether the configured number is reached without so many of the orders.
    func isFull(without count: Int) -> Bool { rows.count - count >= limit }

    /// Bytes allocated, used or not.
    package var allocatedBytes: Int { rows.allocatedBytes + index.allocatedBytes }

    /// Bytes of all names and images, and a little more.
    package var contentBytes: Int { rows.liveBytes }

    // MARK: - Finding

    /// The order, or nil when there is none of these names. Allocates nothing.
    package func find(store: Span<UInt8>, order: Span<UInt8>) -> OrderID? {
        slot(store: store, order: order).id
    }

    /// The order's place, also of one that is not there yet. Allocates nothing.
    package func slot(store: Span<UInt8>, order: Span<UInt8>) -> OrderSlot {
        let hash = hash(store, order)
        return OrderSlot(id: find(store, order, hash: hash), hash: hash, revision: revision)
    }

    private func hash(_ store: Span<UInt8>, _ order: Span<UInt8>) -> UInt64 {
        combine(hash64(store, seed: seed), hash64(order, seed: seed))
    }

    private func find(_ store: Span<UInt8>, _ order: Span<UInt8>, hash: UInt64) -> OrderID? {
        var probe = index.probe(hash)
        while let row = index.next(&probe) {
            let id = OrderID(row: row)
            if self.order(id).isEqual(to: order) && self.store(id).isEqual(to: store) { return id }
        }
        return nil
    }

    /// The order after this one, or the first; nil after the last. Nothing may be added, moved or
    /// forgotten on the way, but the order just passed.
    package func next(after id: OrderID?) -> OrderID? {
        rows.next(after: id?.row).map { OrderID(row: $0) }
    }

    // MARK: - Reading

    @_lifetime(borrow self)
    package func store(_ id: OrderID) -> Span<UInt8> {
        rows.bytes(of: id.row, in: 0..<Int(rows[id.row].storeLength))
    }

    @_lifetime(borrow self)
    package func order(_ id: OrderID) -> Span<UInt8> {
        let row = rows[id.row]
        return rows.bytes(of: id.row, in: Int(row.storeLength)..<row.nameLength)
    }

    /// The order's image, without copying it.
    @_lifetime(borrow self)
    package func image(_ id: OrderID) -> Span<UInt8> {
        rows.bytes(of: id.row, in: rows[id.row].imageRange)
    }

    /// What a queue of orders notes of this one: which queue it is in and where. The table does not
    /// read it; 0 at first.
    func queuePlace(of id: OrderID) -> UInt32 { rows[id.row].queuePlace }

    mutating func setQueuePlace(of id: OrderID, to place: UInt32) {
        rows[id.row].queuePlace = place
    }

    // MARK: - Changing

    /// Adds an order that the table does not hold yet. `slot` is the place of these names.
    ///
    /// The caller has looked at ``isFull``; a snapshot that holds more than today's limit loads.
    package mutating func insert(
        _ slot: OrderSlot, store: Span<UInt8>, order: Span<UInt8>, image: Span<UInt8>
    ) -> OrderID {
        precondition(
            slot.id == nil && slot.revision == revision,
            "an order is added once, where the look-up before found no order")
        precondition(
            max(store.count, order.count) <= Self.nameBytesMax, "a name's length fits two bytes")
        revision += 1
        let row = Row(
            storeLength: UInt16(store.count), orderLength: UInt16(order.count),
            imageLength: UInt32(image.count))
        let number = rows.append(row, byteCount: row.nameLength + image.count)
        rows.write(store, at: 0, of: number)
        rows.write(order, at: store.count, of: number)
        rows.write(image, at: row.nameLength, of: number)
        index.insert(row: number, hash: slot.hash)
        return OrderID(row: number)
    }

    /// Replaces an order's image. Returns the order's number from now on: it is another one where the
    /// image found no room in its slab.
    package mutating func replaceImage(of id: OrderID, with image: Span<UInt8>) -> OrderID {
        let row = rows[id.row]
        if row.nameLength + image.count > rows.capacity(of: id.row) {
            // Half as much again, so that an order that changes often loses little room.
            let byteCount = row.nameLength + image.count + image.count / 2
            if !rows.lengthen(id.row, to: byteCount, keeping: row.nameLength) {
                return move(id, row, byteCount, image)
            }
        }
        rows[id.row].imageLength = UInt32(image.count)
        rows.write(image, at: row.nameLength, of: id.row)
        return id
    }

    /// Moves an order to the open slab, with another image.
    private mutating func move(
        _ id: OrderID, _ old: Row, _ byteCount: Int, _ image: Span<UInt8>
    ) -> OrderID {
        revision += 1
        var row = old
        row.imageLength = UInt32(image.count)
        let number = rows.append(row, byteCount: byteCount)
        rows.copy(row.nameLength, of: id.row, to: number)
        rows.write(image, at: row.nameLength, of: number)
        index.renumber(row: id.row, to: number, hash: hash(of: id))
        rows.remove(id.row)
        return OrderID(row: number)
    }

    private func hash(of id: OrderID) -> UInt64 { hash(store(id), order(id)) }

    /// Forgets an order.
    package mutating func remove(_ id: OrderID) {
        index.remove(row: id.row, hash: hash(of: id))
        rows.remove(id.row)
    }

    // MARK: - Generations

    /// Notes that the order does not expire before `time`.
    mutating func noteDue(_ id: OrderID, at time: Int64) {
        let slab = SlabTable<Row>.slab(of: id.row)
        while earliestDue.count <= slab { earliestDue.append(.max) }
        if time < earliestDue[slab] { earliestDue[slab] = time }
        if time < firstDue { firstDue = time }
    }

    /// A slab with an order that may be due at ``firstDue``; nil without orders. Looks at all slabs.
    var slabDueFirst: Int? {
        for slab in earliestDue.indices where earliestDue[slab] == firstDue { return slab }
        return nil
    }

    /// Notes that the orders of a slab were all looked at, and which of them expires first.
    mutating func setFirstDue(inSlab slab: Int, to time: Int64) {
        earliestDue[slab] = time
        firstDue = .max
        for slab in earliestDue.indices { firstDue = min(firstDue, earliestDue[slab]) }
    }

    /// From now on every order counts as due until it was looked at.
    mutating func resetDue() {
        for slab in earliestDue.indices { earliestDue[slab] = .min }
        if earliestDue.count > 0 { firstDue = .min }
    }

    /// The numbers that orders of this slab may have.
    func numbers(inSlab slab: Int) -> Range<Int> { rows.numbers(inSlab: slab) }

    /// The first order from `number` on that is below `end`.
    func first(from number: Int, below end: Int) -> OrderID? {
        rows.first(from: number, below: end).map { OrderID(row: $0) }
    }

    /// Whether memory that forgotten orders left should be gathered, with ``gatherNext()``.
    package var needsGathering: Bool { rows.needsGathering }

    /// Moves an order out of a slab that is mostly empty, and returns its old and new number; nil
    /// when memory needs no gathering.
    package mutating func gatherNext() -> (old: OrderID, new: OrderID)? {
        guard let number = rows.nextToMove() else { return nil }
        revision += 1
        let hash = hash(of: OrderID(row: number))
        let due = earliestDue(ofSlabWith: number)
        let moved = rows.move(number)
        index.renumber(row: number, to: moved, hash: hash)
        noteDue(OrderID(row: moved), at: due)
        return (OrderID(row: number), OrderID(row: moved))
    }

    private func earliestDue(ofSlabWith number: Int) -> Int64 {
        let slab = SlabTable<Row>.slab(of: number)
        return slab < earliestDue.count ? earliestDue[slab] : .max
    }
}
