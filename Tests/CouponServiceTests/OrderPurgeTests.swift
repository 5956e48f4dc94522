import CouponRules
import CouponService
import CouponStore
import CouponWire
import Testing

@Suite struct `The end of orders` {
    private static let day: Int64 = 86_400_000

    private static func settings(
        unused: Int64 = day, retention: Int64 = 400 * day, archives: Bool = false
    ) -> OrderSettings {
        var settings = OrderSettings()
        settings.keeping.unusedMilliseconds = unused
        settings.keeping.retentionMilliseconds = retention
        settings.archives = archives
        return settings
    }

    /// Ends a turn of the loop: orders, then the journal.
    private func endTurn(_ shop: inout JournalledShop) {
        shop.server.endOrders(at: shop.time)
        _ = shop.begin()
        shop.end()
    }

    private func ask(_ line: String, _ shop: inout JournalledShop) throws -> JSON {
        let client = shop.connect()
        let bytes = Array((line + "\n").utf8)
        _ = shop.server.receive(bytes.span, on: &client.conversation, at: shop.time)
        if shop.begin() != nil {
            shop.end()
            while shop.server.nextReleasable(at: shop.time) != nil {
                shop.server.releaseReplies(of: &client.conversation, at: shop.time)
            }
        }
        return try JSON(reading: shop.takeText())
    }

    private func returnsMemory(_ shop: inout JournalledShop) -> Bool {
        shop.server.takeMemoryReturn(at: shop.time)
    }

    private func ledger(_ shop: inout JournalledShop) throws -> JSON {
        try ask(#"{"op":"server.stats"}"#, &shop)["result"]["ledger"]
    }

    @Test func `comes for holds at the end of a turn, though no client asks`() throws {
        var shop = try JournalledShop()
        _ = try ask(Line.reserve(1, "o1", seconds: 60), &shop)
        let markDue = shop.server.deadline(at: shop.time)
        #expect(markDue == shop.time.steady + 20)
        shop.pass(milliseconds: 59_600)
        endTurn(&shop)
        let lapseDue = shop.server.deadline(at: shop.time)
        #expect(lapseDue == shop.time.steady + 400)
        shop.pass(milliseconds: 400)
        endTurn(&shop)
        #expect(try ledger(&shop)["reserved"] == 0)
        #expect(try ledger(&shop)["unused"] == 1)
    }

    @Test func `comes for many holds in pieces, without a pause between`() throws {
        var shop = try JournalledShop(room: 1 << 24, ordersMax: 5_000, total: 5_000)
        for number in 0..<1_500 {
            _ = try ask(Line.reserve(1, "o\(number)", seconds: 60), &shop)
        }
        shop.pass(milliseconds: 60_000)
        var left: [JSON] = []
        for _ in 0..<3 {
            let deadline = shop.server.deadline(at: shop.time)
            #expect(deadline == shop.time.steady || left == [])
            shop.server.endOrders(at: shop.time)
            left.append(try ledger(&shop)["reserved"])
        }
        // A piece at the end of each turn, and a little with each request.
        #expect(left == [924, 348, 0])
    }

    @Test func `comes after a week for a hold that a clock set back made endless`() throws {
        let clock = LapseClock(wall: 1_000_000, steady: 5_000)
        #expect(clock.steady(1_000_000 + 60_000) == 65_000)
        #expect(clock.steady(1_000_000 + 1_000 * Self.day) == 5_000 + 7 * Self.day)
    }

    @Test func `lets a release be repeated for a day`() throws {
        var shop = try JournalledShop()
        _ = try ask(Line.apply(1, "o1"), &shop)
        _ = try ask(Line.release(2, "o1"), &shop)
        shop.pass(milliseconds: Self.day - 1)
        endTurn(&shop)
        #expect(try ask(Line.release(3, "o1"), &shop)["replayed"] == .boolean(true))
        shop.pass(milliseconds: 1)
        endTurn(&shop)
        #expect(try ask(Line.release(4, "o1"), &shop)["error"]["code"] == "not_found")
        #expect(try ledger(&shop)["orders"] == 0)
    }

    @Test func `comes sooner for unused orders where room is needed, the oldest first`() throws {
        var shop = try JournalledShop(ordersMax: 3, total: 100)
        for order in ["o1", "o2", "o3"] { _ = try ask(Line.reserve(1, order), &shop) }
        #expect(try ask(Line.reserve(1, "o4"), &shop)["error"]["code"] == "overloaded")
        for order in ["o2", "o1"] {
            shop.pass(milliseconds: 1_000)
            _ = try ask(Line.release(1, order), &shop)
        }
        #expect(try ask(Line.reserve(1, "o4"), &shop)["reserved"] == .boolean(true))
        #expect(try ask(Line.release(1, "o2"), &shop)["error"]["code"] == "not_found")
        #expect(try ask(Line.release(1, "o1"), &shop)["replayed"] == .boolean(true))
        #expect(try ask(Line.apply(1, "o5"), &shop)["applied"] == .boolean(true))
        // What is left holds or uses something.
        #expect(try ask(Line.apply(1, "o6"), &shop)["error"]["code"] == "overloaded")
    }

    @Test func `comes in pieces where the limit was lowered far below what is unused`() throws {
        var shop = try JournalledShop(room: 1 << 24, ordersMax: 200, total: 500)
        for number in 0..<150 {
            _ = try ask(Line.reserve(1, "o\(number)"), &shop)
            _ = try ask(Line.release(1, "o\(number)"), &shop)
        }
        let state = shop.server.encodedState()
        let ledger = try Ledger.decoded(from: state.bytes, seed: HashSeed(3), orderLimit: 10)
        var small = try JournalledShop(room: 1 << 24, ordersMax: 10, total: 500, ledger: ledger)
        var left: [JSON] = []
        for number in 0..<11 {
            let reply = try ask(Line.apply(1, "new\(number)"), &small)
            if number == 10 {
                #expect(reply["error"]["code"] == "overloaded")
            } else {
                #expect(reply["applied"] == .boolean(true))
            }
            if number < 3 { left.append(try self.ledger(&small)["orders"]) }
        }
        #expect(left == [87, 24, 10])
    }

    @Test func `keeps an applied order for the retention, and its use for ever`() throws {
        var shop = try JournalledShop(orders: Self.settings(retention: 10 * Self.day))
        _ = try ask(Line.apply(1, "o1"), &shop)
        shop.pass(milliseconds: 10 * Self.day - 1)
        endTurn(&shop)
        #expect(try ask(Line.apply(2, "o1"), &shop)["replayed"] == .boolean(true))
        shop.pass(milliseconds: 1)
        endTurn(&shop)
        #expect(try ledger(&shop)["orders"] == 0)
        let limits = try ask(Line.usage(3), &shop)["result"]["limits"]
        #expect(limits[0]["used"] == 1)
        // The name is free again: what comes under it is another order.
        let again = try ask(Line.apply(4, "o1"), &shop)
        #expect(again["applied"] == .boolean(true) && again["replayed"] == .absent)
        #expect(try ask(Line.usage(5), &shop)["result"]["limits"][0]["used"] == 2)
    }

    @Test func `has memory returned once, when many have left and no more are leaving`() throws {
        var settings = Self.settings(unused: 1_000, retention: 10 * Self.day)
        settings.memoryReturnCount = 300
        var shop = try JournalledShop(
            room: 1 << 24, orders: settings, ordersMax: 1_000, total: 1_000)
        for number in 0..<299 { _ = try ask(Line.apply(1, "o\(number)"), &shop) }
        shop.pass(milliseconds: 10 * Self.day)
        endTurn(&shop)
        #expect(try ledger(&shop)["orders"] == 0)
        let afterFew = returnsMemory(&shop)
        #expect(!afterFew)

        // Forgotten in two turns: there is more to come after the first.
        for number in 0..<300 { _ = try ask(Line.reserve(1, "h\(number)", seconds: 1), &shop) }
        shop.pass(milliseconds: 1_000)
        endTurn(&shop)
        shop.pass(milliseconds: 1_000)
        endTurn(&shop)
        #expect(try ledger(&shop)["orders"] == 44)
        let betweenTurns = returnsMemory(&shop)
        #expect(!betweenTurns)
        endTurn(&shop)
        let afterMany = returnsMemory(&shop)
        #expect(afterMany)
        let again = returnsMemory(&shop)
        #expect(!again)
    }

    @Test func `waits until thirty days after the booked date`() throws {
        var shop = try JournalledShop(orders: Self.settings(retention: 10 * Self.day))
        // The shop opens on 2026-06-01 at noon.
        let booked = Line.apply(1, "o1").dropLast() + #","booking_date":"2026-06-20"}"#
        _ = try ask(String(booked), &shop)
        shop.pass(milliseconds: 48 * Self.day)
        endTurn(&shop)
        #expect(try ledger(&shop)["orders"] == 1)
        shop.pass(milliseconds: Self.day)
        endTurn(&shop)
        #expect(try ledger(&shop)["orders"] == 0)
    }

    @Test func `never comes because a clock jumps ahead`() throws {
        var shop = try JournalledShop(orders: Self.settings(retention: 10 * Self.day))
        _ = try ask(Line.apply(1, "o1"), &shop)
        shop.jump(milliseconds: 500 * Self.day)
        endTurn(&shop)
        #expect(try ask(Line.apply(2, "o1"), &shop)["replayed"] == .boolean(true))
        shop.pass(milliseconds: 9 * Self.day)
        endTurn(&shop)
        #expect(try ledger(&shop)["orders"] == 1)
        shop.pass(milliseconds: Self.day)
        endTurn(&shop)
        #expect(try ledger(&shop)["orders"] == 0)
    }

    @Test func `never comes because a clock that was behind is put right`() throws {
        var shop = try JournalledShop(orders: Self.settings(retention: 10 * Self.day))
        shop.jump(milliseconds: -300 * Self.day)
        _ = try ask(Line.apply(1, "o1"), &shop)
        shop.jump(milliseconds: 300 * Self.day)
        for _ in 0..<9 {
            shop.pass(milliseconds: Self.day)
            endTurn(&shop)
        }
        #expect(try ask(Line.apply(2, "o1"), &shop)["replayed"] == .boolean(true))
        shop.pass(milliseconds: Self.day)
        endTurn(&shop)
        #expect(try ledger(&shop)["orders"] == 0)
    }

    @Test func `comes by the clock where the operator trusts it`() throws {
        var orders = Self.settings(retention: 10 * Self.day)
        orders.trustsClock = true
        var ledger = Ledger(seed: HashSeed(1), orderLimit: 10)
        ledger.purgeDate = Shop.opening.millisecondsSinceEpoch - 5 * Self.day
        ledger.recordCalendar()
        var shop = try JournalledShop(orders: orders, ledger: ledger)
        _ = try ask(Line.apply(1, "o1"), &shop)
        let purge = try ask(#"{"op":"server.stats"}"#, &shop)["result"]["purge"]
        #expect(purge["date"] == "2026-06-01T12:00:00Z")
    }

    @Test func `goes on from the date that is on record, without the days between`() throws {
        var ledger = Ledger(seed: HashSeed(1), orderLimit: 10)
        ledger.purgeDate = Shop.opening.millisecondsSinceEpoch - 5 * Self.day
        ledger.recordCalendar()
        var shop = try JournalledShop(ledger: ledger)
        shop.pass(milliseconds: Self.day)
        let purge = try ask(#"{"op":"server.stats"}"#, &shop)["result"]["purge"]
        #expect(purge["date"] == "2026-05-28T12:00:00Z")
    }

    @Test func `writes a line for each order before it is forgotten`() throws {
        var shop = try JournalledShop(
            orders: Self.settings(retention: Self.day, archives: true))
        let rich = Line.apply(1, "o1").dropLast() + #","customer":"c1","metadata":{"note":"x"}}"#
        _ = try ask(String(rich), &shop)
        shop.pass(milliseconds: Self.day)
        endTurn(&shop)
        let written = shop.archiveText()
        let text = try #require(written)
        let line = try JSON(reading: text)
        #expect(text.hasSuffix("}\n") && text.count { $0 == "\n" } == 1)
        #expect(line["order"] == "o1" && line["store"] == "default" && line["state"] == "applied")
        #expect(line["decided_at"] == "2026-06-01T12:00:00Z" && line["total"] == 900)
        #expect(line["archived_at"] == "2026-06-02T12:00:00Z")
        #expect(line["customer"]["id"] == "c1" && line["metadata"]["note"] == "x")
        #expect(line["codes"][0]["code"] == "TEN" && line["codes"][0]["discount"] == 100)

        // The line is not durable: the order stays, and is offered again later.
        shop.server.finishArchiving(isDurable: false, at: shop.time)
        endTurn(&shop)
        let isOffered1 = shop.archiveText() != nil
        #expect(!isOffered1)
        #expect(try ledger(&shop)["orders"] == 1)
        shop.pass(milliseconds: 10_000)
        endTurn(&shop)
        let isOffered2 = shop.archiveText() != nil
        #expect(isOffered2)
        // Nothing else is written meanwhile.
        endTurn(&shop)
        let isOffered3 = shop.archiveText() != nil
        #expect(!isOffered3)
        shop.server.finishArchiving(isDurable: true, at: shop.time)
        #expect(try ledger(&shop)["orders"] == 0)
    }

    @Test func `keeps an order that changed while its line was written`() throws {
        var shop = try JournalledShop(
            orders: Self.settings(retention: Self.day, archives: true))
        _ = try ask(Line.apply(1, "o1"), &shop)
        shop.pass(milliseconds: Self.day)
        endTurn(&shop)
        let isOffered4 = shop.archiveText() != nil
        #expect(isOffered4)
        _ = try ask(Line.release(2, "o1"), &shop)
        shop.server.finishArchiving(isDurable: true, at: shop.time)
        #expect(try ask(Line.release(3, "o1"), &shop)["replayed"] == .boolean(true))
    }

    @Test func `waits for room in the journal, and for nothing else then`() throws {
        var snapshots = SnapshotSettings()
        snapshots.intervalSeconds = 1_000_000
        var shop = try JournalledShop(
            snapshots: snapshots, orders: Self.settings(retention: Self.day))
        _ = try ask(Line.apply(1, "o1"), &shop)
        _ = try ask(Line.reserve(1, "o2", seconds: 60), &shop)
        // The report of a mark is that there is no room any more.
        shop.pass(milliseconds: 1_000)
        _ = shop.begin()
        shop.end { report in
            report.condition = .noSpace(DiskFault(.allocate, path: "spare", errno: 28))
            report.room = 0
        }
        shop.pass(milliseconds: Self.day)
        shop.server.endOrders(at: shop.time)
        // The next attempt to take space comes now; once it is under way, nothing does.
        let before = shop.server.deadline(at: shop.time) ?? .max
        _ = shop.begin()
        let after = shop.server.deadline(at: shop.time) ?? .max
        #expect(before < shop.time.steady && after > shop.time.steady)
        shop.end { report in
            report.condition = .ready
            report.room = 1 << 20
        }
        // The order that found no room is found again.
        for _ in 0..<2 { endTurn(&shop) }
        #expect(try ledger(&shop)["orders"] == 1)
        #expect(try ledger(&shop)["unused"] == 1)
    }
}

@Suite struct `The share of orders that may be kept` {
    @Test func `is reported once when it passes 80, 90 and 100 percent`() throws {
        var shop = try JournalledShop(ordersMax: 10, total: 100)
        var reported: [Int] = []
        for number in 1...10 {
            _ = shop.send(Line.apply(1, "o\(number)"), from: shop.connect())
            if let percent = shop.server.nextFullness() {
                reported.append(number * 1_000 + percent)
            }
            let again = shop.server.nextFullness()
            #expect(again == nil)
        }
        #expect(reported == [8_080, 9_090, 10_100])
    }

    @Test func `is reported again after it had fallen`() throws {
        var shop = try JournalledShop(ordersMax: 10, total: 100)
        for number in 1...8 { _ = shop.send(Line.apply(1, "o\(number)"), from: shop.connect()) }
        let first = shop.server.nextFullness()
        _ = shop.send(Line.release(1, "o1"), from: shop.connect())
        let second = shop.server.nextFullness()
        _ = shop.send(Line.apply(1, "o9"), from: shop.connect())
        let third = shop.server.nextFullness()
        #expect([first, second, third] == [80, nil, 80])
    }
}
