import FlatStorage

// A row is 24 bytes and points at one block: store, order and image one after the other. With the
// index that is some 37 bytes beside the texts. A larger image gets a new block with half as much
// again, and the old block is lost until the next start. As each block is at least half as large
// again as the one before, the blocks of one order never
// sum to more than five times its largest image, however often it changes.

/// An order's row. It stays valid as long as the table.
@frozen
package struct OrderID: Hashable, Sendable, BitwiseCopyable {
    package let row: Int

    @inlinable
    package init(row: Int) { self.row = row }
}

/// Where one look-up found an order, or where it will stand: recording needs no other look-up.
///
/// It holds until an order is added.
package struct OrderSlot: Sendable, BitwiseCopyable {
    /// Nil when the order was never reserved or applied.
    package let id: OrderID?
    fileprivate let hash: UInt64
    /// Orders in the table at the time.
    fileprivate let orderCount: Int
}

/// The image of every order that was reserved or applied, by store and order.
///
/// The table keeps bytes and does not read them: ``OrderImageView`` does. Orders are never
/// forgotten to make room; at the configured limit ``isFull`` says so, and the caller refuses.
package struct OrderTable: ~Copyable, Sendable {
    // Not private: with rows that other files cannot see, Swift 6.3.1 links no unoptimised ledger.
    struct Row: BitwiseCopyable {
        var block: ByteArena.Place
        var storeLength: UInt32
        var orderLength: UInt32
        var imageLength: UInt32
        var imageCapacity: UInt32

        var imagePlace: ByteArena.Place {
            block.advanced(by: Int(storeLength) + Int(orderLength))
        }
    }

    private let seed: UInt64
    private let limit: Int
    private var rows = ChunkedArray<Row>()
    private var index = ShardedIndex()
    private var blocks = ByteArena()

    /// The most orders that there can be.
    package static var countMax: Int { Int(UInt32.max) - 1 }

    /// `limit` is the number of orders at which ``isFull`` holds, 1 ... ``countMax``.
    package init(seed: HashSeed, limit: Int) {
        precondition(limit > 0 && limit <= Self.countMax, "a row's number fits four bytes")
        self.seed = seed.value
        self.limit = limit
    }

    /// Orders in the table; their rows are 0 ..< `count`.
    package var count: Int { rows.count }

    /// Whether the configured number of orders is reached: then new ones are refused.
    package var isFull: Bool { rows.count >= limit }

    /// Bytes allocated, used or not.
    package var allocatedBytes: Int {
        rows.allocatedBytes + index.allocatedBytes + blocks.allocatedBytes
    }

    /// Bytes of all names and images, a little more than a snapshot of them needs.
    package var contentBytes: Int { blocks.usedBytes }

    // MARK: - Finding

    /// The order's row, or nil when it was never reserved or applied. Allocates nothing.
    package func find(store: Span<UInt8>, order: Span<UInt8>) -> OrderID? {
        slot(store: store, order: order).id
    }

    /// The order's place, also of one that is not there yet. Allocates nothing.
    package func slot(store: Span<UInt8>, order: Span<UInt8>) -> OrderSlot {
        let hash = combine(hash64(store, seed: seed), hash64(order, seed: seed))
        return OrderSlot(id: find(store, order, hash: hash), hash: hash, orderCount: count)
    }

    private func find(_ store: Span<UInt8>, _ order: Span<UInt8>, hash: UInt64) -> OrderID? {
        var probe = index.probe(hash)
        while let row = index.next(&probe) {
            let id = OrderID(row: row)
            if self.order(id).isEqual(to: order) && self.store(id).isEqual(to: store) { return id }
        }
        return nil
    }

    // MARK: - Reading

    @_lifetime(borrow self)
    package func store(_ id: OrderID) -> Span<UInt8> {
        let row = rows[id.row]
        return blocks.bytes(at: row.block, count: Int(row.storeLength))
    }

    @_lifetime(borrow self)
    package func order(_ id: OrderID) -> Span<UInt8> {
        let row = rows[id.row]
        return blocks.bytes(
            at: row.block.advanced(by: Int(row.storeLength)), count: Int(row.orderLength))
    }

    /// The order's image, without copying it.
    @_lifetime(borrow self)
    package func image(_ id: OrderID) -> Span<UInt8> {
        let row = rows[id.row]
        return blocks.bytes(at: row.imagePlace, count: Int(row.imageLength))
    }

    // MARK: - Changing

    /// Adds an order that the table does not hold yet. `slot` is the place of these names.
    ///
    /// The caller has looked at ``isFull``; a snapshot that holds more than today's limit loads.
    package mutating func insert(
        _ slot: OrderSlot, store: Span<UInt8>, order: Span<UInt8>, image: Span<UInt8>
    ) -> OrderID {
        precondition(
            slot.id == nil && slot.orderCount == count,
            "an order is added once, where the look-up before found no order")
        let block = blocks.allocate(store.count + order.count + image.count)
        let row = Row(
            block: block, storeLength: UInt32(store.count), orderLength: UInt32(order.count),
            imageLength: UInt32(image.count), imageCapacity: UInt32(image.count))
        blocks.write(store, at: block)
        blocks.write(order, at: block.advanced(by: store.count))
        blocks.write(image, at: row.imagePlace)
        let id = OrderID(row: rows.append(row))
        index.insert(row: id.row, hash: slot.hash)
        return id
    }

    /// Replaces an order's image, in place where the new one fits.
    package mutating func replaceImage(of id: OrderID, with image: Span<UInt8>) {
        var row = rows[id.row]
        if image.count > Int(row.imageCapacity) { row = moved(row, toHold: image.count) }
        row.imageLength = UInt32(image.count)
        blocks.write(image, at: row.imagePlace)
        rows[id.row] = row
    }

    /// The row with its names in a new block that has room for a longer image.
    private mutating func moved(_ row: Row, toHold imageLength: Int) -> Row {
        var moved = row
        let capacity = imageLength + imageLength / 2
        let nameLength = Int(row.storeLength) + Int(row.orderLength)
        moved.block = blocks.allocate(nameLength + capacity)
        moved.imageCapacity = UInt32(capacity)
        blocks.copy(nameLength, from: row.block, to: moved.block)
        return moved
    }
}
