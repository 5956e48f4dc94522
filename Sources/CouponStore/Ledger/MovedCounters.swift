import FlatStorage

/// The counters that one operation moved, each once, in the order in which they moved.
struct MovedCounters: ~Copyable, Sendable {
    private var ids = FlatArray<CounterID>(capacity: 64)
    /// A bit for each counter, shared by all whose rows are alike in the low six bits: a counter
    /// whose bit is clear was not moved yet, so the list is rarely searched.
    private var marks: UInt64 = 0

    var count: Int { ids.count }

    subscript(index: Int) -> CounterID { ids[index] }

    mutating func removeAll() {
        ids.removeAll()
        marks = 0
    }

    mutating func add(_ id: CounterID) {
        let mark = UInt64(1) << UInt64(truncatingIfNeeded: id.row & 63)
        if marks & mark != 0 {
            for index in ids.indices where ids[index] == id { return }
        }
        marks |= mark
        ids.append(id)
    }

    /// Follows a counter that has another number now. Those up to the place `index` are done with.
    mutating func renumber(_ id: CounterID, to new: CounterID, after index: Int) {
        for place in (index + 1)..<count where ids[place] == id { ids[place] = new }
    }

    /// Whether each of these counters moved. They mostly stand in the same order.
    func hasAll(
        _ consumptions: consuming OrderImageConsumptions, of usage: borrowing UsageTable
    ) -> Bool {
        var consumptions = consumptions
        var place = 0
        while let consumption = consumptions.next() {
            var tries = 0
            while tries < count, !usage.isKey(of: ids[place % count], consumption) {
                place += 1
                tries += 1
            }
            if tries == count { return false }
            place += 1
        }
        return true
    }
}

extension UsageTable {
    func isKey(
        of id: CounterID, _ consumption: borrowing OrderImageConsumption
    ) -> Bool {
        let key = key(of: id)
        return key.kind == consumption.kind && key.detail.isEqual(to: consumption.detail)
            && key.couponKey.isEqual(to: consumption.couponKey)
    }
}
