import CouponClient
import Foundation
import Glibc
import Testing

extension `The built daemon` {
    @Suite struct `A reload that would empty the shop` {
        private static func catalog(_ range: ClosedRange<Int>, store: String = "default") -> String
        {
            let coupons = range.map { number in
                "- {id: c\(number), codes: [CODE\(number)], "
                    + "discount: {kind: percentage, percent: 10}}\n"
            }
            return "store: \(store)\ncoupons:\n" + coupons.joined()
        }

        /// A shop whose definitions are in a folder.
        private func withFolder(_ body: (Shop, [String]) throws -> Void) throws {
            try Shop.open { shop in
                try FileManager.default.createDirectory(
                    atPath: shop.path("shop.d"), withIntermediateDirectories: false)
                try shop.writeSettled(Self.catalog(1...4), to: "shop.d/a.yaml")
                let arguments = Array(shop.arguments.dropLast()) + [shop.path("shop.d")]
                try body(shop, arguments)
            }
        }

        @Test func `is refused unless it is forced`() throws {
            try Shop.open(catalog: Self.catalog(1...4)) { shop in
                let daemon = try shop.startDaemon()
                let client = try shop.connect()
                try shop.writeSettled(Self.catalog(1...1), to: "catalog.yaml")
                let fault = try #require(try shop.reloadFault())
                #expect(
                    fault.hasPrefix(
                        "\(shop.catalog): store default: Of its 4 coupons only 1 would be left"),
                    "\(fault)")
                #expect(fault.contains("couponctl reload --force"))
                #expect(try client.ask(ShopRequests.validate("CODE4", id: 1))["valid"] == true)

                // A signal never forces.
                daemon.program.signal(SIGHUP)
                let logged = try Reply(daemon.log.next(containing: "reload refused"))
                #expect(logged["metadata.fault"]?.stringValue == fault)

                let forced = try FinishedProgram(
                    Built.couponctl,
                    ["reload", "--force", "--socket", shop.adminSocket, "--json"])
                #expect(forced.status == 0, "\(forced.output) \(forced.errors)")
                #expect(try client.ask(ShopRequests.validate("CODE4", id: 2))["valid"] == false)
                #expect(try client.ask(ShopRequests.validate("CODE1", id: 3))["valid"] == true)
            }
        }

        @Test func `is allowed up to reload.shrink_percent, store by store`() throws {
            try Shop.open(catalog: Self.catalog(1...4)) { shop in
                try shop.writeSettled(Self.catalog(1...9, store: "b"), to: "b.yaml")
                _ = try shop.startDaemon(shop.arguments + ["--catalog", shop.path("b.yaml")])
                try shop.writeSettled(Self.catalog(1...2), to: "catalog.yaml")
                #expect(try shop.reloadFault() == nil)
                // Of eleven coupons nine are left, but a store has none.
                try shop.writeSettled("coupons: []\n", to: "catalog.yaml")
                let fault = try #require(try shop.reloadFault())
                #expect(fault.contains("store default: Of its 2 coupons only 0"), "\(fault)")
                // The settings are read by the same reload.
                try shop.write(
                    "reload: {shrink_percent: 100}\n\(Shop.settings)\n", to: "settings.yaml")
                #expect(try shop.reloadFault() == nil)
            }
        }

        @Test func `from an empty folder is refused unless it is forced`() throws {
            try withFolder { shop, arguments in
                let daemon = try shop.startDaemon(arguments)
                try daemon.log.next(containing: "catalog cache written")
                try FileManager.default.removeItem(atPath: shop.path("shop.d/a.yaml"))
                let fault = try #require(try shop.reloadFault())
                #expect(
                    fault.hasPrefix("\(shop.path("shop.d")): The folder has no definition files"))
                let client = try shop.connect()
                #expect(try client.ask(ShopRequests.validate("CODE4", id: 1))["valid"] == true)
                #expect(try daemon.end() == .status(0))

                // At a start the last good catalog serves; without one, or strictly, nothing does.
                let strict = try shop.runDaemon(arguments + ["--strict-catalog"])
                #expect(strict.status == 78 && strict.errors.contains("is a disk not mounted?"))
                let next = try shop.startDaemon(arguments)
                #expect(
                    try shop.connect().ask(ShopRequests.validate("CODE4", id: 1))["valid"] == true)
                #expect(try shop.reloadFault(forced: true) == nil)
                #expect(
                    try shop.connect().ask(ShopRequests.validate("CODE4", id: 1))["valid"] == false)
                #expect(try next.end() == .status(0))
                try FileManager.default.removeItem(atPath: shop.state + "/catalog.cache")
                #expect(try shop.runDaemon(arguments).status == 78)

                try shop.writeSettled("coupons: []\n", to: "shop.d/none.yaml")
                #expect(try shop.startDaemon(arguments).end() == .status(0))
            }
        }

        @Test(arguments: ["", "# cut\n", "store: default\n", "store: default\ncoupons:\n"])
        func `from a file without coupons is refused unless it is forced`(text: String) throws {
            try Shop.open(catalog: Self.catalog(1...4)) { shop in
                _ = try shop.startDaemon()
                try shop.writeSettled(text, to: "catalog.yaml")
                let fault = try #require(try shop.reloadFault())
                #expect(fault.contains("write `coupons: []`") || fault.contains("Write `coupons"))
                #expect(try shop.runDaemon(shop.arguments + ["--check"]).status == 78)
                #expect(try shop.reloadFault(forced: true) == nil)
            }
        }

        @Test func `from a file that lost its last line end is refused unless it is forced`() throws
        {
            try Shop.open(catalog: Self.catalog(1...4)) { shop in
                _ = try shop.startDaemon()
                let cut = String(Self.catalog(1...4).dropLast())
                try shop.writeSettled(cut, to: "catalog.yaml")
                let fault = try #require(try shop.reloadFault())
                #expect(fault.contains("has no line end any more"), "\(fault)")
                #expect(try shop.reloadFault(forced: true) == nil)
                // From now on it is known to have none; but then nothing may be missing.
                #expect(try shop.reloadFault() == nil)
                try shop.writeSettled(
                    String(Self.catalog(1...3).dropLast()), to: "catalog.yaml")
                let second = try #require(try shop.reloadFault())
                #expect(second.contains("coupons or codes are gone"), "\(second)")
                try shop.writeSettled(Self.catalog(1...3), to: "catalog.yaml")
                #expect(try shop.reloadFault() == nil)
            }
        }

        @Test func `takes only true or false for force`() throws {
            try Shop.open { shop in
                _ = try shop.startDaemon()
                let reply = try shop.askAdmin(#"{"id":1,"op":"server.reload","force":1}"#)
                #expect(reply["error.code"] == "bad_request" && reply["error.field"] == "force")
                let snapshot = try shop.askAdmin(#"{"id":1,"op":"server.snapshot","force":true}"#)
                #expect(snapshot["error.field"] == "force")
                #expect(try shop.reloadFault() == nil)
            }
        }
    }
}
