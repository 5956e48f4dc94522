import CouponClient
import Foundation
import Testing

extension `The built daemon` {
    @Suite struct `The last good catalog` {
        private static let ten = """
            currency: USD
            coupons:
            - {id: c_ten, codes: [TEN], limits: {total: 9},
               discount: {kind: percentage, percent: 10}}
            """
        /// With mistakes in lines 3 and 4.
        private static let broken = """
            currency: USD
            coupons:
            - {id: c_a, codes: [A], discount: {kind: percentage, percent: 200}}
            - {id: c_b, codes: [B], discount: {kind: percentage, percent: 10}, colour: red}
            """

        /// A shop whose daemon has served a coupon, used it once, and ended.
        private func withKeptCatalog(_ body: (Shop) throws -> Void) throws {
            try Shop.open(catalog: Self.ten) { shop in
                let daemon = try shop.startDaemon()
                try daemon.log.next(containing: "catalog cache written")
                _ = try shop.connect().ask(ShopRequests.apply("TEN", order: "o-1"))
                #expect(try daemon.end() == .status(0))
                try body(shop)
            }
        }

        @Test func `serves if definitions are broken, and is reported everywhere`() throws {
            try withKeptCatalog { shop in
                try shop.write(Self.broken, to: "catalog.yaml")
                let daemon = try shop.startDaemon()
                let client = try shop.connect()
                #expect(try client.ask(ShopRequests.validate("TEN", id: 1))["discount"] == 500)
                #expect(try client.usedCount(of: "TEN") == 1)
                #expect(try client.ask(ShopRequests.apply("TEN", order: "o-2"))["applied"] == true)

                let lines = daemon.log.text.split(separator: "\n")
                for line in [3, 4] {
                    #expect(
                        lines.contains {
                            $0.contains("definitions refused") && $0.contains(#""level":"error""#)
                                && $0.contains("\(shop.catalog):\(line):")
                        }, "\(daemon.log.text)")
                }
                #expect(
                    lines.contains {
                        $0.contains("the last good catalog is served")
                            && $0.contains(#""level":"error""#)
                    })
                let stats = try shop.askAdmin(#"{"op":"server.stats"}"#)
                #expect(stats["result.catalog.source"] == "last_good")
                #expect(stats["result.catalog.last_reload.ok"] == false)
                guard case .array(let faults) = stats["result.catalog.last_reload.errors"] else {
                    Issue.record("\(stats)")
                    return
                }
                #expect(faults.count == 2)

                let check = try shop.runDaemon(shop.arguments + ["--check"])
                #expect(check.status == 78)
                #expect(check.errors.contains("\(shop.catalog):3:"), "\(check.errors)")
            }
        }

        @Test func `is replaced by a reload of corrected files`() throws {
            try withKeptCatalog { shop in
                try shop.write(Self.broken, to: "catalog.yaml")
                let daemon = try shop.startDaemon()
                // Files that are still broken change nothing.
                daemon.program.signal(SIGHUP)
                try daemon.log.next(containing: "reload refused")
                var stats = try shop.askAdmin(#"{"op":"server.stats"}"#)
                #expect(stats["result.catalog.source"] == "last_good")

                try shop.write(Self.ten.replacing("TEN", with: "MENDED"), to: "catalog.yaml")
                try daemon.reload()
                stats = try shop.askAdmin(#"{"op":"server.stats"}"#)
                #expect(stats["result.catalog.source"] == "files")
                #expect(stats["result.catalog.last_reload.ok"] == true)
                let client = try shop.connect()
                #expect(try client.ask(ShopRequests.validate("MENDED", id: 1))["valid"] == true)
                #expect(try client.usedCount(of: "MENDED") == 1)
                try daemon.log.next(containing: "catalog cache written")
            }
        }

        @Test func `survives several starts on broken files`() throws {
            try withKeptCatalog { shop in
                try shop.write(Self.broken, to: "catalog.yaml")
                for _ in 1...2 {
                    let daemon = try shop.startDaemon()
                    #expect(
                        try shop.connect().ask(ShopRequests.validate("TEN", id: 1))["valid"] == true
                    )
                    #expect(try daemon.end() == .status(0))
                    #expect(!daemon.log.text.contains("catalog cache written"))
                }
            }
        }

        @Test func `serves if a definition file is missing, or another one is configured`()
            throws
        {
            try withKeptCatalog { shop in
                try FileManager.default.removeItem(atPath: shop.catalog)
                for path in [shop.catalog, shop.path("other.yaml")] {
                    let daemon = try shop.startDaemon([
                        "--socket", shop.socket, "--admin-socket", shop.adminSocket, "--state",
                        shop.state, "--catalog", path,
                    ])
                    #expect(daemon.log.text.contains("\(path): The file or folder does not exist"))
                    #expect(
                        try shop.connect().ask(ShopRequests.validate("TEN", id: 1))["valid"] == true
                    )
                    #expect(try daemon.end() == .status(0))
                }
            }
        }

        @Test func `serves if new definitions would lose uses`() throws {
            let nameless = Self.ten.replacing("id: c_ten, ", with: "")
            try Shop.open(catalog: nameless) { shop in
                let daemon = try shop.startDaemon()
                try daemon.log.next(containing: "catalog cache written")
                _ = try shop.connect().ask(ShopRequests.apply("TEN", order: "o-1"))
                #expect(try daemon.end() == .status(0))

                try shop.write(nameless.replacing("[TEN]", with: "[NEW, TEN]"), to: "catalog.yaml")
                let check = try shop.runDaemon(shop.arguments + ["--check"])
                #expect(check.status == 78)
                let next = try shop.startDaemon()
                #expect(next.log.text.contains("and lose its uses"))
                let client = try shop.connect()
                #expect(try client.usedCount(of: "TEN") == 1)
                #expect(
                    try client.ask(ShopRequests.validate("NEW", id: 1))["reason"] == "code_unknown")
            }
        }

        // MARK: Refused

        @Test func `is not used by a strict start`() throws {
            try withKeptCatalog { shop in
                try shop.write(Self.broken, to: "catalog.yaml")
                let program = try shop.runDaemon(shop.arguments + ["--strict-catalog"])
                #expect(program.status == 78)
                #expect(program.errors.contains("\(shop.catalog):3:"), "\(program.errors)")
                #expect(program.errors.contains("\(shop.catalog):4:"))
                #expect(!program.errors.contains("last good"))

                // A strict start refuses only broken definitions.
                try shop.write(Self.ten, to: "catalog.yaml")
                let daemon = try shop.startDaemon(shop.arguments + ["--strict-catalog"])
                #expect(try daemon.end() == .status(0))
            }
        }

        @Test(arguments: ["deleted", "damaged"])
        func `cannot serve if it is`(how: String) throws {
            try withKeptCatalog { shop in
                let path = shop.state + "/catalog.cache"
                if how == "deleted" {
                    try FileManager.default.removeItem(atPath: path)
                } else {
                    var bytes = try Data(contentsOf: URL(filePath: path))
                    bytes[bytes.count / 2] ^= 1
                    try bytes.write(to: URL(filePath: path))
                }
                try shop.write(Self.broken, to: "catalog.yaml")
                let program = try shop.runDaemon(shop.arguments)
                #expect(program.status == 78)
                #expect(program.errors.contains("\(shop.catalog):3:"), "\(program.errors)")
                #expect(!FileManager.default.fileExists(atPath: shop.socket))
            }
        }
    }
}
