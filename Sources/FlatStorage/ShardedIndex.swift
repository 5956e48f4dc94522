// One table of ten million rows would stop its thread for a tenth of a second whenever it doubles.
// Here the low bits of the hash choose one of many small tables, and each doubles alone.
// With 4,096 tables and ten million rows the longest step moves 4,096 slots of eight bytes to a table
// of twice the size: tens of microseconds. The tables fill at slightly different speed, so their
// steps spread out.
//
// A slot holds the row and the high 32 bits of its hash. Those bits place the slot, so a table
// doubles without the keys, and they differ for most other rows, so a key is compared only where it
// very probably matches. A row costs 9.4 to 18.8 bytes.

/// Finds rows by the hash of their key, and never grows all at once. Rows are numbers
/// 0 ... 2^32 − 2; several rows may share a hash, so a look-up walks the candidates and the caller
/// compares keys. It shrinks as rows are removed, a table at a time.
@safe @usableFromInline
package struct ShardedIndex: ~Copyable {
    // SAFETY: `shards` is owned by this value alone, holds `shardMask + 1` initialised tables, and
    // is released once, in `deinit`. A shard's number is masked, so it always lies inside.
    @usableFromInline let shards: UnsafeMutablePointer<Shard>
    @usableFromInline let shardMask: UInt64
    @usableFromInline var rowCount = 0

    /// `2^shardBits` tables; 0 ... 16.
    package init(shardBits: Int = 12) {
        precondition((0...16).contains(shardBits), "an index has at most 65,536 shards")
        let shardCount = 1 << shardBits
        shardMask = UInt64(shardCount - 1)
        unsafe shards = .allocate(capacity: shardCount)
        for index in 0..<shardCount { unsafe (shards + index).initialize(to: Shard()) }
    }

    deinit {
        unsafe shards.deinitialize(count: Int(shardMask) + 1)
        unsafe shards.deallocate()
    }

    /// Rows in the index.
    @inlinable package var count: Int { rowCount }

    /// Bytes allocated, used or not. Visits every shard.
    package var allocatedBytes: Int {
        var sum = 0
        for index in 0...Int(shardMask) {
            sum += unsafe shards[index].slots.capacity * MemoryLayout<UInt64>.stride
        }
        return sum + (Int(shardMask) + 1) * MemoryLayout<Shard>.stride
    }

    /// The position of a walk over the rows with one hash.
    @frozen @usableFromInline
    package struct Probe {
        @usableFromInline let shard: Int
        @usableFromInline let tag: UInt32
        @usableFromInline var slot: Int

        @inlinable
        init(shard: Int, tag: UInt32, slot: Int) {
            self.shard = shard
            self.tag = tag
            self.slot = slot
        }
    }

    @inlinable
    package func probe(_ hash: UInt64) -> Probe {
        let shard = Int(truncatingIfNeeded: hash & shardMask)
        let tag = UInt32(truncatingIfNeeded: hash >> 32)
        return Probe(shard: shard, tag: tag, slot: unsafe shards[shard].home(of: tag))
    }

    /// The next row that may have the probed hash, or nil if there is none.
    @inlinable
    package func next(_ probe: inout Probe) -> Int? {
        unsafe shards[probe.shard].next(tag: probe.tag, slot: &probe.slot)
    }

    /// Adds a row, and doubles its table if that is full.
    @inlinable
    package mutating func insert(row: Int, hash: UInt64) {
        precondition(row >= 0 && row < Int(UInt32.max), "a row's number fits four bytes")
        let shard = Int(truncatingIfNeeded: hash & shardMask)
        unsafe shards[shard].insert(Self.content(row: row, hash: hash))
        rowCount += 1
    }

    /// Removes a row that was added under this hash, and halves its table if that is mostly free.
    package mutating func remove(row: Int, hash: UInt64) {
        let shard = Int(truncatingIfNeeded: hash & shardMask)
        unsafe shards[shard].remove(Self.content(row: row, hash: hash))
        rowCount -= 1
    }

    /// Gives a row that was added under this hash another number.
    package mutating func renumber(row: Int, to newRow: Int, hash: UInt64) {
        precondition(newRow >= 0 && newRow < Int(UInt32.max), "a row's number fits four bytes")
        let shard = Int(truncatingIfNeeded: hash & shardMask)
        unsafe shards[shard].replace(
            Self.content(row: row, hash: hash), with: Self.content(row: newRow, hash: hash))
    }

    @inlinable
    static func content(row: Int, hash: UInt64) -> UInt64 {
        UInt64(hash >> 32) << 32 | UInt64(truncatingIfNeeded: row)
    }

    /// One small table: open addressing with linear probing.
    @usableFromInline
    struct Shard: ~Copyable {
        /// The hash's high half above the row's number; all ones in a free slot.
        @usableFromInline var slots = FlatArray<UInt64>(repeating: .max, count: 4)
        @usableFromInline var used = 0

        @usableFromInline
        init() {}

        /// The first slot for a tag, scaled to the number of slots. It rises with the tag, so that a
        /// doubling walks both tables from front to back.
        @inlinable
        func home(of tag: UInt32) -> Int {
            Int(truncatingIfNeeded: (UInt64(tag) * UInt64(slots.count)) >> 32)
        }

        @inlinable
        func next(tag: UInt32, slot: inout Int) -> Int? {
            while slots[slot] != .max {
                let content = slots[slot]
                slot = slot + 1 == slots.count ? 0 : slot + 1
                if UInt32(truncatingIfNeeded: content >> 32) == tag {
                    return Int(UInt32(truncatingIfNeeded: content))
                }
            }
            return nil
        }

        @inlinable
        mutating func insert(_ content: UInt64) {
            // At most 0.85 full, and never entirely, so that every walk ends at a free slot.
            if (used + 1) * 20 > slots.count * 17 { resize(to: slots.count * 2) }
            place(content)
            used += 1
        }

        @inlinable
        mutating func place(_ content: UInt64) {
            var slot = home(of: UInt32(truncatingIfNeeded: content >> 32))
            while slots[slot] != .max { slot = slot + 1 == slots.count ? 0 : slot + 1 }
            slots[slot] = content
        }

        @usableFromInline
        mutating func resize(to slotCount: Int) {
            var other = FlatArray<UInt64>(repeating: .max, count: slotCount)
            swap(&other, &slots)
            for index in other.indices where other[index] != .max { place(other[index]) }
        }

        private func slot(of content: UInt64) -> Int {
            var slot = home(of: UInt32(truncatingIfNeeded: content >> 32))
            while slots[slot] != content {
                precondition(slots[slot] != .max, "a row is in the index until it is removed")
                slot = after(slot)
            }
            return slot
        }

        private func after(_ slot: Int) -> Int { slot + 1 == slots.count ? 0 : slot + 1 }

        mutating func replace(_ content: UInt64, with other: UInt64) {
            slots[slot(of: content)] = other
        }

        mutating func remove(_ content: UInt64) {
            // What follows moves up, so that every walk still ends at the first free slot.
            var free = slot(of: content)
            var next = after(free)
            while slots[next] != .max {
                let home = home(of: UInt32(truncatingIfNeeded: slots[next] >> 32))
                if distance(from: home, to: next) >= distance(from: free, to: next) {
                    slots[free] = slots[next]
                    free = next
                }
                next = after(next)
            }
            slots[free] = .max
            used -= 1
            // Far enough below the load of a table that has just doubled.
            if slots.count > 4 && used * 10 < slots.count * 3 { resize(to: slots.count / 2) }
        }

        private func distance(from slot: Int, to other: Int) -> Int {
            other >= slot ? other - slot : other - slot + slots.count
        }
    }
}

// SAFETY: the tables have one owner, and nothing about them is tied to a thread.
extension ShardedIndex: @unchecked Sendable {}
