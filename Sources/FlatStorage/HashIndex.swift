// Open addressing with linear probing over 6-byte slots: the row's number in four bytes and sixteen
// bits of its hash in two. So a look-up compares the whole key only for the row in question and for one
// other row in 65,536. The keys are stored with the rows.

/// Finds rows by the hash of their key. Rows are numbers 0 ... 2^32 − 2; several rows may share a
/// hash, so a look-up walks the candidates and the caller compares keys.
@usableFromInline
package struct HashIndex: ~Copyable, Sendable {
    /// `UInt32.max` marks a free slot.
    @usableFromInline var rows: FlatArray<UInt32>
    @usableFromInline var tags: FlatArray<UInt16>
    @usableFromInline var rowCount = 0

    /// Room for `rowCount` rows at a load of at most 0.85.
    @inlinable
    package init(rowCount: Int = 8) {
        let slots = HashIndex.slotCount(for: rowCount)
        rows = FlatArray(repeating: .max, count: slots)
        tags = FlatArray(repeating: 0, count: slots)
    }

    /// Bytes that the slots take.
    @inlinable package var byteCount: Int { rows.capacity * 4 + tags.capacity * 2 }

    /// Rows in the index.
    @inlinable package var count: Int { rowCount }

    /// Whether one more row would pass the load of 0.85. Then a larger index must be built first.
    @inlinable package var isFull: Bool { (rowCount + 1) * 20 > rows.count * 17 }

    @inlinable
    static func slotCount(for rowCount: Int) -> Int { max(8, rowCount * 20 / 17 + 1) }

    /// The position of a walk over the rows with one hash.
    @frozen @usableFromInline
    package struct Probe {
        @usableFromInline var slot: Int
        @usableFromInline let tag: UInt16

        @inlinable
        init(slot: Int, tag: UInt16) {
            self.slot = slot
            self.tag = tag
        }
    }

    @inlinable
    package func probe(_ hash: UInt64) -> Probe {
        Probe(slot: home(of: hash), tag: UInt16(truncatingIfNeeded: hash))
    }

    /// The next row that may have the probed hash, or nil if there is none.
    @inlinable
    package func next(_ probe: inout Probe) -> Int? {
        while rows[probe.slot] != .max {
            let slot = probe.slot
            probe.slot = slot + 1 == rows.count ? 0 : slot + 1
            if tags[slot] == probe.tag { return Int(rows[slot]) }
        }
        return nil
    }

    /// Adds a row. The index must not be full.
    @inlinable
    package mutating func insert(row: Int, hash: UInt64) {
        precondition(!isFull && row >= 0 && row < Int(UInt32.max), "a row is added where it fits")
        var slot = home(of: hash)
        while rows[slot] != .max { slot = slot + 1 == rows.count ? 0 : slot + 1 }
        rows[slot] = UInt32(row)
        tags[slot] = UInt16(truncatingIfNeeded: hash)
        rowCount += 1
    }

    /// The first slot for a hash: its high bits scaled to the number of slots, which may be any. The
    /// low bits are the tag.
    @inlinable
    func home(of hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash.multipliedFullWidth(by: UInt64(rows.count)).high)
    }
}
