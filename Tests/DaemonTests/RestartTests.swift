import CouponClient
import Foundation
import Testing

extension `The built daemon` {
    @Suite struct `A restart` {
        private static let catalog = """
            currency: USD
            coupons:
            - {id: c_ten, codes: [TEN], limits: {total: 900},
               discount: {kind: percentage, percent: 10}}
            """

        /// The result of an order, without the members that differ between a reply and its repeat.
        private static func facts(of reply: Reply) -> [String: JSONValue]? {
            var facts = reply.value.members
            facts?["replayed"] = nil
            guard case .array(let codes) = facts?["codes"] else { return facts }
            facts?["codes"] = .array(
                codes.map { entry in
                    guard var members = entry.members else { return entry }
                    members["remaining"] = nil
                    return .object(members)
                })
            return facts
        }

        @Test func `answers pending requests, and keeps every use and order`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                let daemon = try shop.startDaemon()
                let clients = try (0..<4).map { _ in try shop.connect() }
                func orders(of client: Int) -> [String] { (0..<40).map { "o-\(client)-\($0)" } }
                for (index, client) in clients.enumerated() {
                    // Accepted by the daemon before it gets the signal to end.
                    _ = try client.ask(#"{"op":"ping"}"#)
                    for order in orders(of: index) {
                        try client.send(ShopRequests.apply("TEN", order: order) + "\n")
                    }
                }
                daemon.askToEnd()
                var replies: [(order: String, reply: Reply)] = []
                for (index, client) in clients.enumerated() {
                    let lines = try client.remainingLines()
                    #expect(lines.count == orders(of: index).count)
                    for (order, line) in zip(orders(of: index), lines) {
                        let reply = try Reply(line)
                        #expect(reply["applied"] == true && reply["order"] == .string(order))
                        replies.append((order, reply))
                    }
                }
                #expect(try daemon.program.waitForEnd() == .status(0))
                // The journal is durable, which is enough: the end writes no snapshot.
                let left = try shop.stateFiles()
                #expect(left["snapshot"] == nil && left.segments.count == 1)

                let next = try shop.startDaemon()
                let loaded = try Reply(try #require(next.log.line(containing: "state loaded")))
                #expect(loaded["metadata.redone"] == 160, "\(loaded.line)")
                #expect(next.log.line(containing: "is incomplete") == nil)
                let client = try shop.connect()
                #expect(try client.usedCount(of: "TEN") == 160)
                for (order, first) in replies {
                    let repeated = try client.ask(ShopRequests.apply("TEN", order: order))
                    #expect(repeated["replayed"] == true)
                    #expect(Self.facts(of: repeated) == Self.facts(of: first), "\(repeated.line)")
                }
                #expect(try client.usedCount(of: "TEN") == 160)
            }
        }

        @Test func `right after a reply keeps what the reply reported`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                var acknowledged: [(order: String, reply: Reply)] = []
                for count in 1...8 {
                    let daemon = try shop.startDaemon()
                    let client = try shop.connect()
                    #expect(try client.usedCount(of: "TEN") == Int64(count - 1))
                    for (order, first) in acknowledged {
                        let again = try client.ask(ShopRequests.apply("TEN", order: order))
                        #expect(again["replayed"] == true)
                        #expect(Self.facts(of: again) == Self.facts(of: first), "\(again.line)")
                    }
                    let order = "o-\(count)"
                    let reply = try client.ask(ShopRequests.apply("TEN", order: order))
                    try daemon.crash()
                    #expect(reply["applied"] == true && reply["replayed"] == nil)
                    acknowledged.append((order, reply))
                    // The abandoned socket is recognised and replaced.
                    #expect(FileManager.default.fileExists(atPath: shop.socket))
                }
            }
        }

        @Test func `keeps holds, uses and releases`() throws {
            let catalog = Self.catalog + "\ngift_cards: [{id: gc, code: CARD, amount: 900}]"
            try Shop.open(catalog: catalog) { shop in
                let daemon = try shop.startDaemon()
                let client = try shop.connect()
                func ask(_ operation: String, _ order: String, _ client: LineClient) throws -> Reply
                {
                    try client.ask(
                        #"{"op":"\#(operation)","order":"\#(order)","codes":["TEN","CARD"],"#
                            + #""mode":"partial",\#(ShopRequests.cart)}"#)
                }
                func release(_ order: String, _ client: LineClient) throws -> Reply {
                    try client.ask(#"{"op":"release","order":"\#(order)"}"#)
                }
                #expect(try ask("reserve", "held", client)["gift_card_amount"] == 900)
                for order in ["used", "back"] {
                    #expect(try ask("apply", order, client)["applied"] == true)
                }
                let released = try release("back", client)
                #expect(released["codes.0.was"] == "applied")
                #expect(try ask("reserve", "other", client)["reserved"] == true)
                #expect(try release("other", client)["codes.0.was"] == "reserved")
                try daemon.crash()

                _ = try shop.startDaemon()
                let next = try shop.connect()
                let usage = try next.ask(ShopRequests.usage("TEN"))
                #expect(usage["result.limits.0.used"] == 1 && usage["result.limits.0.held"] == 1)
                // The last release is reported again, unchanged.
                let again = try release("back", next)
                #expect(again["replayed"] == true && again["codes"] == released["codes"])
                #expect(try release("other", next)["replayed"] == true)
                // The card's money is still held for its order, and pays for it.
                let other = try next.ask(#"{"op":"validate","code":"CARD"}"#)
                #expect(other["reason"] == "gift_card_empty" && other["codes.0.held"] == 900)
                let applied = try ask("apply", "held", next)
                #expect(applied["applied"] == true && applied["gift_card_amount"] == 900)
                #expect(try next.usedCount(of: "TEN") == 2)
            }
        }

        @Test func `lets a hold lapse in time, and no other`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                let daemon = try shop.startDaemon()
                let client = try shop.connect()
                func reserve(_ order: String, seconds: Int) -> String {
                    #"{"op":"reserve","order":"\#(order)","code":"TEN","ttl":\#(seconds),"#
                        + ShopRequests.cart + "}"
                }
                #expect(try client.ask(reserve("long", seconds: 600))["reserved"] == true)
                let start = ContinuousClock.now
                #expect(try client.ask(reserve("short", seconds: 2))["reserved"] == true)
                try daemon.crash()

                let next = try shop.startDaemon()
                try shop.eventually("the hold lapses") {
                    try shop.connect().ask(ShopRequests.usage("TEN"))["result.limits.0.held"] == 1
                }
                #expect(ContinuousClock.now - start > .milliseconds(1_900))
                // Its lapse is recorded, too.
                try next.crash()
                _ = try shop.startDaemon()
                let last = try shop.connect()
                let usage = try last.ask(ShopRequests.usage("TEN"))
                #expect(usage["result.limits.0.held"] == 1 && usage["result.limits.0.used"] == 0)
                let release = try last.ask(#"{"op":"release","order":"short"}"#)
                #expect(release["error.code"] == "not_found")
                #expect(try last.ask(#"{"op":"release","order":"long"}"#)["released"] == true)
            }
        }

        @Test func `during a snapshot loses nothing`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                for count in 1...10 {
                    let daemon = try shop.startDaemon()
                    let client = try shop.connect()
                    let order = ShopRequests.apply("TEN", order: "o-\(count)")
                    #expect(try client.ask(order)["applied"] == true)
                    daemon.program.signal(SIGUSR2)
                    // Each crash comes at another moment of the snapshot.
                    for _ in 0..<(count % 4) { _ = try client.ask(#"{"op":"ping"}"#) }
                    try daemon.crash()
                }
                _ = try shop.startDaemon()
                #expect(try shop.connect().usedCount(of: "TEN") == 10)
            }
        }

        @Test func `turns away clients that keep asking, and accepts no new ones`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                let daemon = try shop.startDaemon()
                let client = try shop.connect()
                _ = try client.ask(#"{"op":"ping"}"#)
                daemon.askToEnd()
                try daemon.log.next(containing: "draining")
                var last: Reply?
                do {
                    // The daemon ends this within two seconds, whether we ask or not.
                    repeat {
                        last = try client.ask(ShopRequests.validate("TEN", id: 1))
                    } while last?["valid"] == true
                    #expect(throws: (any Error).self) { try shop.connect() }
                    #expect(last?["error.code"] == "shutting_down", "\(last?.line ?? "")")
                    #expect(last?["id"] == 1)
                    for line in try client.remainingLines() {
                        #expect(try Reply(line)["error.code"] == "shutting_down")
                    }
                } catch LineFault.closed {
                    #expect(last?["valid"] == true)
                }
                #expect(try daemon.program.waitForEnd() == .status(0))
                #expect(!FileManager.default.fileExists(atPath: shop.socket))
            }
        }

        @Test func `is not needed to rotate the log`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                let daemon = try shop.startDaemon(
                    configuration: """
                        sockets:
                        - {path: s.sock, role: storefront}
                        state: {directory: state}
                        catalog: [catalog.yaml]
                        log: {file: coupond.log}
                        """, serving: [shop.socket])
                try shop.eventually("the log has begun") {
                    try shop.text(of: "coupond.log").contains("serving")
                }
                try FileManager.default.moveItem(
                    atPath: shop.path("coupond.log"), toPath: shop.path("coupond.log.1"))
                daemon.program.signal(SIGUSR1)
                let opened = #""message":"log file reopened""#
                try shop.eventually("the log goes on in a new file") {
                    guard FileManager.default.fileExists(atPath: shop.path("coupond.log"))
                    else { return false }
                    return try shop.text(of: "coupond.log").contains(opened)
                }
                #expect(try shop.text(of: "coupond.log.1").contains(opened) == false)
                #expect(try daemon.end() == .status(0))
                #expect(try shop.text(of: "coupond.log").contains(#""message":"ended""#))
            }
        }
    }
}
