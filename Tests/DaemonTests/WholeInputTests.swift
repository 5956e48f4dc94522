import CouponClient
import Foundation
import Glibc
import Synchronization
import Testing

extension Shop {
    /// Reloads by the admin socket. Returns the first fault; nil if the definitions were taken.
    func reloadFault(forced: Bool = false) throws -> String? {
        let reply = try askAdmin(
            forced ? #"{"op":"server.reload","force":true}"# : #"{"op":"server.reload"}"#)
        if reply["result.reloaded"] == true { return nil }
        return try #require(reply["error.details.catalog.0"]?.stringValue, "\(reply.line)")
    }

    /// Writes a file that seems to have been there for a while, so that no reload waits for it.
    func writeSettled(_ text: String, to name: String) throws {
        try write(text, to: name)
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -60)], ofItemAtPath: path(name))
    }

    fileprivate func servedCoupons() throws -> JSONValue? {
        try askAdmin(#"{"op":"server.stats"}"#)["result.catalog.coupons"]
    }

    fileprivate func servedCodes() throws -> JSONValue? {
        try askAdmin(#"{"op":"server.stats"}"#)["result.catalog.codes"]
    }
}

private final class StopFlag: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { value.load(ordering: .relaxed) }

    func set() { value.store(true, ordering: .relaxed) }
}

/// A program that writes a file slowly, in place, as an export does.
private final class SlowWriter: Sendable {
    private let isStopped = StopFlag()
    private let hasBegun = DispatchSemaphore(value: 0)
    private let hasEnded = DispatchSemaphore(value: 0)

    /// Truncates the file at `path`, or creates it, and appends `pieces` with pauses between them, again
    /// and again if `isEndless`.
    init(_ path: String, pieces: [String], isEndless: Bool = false) throws {
        try Data().write(to: URL(filePath: path))
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        let thread = Thread { [isStopped, hasBegun, hasEnded] in
            repeat {
                for piece in pieces where !isStopped.isSet {
                    #expect(throws: Never.self) { try file.write(contentsOf: Data(piece.utf8)) }
                    hasBegun.signal()
                    Thread.sleep(forTimeInterval: 0.04)
                }
            } while isEndless && !isStopped.isSet
            #expect(throws: Never.self) { try file.close() }
            hasEnded.signal()
        }
        thread.start()
        hasBegun.wait()
    }

    func stop() {
        isStopped.set()
        hasEnded.wait()
    }

    func waitForEnd() { hasEnded.wait() }
}

extension `The built daemon` {
    @Suite struct `Input that is not whole` {
        private static func coupon(_ number: Int) -> String {
            """
            - id: c\(number)
              codes: [CODE\(number)]
              discount: {kind: percentage, percent: 10}
              limits: {total: 5}

            """
        }

        private static let head = "store: default\ncurrency: USD\ncoupons:\n"
        private static let yaml = head + (1...6).map { coupon($0) }.joined()

        private static let codes = """
            currency: USD
            coupons:
            - {id: c_sun, codes_file: codes.csv, discount: {kind: percentage, percent: 10}}

            """

        private static func rows(_ range: Range<Int>) -> String {
            range.map { "SUN-\(String(10_000_000 + $0))-AB\n" }.joined()
        }

        // MARK: YAML

        /// What becomes of a catalog that was cut, by where.
        private enum Cut: Hashable {
            /// Inside a line: always refused.
            case inLine
            /// At the end of a line, with less than half of the coupons left: refused.
            case tooFew
            /// At the end of a line, in a coupon whose rest makes no sense: refused.
            case halfCoupon
            /// At the end of a line, a coupon that lost its last line, or none: taken. It is what a file
            /// looks like from which an author removed these lines.
            case taken
        }

        @Test func `is refused wherever a YAML file is cut, except at some line ends`() throws {
            try Shop.open(catalog: Self.yaml) { shop in
                _ = try shop.startDaemon()
                var counts: [Cut: Int] = [:]
                let bytes = Array(Self.yaml.utf8)
                for length in 0..<bytes.count {
                    let text = String(decoding: bytes[..<length], as: UTF8.self)
                    try shop.writeSettled(text, to: "catalog.yaml")
                    let fault = try shop.reloadFault()
                    let kind: Cut
                    if !text.hasSuffix("\n") {
                        kind = .inLine
                    } else if text.split(separator: "CODE").count - 1 < 3 {
                        kind = .tooFew
                    } else if text.hasSuffix("percent: 10}\n") || text.hasSuffix("total: 5}\n") {
                        kind = .taken
                    } else {
                        kind = .halfCoupon
                    }
                    counts[kind, default: 0] += 1
                    #expect((fault == nil) == (kind == .taken), "\(length): \(fault ?? "taken")")
                    if fault == nil {
                        try shop.writeSettled(Self.yaml, to: "catalog.yaml")
                        #expect(try shop.reloadFault() == nil)
                    } else {
                        #expect(fault?.hasPrefix(shop.catalog) == true, "\(fault ?? "")")
                    }
                    #expect(try shop.servedCoupons() == 6)
                }
                #expect(counts[.taken] == 7)
                #expect(counts[.inLine, default: 0] > 400)
                #expect(counts[.tooFew, default: 0] > 8 && counts[.halfCoupon, default: 0] > 5)
            }
        }

        @Test func `of aliases without end is refused at once, and holds nothing up`() throws {
            try Shop.open(catalog: Self.yaml) { shop in
                _ = try shop.startDaemon()
                var bomb = "l0: &l0 x\n"
                for level in 1...30 {
                    bomb += "l\(level): &l\(level) [*l\(level - 1), *l\(level - 1)]\n"
                }
                for key in ["? *l30\n: x\n", "? [*l30]\n: x\n", "{*l30 : x}: y\n"] {
                    let small = "a: &l30 [x]\n" + key
                    for (text, fragment) in [
                        (bomb + key, "many times its size"), (small, "A key must be a text"),
                    ] {
                        try shop.writeSettled(text, to: "catalog.yaml")
                        let fault = try #require(try shop.reloadFault())
                        #expect(fault.contains(fragment), "\(fault)")
                    }
                }
                try shop.writeSettled(Self.yaml + Self.coupon(7), to: "catalog.yaml")
                #expect(try shop.reloadFault() == nil)
                #expect(try shop.servedCoupons() == 7)
            }
        }

        // MARK: Codes files

        @Test func `of a codes file that was cut in a row makes nothing redeemable`() throws {
            try Shop.open(catalog: Self.codes) { shop in
                let whole = "code\n" + (0..<1_000).map { "SUN-\(1_000 + $0)-XY\n" }.joined()
                try shop.writeSettled(whole, to: "codes.csv")
                let daemon = try shop.startDaemon()
                let cut = String(whole.dropLast(3))
                #expect(cut.hasSuffix("\nSUN-1999-"))
                try shop.writeSettled(cut, to: "codes.csv")
                let fault = try #require(try shop.reloadFault())
                #expect(
                    fault.hasPrefix(
                        "\(shop.path("codes.csv")):1001:1: The last row has no line end"),
                    "\(fault)")
                let client = try shop.connect()
                #expect(
                    try client.ask(ShopRequests.validate("SUN-1999-", id: 1))["reason"]
                        == "code_unknown")
                #expect(
                    try client.ask(ShopRequests.validate("SUN-1999-XY", id: 2))["valid"] == true)
                let forced = try #require(try shop.reloadFault(forced: true))
                #expect(forced == fault)
                #expect(try daemon.end() == .status(0))

                let check = try shop.runDaemon(shop.arguments + ["--check"])
                #expect(check.status == 78 && check.errors.contains("no line end"))
                let strict = try shop.runDaemon(shop.arguments + ["--strict-catalog"])
                #expect(strict.status == 78 && strict.errors.contains("no line end"))
            }
        }

        @Test func `is read again when a codes file is still being written`() throws {
            try Shop.open(catalog: Self.codes) { shop in
                try shop.writeSettled("code\n" + Self.rows(0..<1_000), to: "codes.csv")
                _ = try shop.startDaemon()
                let pieces = (0..<25).map { Self.rows($0 * 1_000..<$0 * 1_000 + 1_000) }
                let writer = try SlowWriter(shop.path("codes.csv"), pieces: ["code\n"] + pieces)
                // The first look finds a file of some whole rows.
                #expect(try shop.reloadFault() == nil)
                #expect(try shop.servedCodes() == 25_000)
                writer.waitForEnd()
            }
        }

        @Test func `is read again by a start, too`() throws {
            try Shop.open(catalog: Self.codes) { shop in
                let pieces = (0..<25).map { Self.rows($0 * 1_000..<$0 * 1_000 + 1_000) }
                let writer = try SlowWriter(shop.path("codes.csv"), pieces: ["code\n"] + pieces)
                _ = try shop.startDaemon()
                #expect(try shop.servedCodes() == 25_000)
                writer.waitForEnd()
            }
        }

        @Test func `is refused when a file does not come to rest`() throws {
            try Shop.open(catalog: Self.codes) { shop in
                try shop.writeSettled("code\nA\n", to: "codes.csv")
                _ = try shop.startDaemon()
                let writer = try SlowWriter(
                    shop.path("codes.csv"), pieces: ["code\n"] + (0..<9).map { _ in "\n" },
                    isEndless: true)
                let fault = try shop.reloadFault()
                writer.stop()
                #expect(
                    fault?.hasPrefix("\(shop.path("codes.csv")): It kept changing for 10 seconds")
                        == true, "\(fault ?? "taken")")
                #expect(try shop.servedCodes() == 1)
            }
        }

        @Test func `is given up when its time is over, and the next reload goes on`() throws {
            try Shop.open(catalog: Self.codes) { shop in
                try shop.writeSettled("code\nA\n", to: "codes.csv")
                _ = try shop.startDaemon()
                try shop.write(
                    "reload: {timeout_seconds: 1}\n\(Shop.settings)\n", to: "settings.yaml")
                let writer = try SlowWriter(
                    shop.path("codes.csv"), pieces: ["code\n"] + (0..<9).map { _ in "\n" },
                    isEndless: true)
                let fault = try shop.reloadFault()
                writer.stop()
                #expect(
                    fault?.contains("took longer than the 1 seconds of `reload.timeout_seconds`")
                        == true, "\(fault ?? "taken")")
                try shop.writeSettled("code\nA\nB\n", to: "codes.csv")
                #expect(try shop.reloadFault() == nil)
                #expect(try shop.servedCodes() == 2)
            }
        }

        // MARK: Warnings

        @Test func `is not the only reason for a warning: so is a limit below what is used`() throws
        {
            try Shop.open(catalog: Self.yaml) { shop in
                let daemon = try shop.startDaemon()
                let client = try shop.connect()
                for order in ["o1", "o2", "o3"] {
                    let reply = try client.ask(ShopRequests.apply("CODE2", order: order))
                    #expect(reply["applied"] == true)
                }
                for (limit, warnings) in [(3, 0), (2, 1), (2, 1)] {
                    let lowered = Self.yaml.replacing("total: 5", with: "total: \(limit)")
                    try shop.writeSettled(lowered, to: "catalog.yaml")
                    let reply = try shop.askAdmin(#"{"op":"server.reload"}"#)
                    #expect(reply["result.warnings"] == .integer(Int64(warnings)), "\(reply.line)")
                }
                let check = try shop.runDaemon(shop.arguments + ["--check"])
                #expect(check.status == 0)
                let expected =
                    "\(shop.catalog):8: warning: limits.total: The limit is 2, but 3 uses count"
                #expect(check.errors.contains(expected), "\(check.errors)")
                #expect(try daemon.end() == .status(0))
                _ = try shop.startDaemon()
                let stats = try shop.askAdmin(#"{"op":"server.stats"}"#)
                #expect(stats["result.catalog.warnings"] == 1, "\(stats.line)")
            }
        }

        @Test func `is warned of where it may be whole`() throws {
            let catalog = Self.codes + "- {id: c_old, type: comp, ends_at: 2020-01-01}"
            try Shop.open(catalog: catalog) { shop in
                try shop.writeSettled("code\nA\nB\nA\n", to: "codes.csv")
                let check = try shop.runDaemon(shop.arguments + ["--check"])
                #expect(check.status == 0, "\(check.errors)")
                #expect(
                    check.errors.contains("\(shop.catalog):4:47: warning: The last line has no"))
                #expect(
                    check.errors.contains(
                        "\(shop.catalog):4: warning: coupons[1].ends_at: It is over already"))
                #expect(
                    check.errors.contains(
                        "\(shop.path("codes.csv")):4: warning: code: The row repeats"),
                    "\(check.errors)")

                for source in ["files", "cache"] {
                    let daemon = try shop.startDaemon()
                    let line = daemon.log.text.split(separator: "\n").first {
                        $0.contains("catalog loaded")
                    }
                    let loaded = try Reply(String(#require(line)))
                    #expect(loaded["metadata.warnings"] == 3 && loaded["level"] == "info")
                    let stats = try shop.askAdmin(#"{"op":"server.stats"}"#)
                    #expect(stats["result.catalog.warnings"] == 3, "\(stats.line)")
                    #expect(stats["result.catalog.source"] == .string(source))
                    if source == "files" {
                        try daemon.log.next(containing: "catalog cache written")
                    } else {
                        try shop.writeSettled("code\nA\nB\n", to: "codes.csv")
                        try shop.writeSettled(catalog + "\n", to: "catalog.yaml")
                        let reply = try shop.askAdmin(#"{"op":"server.reload"}"#)
                        #expect(reply["result.warnings"] == 1, "\(reply.line)")
                    }
                    #expect(try daemon.end() == .status(0))
                }
            }
        }
    }
}
