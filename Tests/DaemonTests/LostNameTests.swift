import CouponClient
import Foundation
import Glibc
import Testing

extension `The built daemon` {
    /// A cleaner of old files, a restore from a backup, a slip of the hand: names go, and the
    /// descriptors of the daemon go on working.
    @Suite struct `A state whose names are taken away` {
        private static let catalog = """
            currency: USD
            coupons:
            - {id: c_ten, codes: [TEN], limits: {total: 900},
               discount: {kind: percentage, percent: 10}}
            """

        private static let lostMessage = "the state is not this daemon's any more"

        /// What is taken, and the words of the log line that say so.
        struct Theft: CustomTestStringConvertible, Sendable {
            let testDescription: String
            let path: @Sendable (Shop) -> String
            let words: String
            let take: @Sendable (Shop) throws -> Void

            init(
                _ description: String, _ path: @escaping @Sendable (Shop) -> String,
                _ words: String,
                _ take: @escaping @Sendable (Shop) throws -> Void
            ) {
                testDescription = description
                self.path = path
                self.words = words
                self.take = take
            }
        }

        private static let thefts = [
            Theft("the lock is removed", { $0.state + "/lock" }, "was removed") { shop in
                try FileManager.default.removeItem(atPath: shop.state + "/lock")
            },
            Theft("the lock is replaced", { $0.state + "/lock" }, "was replaced") { shop in
                try FileManager.default.removeItem(atPath: shop.state + "/lock")
                try Data().write(to: URL(filePath: shop.state + "/lock"))
            },
            Theft("the directory is removed", { $0.state }, "was removed") { shop in
                try FileManager.default.removeItem(atPath: shop.state)
            },
            Theft("the directory is moved away", { $0.state }, "was removed") { shop in
                try FileManager.default.moveItem(atPath: shop.state, toPath: shop.path("away"))
            },
            Theft("the directory is exchanged for an empty one", { $0.state }, "was replaced") {
                shop in
                try FileManager.default.moveItem(atPath: shop.state, toPath: shop.path("away"))
                try FileManager.default.createDirectory(
                    atPath: shop.state, withIntermediateDirectories: false)
            },
            Theft("the directory is exchanged for a copy", { $0.state }, "was replaced") { shop in
                try FileManager.default.copyItem(atPath: shop.state, toPath: shop.path("copy"))
                try FileManager.default.moveItem(atPath: shop.state, toPath: shop.path("away"))
                try FileManager.default.moveItem(atPath: shop.path("copy"), toPath: shop.state)
            },
            Theft("the newest segment is removed", { newest($0) }, "was removed") { shop in
                try FileManager.default.removeItem(atPath: newest(shop))
            },
        ]

        private static func newest(_ shop: Shop) -> String {
            shop.state + "/journal-0000000000000001-0000000000000001.log"
        }

        /// Calls `body` with a shop in whose first segment three orders are applied.
        private func withOrders(
            durability: String = "always", _ body: (Shop, DaemonProcess, LineClient) throws -> Void
        ) throws {
            try Shop.open(catalog: Self.catalog) { shop in
                let daemon = try shop.startDaemon(shop.arguments + ["--durability", durability])
                // Another thread writes it, and would get in the way of removing the directory.
                try daemon.log.next(containing: "catalog cache written")
                let client = try shop.connect()
                for number in 1...3 {
                    let reply = try client.ask(ShopRequests.apply("TEN", order: "o-\(number)"))
                    #expect(reply["applied"] == true, "\(reply.line)")
                }
                try body(shop, daemon, client)
            }
        }

        private func checkLogged(_ daemon: DaemonProcess, _ words: String, _ path: String) throws {
            let found = daemon.log.line(containing: Self.lostMessage)
            let line = try Reply(try #require(found, "\(daemon.log.text)"))
            #expect(line["level"] == "critical")
            let fault = line["metadata.fault"]?.stringValue ?? ""
            #expect(fault.contains("\(path) \(words)"), "\(line.line)")
        }

        @Test(arguments: thefts, ["always", "everysec", "no"])
        func `acknowledges nothing more and ends with 74`(
            theft: Theft, durability: String
        ) throws {
            try withOrders(durability: durability) { shop, daemon, client in
                let path = theft.path(shop)
                daemon.expectEnd()
                try theft.take(shop)
                // The daemon may have noticed by itself, and closed the connection.
                do {
                    for number in 4...20 {
                        try client.send(ShopRequests.apply("TEN", order: "o-\(number)") + "\n")
                    }
                } catch LineFault.closed {
                    #expect(try daemon.program.waitForEnd() == .status(74))
                }
                #expect(try client.remainingLines() == [])
                #expect(try daemon.program.waitForEnd() == .status(74))
                try checkLogged(daemon, theft.words, path)
            }
        }

        @Test(arguments: thefts)
        func `ends with 74 within a second or two though nothing happens`(theft: Theft) throws {
            try withOrders { shop, daemon, _ in
                let path = theft.path(shop)
                daemon.expectEnd()
                try theft.take(shop)
                let start = ContinuousClock.now
                #expect(try daemon.program.waitForEnd() == .status(74))
                #expect(ContinuousClock.now - start < .seconds(10))
                try checkLogged(daemon, theft.words, path)
            }
        }

        /// The end comes before the next second: only the last look notices.
        @Test(arguments: thefts)
        func `does not end in good order on a signal`(theft: Theft) throws {
            try withOrders { shop, daemon, client in
                // So that it does not look before it gets the signal.
                daemon.program.signal(SIGSTOP)
                daemon.askToEnd()
                try theft.take(shop)
                daemon.program.signal(SIGCONT)
                #expect(try daemon.program.waitForEnd() == .status(74))
                #expect(try client.remainingLines() == [])
            }
        }

        @Test func `goes on after the directory is back, with every acknowledged order`() throws {
            try withOrders { shop, daemon, _ in
                daemon.expectEnd()
                try FileManager.default.moveItem(atPath: shop.state, toPath: shop.path("away"))
                #expect(try daemon.program.waitForEnd() == .status(74))
                // Without the directory a start makes a new one, and says what that means.
                let fresh = try shop.startDaemon()
                let found = fresh.log.line(containing: "every counter starts at zero")
                let line = try Reply(try #require(found, "\(fresh.log.text)"))
                #expect(line["level"] == "warning")
                #expect(line["metadata.directory"] == .string(shop.state))
                #expect(try shop.connect().usedCount(of: "TEN") == 0)
                try fresh.crash()
                try FileManager.default.removeItem(atPath: shop.state)
                try FileManager.default.moveItem(atPath: shop.path("away"), toPath: shop.state)
                let next = try shop.startDaemon()
                #expect(next.log.line(containing: "every counter starts at zero") == nil)
                #expect(try shop.connect().usedCount(of: "TEN") == 3)
            }
        }

        // MARK: One owner

        /// A daemon that cannot notice anything, as it is stopped, still owns its directory.
        @Test func `belongs to one daemon, also without the lock file`() throws {
            try withOrders { shop, daemon, client in
                daemon.program.signal(SIGSTOP)
                try FileManager.default.removeItem(atPath: shop.state + "/lock")
                let other = [
                    "--config", shop.path("settings.yaml"), "--socket", shop.path("other.sock"),
                    "--state", shop.state, "--catalog", shop.catalog,
                ]
                for arguments in [other, ["--verify", "--state", shop.state]] {
                    let second = try shop.runDaemon(arguments)
                    #expect(second.status == 75, "\(second.errors)")
                    #expect(second.errors.contains(shop.state), "\(second.errors)")
                }
                let salvage = try FinishedProgram(
                    Built.couponctl,
                    ["journal", "salvage", "--state", shop.state, "--into", shop.path("new")])
                #expect(salvage.status == 2 && salvage.errors.contains("in use"))
                daemon.expectEnd()
                daemon.program.signal(SIGCONT)
                #expect(try daemon.program.waitForEnd() == .status(74))
                #expect(try client.remainingLines() == [])
                let next = try shop.startDaemon()
                #expect(try shop.connect().usedCount(of: "TEN") == 3)
                try next.crash()
            }
        }

        // MARK: The end of the journal

        /// Two daemons that were killed: nothing but the anchor names the newest segment.
        @Test func `is refused when its newest segment was deleted meanwhile`() throws {
            try withOrders { shop, first, _ in
                try first.crash()
                // Longer segments than the first one, so that it makes no snapshot and does not roll.
                try shop.write("journal: {segment_mib: 4}", to: "settings.yaml")
                let second = try shop.startDaemon()
                let applied = try shop.connect().ask(ShopRequests.apply("TEN", order: "o-4"))
                #expect(applied["applied"] == true)
                try second.crash()
                let good = try shop.stateFiles()
                let newest = try #require(good.segments.last)
                try #require(good.segments.count == 2)

                var files = good
                files[newest] = nil
                try files.write(to: shop.state)
                try checkRefused(shop, naming: newest, advising: "put the missing file back")
                files = good
                files["anchor"] = nil
                try files.write(to: shop.state)
                try checkRefused(shop, naming: "anchor", advising: "put the missing file back")

                // Salvage says what is missing, and makes a state that starts.
                files = good
                files[newest] = nil
                try files.write(to: shop.state)
                let salvage = try FinishedProgram(
                    Built.couponctl,
                    ["journal", "salvage", "--state", shop.state, "--into", shop.path("new")])
                #expect(salvage.status == 1, "\(salvage.errors)")
                #expect(salvage.output.contains(newest), "\(salvage.output)")
                let saved = try shop.startDaemon(
                    shop.arguments.map { $0 == shop.state ? shop.path("new") : $0 })
                #expect(try shop.connect().usedCount(of: "TEN") == 3)
                try saved.crash()

                try good.write(to: shop.state)
                let next = try shop.startDaemon()
                #expect(try shop.connect().usedCount(of: "TEN") == 4)
                try next.crash()
            }
        }

        private func checkRefused(
            _ shop: Shop, naming name: String, advising advice: String
        ) throws {
            let before = try shop.stateFiles()
            for arguments in [shop.arguments, ["--verify", "--state", shop.state]] {
                let refused = try shop.runDaemon(arguments)
                #expect(refused.status == 65, "\(refused.errors)")
                #expect(refused.errors.contains(name), "\(refused.errors)")
                #expect(refused.errors.contains(advice), "\(refused.errors)")
            }
            let shown = try FinishedProgram(
                Built.couponctl, ["journal", "show", "--state", shop.state])
            #expect(shown.status == 1 && shown.output.contains(name), "\(shown.output)")
            #expect(try shop.stateFiles() == before)
        }

        /// The daemon knows what it has to say, and writes it again.
        @Test func `gets its anchor back while the daemon runs`() throws {
            try withOrders { shop, daemon, _ in
                let path = shop.state + "/anchor"
                let before = try Data(contentsOf: URL(filePath: path))
                try FileManager.default.removeItem(atPath: path)
                try shop.eventually("the anchor is there again") {
                    FileManager.default.contents(atPath: path) == before
                }
                try daemon.crash()
                let next = try shop.startDaemon()
                #expect(try shop.connect().usedCount(of: "TEN") == 3)
                try next.crash()
            }
        }
    }
}
