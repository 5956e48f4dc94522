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
        #expect(shop.begin() == JournalTurn(synchronizes: true, checks: true))
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
        #expect(shop.begin() == JournalTurn(checks: true))
        shop.end()
        let turn = shop.begin()
        #expect(turn == nil)
        shop.server.beginFinish(at: shop.time)
        #expect(shop.begin() == JournalTurn(synchronizes: true, checks: true))
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

    /// The names of the files are looked at, for others may take them away at any time.
    @Test(arguments: DurabilityMode.allCases)
    func `has a turn each second though nothing happens`(mode: DurabilityMode) throws {
        var shop = try JournalledShop(mode)
        for _ in 0..<3 {
            #expect(shop.server.deadline(at: shop.time) == shop.time.steady + 1_000)
            shop.pass(milliseconds: 999)
            let early = shop.begin()
            #expect(early == nil)
            shop.pass(milliseconds: 1)
            #expect(shop.begin() == JournalTurn(checks: true))
            // One that takes long does not make the next one come sooner.
            shop.pass(milliseconds: 300)
            shop.end()
        }
    }

    @Test func `ends only after a last look at the files, and not if that fails`() throws {
        for fault in [nil, DiskFault(.vanished, path: "state", errno: 0)] {
            var shop = try JournalledShop()
            shop.server.beginFinish(at: shop.time)
            let isEarly = shop.server.isDurable
            #expect(!isEarly)
            #expect(shop.begin() == JournalTurn(checks: true))
            shop.end { if let fault { $0.condition = .broken(fault) } }
            let isDurable = shop.server.isDurable
            #expect(isDurable == (fault == nil) && shop.server.journalFault == fault)
        }
    }

    /// A look that began before is not the last one.
    @Test func `looks again when the end begins during a look`() throws {
        var shop = try JournalledShop()
        shop.pass(milliseconds: 1_000)
        #expect(shop.begin() == JournalTurn(checks: true))
        shop.server.beginFinish(at: shop.time)
        shop.end()
        let isEarly = shop.server.isDurable
        #expect(!isEarly)
        #expect(shop.begin() == JournalTurn(checks: true))
        shop.end()
        let isDurable = shop.server.isDurable
        #expect(isDurable)
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
