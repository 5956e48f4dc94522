import FlatStorage
import Testing

@Suite struct `Atomic counters` {
    private final class Shared: Sendable {
        let counters = AtomicCounters()
    }

    @Test func `keep their values and indices across chunks`() {
        let counters = AtomicCounters()
        for number in 0..<20_000 {
            let index = counters.append(UInt64(number))
            #expect(index == number)
        }
        counters.store(.max, at: 8_191)
        let values = (counters.load(8_191), counters.load(8_192), counters.load(19_999))
        #expect(values == (.max, 8_192, 19_999))
        let (count, bytes) = (counters.count, counters.allocatedBytes)
        #expect(count == 20_000 && bytes == 3 * 65_536)
    }

    @Test func `are read whole by another thread while they grow`() async {
        let shared = Shared()
        let large: UInt64 = 0xFFFF_FFFF_0000_0000
        async let wrong = Self.countOfWrongValues(in: shared, large: large)
        for index in 0..<50_000 {
            shared.counters.append(UInt64(index))
            shared.counters.store(UInt64(index) | large, at: index)
            shared.counters.store(UInt64(index), at: index / 2)
        }
        #expect(await wrong == 0)
        let last = shared.counters.load(49_999)
        #expect(last == 49_999 | large)
    }

    /// A counter only ever held its own index, twice that (or one more), or either with the high
    /// half set.
    private static func countOfWrongValues(in shared: Shared, large: UInt64) async -> Int {
        var wrong = 0
        for _ in 0..<50 {
            let count = shared.counters.count
            for index in stride(from: 0, to: count, by: 7) {
                let low = shared.counters.load(index) & ~large
                if low != index && low / 2 != index { wrong += 1 }
            }
            await Task.yield()
        }
        return wrong
    }

    @Test func `trap on an index outside`() async {
        await #expect(processExitsWith: .failure) {
            let counters = AtomicCounters()
            _ = counters.load(0)
        }
        await #expect(processExitsWith: .failure) {
            let counters = AtomicCounters()
            counters.append(1)
            counters.store(1, at: 1)
        }
    }
}
