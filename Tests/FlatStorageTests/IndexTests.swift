import Foundation
import Testing

@testable import FlatStorage

/// The seed of a random test: `COUPOND_SEED`, or a new one. It is printed, so that a failure can
/// be replayed.
func chosenSeed(for test: String) -> UInt64 {
    let given = ProcessInfo.processInfo.environment["COUPOND_SEED"].flatMap { UInt64($0) }
    let seed = given ?? .random(in: 0 ... .max)
    print("\(test): COUPOND_SEED=\(seed)")
    return seed
}

@Suite struct `A hash index` {
    @Test(arguments: [0, 1, 6, 7, 100, 10_000])
    func `finds every row at full load`(rowCount: Int) {
        var generator = SeededGenerator(seed: chosenSeed(for: "hash index"))
        var index = HashIndex(rowCount: rowCount)
        var model: [UInt64: Set<Int>] = [:]
        var row = 0
        while !index.isFull {
            // Few hashes for some rows, so that several share one.
            let hash = row % 4 == 0 ? UInt64(row % 16) << 60 : generator.next()
            index.insert(row: row, hash: hash)
            model[hash, default: []].insert(row)
            row += 1
        }
        let count = index.count
        #expect(count == row && row >= rowCount)
        for (hash, rows) in model {
            var found: Set<Int> = []
            var probe = index.probe(hash)
            while let candidate = index.next(&probe) { found.insert(candidate) }
            #expect(rows.isSubset(of: found))
        }
    }

    @Test func `ends the walk over a hash that nothing has`() {
        var index = HashIndex(rowCount: 1_000)
        for row in 0..<1_000 { index.insert(row: row, hash: UInt64(row) << 54 | 1) }
        var probe = index.probe(2)
        let found = index.next(&probe)
        #expect(found == nil)
    }

    @Test func `traps when it is full or a row does not fit`() async {
        await #expect(processExitsWith: .failure) {
            var index = HashIndex(rowCount: 1)
            for row in 0..<8 { index.insert(row: row, hash: UInt64(row) << 60) }
        }
        await #expect(processExitsWith: .failure) {
            var index = HashIndex(rowCount: 8)
            index.insert(row: Int(UInt32.max), hash: 1)
        }
    }
}

@Suite struct `A sharded index` {
    @Test(arguments: [0, 3])
    func `finds exactly what was added and not removed`(shardBits: Int) {
        var generator = SeededGenerator(seed: chosenSeed(for: "removal"))
        var index = ShardedIndex(shardBits: shardBits)
        var model: [Int: UInt64] = [:]
        let empty = index.allocatedBytes
        for step in 0..<40_000 {
            let row = Int.random(in: 0..<3_000, using: &generator)
            if let hash = model[row] {
                if Int.random(in: 0..<3, using: &generator) == 0 {
                    index.renumber(row: row, to: row + 10_000, hash: hash)
                    index.renumber(row: row + 10_000, to: row, hash: hash)
                } else {
                    index.remove(row: row, hash: hash)
                    model[row] = nil
                }
            } else if step < 20_000 || row < 100 {
                // Few high halves, so that rows crowd together and walks are long.
                let hash = generator.next() & 0x0F00_0000_FFFF_FFFF
                index.insert(row: row, hash: hash)
                model[row] = hash
            }
            if step % 2_000 == 0 { check(index, model) }
        }
        check(index, model)
        for (row, hash) in model { index.remove(row: row, hash: hash) }
        let (count, left) = (index.count, index.allocatedBytes)
        #expect(count == 0 && left == empty)
    }

    private func check(_ index: borrowing ShardedIndex, _ model: [Int: UInt64]) {
        let count = index.count
        #expect(count == model.count)
        for (row, hash) in model {
            var probe = index.probe(hash)
            var isFound = false
            while let candidate = index.next(&probe) {
                if candidate == row { isFound = true }
                #expect(model[candidate] != nil)
            }
            #expect(isFound)
        }
    }

    @Test(arguments: [0, 3, 10])
    func `finds every row while it grows`(shardBits: Int) {
        var generator = SeededGenerator(seed: chosenSeed(for: "sharded index"))
        var index = ShardedIndex(shardBits: shardBits)
        var hashes: [UInt64] = []
        for row in 0..<20_000 {
            // Every eighth hash is one that another row has.
            let hash = row % 8 == 7 ? hashes[row / 2] : generator.next()
            hashes.append(hash)
            index.insert(row: row, hash: hash)
            if row % 1_000 == 0 { check(index, hashes) }
        }
        check(index, hashes)
        let count = index.count
        #expect(count == 20_000)
    }

    private func check(_ index: borrowing ShardedIndex, _ hashes: [UInt64]) {
        for (row, hash) in hashes.enumerated() {
            var probe = index.probe(hash)
            var isFound = false
            while let candidate = index.next(&probe) { isFound = isFound || candidate == row }
            if !isFound { Issue.record("row \(row) is not found by its hash \(hash)") }
        }
    }

    @Test func `proposes hardly any other row`() {
        var generator = SeededGenerator(seed: 1)
        var index = ShardedIndex(shardBits: 4)
        for row in 0..<50_000 { index.insert(row: row, hash: generator.next()) }
        var others = 0
        for _ in 0..<50_000 {
            var probe = index.probe(generator.next())
            while index.next(&probe) != nil { others += 1 }
        }
        // Expected: 50,000 · 3,125 / 2^32, which is none.
        #expect(others < 5)
    }

    @Test func `grows in steps of one small table`() {
        let rowCount = 1_000_000
        var generator = SeededGenerator(seed: 2)
        var index = ShardedIndex()
        let clock = ContinuousClock()
        var longest = Duration.zero
        let total = clock.measure {
            for row in 0..<rowCount {
                let hash = generator.next()
                let start = clock.now
                index.insert(row: row, hash: hash)
                longest = max(longest, clock.now - start)
            }
        }
        let (slots, bytes) = (index.largestShardSlotCount, index.allocatedBytes / rowCount)
        let longestRun = index.longestRun
        print("sharded index: 1,000,000 rows in \(total), longest insert \(longest),")
        print("  largest table \(slots) slots, \(bytes) bytes per row, longest run \(longestRun)")
        // Twice what an even spread needs, and no table more.
        #expect(slots <= 1_024 && bytes <= 19)
        // Linear probing at a load below 0.85 stays far below this; a hash that clusters does not.
        #expect(longestRun < 300)
    }

    @Test func `traps on a row that does not fit`() async {
        await #expect(processExitsWith: .failure) {
            var index = ShardedIndex()
            index.insert(row: Int(UInt32.max), hash: 1)
        }
        await #expect(processExitsWith: .failure) {
            var index = ShardedIndex()
            index.insert(row: -1, hash: 1)
        }
    }
}

// How a sharded index spreads its rows. Both visit every slot.
extension ShardedIndex {
    /// Slots of the largest table: the rows that its next doubling moves.
    fileprivate var largestShardSlotCount: Int {
        var largest = 0
        for shard in 0...Int(shardMask) { largest = max(largest, unsafe shards[shard].slots.count) }
        return largest
    }

    /// Slots in the longest run without a free one, which the slowest look-up walks.
    fileprivate var longestRun: Int {
        var longest = 0
        for shard in 0...Int(shardMask) {
            var run = 0
            for slot in unsafe shards[shard].slots.indices {
                run = unsafe shards[shard].slots[slot] == .max ? 0 : run + 1
                longest = max(longest, run)
            }
        }
        return longest
    }
}
