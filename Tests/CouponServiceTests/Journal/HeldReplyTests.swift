import CouponService
import CouponStore
import CouponWire
import Glibc
import ServerSupport
import Testing

@Suite struct `A reply that speaks of a change` {
    @Test func `leaves when the journal has synchronized the change`() throws {
        var shop = try JournalledShop()
        let client = shop.connect()
        #expect(shop.send(Line.apply(1, "o1"), from: client) == [])
        #expect(client.conversation.heldReplyByteCount > 100)
        #expect(shop.begin() == JournalTurn(synchronizes: true))
        #expect(shop.released(among: client) == [])
        shop.end()
        #expect(shop.released(among: client) == ["1"])
        #expect(client.conversation.heldReplyByteCount == 0)
    }

    @Test func `waits for the record, not for the turn`() throws {
        var shop = try JournalledShop()
        let client = shop.connect()
        _ = shop.send(Line.apply(1, "o1"), from: client)
        _ = shop.begin()
        // Written, but the disk does not have it.
        shop.end { $0.synchronized = 0 }
        #expect(shop.released(among: client) == [])
        #expect(shop.begin() == JournalTurn(synchronizes: true))
        shop.end()
        #expect(shop.released(among: client) == ["1"])
    }

    @Test func `gathers with others during a turn`() throws {
        var shop = try JournalledShop()
        let (first, second) = (shop.connect(), shop.connect())
        _ = shop.send(Line.apply(1, "o1"), from: first)
        _ = shop.begin()
        _ = shop.send(Line.apply(2, "o2"), from: second)
        _ = shop.send(Line.reserve(3, "o3"), from: first)
        let early = shop.begin()
        #expect(early == nil)
        shop.end()
        #expect(shop.released(among: first, second) == ["1"])
        _ = shop.begin()
        #expect(shop.recordCount == 2)
        shop.end()
        #expect(shop.released(among: first, second) == ["2", "3"])
    }

    /// Another connection must not learn of a change that is not durable yet.
    @Test(arguments: [
        Line.apply(2, "o1"), Line.apply(2, "o1", code: "OTHER"), Line.apply(2, "o4", code: "OTHER"),
        Line.reserve(2, "o1"), Line.release(2, "nothing"),
    ])
    func `waits as a replay, a conflict, a refusal or an error of such an operation`(
        line: String
    ) throws {
        var shop = try JournalledShop()
        let (first, second) = (shop.connect(), shop.connect())
        _ = shop.send(Line.apply(1, "o1"), from: first)
        #expect(shop.send(line, from: second) == [])
        _ = shop.begin()
        #expect(shop.recordCount == 1)
        shop.end()
        #expect(shop.released(among: first, second) == ["1", "2"])
        // Now that everything is durable, nothing has to wait.
        #expect(shop.send(line, from: second) == ["2"])
    }

    @Test func `waits for holds that lapsed before it`() throws {
        var shop = try JournalledShop()
        let client = shop.connect()
        _ = shop.send(Line.reserve(1, "o1"), from: client)
        _ = shop.begin()
        shop.end()
        _ = shop.released(among: client)
        shop.pass(milliseconds: 60_000)
        #expect(shop.send(Line.release(2, "nothing"), from: client) == [])
        _ = shop.begin()
        #expect(shop.recordCount == 1)
        shop.end()
        #expect(shop.released(among: client) == ["2"])
    }

    @Test func `delays later replies of its connection only`() throws {
        var shop = try JournalledShop()
        let (first, second) = (shop.connect(), shop.connect())
        let ids = shop.send(
            Line.validate(1), Line.apply(2, "o1"), Line.validate(3), "{\"id\":4}",
            Line.apply(5, "o2"), from: first)
        #expect(ids == ["1"])
        #expect(shop.send(Line.validate(6), Line.usage(7), from: second) == ["6", "7"])
        _ = shop.begin()
        shop.end()
        #expect(shop.released(among: first, second) == ["2", "3", "4", "5"])
        #expect(shop.send(Line.validate(8), from: first) == ["8"])
    }

    @Test func `is dropped when its client leaves`() throws {
        var shop = try JournalledShop()
        let (first, second) = (shop.connect(), shop.connect())
        _ = shop.send(Line.apply(1, "o1"), from: first)
        _ = shop.send(Line.apply(2, "o2"), from: second)
        shop.server.forget(first.conversation.id)
        _ = shop.begin()
        shop.end()
        #expect(shop.released(among: second) == ["2"])
    }

    @Test func `never leaves once the journal is broken`() throws {
        var shop = try JournalledShop()
        let client = shop.connect()
        let fault = DiskFault(.synchronize, path: "j", errno: EIO)
        _ = shop.send(Line.apply(1, "o1"), from: client)
        _ = shop.begin()
        shop.end {
            $0.synchronized = 0
            $0.condition = .broken(fault)
        }
        #expect(shop.server.journalFault == fault)
        #expect(shop.released(among: client) == [])
        shop.pass(milliseconds: 10_000)
        let (turn, deadline) = (shop.begin(), shop.server.deadline(at: shop.time))
        #expect(turn == nil && deadline == nil)
        // No new change is accepted either.
        #expect(
            try shop.ask(Line.apply(2, "o2"), from: shop.connect())["error"]["code"]
                == "storage_unavailable")
    }
}

@Suite struct `Space for the journal` {
    private static let noSpace = JournalFiles.Condition.noSpace(
        DiskFault(.allocate, path: "j", errno: ENOSPC))

    /// A shop with o1 applied and o2 reserved, all durable, and without space now.
    private func fullShop() throws -> JournalledShop {
        var shop = try JournalledShop()
        let client = shop.connect()
        _ = shop.send(Line.apply(1, "o1"), Line.reserve(2, "o2"), from: client)
        _ = shop.begin()
        shop.end { $0.condition = Self.noSpace }
        return shop
    }

    @Test(arguments: [Line.apply(3, "o3"), Line.reserve(3, "o3"), Line.release(3, "o1")])
    func `is checked before anything changes`(line: String) throws {
        var shop = try fullShop()
        let client = shop.connect()
        let before = shop.server.encodedState()
        let refused = try shop.ask(line, from: client)
        #expect(refused["error"]["code"] == "storage_unavailable")
        let isUnchanged = shop.server.encodedState().bytes.isEqual(to: before.bytes)
        #expect(isUnchanged)
        #expect(shop.send(Line.validate(4), Line.usage(5), from: client) == ["4", "5"])
    }

    @Test func `is tried again every second until it returns`() throws {
        var shop = try fullShop()
        let client = shop.connect()
        #expect(shop.server.deadline(at: shop.time) != nil)
        shop.pass(milliseconds: 999)
        let early = shop.begin()
        #expect(early == nil)
        shop.pass(milliseconds: 1)
        #expect(shop.begin() == JournalTurn(checks: true))
        shop.end { $0.condition = .ready }
        #expect(shop.server.spaceFault == nil)
        #expect(shop.send(Line.apply(6, "o3"), from: client) == [])
        _ = shop.begin()
        shop.end()
        #expect(shop.released(among: client) == ["6"])
    }

    @Test func `keeps holds whose lapse cannot be recorded`() throws {
        var shop = try fullShop()
        let client = shop.connect()
        shop.pass(milliseconds: 60_000)
        var held = try shop.ask(Line.usage(7), from: client)["result"]["limits"][0]["held"]
        #expect(held == 1)
        _ = shop.begin()
        shop.end { $0.condition = .ready }
        held = try shop.ask(Line.usage(8), from: client)["result"]["limits"][0]["held"]
        #expect(held == 0)
    }

    /// The daemon stops accepting changes while all accepted ones still fit.
    @Test func `is never promised twice`() throws {
        var shop = try JournalledShop(room: 16_384)
        let client = shop.connect()
        var decided = 0
        for place in 0..<200 {
            let line = Line.reserve(place, "o\(place % 2)", seconds: 60 + place)
            if shop.send(line, from: client) != [] { break }
            decided += 1
            if place == 10 { _ = shop.begin() }
        }
        #expect(decided > 20)
        // The turn in progress and the waiting records fit together, and not by chance.
        shop.end()
        _ = shop.begin()
        shop.end()
        #expect((4_096...16_384).contains(shop.report.byteCount))
        _ = shop.released(among: client)
        #expect(shop.send(Line.reserve(1, "o1"), from: client) == [])
    }
}
