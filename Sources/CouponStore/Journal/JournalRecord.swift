import FlatStorage

/// Records in the order of their operations, framed as in the content of a batch.
///
/// Nothing is allocated once the memory has grown to the most that gathers between two takings.
package struct RecordLog: ~Copyable, Sendable {
    /// Large enough from the start for the records of most turns: taking them swaps it with another.
    private var framed = ByteBuffer(capacity: 16 * 1_024)
    /// The record that is being written: its length stands before it and is known last.
    private var record = ByteBuffer(capacity: 1_024)

    package private(set) var count = 0

    package init() {}

    package var bytes: Span<UInt8> {
        @_lifetime(borrow self) get { framed.bytes }
    }

    /// The records, one after the other.
    package var records: RecordFrames {
        @_lifetime(borrow self) get { RecordFrames(known: framed.bytes) }
    }

    package mutating func removeAll() {
        framed.removeAll()
        count = 0
    }

    /// Appends all records to `other` and forgets them. An empty one gets the memory itself.
    package mutating func move(to other: inout RecordLog) {
        if other.count == 0 {
            swap(&framed, &other.framed)
        } else {
            other.framed.append(framed.bytes)
        }
        other.count += count
        removeAll()
    }

    /// Adds a record as it is.
    mutating func append(_ record: Span<UInt8>) {
        framed.appendCounted(record)
        count += 1
    }

    // MARK: - Writing one record

    /// `date` is that of the purge, in milliseconds since 1970, where the record says it; otherwise 0.
    mutating func beginOrders(count orderCount: Int, lastRedemption: UInt64, date: Int64) {
        record.removeAll()
        if date > 0 {
            record.append(JournalRecordKind.datedOrders.rawValue)
            record.appendVarint(UInt64(date))
        } else {
            record.append(JournalRecordKind.orders.rawValue)
        }
        record.appendVarint(lastRedemption)
        record.appendVarint(UInt64(orderCount))
    }

    mutating func appendOrder(store: Span<UInt8>, order: Span<UInt8>, image: Span<UInt8>) {
        record.appendCounted(store)
        record.appendCounted(order)
        record.appendCounted(image)
    }

    /// Begins a record of forgotten orders, whose number is known at its end.
    mutating func beginForgotten(count orderCount: Int) {
        record.removeAll()
        record.append(JournalRecordKind.forgottenOrders.rawValue)
        record.appendVarint(UInt64(orderCount))
    }

    mutating func appendForgotten(store: Span<UInt8>, order: Span<UInt8>) {
        record.appendCounted(store)
        record.appendCounted(order)
    }

    /// Adds the record that the calendar has come to `milliseconds` since 1970.
    mutating func appendCalendar(_ milliseconds: Int64) {
        record.removeAll()
        record.append(JournalRecordKind.calendar.rawValue)
        record.appendVarint(UInt64(milliseconds))
        endRecord()
    }

    mutating func beginCounters(count counterCount: Int) {
        record.appendVarint(UInt64(counterCount))
    }

    mutating func appendCounter(_ key: borrowing CounterKey, _ values: CounterValues) {
        record.append(key.kind.rawValue)
        record.appendCounted(key.couponKey)
        record.appendCounted(key.detail)
        record.appendVarint(values.used)
        record.appendVarint(values.held)
        record.appendVarint(values.carried)
    }

    mutating func endRecord() {
        Self.append(record, to: &framed)
        count += 1
    }

    private static func append(_ record: borrowing ByteBuffer, to framed: inout ByteBuffer) {
        framed.appendCounted(record.bytes)
    }
}

/// Records that stand one after the other, each with its length before it.
package struct RecordFrames: ~Escapable {
    private var reader: ByteReader

    /// Bytes that came from ``RecordLog`` or were checked.
    @_lifetime(copy bytes)
    init(known bytes: Span<UInt8>) { reader = ByteReader(bytes) }

    /// Nil where the bytes are not exactly `count` records.
    @_lifetime(copy bytes)
    init?(checking bytes: Span<UInt8>, count: Int) {
        var frames = ByteReader(bytes)
        for _ in 0..<count where frames.counted() == nil { return nil }
        guard frames.remaining == 0 else { return nil }
        reader = ByteReader(bytes)
    }

    /// Offset of what ``next()`` will read.
    package var position: Int { reader.position }

    @_lifetime(copy self)
    package mutating func next() -> Span<UInt8>? {
        guard reader.remaining > 0 else { return nil }
        guard let record = reader.counted() else {
            preconditionFailure("checked records read the same twice")
        }
        return record
    }
}

/// What a record says.
package enum JournalRecord: ~Escapable {
    /// Orders changed, or are forgotten.
    case orders(OrderRecord)
    /// The calendar by which orders are purged has come to so many milliseconds since 1970.
    case calendar(Int64)

    @_lifetime(copy bytes)
    package init(_ bytes: Span<UInt8>) throws(JournalRecordFault) {
        guard bytes.count > 0, let kind = JournalRecordKind(rawValue: bytes[0]) else {
            throw JournalRecordFault(.kind, offset: 0)
        }
        switch kind {
        case .orders, .datedOrders, .forgottenOrders: self = .orders(try OrderRecord(bytes, kind))
        case .calendar:
            var reader = ByteReader(bytes.extracting(1..<bytes.count))
            guard let milliseconds = reader.varint63(), reader.remaining == 0 else {
                throw JournalRecordFault(.calendar, offset: 1)
            }
            self = .calendar(milliseconds)
        }
    }
}

/// Reads a record of orders where it lies. Making one checks every field and text, so reading it
/// afterwards cannot fail; what the images hold is checked by ``RecordedOrder/checkedImage()``.
package struct OrderRecord: ~Escapable {
    /// Whether the orders are forgotten: then they have no images.
    package let forgets: Bool
    /// The redemption number given last; 0 where orders are forgotten.
    package let lastRedemption: UInt64
    /// The date of the purge, in milliseconds since 1970; 0 where the record does not say it.
    package let date: Int64
    package let orderCount: Int
    package let counterCount: Int
    private let bytes: Span<UInt8>
    private let ordersOffset: Int
    private let countersOffset: Int

    /// `bytes` begin with the code of `kind`, which is one of those of orders.
    @_lifetime(copy bytes)
    fileprivate init(
        _ bytes: Span<UInt8>, _ kind: JournalRecordKind
    ) throws(JournalRecordFault) {
        var reader = ByteReader(bytes)
        _ = reader.byte()
        forgets = kind == .forgottenOrders
        guard let date = kind == .datedOrders ? reader.varint63() : 0 else {
            throw JournalRecordFault(.calendar, offset: reader.position)
        }
        self.date = date
        guard let lastRedemption = forgets ? 0 : reader.varint() else {
            throw JournalRecordFault(.redemption, offset: reader.position)
        }
        guard let orderCount = reader.varint(), orderCount > 0,
            orderCount <= UInt64(reader.remaining)
        else { throw JournalRecordFault(.order, offset: reader.position) }
        self.bytes = bytes
        self.lastRedemption = lastRedemption
        self.orderCount = Int(orderCount)
        ordersOffset = reader.position
        for _ in 0..<orderCount { try Self.checkOrder(&reader, forgets) }
        guard let counterCount = reader.varint(), counterCount <= UInt64(reader.remaining) else {
            throw JournalRecordFault(.counter, offset: reader.position)
        }
        self.counterCount = Int(counterCount)
        countersOffset = reader.position
        for _ in 0..<counterCount {
            let start = reader.position
            guard let counter = RecordedCounter(&reader), counter.couponKey.isText,
                counter.detail.isText
            else { throw JournalRecordFault(.counter, offset: start) }
        }
        guard reader.remaining == 0 else {
            throw JournalRecordFault(.end, offset: reader.position)
        }
    }

    private static func checkOrder(
        _ reader: inout ByteReader, _ isForgotten: Bool
    ) throws(JournalRecordFault) {
        let start = reader.position
        guard let order = RecordedOrder(&reader, isForgotten: isForgotten), order.store.isText,
            order.order.isText,
            max(order.store.count, order.order.count) <= OrderTable.nameBytesMax
        else {
            throw JournalRecordFault(.order, offset: start)
        }
    }

    /// The orders, in the order in which they changed.
    package var orders: RecordedOrders {
        @_lifetime(copy self)
        get {
            RecordedOrders(
                reader: ByteReader(bytes.extracting(ordersOffset..<countersOffset)),
                offset: ordersOffset, remaining: orderCount, forgets: forgets)
        }
    }

    /// The counters that changed.
    package var counters: RecordedCounters {
        @_lifetime(copy self)
        get {
            RecordedCounters(
                reader: ByteReader(bytes.extracting(countersOffset..<bytes.count)),
                remaining: counterCount)
        }
    }
}

/// An order as it was after the operation.
package struct RecordedOrder: ~Escapable {
    package let store: Span<UInt8>
    package let order: Span<UInt8>
    /// Empty where the order is forgotten.
    package let image: Span<UInt8>
    /// Where it begins in its record.
    private let offset: Int

    @_lifetime(copy reader)
    init?(_ reader: inout ByteReader, isForgotten: Bool, from base: Int = 0) {
        offset = base + reader.position
        guard let store = reader.counted(), let order = reader.counted(),
            let image = isForgotten ? Span() : reader.counted()
        else { return nil }
        self.store = store
        self.order = order
        self.image = image
    }
}

extension RecordedOrder {
    /// The image, with every field checked.
    @_lifetime(copy self)
    package func checkedImage() throws(JournalRecordFault) -> OrderImageView {
        do {
            return try OrderImageView(image)
        } catch {
            throw JournalRecordFault(.image(error), offset: offset)
        }
    }
}

/// The orders of a record, one after the other.
package struct RecordedOrders: ~Escapable {
    private var reader: ByteReader
    /// Where they begin in the record.
    private let offset: Int
    private var remaining: Int
    private let forgets: Bool

    @_lifetime(copy reader)
    init(reader: ByteReader, offset: Int, remaining: Int, forgets: Bool) {
        self.reader = reader
        self.offset = offset
        self.remaining = remaining
        self.forgets = forgets
    }

    @_lifetime(copy self)
    package mutating func next() -> RecordedOrder? {
        guard remaining > 0 else { return nil }
        remaining -= 1
        guard let order = RecordedOrder(&reader, isForgotten: forgets, from: offset) else {
            preconditionFailure("a checked record reads the same twice")
        }
        return order
    }
}

/// The figures of a counter.
package struct CounterValues: Equatable, Sendable, BitwiseCopyable {
    package var used: UInt64
    package var held: UInt64
    /// How many of the uses no order on record accounts for: see ``UsageTable/carried(_:)``.
    package var carried: UInt64

    package init(used: UInt64, held: UInt64, carried: UInt64) {
        self.used = used
        self.held = held
        self.carried = carried
    }
}

/// A counter as it was after the operation.
package struct RecordedCounter: ~Escapable {
    package let kind: CounterKind
    package let couponKey: Span<UInt8>
    package let detail: Span<UInt8>
    package let values: CounterValues

    @_lifetime(copy reader)
    init?(_ reader: inout ByteReader) {
        guard let code = reader.byte(), let kind = CounterKind(rawValue: code),
            let couponKey = reader.counted(), let detail = reader.counted(),
            let used = reader.varint(), let held = reader.varint(), let carried = reader.varint()
        else { return nil }
        self.kind = kind
        self.couponKey = couponKey
        self.detail = detail
        values = CounterValues(used: used, held: held, carried: carried)
    }
}

/// The counters of a record, one after the other.
package struct RecordedCounters: ~Escapable {
    private var reader: ByteReader
    private var remaining: Int

    @_lifetime(copy reader)
    init(reader: ByteReader, remaining: Int) {
        self.reader = reader
        self.remaining = remaining
    }

    @_lifetime(copy self)
    package mutating func next() -> RecordedCounter? {
        guard remaining > 0 else { return nil }
        remaining -= 1
        guard let counter = RecordedCounter(&reader) else {
            preconditionFailure("a checked record reads the same twice")
        }
        return counter
    }
}

/// A record that does not follow its layout.
package struct JournalRecordFault: Error, Equatable {
    /// What could not be read.
    package enum Part: Equatable, Sendable {
        /// The record is of a kind that this version does not know.
        case kind
        case redemption, order, counter, calendar, end
        case image(OrderImageFault)
        /// The image consumes from a counter that does not exist.
        case consumption
    }

    package var part: Part
    /// Offset in the record, in bytes, at or shortly before the damage.
    package var offset: Int

    init(_ part: Part, offset: Int) {
        self.part = part
        self.offset = offset
    }
}
