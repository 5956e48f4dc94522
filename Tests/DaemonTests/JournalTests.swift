import CouponClient
import Foundation
import Testing

extension `The built daemon` {
    @Suite struct `The journal` {
        private static let catalog = """
            currency: USD
            coupons:
            - {id: c_ten, codes: [TEN], limits: {total: 900},
               discount: {kind: percentage, percent: 10}}
            """

        private static let statistics = #"{"op":"server.stats"}"#

        /// The settings of a daemon with both sockets, and further settings.
        private static func settings(_ shop: Shop, _ more: String) -> String {
            """
            sockets:
            - {path: \(shop.socket), role: storefront}
            - {path: \(shop.adminSocket), role: admin}
            state: {directory: \(shop.state)}
            catalog: [catalog.yaml]

            """ + more
        }

        private func start(_ shop: Shop, _ more: String) throws -> DaemonProcess {
            try shop.startDaemon(
                configuration: Self.settings(shop, more), serving: [shop.socket, shop.adminSocket])
        }

        // MARK: Segments

        @Test func `is truncated by snapshots, but kept from the older one on`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                let daemon = try shop.startDaemon()
                let client = try shop.connect()
                let first = try shop.stateFiles().segments
                #expect(first == ["journal-0000000000000001-0000000000000001.log"])
                var kept = first
                for number in 1...4 {
                    let order = ShopRequests.apply("TEN", order: "o-\(number)")
                    #expect(try client.ask(order)["applied"] == true)
                    // One by the socket, one by the signal.
                    if number.isMultiple(of: 2) {
                        try daemon.snapshot()
                    } else {
                        let reply = try shop.askAdmin(#"{"op":"server.snapshot"}"#)
                        #expect(reply["result.written"] == true)
                        try daemon.log.next(containing: "snapshot written")
                    }
                    // The new segment, and the one with the records that the older snapshot lacks.
                    let digits = "000000000000000\(number + 1)"
                    kept = Array((kept + ["journal-\(digits)-\(digits).log"]).suffix(2))
                    #expect(try shop.stateFiles().segments == kept)
                }
                // Without new records, no snapshot is written.
                let before = try shop.stateFiles()
                let again = try shop.askAdmin(#"{"op":"server.snapshot"}"#)
                #expect(again["result.bytes"] == .integer(Int64(before["snapshot"]?.count ?? 0)))
                #expect(try shop.stateFiles() == before)

                try daemon.crash()
                let next = try shop.startDaemon()
                let loaded = try Reply(try #require(next.log.line(containing: "state loaded")))
                #expect(loaded["metadata.redone"] == 0 && loaded["metadata.sequence"] == 4)
                #expect(try shop.connect().usedCount(of: "TEN") == 4)
            }
        }

        @Test func `continues in another segment when one is full`() throws {
            try Shop.open(catalog: Self.catalog.replacing("900", with: "90000")) { shop in
                let daemon = try shop.startDaemon()
                let client = try shop.connect()
                var count = 0
                // Requests of one turn share a batch, so requests that are sent together are one
                // write.
                func segment() throws -> Int64 {
                    let stats = try shop.askAdmin(Self.statistics)
                    return try #require(stats["result.journal.segment"]?.integerValue)
                }
                while try segment() < 4 {
                    let orders = (count..<count + 500).map {
                        ShopRequests.apply("TEN", order: "o-\($0)") + "\n"
                    }
                    try client.send(orders.joined())
                    for line in try client.nextLines(orders.count) {
                        #expect(line.contains(#""applied":true"#), "\(line)")
                    }
                    count += orders.count
                    try #require(count < 50_000)
                }
                // It has grown by more than a segment, and there was no snapshot before.
                try daemon.log.next(containing: "snapshot written")
                try daemon.crash()
                _ = try shop.startDaemon()
                let next = try shop.connect()
                #expect(try next.usedCount(of: "TEN") == Int64(count))
                for number in [0, count / 2, count - 1] {
                    let again = try next.ask(ShopRequests.apply("TEN", order: "o-\(number)"))
                    #expect(again["replayed"] == true)
                }
            }
        }

        @Test func `does not pile up after many starts`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                for _ in 1...5 { try shop.startDaemon().crash() }
                #expect(try shop.stateFiles().segments.count == 1)
                for number in 1...6 {
                    let daemon = try shop.startDaemon()
                    let order = ShopRequests.apply("TEN", order: "o-\(number)")
                    #expect(try shop.connect().ask(order)["applied"] == true)
                    // Segments of earlier starts count as growth.
                    if number > 1 { try daemon.log.next(containing: "snapshot written") }
                    try daemon.crash()
                    #expect(try shop.stateFiles().segments.count <= 4)
                }
                _ = try shop.startDaemon()
                #expect(try shop.connect().usedCount(of: "TEN") == 6)
            }
        }

        // MARK: Modes

        @Test(arguments: ["always", "everysec", "no"])
        func `loses nothing by a crash in any synchronization mode`(mode: String) throws {
            try Shop.open(catalog: Self.catalog) { shop in
                let arguments = shop.arguments + ["--durability", mode]
                let daemon = try shop.startDaemon(arguments)
                let client = try shop.connect()
                for number in 1...5 {
                    let order = ShopRequests.apply("TEN", order: "o-\(number)")
                    #expect(try client.ask(order)["applied"] == true)
                }
                let stats = try shop.askAdmin(Self.statistics)
                #expect(stats["result.durability"] == .string(mode))
                #expect(stats["result.journal.sequence"] == 5)
                #expect(stats["result.journal.written"] == 5)
                #expect(stats["result.journal.segment"] == 1)
                #expect(stats["result.journal.has_space"] == true)
                let byteCount = try #require(stats["result.journal.bytes"]?.integerValue)
                // The segment's header and, in whole blocks, a batch of at least one order each.
                #expect(byteCount % 512 == 0 && byteCount > 512)
                if mode == "always" { #expect(stats["result.journal.synchronized"] == 5) }
                if mode == "everysec" {
                    try shop.eventually("the journal is synchronized by itself") {
                        let stats = try shop.askAdmin(Self.statistics)
                        return stats["result.journal.synchronized"] == 5
                    }
                }
                try daemon.crash()

                let next = try shop.startDaemon(arguments)
                #expect(try shop.connect().usedCount(of: "TEN") == 5)
                let later = try shop.askAdmin(Self.statistics)
                // Recovered records are durable before a client can connect.
                #expect(later["result.journal.synchronized"] == 5)
                // A snapshot may have started the next segment already.
                #expect(try #require(later["result.journal.segment"]?.integerValue) >= 2)
                #expect(try next.end() == .status(0))
                let last = try shop.startDaemon(arguments)
                #expect(last.log.line(containing: "is incomplete") == nil)
                #expect(try shop.connect().usedCount(of: "TEN") == 5)
            }
        }

        @Test func `is synchronized as configured, and the command line overrides the settings`()
            throws
        {
            try Shop.open(catalog: Self.catalog) { shop in
                let daemon = try start(shop, "journal: {durability: everysec, segment_mib: 3}")
                #expect(try shop.askAdmin(Self.statistics)["result.durability"] == "everysec")
                let files = try shop.stateFiles()
                #expect(files[files.segments[0]]?.count == 3 * 1_024 * 1_024)
                #expect(files["journal-next.tmp"]?.count == 3 * 1_024 * 1_024)
                #expect(try daemon.end() == .status(0))

                _ = try shop.startDaemon([
                    "--config", shop.path("coupond.yaml"), "--durability", "no",
                ])
                #expect(try shop.askAdmin(Self.statistics)["result.durability"] == "no")
            }
        }

        @Test(arguments: [
            ("journal: {durability: sometimes}", "durability"),
            ("journal: {segment_mib: 0}", "segment_mib"),
            ("journal: {segment_mib: 1025}", "segment_mib"),
            ("journal: {sync: always}", "sync"),
            ("snapshot: {interval_seconds: 0}", "interval_seconds"),
            ("snapshot: {growth_percent: 0}", "growth_percent"),
        ])
        func `has settings that are checked`(setting: String, field: String) throws {
            try Shop.open { shop in
                try shop.write(Self.settings(shop, setting), to: "coupond.yaml")
                let run = try shop.runDaemon(["--config", shop.path("coupond.yaml"), "--check"])
                #expect(run.status == 78)
                let place = "\(shop.path("coupond.yaml")):6:"
                #expect(run.errors.contains(place) && run.errors.contains(field), "\(run.errors)")
            }
        }

        @Test func `keeps its settings until a restart, but snapshot settings change at once`()
            throws
        {
            try Shop.open(catalog: Self.catalog) { shop in
                let daemon = try start(shop, "journal: {segment_mib: 1}")
                #expect(
                    try shop.connect().ask(ShopRequests.apply("TEN", order: "o-1"))["applied"]
                        == true)
                let more = """
                    journal: {segment_mib: 2, durability: no}
                    snapshot: {interval_seconds: 1, growth_percent: 50}
                    """
                try shop.write(Self.settings(shop, more), to: "coupond.yaml")
                daemon.program.signal(SIGHUP)
                let line = try Reply(daemon.log.next(containing: "settings need a restart"))
                #expect(line["metadata.settings"] == .array(["journal"]))
                #expect(try shop.askAdmin(Self.statistics)["result.durability"] == "always")
                try daemon.log.next(containing: "snapshot written")
            }
        }
    }
}
