import CouponService
import Testing

private let definitions = """
    currency: USD
    coupons:
    - {id: ten, codes: [TEN], discount: {kind: percentage, percent: 10}, limits: {total: 500}}
    """

private func ping(_ id: Int) -> String { #"{"id":\#(id),"op":"ping"}"# + "\n" }

/// The ids of reply lines, as they were echoed.
private func ids(_ replies: String) -> [String] {
    replies.split(separator: "\n").map { line in
        String(line.dropFirst(#"{"id":"#.count).prefix { $0 != "," })
    }
}

@Suite struct `A conversation` {
    @Test(arguments: 1...9)
    func `answers in order, for lines in pieces of any size`(size: Int) throws {
        let shop = try Shop(definitions)
        let client = shop.connect()
        let bytes = Array((ping(1) + "\r\n\n" + ping(2) + ping(3).dropLast() + "\r\n").utf8)
        var replies = ""
        for start in stride(from: 0, to: bytes.count, by: size) {
            let piece = Array(bytes[start..<min(start + size, bytes.count)])
            let (text, next) = shop.send(piece, from: client)
            #expect(next == .keepReading)
            replies += text
        }
        #expect(ids(replies) == ["1", "2", "3"])
        #expect(client.unansweredByteCount == 0)
    }

    @Test func `yields its turn when it sends many lines`() throws {
        var limits = ResourceLimits()
        limits.linesPerTurnMax = 4
        let shop = try Shop(definitions, limits: limits)
        let client = shop.connect()
        let other = shop.connect()
        let ten = (1...10).map(ping).joined() + #"{"id":11,"#
        var (replies, next) = shop.send(ten, from: client)
        #expect(ids(replies) == ["1", "2", "3", "4"])
        #expect(next == .yieldTurn)
        // Others are answered in between.
        #expect(ids(shop.send(ping(99), from: other).replies) == ["99"])
        (replies, next) = shop.resume(client)
        #expect(ids(replies) == ["5", "6", "7", "8"])
        #expect(next == .yieldTurn)
        (replies, next) = shop.resume(client)
        #expect(ids(replies) == ["9", "10"])
        #expect(next == .keepReading)
        #expect(client.unansweredByteCount == #"{"id":11,"#.utf8.count)
        #expect(ids(shop.send(#""op":"ping"}"# + "\n", from: client).replies) == ["11"])
    }

    @Test func `continues after a line that is too long, with one error`() throws {
        var limits = ResourceLimits()
        limits.lineBytesMax = 64
        let shop = try Shop(definitions, limits: limits)
        let long = String(repeating: "x", count: 65)
        let error = #"{"id":null,"error":{"code":"line_too_long""#
        for pieces in [
            [long + "\n" + ping(1)], [long, long, "\n", ping(1)],
            [ping(0) + long, "\r\n" + ping(1)],
        ] {
            let client = shop.connect()
            let replies = pieces.map { shop.send($0, from: client).replies }.joined()
                .split(separator: "\n")
            #expect(replies.filter { $0.hasPrefix(error) }.count == 1)
            #expect(replies.last?.hasPrefix(#"{"id":1,"result""#) == true)
        }
        // Exactly at the limit.
        let padded = #"{"id":7,"op":"ping""# + String(repeating: " ", count: 44) + "}"
        #expect(padded.utf8.count == 64)
        #expect(ids(shop.send(padded + "\r\n", from: shop.connect()).replies) == ["7"])
        let over = padded.replacing("ping\"", with: "ping\" ")
        #expect(shop.send(over + "\n", from: shop.connect()).replies.hasPrefix(error))
    }

    @Test func `rejects everything except ping while it drains`() throws {
        let shop = try Shop(definitions)
        let before = shop.snapshot()
        shop.beginDrain()
        for line in [validate("TEN"), apply("TEN", order: "o"), usage("TEN")] {
            #expect(try shop.reply(line)["error"]["code"] == "shutting_down")
        }
        for operation in ["server.stats", "server.reload", "server.snapshot"] {
            let reply = try shop.reply(request(operation), as: .admin)
            #expect(reply["error"]["code"] == "shutting_down")
        }
        #expect(shop.nextTask() == nil)
        #expect(try shop.reply(request("ping"))["result"]["ready"] == false)
        #expect(shop.snapshot() == before)
    }
}

@Suite struct `A request for other threads` {
    private func ask(_ operation: String, _ id: Int) -> String {
        #"{"id":\#(id),"op":"\#(operation)"}"# + "\n"
    }

    @Test(arguments: ["server.reload", "server.snapshot"])
    func `delays the lines behind it`(operation: String) throws {
        let shop = try Shop(definitions)
        let client = shop.connect(as: .admin)
        var (replies, next) = shop.send(ping(1) + ask(operation, 2) + ping(3), from: client)
        #expect(ids(replies) == ["1"])
        #expect(next == .awaitAnswer)
        // Lines that arrive now are kept, not answered.
        (replies, next) = shop.send(ping(4), from: client)
        #expect(replies == "" && next == .awaitAnswer)
        (replies, next) = shop.resume(client)
        #expect(replies == "" && next == .awaitAnswer)
        #expect(ids(shop.send(ping(50), from: shop.connect()).replies) == ["50"])

        let task: LongTask = operation == "server.reload" ? .reload : .snapshot
        #expect(shop.nextTask() == task)
        #expect(shop.nextTask() == nil)
        #expect(!shop.hasAnswer())
        finish(task, of: shop)
        #expect(shop.nextAnswer(among: [client]) === client)
        #expect(!shop.hasAnswer())
        (replies, next) = shop.deliverAnswer(to: client)
        #expect(ids(replies) == ["2", "3", "4"])
        #expect(next == .keepReading)
        #expect(shop.nextTask() == nil)
    }

    @Test func `reports the outcome of a reload`() throws {
        let shop = try Shop(definitions)
        let client = shop.connect(as: .admin)
        func answer(to next: String) -> String {
            _ = shop.send(ask("server.reload", 1), from: client)
            #expect(shop.nextTask() == .reload)
            shop.finishReload(with: next, milliseconds: 12)
            #expect(shop.nextAnswer(among: [client]) === client)
            return shop.deliverAnswer(to: client).replies
        }
        #expect(
            answer(to: definitions)
                == #"{"id":1,"result":{"reloaded":true,"coupons":1,"codes":1,"warnings":0,"#
                + #""milliseconds":12}}"#
                + "\n")
        let refused = try JSON(reading: answer(to: "coupons:\n- {codes: [X], discont: 1}"))
        #expect(refused["id"] == 1)
        #expect(refused["error"]["code"] == "unprocessable")
        #expect(refused["error"]["details"]["catalog"][0].string.hasPrefix("coupons.yaml:2:"))
        #expect(try shop.reply(validate("TEN"))["valid"] == true)
    }

    @Test func `reports the outcome of a snapshot`() throws {
        let shop = try Shop(definitions)
        let client = shop.connect(as: .admin)
        func answer(to outcome: SnapshotOutcome) -> String {
            _ = shop.send(ask("server.snapshot", 1), from: client)
            #expect(shop.nextTask() == .snapshot)
            shop.finishSnapshot(outcome)
            #expect(shop.nextAnswer(among: [client]) === client)
            return shop.deliverAnswer(to: client).replies
        }
        #expect(
            answer(to: Shop.written(4_096, milliseconds: 3))
                == #"{"id":1,"result":{"written":true,"bytes":4096,"milliseconds":3}}"# + "\n")
        let failed = try JSON(reading: answer(to: .failed("write: no space left")))
        #expect(failed["error"]["code"] == "storage_unavailable")
        #expect(failed["error"]["details"]["snapshot"] == ["write: no space left"])
    }

    @Test func `runs again for a client that asks during a run`() throws {
        let shop = try Shop(definitions)
        let (first, second, third) = (
            shop.connect(as: .admin), shop.connect(as: .admin), shop.connect(as: .admin)
        )
        let all = [first, second, third]
        _ = shop.send(ask("server.reload", 1), from: first)
        _ = shop.send(ask("server.reload", 2), from: second)
        #expect(shop.nextTask() == .reload)
        // This one may have changed the files after they were read.
        _ = shop.send(ask("server.reload", 3), from: third)
        #expect(shop.nextTask() == nil)
        shop.finishReload(with: definitions)
        #expect(shop.nextAnswer(among: all) === first)
        #expect(shop.nextAnswer(among: all) === second)
        #expect(!shop.hasAnswer())
        #expect(ids(shop.deliverAnswer(to: first).replies) == ["1"])
        #expect(ids(shop.deliverAnswer(to: second).replies) == ["2"])
        #expect(shop.nextTask() == .reload)
        shop.finishReload(with: definitions)
        #expect(shop.nextAnswer(among: all) === third)
        #expect(ids(shop.deliverAnswer(to: third).replies) == ["3"])
        #expect(shop.nextTask() == nil)
    }

    @Test func `is one run for a client that asks twice in a row, then another run`() throws {
        let shop = try Shop(definitions)
        let client = shop.connect(as: .admin)
        _ = shop.send(ask("server.reload", 1) + ask("server.reload", 2) + ping(3), from: client)
        #expect(shop.nextTask() == .reload)
        shop.finishReload(with: definitions)
        #expect(shop.nextAnswer(among: [client]) === client)
        var (replies, next) = shop.deliverAnswer(to: client)
        #expect(ids(replies) == ["1"])
        #expect(next == .awaitAnswer)
        #expect(shop.nextTask() == .reload)
        shop.finishReload(with: definitions)
        #expect(shop.nextAnswer(among: [client]) === client)
        (replies, next) = shop.deliverAnswer(to: client)
        #expect(ids(replies) == ["2", "3"])
        #expect(next == .keepReading)
    }

    @Test(arguments: [0, 1, 2])
    func `is forgotten when its client leaves, at any moment`(moment: Int) throws {
        let shop = try Shop(definitions)
        let (gone, stays) = (shop.connect(as: .admin), shop.connect(as: .admin))
        _ = shop.send(ask("server.snapshot", 1), from: gone)
        _ = shop.send(ask("server.snapshot", 2), from: stays)
        if moment == 0 { shop.disconnect(gone) }
        #expect(shop.nextTask() == .snapshot)
        if moment == 1 { shop.disconnect(gone) }
        shop.finishSnapshot(Shop.written(1, milliseconds: 1))
        if moment == 2 { shop.disconnect(gone) }
        #expect(shop.nextAnswer(among: [gone, stays]) === stays)
        #expect(!shop.hasAnswer())
    }

    @Test func `does not need a client`() throws {
        let shop = try Shop(definitions)
        shop.request(.snapshot)
        shop.request(.reload)
        shop.request(.reload)
        #expect(shop.nextTask() == .reload)
        #expect(shop.nextTask() == .snapshot)
        #expect(shop.nextTask() == nil)
        shop.finishReload(with: definitions)
        shop.finishSnapshot(.failed("no disk"))
        #expect(!shop.hasAnswer())
        #expect(shop.nextTask() == nil)
    }

    @Test func `is forced only if a request for this run says so`() throws {
        let shop = try Shop(definitions)
        let client = shop.connect(as: .admin)
        _ = shop.send(#"{"op":"server.reload","force":true}"# + "\n", from: client)
        #expect(shop.nextStartableTask() == .reload(isForced: true))
        // A signal meanwhile asks for another run, and a signal never forces.
        shop.request(.reload)
        shop.finishReload(with: definitions)
        #expect(shop.nextStartableTask() == .reload(isForced: false))
        shop.finishReload(with: definitions)
        #expect(shop.nextAnswer(among: [client]) === client)
        _ = shop.deliverAnswer(to: client)
        for members in [#","force":false"#, #","force":null"#, ""] {
            _ = shop.send(#"{"op":"server.reload"\#(members)}"# + "\n", from: client)
            #expect(shop.nextStartableTask() == .reload(isForced: false))
            shop.finishReload(with: definitions)
            #expect(shop.nextAnswer(among: [client]) === client)
            _ = shop.deliverAnswer(to: client)
        }
    }

    private func finish(_ task: LongTask, of shop: Shop) {
        switch task {
        case .reload: shop.finishReload(with: definitions)
        case .snapshot: shop.finishSnapshot(Shop.written(1, milliseconds: 1))
        }
    }
}
