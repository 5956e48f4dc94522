import CouponClient
import Glibc
import Testing

extension `The built daemon` {
    @Suite struct `A reload` {
        private static let ten =
            "- {id: c_ten, codes: [TEN], limits: {total: 9}, discount: "
            + "{kind: percentage, percent: 10}}"
        private static let new =
            "- {id: c_new, codes: [NEW], discount: "
            + "{kind: percentage, percent: 20}}"
        private static let broken =
            "- {id: c_new, codes: [NEW], discount: "
            + "{kind: percentage, percent: 200}}"

        /// The coupons begin in line 3.
        private static func catalog(_ coupons: String...) -> String {
            let list = coupons.isEmpty ? "coupons: []" : "coupons:"
            return (["currency: USD", list] + coupons).joined(separator: "\n") + "\n"
        }

        @Test func `adds new coupons and keeps the counts`() throws {
            try Shop.open(catalog: Self.catalog(Self.ten)) { shop in
                let daemon = try shop.startDaemon()
                let client = try shop.connect()
                #expect(try client.ask(ShopRequests.apply("TEN", order: "o-1"))["applied"] == true)
                #expect(
                    try client.ask(ShopRequests.validate("NEW", id: 1))["reason"] == "code_unknown")

                try shop.write(Self.catalog(Self.ten, Self.new), to: "catalog.yaml")
                try daemon.reload()
                #expect(try client.ask(ShopRequests.validate("NEW", id: 2))["discount"] == 1000)
                #expect(try client.usedCount(of: "TEN") == 1)
                let repeated = try client.ask(ShopRequests.apply("TEN", order: "o-1"))
                #expect(repeated["replayed"] == true && repeated["discount"] == 500)
                #expect(try client.usedCount(of: "TEN") == 1)
            }
        }

        @Test func `of a broken catalog changes nothing and reports the mistakes`() throws {
            try Shop.open(catalog: Self.catalog(Self.ten)) { shop in
                let daemon = try shop.startDaemon()
                let client = try shop.connect()
                try shop.write(Self.catalog(Self.ten, Self.broken), to: "catalog.yaml")
                daemon.program.signal(SIGHUP)
                let logged = try Reply(daemon.log.next(containing: "reload refused"))
                let fault = try #require(logged["metadata.fault"]?.stringValue)
                #expect(logged["level"] == "error")
                #expect(fault.hasPrefix("\(shop.catalog):4:"), "\(fault)")
                #expect(fault.contains("percent"), "\(fault)")

                let stats = try shop.askAdmin(#"{"op":"server.stats"}"#)
                #expect(stats["result.catalog.last_reload.ok"] == false)
                #expect(
                    stats["result.catalog.last_reload.errors"] == .array([.string(fault)]),
                    "\(stats.line)")
                #expect(stats["result.catalog.coupons"] == 1)
                #expect(try client.ask(ShopRequests.validate("TEN", id: 1))["discount"] == 500)
                #expect(
                    try client.ask(ShopRequests.validate("NEW", id: 2))["reason"] == "code_unknown")

                // After a correction, the mistake is no longer reported.
                try shop.write(Self.catalog(Self.ten, Self.new), to: "catalog.yaml")
                try daemon.reload()
                let mended = try shop.askAdmin(#"{"op":"server.stats"}"#)
                #expect(mended["result.catalog.last_reload.ok"] == true)
                #expect(mended["result.catalog.last_reload.errors"] == nil)
            }
        }

        @Test func `is complete when the socket replies`() throws {
            try Shop.open(catalog: Self.catalog(Self.ten)) { shop in
                _ = try shop.startDaemon()
                let client = try shop.connect()
                let admin = try LineClient(shop.adminSocket)
                try shop.write(Self.catalog(Self.ten, Self.new), to: "catalog.yaml")
                let done = try admin.ask(#"{"id":7,"op":"server.reload"}"#)
                #expect(done["id"] == 7 && done["result.reloaded"] == true, "\(done.line)")
                #expect(done["result.coupons"] == 2 && done["result.codes"] == 2)
                #expect(try client.ask(ShopRequests.validate("NEW", id: 1))["valid"] == true)

                try shop.write(Self.catalog(Self.broken, Self.broken), to: "catalog.yaml")
                let refused = try admin.ask(#"{"id":8,"op":"server.reload"}"#)
                #expect(refused["id"] == 8 && refused["error.code"] == "unprocessable")
                for index in 0..<2 {
                    let fault = refused["error.details.catalog.\(index)"]?.stringValue
                    let place = "\(shop.catalog):\(index + 3):"
                    #expect(fault?.hasPrefix(place) == true, "\(refused.line)")
                }
                #expect(try client.ask(ShopRequests.validate("NEW", id: 2))["valid"] == true)
            }
        }

        @Test func `loses no requests in progress`() throws {
            try Shop.open(catalog: Self.catalog(Self.ten)) { shop in
                let daemon = try shop.startDaemon()
                let client = try shop.connect()
                var nextID = 1
                for round in 0..<6 {
                    let withNew = round.isMultiple(of: 2)
                    let coupons =
                        withNew ? Self.catalog(Self.ten, Self.new) : Self.catalog(Self.ten)
                    try shop.write(coupons, to: "catalog.yaml")
                    let ids = nextID..<nextID + 300
                    nextID = ids.upperBound
                    for id in ids { try client.send(ShopRequests.validate("TEN", id: id) + "\n") }
                    try daemon.reload()
                    for id in ids {
                        let reply = try client.nextReply()
                        #expect(reply["id"] == .integer(Int64(id)) && reply["discount"] == 500)
                    }
                    let new = try client.ask(ShopRequests.validate("NEW", id: 0))
                    #expect(new["valid"] == .bool(withNew))
                }
            }
        }

        @Test func `keeps the counts of a code that is removed and added again`() throws {
            try Shop.open(catalog: Self.catalog(Self.ten)) { shop in
                let daemon = try shop.startDaemon()
                let client = try shop.connect()
                for order in ["o-1", "o-2"] {
                    let reply = try client.ask(ShopRequests.apply("TEN", order: order))
                    #expect(reply["applied"] == true)
                }
                try shop.write(Self.catalog(Self.new), to: "catalog.yaml")
                try daemon.reload()
                #expect(
                    try client.ask(ShopRequests.validate("TEN", id: 1))["reason"] == "code_unknown")
                // What was applied stays applied under any catalog.
                let repeated = try client.ask(ShopRequests.apply("TEN", order: "o-2"))
                #expect(repeated["replayed"] == true && repeated["discount"] == 500)

                try shop.write(Self.catalog(Self.ten), to: "catalog.yaml")
                try daemon.reload()
                #expect(try client.usedCount(of: "TEN") == 2)
            }
        }
    }
}
