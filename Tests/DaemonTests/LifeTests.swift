import CouponClient
import Foundation
import Testing

extension `The built daemon` {
    @Suite struct `A daemon's life` {
        private static let catalog = """
            currency: USD
            coupons:
            - {codes: [SALE], discount: {kind: percentage, percent: 10}, limits: {total: 100000}}
            """

        private static func apply(_ order: String) -> String {
            #"{"op":"apply","code":"SALE","order":"\#(order)",\#(RefusalTable.fifty)}"#
        }

        private static func validate(id: Int) -> String {
            #"{"id":\#(id),"op":"validate","code":"SALE",\#(RefusalTable.fifty)}"# + "\n"
        }

        private func used(_ shop: Shop) throws -> JSONValue? {
            try shop.connect().ask(#"{"op":"usage","code":"SALE"}"#)["result.limits.0.used"]
        }

        @Test func `writes periodic snapshots while the state changes`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                let daemon = try shop.startDaemon(
                    configuration: """
                        sockets: [{path: \(shop.socket), role: storefront}]
                        state: {directory: \(shop.state)}
                        catalog: [catalog.yaml]
                        snapshot: {interval_seconds: 1}
                        journal: {segment_mib: 1}
                        """, serving: [shop.socket])
                _ = try shop.connect().ask(Self.apply("o-1"))
                try daemon.log.next(containing: "snapshot written")
                #expect(try shop.stateFiles()["snapshot"] != nil)
                try daemon.crash()
                _ = try shop.startDaemon()
                #expect(try used(shop) == 1)
            }
        }

        @Test func `continues if a snapshot cannot be written`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                let daemon = try shop.startDaemon()
                _ = try shop.connect().ask(Self.apply("o-1"))
                let written = try shop.askAdmin(#"{"id":1,"op":"server.snapshot"}"#)
                #expect(written["result.written"] == true)
                let size = try #require(written["result.bytes"]?.integerValue)
                let first = try #require(try shop.stateFiles()["snapshot"])
                #expect(first.count == Int(size))

                // A folder in its place cannot be replaced by a file.
                let obstacle = shop.state + "/snapshot.new"
                try FileManager.default.createDirectory(
                    atPath: obstacle, withIntermediateDirectories: false)
                _ = try shop.connect().ask(Self.apply("o-2"))
                let failed = try shop.askAdmin(#"{"id":2,"op":"server.snapshot"}"#)
                #expect(failed["error.code"] == "storage_unavailable")
                #expect(
                    failed["error.details.snapshot.0"]?.stringValue?.contains(obstacle) == true)
                try daemon.log.next(containing: "cannot write a snapshot")
                let stats = try shop.askAdmin(#"{"op":"server.stats"}"#)
                #expect(stats["result.last_snapshot.ok"] == false)
                #expect(stats["result.journal.has_space"] == true)
                #expect(try shop.connect().ask(Self.apply("o-3"))["applied"] == true)

                try FileManager.default.removeItem(atPath: obstacle)
                #expect(try shop.stateFiles()["snapshot"] == first)
                let mended = try shop.askAdmin(#"{"id":3,"op":"server.snapshot"}"#)
                #expect(mended["result.written"] == true)
                #expect(try shop.stateFiles()["snapshot.previous"] == first)
                try daemon.crash()
                _ = try shop.startDaemon()
                #expect(try used(shop) == 3)
            }
        }

        @Test func `does not wait for a client that never reads after a second signal`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                let daemon = try shop.startDaemon()
                let stubborn = try shop.connect()
                _ = try stubborn.sendUntilFull(Self.apply("o-1") + "\n")
                daemon.askToEnd()
                try daemon.log.next(containing: "draining")
                daemon.askToEnd()
                try daemon.log.next(containing: "connections are cut off")
                #expect(try daemon.program.waitForEnd() == .status(0))
                _ = try shop.startDaemon()
                #expect(try used(shop) == 1)
            }
        }

        @Test func `disconnects idle clients, and no others`() throws {
            try Shop.open { shop in
                let daemon = try shop.startDaemon(
                    configuration: """
                        sockets: [{path: \(shop.socket), role: storefront}]
                        state: {directory: \(shop.state)}
                        catalog: [catalog.yaml]
                        limits: {idle_timeout_seconds: 1}
                        """, serving: [shop.socket])
                let busy = try shop.connect()
                let silent = try shop.connect()
                // Half a line does not count as activity either.
                try silent.send(#"{"op":"#)
                let start = ContinuousClock.now
                while try !silent.isClosed() {
                    _ = try busy.ask(#"{"op":"ping"}"#)
                    try #require(ContinuousClock.now - start < .seconds(20))
                }
                #expect(ContinuousClock.now - start > .milliseconds(700))
                #expect(try busy.ask(#"{"id":1,"op":"ping"}"#)["id"] == 1)
                #expect(daemon.program.isRunning)
            }
        }

        @Test func `serves others beside a client that sends single bytes slowly`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                _ = try shop.startDaemon()
                let slow = try shop.connect()
                let other = try shop.connect()
                for byte in Self.validate(id: 7).utf8 {
                    try slow.send(bytes: [byte])
                    try other.send(Self.validate(id: 1))
                    #expect(try other.nextReply()["valid"] == true)
                }
                #expect(try slow.nextReply()["id"] == 7)
            }
        }

        @Test func `takes over the sockets of a crashed daemon, repeatedly`() throws {
            try Shop.open { shop in
                for _ in 1...3 {
                    let daemon = try shop.startDaemon()
                    #expect(try shop.connect().ask(#"{"id":1,"op":"ping"}"#)["id"] == 1)
                    try daemon.crash()
                    #expect(FileManager.default.fileExists(atPath: shop.socket))
                }
            }
        }

        @Test func `reads paths relative to the settings' folder, and flags override them`()
            throws
        {
            try Shop.open(catalog: Self.catalog) { shop in
                let viewer = shop.path("v.sock")
                let daemon = try shop.startDaemon(
                    configuration: """
                        sockets: [{path: s.sock, role: storefront}, {path: v.sock, role: viewer}]
                        state: {directory: state}
                        catalog: [catalog.yaml]
                        """, serving: [shop.socket, viewer])
                #expect(try shop.connect().ask(Self.apply("o-1"))["applied"] == true)
                #expect(try daemon.end() == .status(0))

                // The storefront moves, an admin socket is added, and the viewer keeps its path.
                let moved = shop.path("t.sock")
                _ = try shop.startDaemon(
                    [
                        "--config", shop.path("coupond.yaml"), "--socket", moved,
                        "--admin-socket", shop.adminSocket, "--state", shop.path("other"),
                    ], serving: [moved, viewer, shop.adminSocket])
                #expect(!FileManager.default.fileExists(atPath: shop.socket))
                #expect(try LineClient(moved).ask(Self.apply("o-1"))["replayed"] == nil)
            }
        }

        @Test func `never loses the uses of a coupon whose first code was edited`() throws {
            try Shop.open(catalog: Self.catalog) { shop in
                let daemon = try shop.startDaemon()
                _ = try shop.connect().ask(Self.apply("o-1"))
                // Without an id, the coupon is known by its first code.
                try shop.write(
                    Self.catalog.replacing("[SALE]", with: "[FIRST, SALE]"), to: "catalog.yaml")
                daemon.program.signal(SIGHUP)
                let line = try daemon.log.next(containing: "reload refused")
                #expect(line.contains("\(shop.catalog):3:"))
                #expect(try used(shop) == 1)

                // A check refuses it, too, and so does a start without a last good catalog.
                #expect(try daemon.end() == .status(0))
                for more in ["--check", "--strict-catalog"] {
                    let run = try shop.runDaemon(shop.arguments + [more])
                    #expect(run.status == 78 && run.errors.contains("\(shop.catalog):3:"))
                }
            }
        }
    }
}
