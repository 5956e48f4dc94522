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

        /// What an order got, without what differs between the first reply and a repeat of it.
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

        @Test func `answers what was asked, and finds every use and order again`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                let daemon = try shop.startDaemon()
                let clients = try (0..<4).map { _ in try shop.connect() }
                func orders(of client: Int) -> [String] { (0..<40).map { "o-\(client)-\($0)" } }
                for (index, client) in clients.enumerated() {
                    // Accepted by the daemon before it is told to end.
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

                _ = try shop.startDaemon()
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

        @Test func `after a crash has the counts of the last snapshot`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                let daemon = try shop.startDaemon()
                let client = try shop.connect()
                for order in ["o-1", "o-2"] {
                    let reply = try client.ask(ShopRequests.apply("TEN", order: order))
                    #expect(reply["applied"] == true)
                }
                try daemon.snapshot()
                let late = try client.ask(ShopRequests.apply("TEN", order: "o-3"))
                #expect(late["applied"] == true)
                try daemon.crash()
                // What the crash left behind is recognised and replaced.
                #expect(FileManager.default.fileExists(atPath: shop.socket))

                _ = try shop.startDaemon()
                let next = try shop.connect()
                #expect(try next.usedCount(of: "TEN") == 2)
                let kept = try next.ask(ShopRequests.apply("TEN", order: "o-2"))
                #expect(kept["replayed"] == true)
                let lost = try next.ask(ShopRequests.apply("TEN", order: "o-3"))
                #expect(lost["applied"] == true && lost["replayed"] == nil)
                #expect(try next.usedCount(of: "TEN") == 3)
            }
        }

        @Test func `keeps what is held, used and given back as of the last snapshot`() throws {
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
                try daemon.snapshot()
                #expect(try ask("reserve", "forgotten", client)["reserved"] == true)
                try daemon.crash()

                _ = try shop.startDaemon()
                let next = try shop.connect()
                let usage = try next.ask(ShopRequests.usage("TEN"))
                #expect(usage["result.limits.0.used"] == 1 && usage["result.limits.0.held"] == 1)
                #expect(try release("forgotten", next)["error.code"] == "not_found")
                // The last release is told again, as it was.
                let again = try release("back", next)
                #expect(again["replayed"] == true && again["codes"] == released["codes"])
                // The card's money is still held for its order, and pays for it.
                let other = try next.ask(#"{"op":"validate","code":"CARD"}"#)
                #expect(other["reason"] == "gift_card_empty" && other["codes.0.held"] == 900)
                let applied = try ask("apply", "held", next)
                #expect(applied["applied"] == true && applied["gift_card_amount"] == 900)
                #expect(try next.usedCount(of: "TEN") == 2)
            }
        }

        @Test func `turns away who goes on asking, and nobody new is let in`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                let daemon = try shop.startDaemon()
                let client = try shop.connect()
                _ = try client.ask(#"{"op":"ping"}"#)
                daemon.askToEnd()
                try daemon.log.next(containing: "draining")
                var last: Reply?
                do {
                    // The daemon ends this within two seconds, whatever we do.
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

        @Test func `writes nothing where nothing changed`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                let daemon = try shop.startDaemon()
                _ = try shop.connect().ask(ShopRequests.validate("TEN", id: 1))
                #expect(try daemon.end() == .status(0))
                #expect(!FileManager.default.fileExists(atPath: shop.state + "/snapshot"))
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
                let opened = #""message":"log opened anew""#
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
