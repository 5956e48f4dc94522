import CouponService
import CouponStore
import CouponWire
import ServerSupport
import Testing

@Suite struct `The next snapshot` {
    private static func settings(growthBytesMin: Int = 1 << 30) -> SnapshotSettings {
        var settings = SnapshotSettings()
        settings.intervalSeconds = 100
        settings.growthBytesMin = growthBytesMin
        return settings
    }

    /// The task that the server asks for now, after all turns of the journal that it needs.
    private func task(_ shop: inout JournalledShop) -> StartableTask? {
        for _ in 0..<4 {
            if let task = shop.server.nextTask(at: shop.time) { return task }
            guard shop.begin() != nil else { return nil }
            shop.end()
        }
        return nil
    }

    private func change(_ shop: inout JournalledShop, _ order: String) {
        _ = shop.send(Line.reserve(1, order, seconds: 86_400), from: shop.connect())
    }

    private func written(_ shop: borrowing JournalledShop, byteCount: Int) -> SnapshotOutcome {
        .written(
            Compacted(sequence: shop.report.written, byteCount: byteCount, orderCount: 1),
            milliseconds: 1)
    }

    @Test func `is made an interval after the last one, if anything changed`() throws {
        var shop = try JournalledShop(snapshots: Self.settings())
        shop.pass(milliseconds: 500_000)
        #expect(task(&shop) == nil)
        change(&shop, "o1")
        // So long after the start: at once.
        #expect(task(&shop) == .compaction(continuedBy: shop.report.segment))
        #expect(shop.report.segment.continuesAfter == 1)
        change(&shop, "o2")
        #expect(task(&shop) == nil)
        shop.server.finishSnapshot(written(shop, byteCount: 1_000), at: shop.time)
        shop.pass(milliseconds: 100_000)
        #expect(task(&shop) == nil)
        change(&shop, "o3")
        _ = shop.begin()
        shop.end()
        #expect(task(&shop) != nil)
    }

    @Test func `is made sooner when the journal has grown by its share`() throws {
        var shop = try JournalledShop(snapshots: Self.settings(growthBytesMin: 600))
        change(&shop, "o1")
        #expect(task(&shop) == nil)
        for place in 0..<4 { change(&shop, "p\(place % 2)") }
        #expect(task(&shop) != nil)
        shop.server.finishSnapshot(written(shop, byteCount: 100_000), at: shop.time)
        for place in 0..<4 { change(&shop, "p\(place % 2)") }
        // As much again, but a small part of that snapshot.
        #expect(task(&shop) == nil)
    }

    @Test func `is made at the start when the rest of the journal is large`() throws {
        var start = RecoveredFacts()
        start.journalByteCount = 1 << 30
        var shop = try JournalledShop(snapshots: Self.settings(), start: start)
        #expect(task(&shop) == nil)
        change(&shop, "o1")
        _ = shop.begin()
        shop.end()
        #expect(task(&shop) != nil)
    }

    @Test func `is tried again at growing intervals after a failure`() throws {
        var shop = try JournalledShop(snapshots: Self.settings())
        change(&shop, "o1")
        shop.pass(milliseconds: 100_000)
        var delays: [Int64] = []
        for _ in 0..<12 {
            var delay: Int64 = 0
            while task(&shop) == nil, delay < 10_000_000 {
                shop.pass(milliseconds: 10_000)
                delay += 10_000
            }
            delays.append(delay / 1_000)
            shop.server.finishSnapshot(.failed("no disk"), at: shop.time)
        }
        #expect(delays == [0, 10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600, 3_600])
        // A request does not wait for that.
        shop.server.request(.snapshot)
        #expect(task(&shop) != nil)
    }

    @Test func `does not begin while another one is in progress`() throws {
        var shop = try JournalledShop(snapshots: Self.settings())
        change(&shop, "o1")
        shop.pass(milliseconds: 100_000)
        #expect(task(&shop) != nil)
        shop.pass(milliseconds: 1_000_000)
        #expect(task(&shop) == nil)
        // The files are looked at, and that is all.
        #expect(shop.server.deadline(at: shop.time) == shop.time.steady + 1_000)
    }
}
