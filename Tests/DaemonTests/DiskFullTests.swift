import CouponClient
import Foundation
import Glibc
import Testing

extension `The built daemon` {
    @Suite struct `A full disk` {
        private static let catalog = """
            currency: USD
            coupons:
            - {id: c_ten, codes: [TEN], limits: {total: 90000},
               discount: {kind: percentage, percent: 10}}
            """

        /// Calls `body` with a shop whose state is on a disk of its own, of six megabytes: the
        /// segments of two starts with their spares, and a little more. Reports why if that is not
        /// permitted.
        private func withSmallDisk(_ body: (Shop) throws -> Void) throws {
            let purpose = "what a full disk does to a daemon"
            guard let mount = InstalledTool("mount", for: purpose),
                let umount = InstalledTool("umount", for: purpose)
            else { return }
            try Shop.open(catalog: Self.catalog) { shop in
                try FileManager.default.createDirectory(
                    atPath: shop.state, withIntermediateDirectories: false)
                let options = ["-t", "tmpfs", "-o", "size=6m", "tmpfs", shop.state]
                let mounted = try mount.run(options)
                guard mounted.status == 0 else {
                    print("skipped, for want of a disk to fill: \(purpose) (\(mounted.errors))")
                    return
                }
                defer {
                    // Lazily: a daemon that a failing test left behind still has files on it.
                    #expect(throws: Never.self) { try umount.run(["-l", shop.state]) }
                }
                try body(shop)
            }
        }

        /// Fills the rest of the disk.
        private func fill(_ shop: Shop) throws {
            let path = shop.state + "/ballast"
            try Data().write(to: URL(filePath: path))
            let file = try FileHandle(forWritingTo: URL(filePath: path))
            defer { try? file.close() }
            let page = Data(repeating: 1, count: 4_096)
            do {
                while true { try file.write(contentsOf: page) }
            } catch {
                // The disk is full now, as intended.
                #expect(try file.offset() > 0)
            }
        }

        private func makeRoom(_ shop: Shop) throws {
            try FileManager.default.removeItem(atPath: shop.state + "/ballast")
        }

        private func hasSpace(_ shop: Shop) throws -> JSONValue? {
            try shop.askAdmin(#"{"op":"server.stats"}"#)["result.journal.has_space"]
        }

        /// Applies orders until one is not applied. Returns the number of applied orders, and the
        /// reply to the last one.
        private func applyUntilRefused(
            _ client: LineClient, from start: Int
        ) throws -> (count: Int, refusal: Reply) {
            var count = start
            while true {
                try client.send(ShopRequests.apply("TEN", order: "o-\(count)") + "\n")
                let line = try client.nextLine()
                if !line.contains(#""applied":true"#) { return (count, try Reply(line)) }
                count += 1
                try #require(count < 60_000)
            }
        }

        @Test func `refuses requests that it cannot record, changes nothing, and recovers`() throws
        {
            try withSmallDisk { shop in
                let daemon = try shop.startDaemon()
                let client = try shop.connect()
                let hold = ShopRequests.apply("TEN", order: "held")
                    .replacing("apply", with: "reserve")
                #expect(try client.ask(hold)["reserved"] == true)
                try fill(shop)
                // The allocated space is used up, and not one record more.
                let (count, refusal) = try applyUntilRefused(client, from: 0)
                #expect(count > 100)
                try daemon.log.next(containing: "no space for the journal")
                #expect(refusal["error.code"] == "storage_unavailable", "\(refusal.line)")

                let release = #"{"op":"release","order":"held"}"#
                for line in [hold, release, ShopRequests.apply("TEN", order: "late")] {
                    #expect(try client.ask(line)["error.code"] == "storage_unavailable")
                }
                #expect(try client.ask(ShopRequests.validate("TEN", id: 1))["valid"] == true)
                #expect(try client.ask(#"{"op":"ping"}"#)["result.ready"] == true)
                let usage = try client.ask(ShopRequests.usage("TEN"))
                #expect(usage["result.limits.0.used"] == .integer(Int64(count)))
                #expect(usage["result.limits.0.held"] == 1)
                #expect(try hasSpace(shop) == false)

                try makeRoom(shop)
                let start = ContinuousClock.now
                try shop.eventually("the journal has space again") { try hasSpace(shop) == true }
                #expect(ContinuousClock.now - start < .seconds(10))
                try daemon.log.next(containing: "the journal has space again")
                #expect(try client.ask(release)["released"] == true)
                let late = try client.ask(ShopRequests.apply("TEN", order: "late"))
                #expect(late["applied"] == true)
                try daemon.crash()

                let next = try shop.startDaemon()
                let again = try shop.connect()
                #expect(try again.usedCount(of: "TEN") == Int64(count) + 1)
                let last = try again.ask(ShopRequests.apply("TEN", order: "o-\(count - 1)"))
                #expect(last["replayed"] == true)
                try next.crash()
            }
        }

        @Test func `allows a clean end, and a start reports that it has no space`() throws {
            try withSmallDisk { shop in
                let daemon = try shop.startDaemon()
                try fill(shop)
                let (count, _) = try applyUntilRefused(try shop.connect(), from: 0)
                let snapshot = try shop.askAdmin(#"{"op":"server.snapshot"}"#)
                #expect(snapshot["error.code"] == "storage_unavailable", "\(snapshot.line)")
                #expect(try daemon.end() == .status(0))

                // A start finds no space, and changes no file.
                let before = try shop.stateFiles()
                let refused = try shop.runDaemon(shop.arguments)
                #expect(refused.status == 73, "\(refused.errors)")
                #expect(refused.errors.contains(shop.state), "\(refused.errors)")
                var after = try shop.stateFiles()
                // Each start creates the spare again; it is not part of the state.
                after["journal-next.tmp"] = before["journal-next.tmp"]
                #expect(after == before)

                try makeRoom(shop)
                let next = try shop.startDaemon()
                #expect(try shop.connect().usedCount(of: "TEN") == Int64(count))
                try next.crash()
            }
        }
    }
}
