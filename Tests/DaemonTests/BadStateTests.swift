import CouponClient
import Foundation
import Testing

// The state is created once, by a daemon that writes two snapshots and one more record: `snapshot`
// holds the journal up to its fifth record, `snapshot.previous` up to the third, and the sixth is
// only in the last of the two segments. Each test damages a copy of this good state.

/// A change to the files of a state directory.
private struct Damage: Sendable, CustomStringConvertible {
    let description: String
    let change: @Sendable (inout StateFiles) throws -> Void

    init(_ description: String, _ change: @escaping @Sendable (inout StateFiles) throws -> Void) {
        self.description = description
        self.change = change
    }
}

extension `The built daemon` {
    @Suite struct `A state directory` {
        private static let catalog = """
            currency: USD
            coupons:
            - {id: c_ten, codes: [TEN], limits: {total: 900},
               discount: {kind: percentage, percent: 10}}
            """

        /// Places in the headers of segments and snapshots.
        private static let versionOffset = 8, firstRecordOffset = 512 + 64 + 8

        /// Calls `body` with a shop whose daemon has ended, and the files that it left.
        private func withGoodState(_ body: (Shop, StateFiles) throws -> Void) throws {
            try Shop.open(catalog: Self.catalog) { shop in
                let daemon = try shop.startDaemon()
                let client = try shop.connect()
                for number in 1...6 {
                    let order = "o-\(number)"
                    let reply = try client.ask(ShopRequests.apply("TEN", order: order))
                    #expect(reply["applied"] == true)
                    if number == 3 || number == 5 { try daemon.snapshot() }
                }
                #expect(try daemon.end() == .status(0))
                let good = try shop.stateFiles()
                try #require(good.segments.count == 2)
                try #require(good["snapshot"] != nil && good["snapshot.previous"] != nil)
                try body(shop, good)
            }
        }

        // MARK: Refused

        private static let laterVersion = "is of a later version"

        private static let snapshotDamages = [
            Damage("is empty") { try $0.cut("snapshot", to: 0) },
            Damage("ends within its header") { try $0.cut("snapshot", to: 40) },
            Damage("is cut short") { try $0.edit("snapshot") { $0.removeLast() } },
            Damage("has a bit turned in its header") { try $0.flip("snapshot", at: 30) },
            Damage("has a bit turned in its content") { try $0.flip("snapshot", at: 90) },
            Damage("is something else") { $0["snapshot"] = Data("foreign notes\n".utf8) },
            Damage(laterVersion) { try $0.flip("snapshot", at: versionOffset + 1) },
            Damage("is a segment") { files in files["snapshot"] = files[files.segments[0]] },
        ]

        private static let journalDamages = [
            Damage("an empty segment") { try $0.cut($0.segments[1], to: 0) },
            Damage("a segment that ends within its header") { try $0.cut($0.segments[1], to: 100) },
            Damage("a bit turned in a header") { try $0.flip($0.segments[1], at: 20) },
            Damage("a bit turned in what was promised") {
                try $0.flip($0.segments[1], at: firstRecordOffset)
            },
            Damage("a foreign segment") {
                $0[$0.segments[1]] = Data("foreign notes\n".utf8)
            },
            Damage("a segment of zeros") { files in
                try files.edit(files.segments[1]) { $0 = Data(count: $0.count) }
            },
            Damage("a segment of a later version") {
                try $0.flip($0.segments[1], at: versionOffset + 1)
            },
            Damage("two segments swapped") { $0.swap($0.segments[0], $0.segments[1]) },
            Damage("snapshot and segment swapped") { $0.swap("snapshot", $0.segments[1]) },
            Damage("no newest segment") { $0[$0.segments[1]] = nil },
            Damage("no anchor") { $0["anchor"] = nil },
            Damage("a bit turned in the anchor") { try $0.flip("anchor", at: 17) },
            Damage("an anchor of zeros") { try $0.edit("anchor") { $0 = Data(count: $0.count) } },
            Damage("an anchor of a later version") { try $0.flip("anchor", at: versionOffset) },
            Damage("no newest segment, and no seal that names it") { files in
                let older = files.segments[0], newest = files.segments[1]
                let seal = Data("CPNDBTCH".utf8)
                try files.edit(older) { content in
                    guard let last = content.range(of: seal, options: .backwards) else { return }
                    let block = last.lowerBound..<last.lowerBound + 512
                    content.replaceSubrange(block, with: Data(count: 512))
                }
                files[newest] = nil
            },
            Damage("no segments") { files in
                for name in files.segments { files[name] = nil }
            },
            Damage("no snapshots") { files in
                files["snapshot"] = nil
                files["snapshot.previous"] = nil
            },
            Damage("a segment with a name in capitals") { files in
                files["journal-000000000000000A-000000000000000A.log"] = files[files.segments[1]]
            },
            Damage("a copy of a segment") { files in
                files[files.segments[1] + ".bak"] = files[files.segments[1]]
            },
            Damage("a segment under a shorter name") { files in
                files["journal-3-6.log"] = files[files.segments[1]]
                files[files.segments[1]] = nil
            },
        ]

        private func checkRefusal(
            _ shop: Shop, _ files: StateFiles, _ damage: Damage, naming path: String
        ) throws {
            try files.write(to: shop.state)
            for more in [[], ["--check"]] {
                let run = try shop.runDaemon(shop.arguments + more)
                #expect(run.status == 65, "\(damage): \(run.errors)")
                #expect(run.errors.contains(path), "\(damage): \(run.errors)")
                #expect(try shop.stateFiles() == files, "\(damage)")
            }
            #expect(!FileManager.default.fileExists(atPath: shop.socket))
        }

        @Test func `is refused and not changed if its journal is damaged`() throws {
            try withGoodState { shop, good in
                for damage in Self.journalDamages {
                    var files = good
                    try damage.change(&files)
                    #expect(files != good, "\(damage)")
                    try checkRefusal(shop, files, damage, naming: shop.state)
                }
            }
        }

        @Test func `is refused if its only snapshot is damaged`() throws {
            try withGoodState { shop, good in
                var alone = good
                alone["snapshot.previous"] = nil
                for damage in Self.snapshotDamages {
                    var files = alone
                    try damage.change(&files)
                    try checkRefusal(shop, files, damage, naming: shop.state + "/snapshot")
                }
            }
        }

        @Test func `is refused if both snapshots are damaged, or one and the journal`() throws {
            try withGoodState { shop, good in
                var files = good
                try files.flip("snapshot", at: 90)
                try files.flip("snapshot.previous", at: 90)
                try checkRefusal(
                    shop, files, Damage("both") { _ in }, naming: shop.state + "/snapshot")

                files = good
                try files.flip("snapshot", at: 90)
                files[good.segments[0]] = nil
                try checkRefusal(shop, files, Damage("gap") { _ in }, naming: shop.state)
            }
        }

        // MARK: Not needed

        /// Starts on these files, and finds all six orders.
        private func checkWhole(
            _ shop: Shop, _ files: StateFiles, _ damage: Damage
        ) throws -> DaemonProcess {
            try files.write(to: shop.state)
            let daemon = try shop.startDaemon()
            let client = try shop.connect()
            #expect(try client.usedCount(of: "TEN") == 6, "\(damage)")
            for number in 1...6 {
                let again = try client.ask(ShopRequests.apply("TEN", order: "o-\(number)"))
                #expect(again["replayed"] == true, "\(damage): \(again.line)")
            }
            return daemon
        }

        /// The older snapshot may lack state that only the later version understands.
        @Test func `with a snapshot of a later version is always refused`() throws {
            try withGoodState { shop, good in
                let damage = try #require(
                    Self.snapshotDamages.first { $0.description == Self.laterVersion })
                var files = good
                try damage.change(&files)
                try checkRefusal(shop, files, damage, naming: shop.state + "/snapshot")
            }
        }

        @Test func `with a damaged snapshot loses nothing, and logs an error`() throws {
            try withGoodState { shop, good in
                for damage in Self.snapshotDamages where damage.description != Self.laterVersion {
                    var files = good
                    try damage.change(&files)
                    let daemon = try checkWhole(shop, files, damage)
                    let found = daemon.log.line(containing: "a snapshot is damaged")
                    let line = try Reply(try #require(found))
                    #expect(line["level"] == "error")
                    let fault = line["metadata.fault"]?.stringValue ?? ""
                    #expect(fault.contains(shop.state + "/snapshot"), "\(line.line)")

                    // The next snapshot keeps the damaged file for examination.
                    let client = try shop.connect()
                    _ = try client.ask(ShopRequests.apply("TEN", order: "o-7"))
                    try shop.snapshot()
                    let later = try shop.stateFiles()
                    #expect(later["snapshot.damaged-1"] == files["snapshot"], "\(damage)")
                    try daemon.crash()
                    let next = try shop.startDaemon()
                    #expect(try shop.connect().usedCount(of: "TEN") == 7)
                    #expect(!next.log.text.contains("damaged"))
                    try next.crash()
                }
            }
        }

        @Test func `without files that are not needed starts and loses nothing`() throws {
            let harmless = [
                Damage("as it was") { _ in },
                Damage("no older segment") { $0[$0.segments[0]] = nil },
                Damage("an empty older segment") { try $0.cut($0.segments[0], to: 0) },
                Damage("an older segment that is cut short") {
                    try $0.cut($0.segments[0], to: 512)
                },
                Damage("a bit turned in an older segment") {
                    try $0.flip($0.segments[0], at: Self.firstRecordOffset)
                },
                Damage("no older snapshot") { $0["snapshot.previous"] = nil },
                Damage("no newer snapshot") { $0["snapshot"] = nil },
                Damage("the snapshots swapped") { $0.swap("snapshot", "snapshot.previous") },
                Damage("no spare") { $0["journal-next.tmp"] = nil },
                Damage("half a next anchor") { $0["anchor.new"] = Data("CPND".utf8) },
                Damage("a spare of noise") { $0["journal-next.tmp"] = Data("noise".utf8) },
                Damage("half a snapshot") { $0["snapshot.new"] = Data("half".utf8) },
                Damage("a foreign file") { $0["notes.txt"] = Data("mine".utf8) },
            ]
            try withGoodState { shop, good in
                for damage in harmless {
                    var files = good
                    try damage.change(&files)
                    let daemon = try checkWhole(shop, files, damage)
                    try shop.snapshot()
                    #expect(try daemon.end() == .status(0))
                    #expect(try shop.stateFiles()["notes.txt"] == files["notes.txt"])
                    let next = try shop.startDaemon()
                    #expect(try shop.connect().usedCount(of: "TEN") == 6, "\(damage)")
                    try next.crash()
                }
            }
        }

        /// The state has one way less to be read, which only a verification looks for.
        @Test func `is verified together with what only the older snapshot needs`() throws {
            try withGoodState { shop, good in
                let damages = [
                    (
                        "snapshot.previous",
                        Damage("older") { try $0.flip("snapshot.previous", at: 90) }
                    ),
                    (
                        good.segments[0],
                        Damage("segment") {
                            try $0.flip($0.segments[0], at: Self.firstRecordOffset)
                        }
                    ),
                ]
                for (name, damage) in damages {
                    var files = good
                    try damage.change(&files)
                    try files.write(to: shop.state)
                    let run = try shop.runDaemon(["--verify", "--state", shop.state])
                    #expect(run.status == 0, "\(run.errors)")
                    let finding = run.errors.split(separator: "\n").first {
                        $0.contains("\(shop.state)/\(name)")
                    }
                    #expect(finding?.contains("only the older snapshot needs") == true)
                }
                try good.write(to: shop.state)
                let run = try shop.runDaemon(["--verify", "--state", shop.state])
                #expect(run.status == 0 && !run.errors.contains("older snapshot"))
            }
        }

        @Test func `that ends in unacknowledged records starts, and logs a warning`() throws {
            try withGoodState { shop, good in
                // Batches of the last segment: its record, then the mark that says it is durable.
                // Damage in the mark itself loses no acknowledged record.
                var files = good
                let last = good.segments[1]
                let header = Data("CPNDBTCH".utf8)
                let mark = try #require(files[last]?.range(of: header, options: .backwards))
                try #require(mark.lowerBound > 512)
                try files.flip(last, at: mark.lowerBound + 40)
                let daemon = try checkWhole(shop, files, Damage("a damaged mark") { _ in })
                let found = daemon.log.line(containing: "the end of the journal is incomplete")
                let line = try Reply(try #require(found))
                #expect(line["level"] == "warning" && line["metadata.segment"] == .string(last))
                #expect(line["metadata.offset"] == .integer(Int64(mark.lowerBound)))
            }
        }
    }
}
