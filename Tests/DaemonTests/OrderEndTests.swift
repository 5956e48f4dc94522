import CouponClient
import Foundation
import Glibc
import Testing

extension `The built daemon` {
    /// Orders that used nothing make room, orders that used something go to the archive.
    @Suite struct `The end of orders` {
        private static let catalog = """
            currency: USD
            coupons:
            - {id: c_ten, codes: [TEN], limits: {total: 1000},
               discount: {kind: percentage, percent: 10}}
            - {id: c_other, codes: [OTHER], limits: {total: 1000},
               discount: {kind: percentage, percent: 10}}
            """

        private static let statistics = #"{"op":"server.stats"}"#

        /// Calls `body` with a shop that has these settings besides the usual ones.
        private func open(_ settings: String, _ body: (Shop) throws -> Void) throws {
            try Shop.open(catalog: Self.catalog) { shop in
                try write(settings, to: shop)
                try body(shop)
            }
        }

        private func write(_ settings: String, to shop: Shop) throws {
            try shop.write(Shop.settings + "\n" + settings + "\n", to: "settings.yaml")
        }

        /// A figure of `server.stats`, such as `ledger.orders`.
        private func figure(_ name: String, _ shop: Shop) throws -> JSONValue? {
            try shop.askAdmin(Self.statistics)["result.\(name)"]
        }

        private func apply(_ orders: [String], _ client: LineClient) throws {
            for order in orders {
                let reply = try client.ask(ShopRequests.apply("TEN", order: order))
                #expect(reply["applied"] == true, "\(reply.line)")
            }
        }

        // MARK: Orders that used nothing

        @Test(arguments: [SIGTERM, SIGKILL])
        func `never keeps a new order out for what was not used`(signal: CInt) throws {
            try open("limits: {orders: 50}") { shop in
                let daemon = try shop.startDaemon()
                let client = try shop.connect()
                func reserve(_ orders: ClosedRange<Int>, ttl: Int = 600) throws {
                    for order in orders {
                        let reply = try shop.connect().ask(
                            ShopRequests.reserve("TEN", order: "o-\(order)", ttl: ttl))
                        #expect(reply["reserved"] == true, "\(reply.line)")
                    }
                }
                try reserve(1...20)
                for order in 1...20 {
                    let reply = try client.ask(ShopRequests.release("o-\(order)"))
                    #expect(reply["released"] == true, "\(reply.line)")
                }
                try reserve(21...50, ttl: 1)
                try shop.eventually("all holds lapse") {
                    try figure("ledger.unused", shop) == 50
                }
                #expect(try figure("ledger.orders", shop) == 50)
                try reserve(51...60)
                #expect(try figure("ledger.orders", shop) == 50)

                if signal == SIGKILL {
                    try daemon.crash()
                } else {
                    #expect(try daemon.end() == .status(0))
                }
                _ = try shop.startDaemon()
                #expect(try figure("ledger.unused", shop) == 40)
                try reserve(61...100)
                // Now every order holds something.
                let reply = try shop.connect().ask(ShopRequests.apply("TEN", order: "o-101"))
                #expect(reply["error.code"] == "overloaded", "\(reply.line)")
                // The orders that ended first went first.
                let first = try shop.connect().ask(ShopRequests.release("o-1"))
                #expect(first["error.code"] == "not_found", "\(first.line)")
            }
        }

        @Test func `comes for an unused order after the time that a reload sets`() throws {
            try open("") { shop in
                let daemon = try shop.startDaemon()
                let client = try shop.connect()
                try apply(["o-1"], client)
                #expect(try client.ask(ShopRequests.release("o-1"))["replayed"] == nil)
                #expect(try client.ask(ShopRequests.release("o-1"))["replayed"] == true)

                try write("orders: {forget_unused: 1s}", to: shop)
                try daemon.reload()
                try shop.eventually("the order is forgotten") {
                    try client.ask(ShopRequests.release("o-1"))["error.code"] == "not_found"
                }
                #expect(try figure("ledger.orders", shop) == 0)
            }
        }

        // MARK: Orders that used something

        /// The lines of the archive's only file.
        private func archivedLines(_ folder: String) throws -> [Reply] {
            let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(names.count == 1)
            let name = try #require(names.first)
            #expect(name.wholeMatch(of: /orders-\d{4}-\d\d\.jsonl/) != nil, "\(name)")
            let text = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
            #expect(text.hasSuffix("}\n"))
            return try text.split(separator: "\n").map { try Reply(String($0)) }
        }

        @Test func `leaves a line of each order in the archive, and its uses counted`() throws {
            try open("") { shop in
                let daemon = try shop.startDaemon()
                let client = try shop.connect()
                let orders = ["o-1", "o-2", "o-3"]
                try apply(orders, client)
                let booked = ShopRequests.apply("TEN", order: "o-later").dropLast()
                let kept = try client.ask(booked + #","booking_date":"2400-01-01"}"#)
                #expect(kept["applied"] == true, "\(kept.line)")
                let replay = try client.ask(ShopRequests.apply("TEN", order: "o-1"))
                #expect(replay["replayed"] == true)

                let folder = shop.path("archive")
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: false)
                try write("orders: {retention: 1s, archive: \(folder)}", to: shop)
                try daemon.reload()
                try shop.eventually("all but the booked order are archived") {
                    try figure("ledger.orders", shop) == 1
                }
                let lines = try archivedLines(folder)
                #expect(lines.compactMap { $0["order"]?.stringValue }.sorted() == orders)
                for line in lines {
                    #expect(line["state"] == "applied" && line["codes.0.code"] == "TEN")
                    #expect(line["total"] == 4500, "\(line.line)")
                }
                #expect(try client.usedCount(of: "TEN") == 4)

                // The id is free. What is applied under it is another order, which stays for now.
                try write("orders: {archive: \(folder)}", to: shop)
                try daemon.reload()
                let again = try client.ask(ShopRequests.apply("TEN", order: "o-1"))
                #expect(again["applied"] == true && again["replayed"] == nil, "\(again.line)")
                let later = try client.ask(booked + #","booking_date":"2400-01-01"}"#)
                #expect(later["replayed"] == true)
                #expect(try client.usedCount(of: "TEN") == 5)
                #expect(try daemon.end() == .status(0))

                let verified = try shop.runDaemon(["--verify", "--state", shop.state])
                #expect(verified.status == 0, "\(verified.errors)")
                #expect(verified.errors.contains("2 orders"), "\(verified.errors)")
                _ = try shop.startDaemon()
                #expect(try shop.connect().usedCount(of: "TEN") == 5)
                #expect(try archivedLines(folder).count == 3)
            }
        }

        @Test func `waits for an archive that cannot be written`() throws {
            try open("") { shop in
                let folder = shop.path("archive")
                try write("orders: {retention: 1s, archive: \(folder)}", to: shop)
                let daemon = try shop.startDaemon()
                let client = try shop.connect()
                try apply(["o-1"], client)
                let fault = try Reply(daemon.log.next(containing: "cannot archive orders"))
                #expect(fault["level"] == "error")
                #expect(
                    fault["metadata.file"]?.stringValue?.hasPrefix(folder + "/orders-") == true,
                    "\(fault.line)")
                #expect(try figure("ledger.orders", shop) == 1)
                let replay = try client.ask(ShopRequests.apply("TEN", order: "o-1"))
                #expect(replay["replayed"] == true)

                // A reload makes the next attempt come at once.
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: false)
                try daemon.reload()
                try shop.eventually("the order is archived") {
                    try figure("ledger.orders", shop) == 0
                }
                #expect(try archivedLines(folder).map { $0["order"]?.stringValue } == ["o-1"])
                #expect(try client.usedCount(of: "TEN") == 1)
            }
        }

        // MARK: What the operator sees and sets

        @Test func `is near when the log says how full the records are`() throws {
            try open("limits: {orders: 10}") { shop in
                let daemon = try shop.startDaemon()
                let client = try shop.connect()
                try apply((1...7).map { "o-\($0)" }, client)
                #expect(daemon.log.line(containing: "limits.orders") == nil)
                for (order, percent) in [("o-8", 80), ("o-9", 90), ("o-10", Int64(100))] {
                    try apply([order], client)
                    let line = try Reply(daemon.log.next(containing: "limits.orders"))
                    #expect(line["level"] == "warning")
                    #expect(line["metadata.percent"] == .integer(percent), "\(line.line)")
                    #expect(line.line.contains("is reached") == (percent == 100))
                }
                let refused = try client.ask(ShopRequests.apply("TEN", order: "o-11"))
                #expect(refused["error.code"] == "overloaded", "\(refused.line)")
            }
        }

        @Test func `shows in the statistics by state, with what goes next`() throws {
            try open("orders: {forget_unused: 2h}") { shop in
                _ = try shop.startDaemon()
                let client = try shop.connect()
                try apply(["o-1", "o-2"], client)
                let both = ShopRequests.apply("TEN", order: "o-3")
                    .replacing(#""code":"TEN""#, with: #""codes":["TEN","OTHER"]"#)
                #expect(try client.ask(both)["applied"] == true)
                let part = try client.ask(
                    ShopRequests.release("o-3").dropLast() + #","code":"OTHER"}"#)
                #expect(part["released"] == true, "\(part.line)")
                for order in ["o-4", "o-5", "o-6"] {
                    _ = try client.ask(ShopRequests.reserve("TEN", order: order))
                }
                #expect(try client.ask(ShopRequests.release("o-4"))["released"] == true)

                let stats = try shop.askAdmin(Self.statistics)
                let counts = [
                    ("orders", 6), ("reserved", 2), ("applied", 2), ("partly_released", 1),
                    ("released", 1), ("unused", 1),
                ]
                for (name, count) in counts {
                    #expect(
                        stats["result.ledger.\(name)"] == .integer(Int64(count)),
                        "\(name) in \(stats.line)")
                }
                #expect(stats["result.purge.oldest"]?.stringValue != nil, "\(stats.line)")
                #expect(stats["result.purge.date"]?.stringValue != nil, "\(stats.line)")
                #expect(stats["result.purge.next_orders"] == 1, "\(stats.line)")
                guard case .integer(let seconds) = stats["result.purge.next_in_seconds"] else {
                    Issue.record("\(stats.line)")
                    return
                }
                #expect((7_000...7_200).contains(seconds))
            }
        }

        @Test(arguments: [
            ("retention: 5x", "`5x` is not a length of time"),
            ("retention: 400", "`400` is not a length of time"),
            ("forget_unused: 0s", "`0s` is not a length of time"),
            ("forget_unused: 36501d", "`36501d` is not a length of time"),
            ("forget_unused: [1h]", "forget_unused"), ("archive: [here]", "archive"),
            ("retain: 1d", "retain"),
        ])
        func `is refused where the settings are wrong`(line: String, complaint: String) throws {
            try open("orders:\n  \(line)") { shop in
                let program = try shop.runDaemon(["--check"] + shop.arguments)
                #expect(program.status == 78, "\(program.errors)")
                #expect(
                    program.errors.contains("\(shop.path("settings.yaml")):3:"),
                    "\(program.errors)")
                #expect(program.errors.contains(complaint), "\(program.errors)")
            }
        }

        @Test func `goes by the clock where the operator trusts it`() throws {
            try open("") { shop in
                let daemon = try shop.startDaemon()
                let client = try shop.connect()
                try apply(["o-1"], client)
                let start = try #require(try figure("purge.date", shop)?.stringValue)
                var seen = start
                // The next daemon finds the first date on record, unless it takes that of the clock.
                try shop.eventually("two seconds pass") {
                    seen = try figure("purge.date", shop)?.stringValue ?? ""
                    return try date(seen) >= date(start) + 2
                }
                try daemon.crash()
                _ = try shop.startDaemon(shop.arguments + ["--trust-clock"])
                let next = try #require(try figure("purge.date", shop)?.stringValue)
                #expect(try date(next) >= date(seen), "\(next) after \(seen)")
            }
        }

        private func date(_ text: String) throws -> Date {
            try Date(text, strategy: .iso8601)
        }
    }
}
