// One large table would need twice its memory, and more, at the moment it grows. Here the top bits of
// the key choose one of many small tables, and each grows alone by half: together they are never
// much larger than what they hold, and 0.57 to 0.85 full.

/// A number for each key, where keys are fingerprints: 28 to 42 bytes for each.
@safe @usableFromInline
package struct FingerprintTable: ~Copyable {
    // SAFETY: `shards` is owned by this value alone, holds `shardCount` initialised tables, and is
    // released once, in `deinit`. A shard's number has `shardBits` bits, so it always lies inside.
    private let shards: UnsafeMutablePointer<Shard>
    /// Keys in the table.
    package private(set) var count = 0
    /// Bytes allocated, used or not.
    package private(set) var allocatedBytes: Int

    private static let shardBits: UInt64 = 8
    private static let shardCount = 1 << Int(shardBits)
    private static let slotCountMin = 8

    /// An empty table, which has a few kilobytes.
    package init() {
        unsafe shards = .allocate(capacity: Self.shardCount)
        for index in 0..<Self.shardCount {
            unsafe (shards + index).initialize(to: Shard(slotCount: Self.slotCountMin))
        }
        allocatedBytes =
            Self.shardCount
            * (MemoryLayout<Shard>.stride + Self.slotCountMin * MemoryLayout<Slot>.stride)
    }

    deinit {
        unsafe shards.deinitialize(count: Self.shardCount)
        unsafe shards.deallocate()
    }

    /// The key's number, or nil where it has none.
    package subscript(key: Fingerprint) -> UInt64? {
        let key = Self.stored(key), shard = Self.shard(of: key)
        let slot = unsafe shards[shard].slot(of: key)
        guard unsafe shards[shard].slots[slot].key == key else { return nil }
        return unsafe shards[shard].slots[slot].number
    }

    /// Gives the key a number, in place of the one it may have.
    package mutating func set(_ key: Fingerprint, to number: UInt64) {
        let key = Self.stored(key), shard = Self.shard(of: key)
        var slot = unsafe shards[shard].slot(of: key)
        if unsafe shards[shard].slots[slot].key != key {
            if unsafe shards[shard].isFull {
                allocatedBytes += unsafe shards[shard].grow() * MemoryLayout<Slot>.stride
                slot = unsafe shards[shard].slot(of: key)
            }
            unsafe shards[shard].used += 1
            count += 1
        }
        unsafe shards[shard].slots[slot] = Slot(key: key, number: number)
    }

    /// A key that is not the one of free slots.
    private static func stored(_ key: Fingerprint) -> Fingerprint {
        key == Slot.free.key ? Fingerprint(low: 1, high: 0) : key
    }

    private static func shard(of key: Fingerprint) -> Int { Int(key.high >> (64 - shardBits)) }

    // Not private: a row type that is a generic argument must be seen by other files.
    struct Slot: BitwiseCopyable {
        var key: Fingerprint
        var number: UInt64

        static let free = Slot(key: Fingerprint(low: 0, high: 0), number: 0)
    }

    /// One small table: open addressing with linear probing.
    private struct Shard: ~Copyable {
        // Open to the table around it, and to nothing else.
        var slots: FlatArray<Slot>
        var used = 0

        init(slotCount: Int) { slots = FlatArray(repeating: .free, count: slotCount) }

        /// Whether one more key would fill it beyond 0.85, which leaves a free slot to end every walk.
        var isFull: Bool { (used + 1) * 20 > slots.count * 17 }

        /// Where the key is, or the free slot where it would be.
        func slot(of key: Fingerprint) -> Int {
            var slot = Int(key.low.multipliedFullWidth(by: UInt64(slots.count)).high)
            while slots[slot].key != key && slots[slot].key != Slot.free.key {
                slot = slot + 1 == slots.count ? 0 : slot + 1
            }
            return slot
        }

        /// Makes it half as large again, and returns by how many slots.
        mutating func grow() -> Int {
            let more = slots.count / 2
            var smaller = FlatArray<Slot>(repeating: .free, count: slots.count + more)
            swap(&smaller, &slots)
            for index in smaller.indices where smaller[index].key != Slot.free.key {
                slots[slot(of: smaller[index].key)] = smaller[index]
            }
            return more
        }
    }
}

// SAFETY: the tables have one owner, and nothing about them is tied to a thread.
extension FingerprintTable: @unchecked Sendable {}
