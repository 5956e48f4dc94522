import CouponClient
import Foundation
import Glibc
import Testing

extension `The built daemon` {
    @Suite struct `The catalog cache` {
        private static func catalog(_ coupons: String...) -> String {
            (["currency: USD", "coupons:"] + coupons).joined(separator: "\n") + "\n"
        }

        private static func percent(_ percent: Int, _ codes: String) -> String {
            "- {id: c_\(percent), \(codes), discount: {kind: percentage, percent: \(percent)}}"
        }

        private static let ten = catalog(percent(10, "codes: [TEN]"))
        private static let broken = catalog(percent(10, "codez: [TEN]"))

        private func cache(of shop: Shop) -> String { shop.state + "/catalog.cache" }

        /// The files of the cache in the state directory.
        private func cacheNames(_ shop: Shop) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: shop.state)
                .filter { $0.hasPrefix("catalog") }.sorted()
        }

        /// Starts a daemon, waits until its catalog is cached if `isKept`, and ends it.
        private func serveOnce(_ shop: Shop, isKept: Bool = true) throws {
            let daemon = try shop.startDaemon()
            if isKept { try daemon.log.next(containing: "catalog cache written") }
            #expect(try daemon.end() == .status(0))
        }

        /// Starts a daemon and returns where its catalog came from; its statistics and log must
        /// agree.
        @discardableResult
        private func source(_ shop: Shop, _ arguments: [String]? = nil) throws -> String {
            let daemon = try shop.startDaemon(arguments)
            let stats = try shop.askAdmin(#"{"op":"server.stats"}"#)
            guard case .string(let source) = stats["result.catalog.source"] else {
                Issue.record("the statistics have no source: \(stats)")
                return ""
            }
            #expect(daemon.log.text.contains(#""source":"\#(source)""#), "\(daemon.log.text)")
            if source == "files" { try daemon.log.next(containing: "catalog cache written") }
            #expect(try daemon.end() == .status(0))
            return source
        }

        private func discount(_ shop: Shop, _ code: String) throws -> JSONValue? {
            try shop.connect().ask(ShopRequests.validate(code, id: 1))["discount"]
        }

        // MARK: While the files are good

        @Test func `serves a start on files that have not changed`() throws {
            try Shop.open(catalog: Self.ten) { shop in
                let cold = try shop.startDaemon()
                #expect(try discount(shop, "TEN") == 500)
                try cold.log.next(containing: "catalog cache written")
                #expect(try cold.end() == .status(0))

                let warm = try shop.startDaemon()
                #expect(try discount(shop, "ten") == 500)
                let stats = try shop.askAdmin(#"{"op":"server.stats"}"#)
                #expect(stats["result.catalog.source"] == "cache")
                #expect(stats["result.catalog.last_reload"] == nil)
                let line = try #require(
                    warm.log.text.split(separator: "\n").first { $0.contains("catalog loaded") })
                #expect(line.contains(#""source":"cache""#) && line.contains(#""ms":"#))
                // A catalog from the cache is not written again.
                #expect(try warm.end() == .status(0))
                #expect(!warm.log.text.contains("catalog cache written"))
            }
        }

        @Test func `is only for its owner`() throws {
            try Shop.open(catalog: Self.ten) { shop in
                try serveOnce(shop)
                let attributes = try FileManager.default.attributesOfItem(atPath: cache(of: shop))
                #expect(attributes[.posixPermissions] as? Int == 0o600)
                #expect(try cacheNames(shop) == ["catalog.cache"])
            }
        }

        @Test(arguments: ["touched", "replaced", "rewritten"])
        func `is not used if a file is`(how: String) throws {
            try Shop.open(catalog: Self.ten) { shop in
                try serveOnce(shop)
                #expect(try source(shop) == "cache")
                let other = Self.ten.replacing("percent: 10", with: "percent: 20")
                switch how {
                case "touched":
                    try FileManager.default.setAttributes(
                        [.modificationDate: Date(timeIntervalSince1970: 1_700_000_000)],
                        ofItemAtPath: shop.catalog)
                case "replaced":
                    // By a file of the same size and time.
                    let date = try FileManager.default.attributesOfItem(atPath: shop.catalog)[
                        .modificationDate]
                    try shop.write(other, to: "next.yaml")
                    try FileManager.default.setAttributes(
                        [.modificationDate: try #require(date)],
                        ofItemAtPath: shop.path("next.yaml"))
                    try FileManager.default.removeItem(atPath: shop.catalog)
                    try FileManager.default.moveItem(
                        atPath: shop.path("next.yaml"), toPath: shop.catalog)
                default: try shop.write(other, to: "catalog.yaml")
                }
                let daemon = try shop.startDaemon()
                #expect(try discount(shop, "TEN") == (how == "touched" ? 500 : 1_000))
                try daemon.log.next(containing: "catalog cache written")
                #expect(try daemon.end() == .status(0))
                #expect(try source(shop) == "cache")
            }
        }

        @Test func `is not used if a folder has one more file, or a codes file changed`()
            throws
        {
            let listed = Self.catalog(Self.percent(10, "codes_file: codes.csv"))
            try Shop.open(catalog: listed) { shop in
                try FileManager.default.createDirectory(
                    atPath: shop.path("more"), withIntermediateDirectories: false)
                try shop.write("coupons: []\n", to: "more/none.yaml")
                try shop.write("code\nONE\n", to: "codes.csv")
                let arguments = shop.arguments + ["--catalog", shop.path("more")]
                #expect(try source(shop, arguments) == "files")
                #expect(try source(shop, arguments) == "cache")

                try shop.write(
                    Self.catalog(Self.percent(20, "codes: [TWENTY]")), to: "more/new.yaml")
                #expect(try source(shop, arguments) == "files")
                #expect(try source(shop, arguments) == "cache")
                try shop.write("code\nTWO\n", to: "codes.csv")
                #expect(try source(shop, arguments) == "files")
                #expect(try source(shop, arguments) == "cache")
                // Fewer paths are another catalog.
                #expect(try source(shop) == "files")
            }
        }

        @Test func `follows a reload`() throws {
            try Shop.open(catalog: Self.ten) { shop in
                let daemon = try shop.startDaemon()
                try daemon.log.next(containing: "catalog cache written")
                try shop.write(Self.catalog(Self.percent(30, "codes: [NEW]")), to: "catalog.yaml")
                try daemon.reload()
                try daemon.log.next(containing: "catalog cache written")
                // Broken files do not change it.
                try shop.write(Self.broken, to: "catalog.yaml")
                daemon.program.signal(SIGHUP)
                try daemon.log.next(containing: "reload refused")
                try daemon.crash()

                _ = try shop.startDaemon()
                #expect(try discount(shop, "NEW") == 1_500)
            }
        }

        @Test func `may be deleted or replaced by another file`() throws {
            try Shop.open(catalog: Self.ten) { shop in
                try serveOnce(shop)
                try FileManager.default.removeItem(atPath: cache(of: shop))
                #expect(try source(shop) == "files")
                #expect(try source(shop) == "cache")

                let whole = try Data(contentsOf: URL(filePath: cache(of: shop)))
                var flipped = whole
                flipped[whole.count - 20] ^= 4
                for (bytes, complaint) in [
                    (Data(), "is not a compiled catalog"),
                    (Data("{}".utf8), "is not a compiled catalog"),
                    (whole.dropLast(), "bytes where it should have \(whole.count)"),
                    (flipped, "is damaged: its checksum does not match"),
                ] {
                    try bytes.write(to: URL(filePath: cache(of: shop)))
                    let daemon = try shop.startDaemon()
                    let line = try daemon.log.next(containing: "catalog cache written")
                    #expect(line.contains(#""bytes":\#(whole.count)"#))
                    #expect(daemon.log.text.contains("the catalog cache is not used"))
                    #expect(daemon.log.text.contains(complaint), "\(daemon.log.text)")
                    #expect(try discount(shop, "TEN") == 500)
                    #expect(try daemon.end() == .status(0))
                    #expect(try source(shop) == "cache")
                }
            }
        }

        @Test(arguments: ["catalog.cache", "catalog.cache.new"])
        func `that cannot be written does no harm`(taken: String) throws {
            try Shop.open(catalog: Self.ten) { shop in
                // A folder in its place, which a file cannot replace.
                try FileManager.default.createDirectory(
                    atPath: "\(shop.state)/\(taken)/full", withIntermediateDirectories: true)
                for _ in 1...2 {
                    let daemon = try shop.startDaemon()
                    let line = try daemon.log.next(
                        containing: "cannot write the catalog cache")
                    #expect(line.contains(#""level":"warning""#) && line.contains(taken))
                    #expect(try discount(shop, "TEN") == 500)
                    try daemon.reload()
                    try daemon.log.next(containing: "cannot write the catalog cache")
                    #expect(try daemon.end() == .status(0))
                }
                #expect(try cacheNames(shop) == [taken])
            }
        }

        @Test func `replaces a file that a crash left half written`() throws {
            try Shop.open(catalog: Self.ten) { shop in
                try FileManager.default.createDirectory(
                    atPath: shop.state, withIntermediateDirectories: false)
                try Data("half".utf8).write(to: URL(filePath: cache(of: shop) + ".new"))
                #expect(try source(shop) == "files")
                #expect(try source(shop) == "cache")
            }
        }
    }
}
