import CouponClient
import Foundation
import Testing

extension `The built daemon` {
    /// A hold ends by itself: the tests read the journal meanwhile, and ask the daemon nothing.
    @Suite struct `A hold that is over` {
        private static let catalog = """
            currency: USD
            coupons:
            - {id: c_many, codes: [MANY], limits: {total: 5000},
               discount: {kind: percentage, percent: 10}}
            - {id: c_last, codes: [LAST], limits: {total: 1},
               discount: {kind: percentage, percent: 10}}
            """

        /// Waits until the journal mentions `order` so often. Each record of an order does once.
        private func wait(for count: Int, of order: String, in shop: Shop) throws {
            let deadline = ContinuousClock.now + .seconds(20)
            while try shop.stateFiles().mentions(of: order) < count {
                try #require(ContinuousClock.now < deadline, "the hold of \(order) never ended")
            }
        }

        @Test func `ends though no client asks`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                let daemon = try shop.startDaemon()
                let client = try shop.connect()
                let reserved = try client.ask(
                    ShopRequests.reserve("LAST", order: "lone-shopper", ttl: 1))
                #expect(reserved["reserved"] == true, "\(reserved.line)")
                try wait(for: 2, of: "lone-shopper", in: shop)
                // What the journal says counts also for a daemon that starts from it.
                try daemon.crash()
                _ = try shop.startDaemon()
                let usage = try shop.connect().ask(ShopRequests.usage("LAST"))
                #expect(usage["result.limits.0.held"] == 0, "\(usage.line)")
                let stats = try shop.askAdmin(#"{"op":"server.stats"}"#)
                #expect(stats["result.requests.lapsed"] == 0, "it had ended before the start")
                #expect(stats["result.ledger.unused"] == 1, "\(stats.line)")
            }
        }

        /// Thousands of holds end before the one that the shopper waits for.
        @Test func `leaves its limit to the very next request`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                _ = try shop.startDaemon()
                let client = try shop.connect()
                let orders = (1...3_000).map { "o-\($0)" }
                try client.send(
                    orders.map { ShopRequests.reserve("MANY", order: $0, ttl: 2) + "\n" }.joined())
                let replies = try client.nextLines(orders.count)
                #expect(replies.allSatisfy { $0.contains(#""reserved":true"#) })
                let last = try client.ask(
                    ShopRequests.reserve("LAST", order: "last-shopper", ttl: 2))
                #expect(last["reserved"] == true, "\(last.line)")
                let early = try client.ask(ShopRequests.reserve("LAST", order: "early"))
                #expect(early["reason"] == "usage_limit_reached", "\(early.line)")

                try wait(for: 2, of: "last-shopper", in: shop)
                let next = try client.ask(ShopRequests.reserve("LAST", order: "next"))
                #expect(next["reserved"] == true, "\(next.line)")
                let stats = try shop.askAdmin(#"{"op":"server.stats"}"#)
                #expect(stats["result.requests.lapsed"] == 3_001, "\(stats.line)")
                #expect(stats["result.ledger.reserved"] == 1, "\(stats.line)")
            }
        }
    }
}
