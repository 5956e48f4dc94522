import CouponService
import CouponStore
import CouponWire
import ServerSupport
import Testing

@Suite struct `The pace of the journal` {
    @Test func `in mode everysec is a synchronization half a second after a write`() throws {
        var shop = try JournalledShop(.everysec)
        let client = shop.connect()
        _ = shop.send(Line.apply(1, "o1"), from: client)
        #expect(shop.begin() == JournalTurn())
        shop.end()
        // The end of the process does not take it back any more.
        #expect(shop.released(among: client) == ["1"])
        #expect(shop.server.deadline(at: shop.time) == shop.time.steady + 500)
        shop.pass(milliseconds: 499)
        _ = shop.send(Line.apply(2, "o2"), from: client)
        #expect(shop.begin() == JournalTurn())
        shop.end()
        shop.pass(milliseconds: 1)
        #expect(shop.begin() == JournalTurn(synchronizes: true))
        // While it is under way nothing is written, and nothing acknowledged.
        _ = shop.send(Line.release(3, "o1"), from: client)
        #expect(shop.released(among: client) == ["2"])
        shop.end()
        #expect(shop.released(among: client) == [])
        #expect(shop.begin() == JournalTurn())
        shop.end()
        #expect(shop.released(among: client) == ["3"])
    }

    @Test func `in mode everysec stops acknowledging when the disk is a second behind`() throws {
        var shop = try JournalledShop(.everysec)
        let client = shop.connect()
        _ = shop.send(Line.apply(1, "o1"), from: client)
        _ = shop.begin()
        shop.end()
        _ = shop.released(among: client)
        _ = shop.send(Line.apply(2, "o2"), from: client)
        _ = shop.begin()
        // The process was asleep.
        shop.pass(milliseconds: 5_000)
        shop.end()
        #expect(shop.released(among: client) == [])
        #expect(shop.begin() == JournalTurn(synchronizes: true))
        shop.end()
        #expect(shop.released(among: client) == ["2"])
    }

    @Test func `in mode no leaves synchronizing to the system, except at the end`() throws {
        var shop = try JournalledShop(.no)
        let client = shop.connect()
        _ = shop.send(Line.apply(1, "o1"), from: client)
        #expect(shop.begin() == JournalTurn())
        shop.end()
        #expect(shop.released(among: client) == ["1"])
        shop.pass(milliseconds: 60_000)
        let turn = shop.begin()
        #expect(turn == nil)
        shop.server.beginFinish(at: shop.time)
        #expect(shop.begin() == JournalTurn(synchronizes: true))
        shop.end()
        #expect(shop.begin() == JournalTurn(marks: true))
        shop.end()
        let isDurable = shop.server.isDurable
        #expect(isDurable)
    }

    @Test(arguments: DurabilityMode.allCases)
    func `marks what is durable when nothing happens for 20 ms`(mode: DurabilityMode) throws {
        var shop = try JournalledShop(mode)
        _ = shop.send(Line.apply(1, "o1"), from: shop.connect())
        _ = shop.begin()
        shop.end { $0.synchronized = $0.written }
        #expect(shop.server.deadline(at: shop.time) == shop.time.steady + 20)
        shop.pass(milliseconds: 19)
        let early = shop.begin()
        #expect(early == nil)
        shop.pass(milliseconds: 1)
        #expect(shop.begin() == JournalTurn(marks: true))
        shop.end()
        let after = shop.begin()
        #expect(after == nil)
    }

    @Test func `is drained when all changes are durable and marked`() throws {
        var shop = try JournalledShop()
        let client = shop.connect()
        _ = shop.send(Line.apply(1, "o1"), from: client)
        _ = shop.begin()
        _ = shop.send(Line.apply(2, "o2"), from: client)
        shop.server.beginFinish(at: shop.time)
        var states: [Bool] = []
        for _ in 0..<3 {
            states.append(shop.server.isDurable)
            shop.end()
            _ = shop.begin()
        }
        #expect(states == [false, false, false])
        #expect(shop.turn == nil)
        let isDurable = shop.server.isDurable
        #expect(isDurable)
        #expect(shop.released(among: client) == ["1", "2"])
    }
}

@Suite struct `A hold and the clocks` {
    private func held(_ shop: inout JournalledShop) throws -> JSON {
        try shop.ask(Line.usage(9), from: shop.connect())["result"]["limits"][0]["held"]
    }

    @Test(arguments: [-86_400_000, -1, 59_999, 86_400_000])
    func `lapses after its time, after any jump of the time of day`(jump: Int64) throws {
        var shop = try JournalledShop()
        _ = shop.send(Line.reserve(1, "o1", seconds: 60), from: shop.connect())
        shop.jump(milliseconds: jump)
        shop.pass(milliseconds: 59_999)
        #expect(try held(&shop) == 1)
        shop.jump(milliseconds: -jump)
        shop.pass(milliseconds: 1)
        #expect(try held(&shop) == 0)
    }
}
