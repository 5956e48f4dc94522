import FlatStorage

/// Keeps a record of every change until the journal takes it, and knows how much room it has.
struct RecordCapture: ~Copyable, Sendable {
    /// Whether changes are kept at all. Set by the ledger's owner.
    var isOn = false
    /// Bytes of records for which the journal has room, between two takings. Set by its owner.
    var room = Int.max
    private var log = RecordLog()

    /// Bytes of records that were not taken yet.
    var byteCount: Int { log.bytes.count }

    /// Appends the records that are kept to `other`.
    mutating func take(into other: inout RecordLog) { log.move(to: &other) }

    /// Writes the record of an operation that changed these orders and the moved counters. `date` is 0
    /// where the record does not say it.
    mutating func keep(
        _ first: OrderID?, _ second: OrderID, of orders: borrowing OrderTable,
        _ moved: borrowing MovedCounters, of usage: borrowing UsageTable, _ lastRedemption: UInt64,
        date: Int64
    ) {
        log.beginOrders(
            count: first == nil ? 1 : 2, lastRedemption: lastRedemption, date: date)
        if let first { append(first, of: orders) }
        append(second, of: orders)
        append(moved, of: usage)
        log.endRecord()
    }

    /// Writes the record that this order is forgotten and the moved counters carry what it used.
    mutating func keepForgetting(
        of id: OrderID, in orders: borrowing OrderTable, _ moved: borrowing MovedCounters,
        of usage: borrowing UsageTable
    ) {
        log.beginForgotten(count: 1)
        log.appendForgotten(store: orders.store(id), order: orders.order(id))
        append(moved, of: usage)
        log.endRecord()
    }

    /// Writes the record that the calendar has come to a date.
    mutating func keepCalendar(_ milliseconds: Int64) { log.appendCalendar(milliseconds) }

    private mutating func append(
        _ moved: borrowing MovedCounters, of usage: borrowing UsageTable
    ) {
        log.beginCounters(count: moved.count)
        for index in 0..<moved.count {
            let id = moved[index]
            log.appendCounter(usage.key(of: id), usage.values(of: id))
        }
    }

    private mutating func append(_ id: OrderID, of orders: borrowing OrderTable) {
        log.appendOrder(store: orders.store(id), order: orders.order(id), image: orders.image(id))
    }

    // MARK: - Room

    /// Whether there is room for the record of an operation that moves next to nothing.
    var hasRoom: Bool { Self.overheadMax <= freeRoom }

    /// See ``Ledger/hasRoom(toRecord:_:_:)``.
    func hasRoom(
        toRecord image: Span<UInt8>, _ order: OrderID?, _ session: OrderID?,
        of orders: borrowing OrderTable
    ) -> Bool {
        let present = order.map { orders.image($0).count } ?? 0
        let taken = session.map { orders.image($0).count } ?? 0
        let bound = (image.count + present + taken) * Self.bytesPerImageByte + Self.overheadMax
        if bound <= freeRoom { return true }
        // That was an estimate for the longest keys and the shortest images: now exactly.
        // The record has only the new image, and the counters of both. An image that the ledger
        // makes is never longer than the present one, so what could be held can be given back.
        var byteCount = Self.overheadMax + (image.isEmpty ? present : image.count) + taken
        if !image.isEmpty { byteCount += OrderImageView(recorded: image).counterByteCount }
        if let order { byteCount += Self.counterByteCount(of: order, in: orders) }
        if let session { byteCount += Self.counterByteCount(of: session, in: orders) }
        return byteCount <= freeRoom
    }

    private static func counterByteCount(of id: OrderID, in orders: borrowing OrderTable) -> Int {
        OrderImageView(recorded: orders.image(id)).counterByteCount
    }

    private var freeRoom: Int { room - byteCount }

    /// As many as there are kinds of counters, and two for the image itself: an image names the
    /// coupon's key once for each code, the record for each of its counters.
    private static let bytesPerImageByte = 16
    /// The names of two orders, and all lengths.
    private static let overheadMax = 4_096
}

extension OrderImageView {
    /// What a record needs at most for the counters that the image names.
    fileprivate var counterByteCount: Int {
        var byteCount = 0
        var codes = codes
        while let code = codes.next() {
            var consumptions = code.consumptions
            while let consumption = consumptions.next() {
                // Kind, two lengths and three numbers besides.
                byteCount += 1 + 2 * 5 + 3 * 10
                byteCount += consumption.couponKey.count + consumption.detail.count
            }
        }
        return byteCount
    }
}
