import FlatStorage

// The ledger says what has changed, and can be told again. A record holds the images and counters
// as they are after an operation, so redoing one moves nothing: it sets. That makes it right on any
// state that holds some of the records already, such as a snapshot from between two of them, once
// all up to the last are redone; in between, images and counters need not agree.

extension Ledger {
    /// Appends what has changed since the last call to `log`, one record for each operation.
    package mutating func takeChanges(into log: inout RecordLog) {
        log.append(contentsOf: changes)
        changes.removeAll()
    }

    /// Bytes of records that were not taken yet.
    package var untakenByteCount: Int { changes.bytes.count }

    /// Whether there is room for the record of an operation that moves next to nothing.
    package var hasRoomForRecords: Bool { Self.recordOverheadMax <= freeRoom }

    /// Whether there is room for the record of an operation that gives an order this image, which is
    /// empty where the ledger makes it of the present one, in place of what it and another one have.
    package func hasRoom(
        toRecord image: Span<UInt8>, _ order: OrderID?, _ session: OrderID? = nil
    ) -> Bool {
        let present = order.map { orders.image($0).count } ?? 0
        let taken = session.map { orders.image($0).count } ?? 0
        let bound =
            (image.count + present + taken) * Self.recordBytesPerImageByte
            + Self.recordOverheadMax
        if bound <= freeRoom { return true }
        // That was an estimate for the longest keys and the shortest images: now exactly.
        // What a replaced image said is not in the record, only what became of its counters; one that
        // the ledger makes is no longer. So what could be held can be let go of.
        var byteCount =
            Self.recordOverheadMax + (image.isEmpty ? present : image.count) + taken
        if !image.isEmpty { byteCount += Ledger.known(image).counterByteCount }
        if let order { byteCount += Ledger.known(orders.image(order)).counterByteCount }
        if let session { byteCount += Ledger.known(orders.image(session)).counterByteCount }
        return byteCount <= freeRoom
    }

    private var freeRoom: Int { recordRoom - untakenByteCount }

    /// As many as there are kinds of counters, and two for the image itself: an image names the
    /// coupon's key once for each code, the record for each of its counters.
    private static let recordBytesPerImageByte = 16
    /// The names of two orders, and all lengths.
    private static let recordOverheadMax = 4_096

    /// Writes the record of an operation that changed these orders and the touched counters.
    mutating func capture(_ first: OrderID?, _ second: OrderID) {
        sequence += 1
        guard isCapturing else { return }
        Ledger.removeRepeats(from: &touched)
        changes.beginOrders(count: first == nil ? 1 : 2, lastRedemption: redemptions.last)
        if let first { Ledger.append(first, of: orders, to: &changes) }
        Ledger.append(second, of: orders, to: &changes)
        changes.beginCounters(count: touched.count)
        for index in touched.indices {
            Ledger.append(touched[index], of: usage, to: &changes)
        }
        changes.endRecord()
    }

    private static func append(
        _ id: OrderID, of orders: borrowing OrderTable, to changes: inout RecordLog
    ) {
        changes.appendOrder(
            store: orders.store(id), order: orders.order(id), image: orders.image(id))
    }

    private static func append(
        _ id: CounterID, of usage: borrowing UsageTable, to changes: inout RecordLog
    ) {
        changes.appendCounter(
            usage.kind(id), couponKey: usage.couponKey(id), detail: usage.detail(id),
            CounterValues(
                used: usage.used(id), held: usage.held(id), carried: usage.carried(id)))
    }

    /// Keeps the first of each. An order names few counters, and often the same before and after.
    private static func removeRepeats(from touched: inout FlatArray<CounterID>) {
        var count = 0
        for index in touched.indices {
            let id = touched[index]
            var isNew = true
            for known in 0..<count where touched[known] == id { isNew = false }
            if isNew {
                touched[count] = id
                count += 1
            }
        }
        touched.truncate(to: count)
    }

    /// Sets what the record of that sequence says. Nothing is captured.
    ///
    /// A fault leaves the ledger of no use: what redoes records refuses to go on.
    package mutating func redo(
        _ record: borrowing OrderRecord, _ sequence: UInt64
    ) throws(JournalRecordFault) {
        redoCounters(of: record)
        var orders = record.orders
        while let order = orders.next() { try redo(order) }
        redemptions = RedemptionNumbers(last: max(redemptions.last, record.lastRedemption))
        self.sequence = max(self.sequence, sequence)
    }

    /// Sets the counters that a record lists.
    mutating func redoCounters(of record: borrowing OrderRecord) {
        touched.removeAll()
        var counters = record.counters
        while let counter = counters.next() {
            let id = usage.findOrInsert(
                counter.kind, couponKey: counter.couponKey,
                couponHash: UsageTable.couponHash(of: counter.couponKey),
                detail: counter.detail, startingAt: 0)
            usage.setUsed(id, to: counter.values.used)
            usage.setHeld(id, to: counter.values.held)
            usage.setCarried(id, to: counter.values.carried)
            touched.append(id)
        }
    }

    private mutating func redo(
        _ order: borrowing RecordedOrder
    ) throws(JournalRecordFault) {
        let image = try order.checkedImage()
        var codes = image.codes
        while let code = codes.next() {
            if image.isInForce(code) { usesInForce += 1 }
            guard usage.hasAll(code.consumptions, among: touched) else {
                throw JournalRecordFault(.consumption, offset: 0)
            }
        }
        guard let id = orders.find(store: order.store, order: order.order) else {
            let id = orders.insert(
                store: order.store, order: order.order, image: order.image)
            holds.admit(id)
            holds.follow(id, image.facts, by: lapseClock)
            return
        }
        usesInForce -= Ledger.known(orders.image(id)).usesInForce
        Ledger.follow(id, image.facts, by: lapseClock, in: &holds, before: orders)
        orders.replaceImage(of: id, with: order.image)
    }
}

extension OrderImageView {
    /// Codes that the order consumes now.
    fileprivate var usesInForce: Int {
        var count = 0
        var codes = codes
        while let code = codes.next() { if isInForce(code) { count += 1 } }
        return count
    }
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

extension UsageTable {
    /// Whether each of these counters is one of `rows`, where they mostly stand in the same order.
    fileprivate func hasAll(
        _ consumptions: consuming OrderImageConsumptions, among rows: borrowing FlatArray<CounterID>
    ) -> Bool {
        var consumptions = consumptions
        var place = 0
        while let consumption = consumptions.next() {
            var tries = 0
            while tries < rows.count, !isKey(of: rows[place % rows.count], consumption) {
                place += 1
                tries += 1
            }
            if tries == rows.count { return false }
            place += 1
        }
        return true
    }

    private func isKey(
        of id: CounterID, _ consumption: borrowing OrderImageConsumption
    ) -> Bool {
        kind(id) == consumption.kind && detail(id).isEqual(to: consumption.detail)
            && couponKey(id).isEqual(to: consumption.couponKey)
    }
}
