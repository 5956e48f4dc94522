import CouponService
import Foundation
import Testing

private let operatingPage = "Sources/CouponService/CouponService.docc/Operating.md"

@Suite struct `The page about operating` {
    private let page: DocumentationPage

    init() throws { page = try DocumentationPage(operatingPage) }

    /// The first groups of `pattern` in a text, in order.
    private static func found(
        _ pattern: Regex<(Substring, Substring)>, in text: String
    ) -> [String] {
        text.matches(of: pattern).map { String($0.output.1) }
    }

    @Test func `lists every exit status`() throws {
        let source = try SourceTree.text("Sources/coupond/ExitReason.swift")
        let statuses = Self.found(/case [a-zA-Z]+ = (\d+)/, in: source)
        #expect(statuses.count > 8)
        #expect(try page.table("exit").column(0) == statuses)
    }

    @Test func `lists every flag`() throws {
        let source = try SourceTree.text("Sources/coupond/Coupond.swift")
        let flags = Self.found(/\.customLong\("([a-z-]+)"\)/, in: source).map { "--\($0)" }
        #expect(flags.count > 4)
        #expect(try page.table("flags").column(0).map(\.codeWord) == flags)
    }

    @Test func `lists every setting that can be read and no other`() throws {
        var keys: Set<String> = []
        for path in SourceTree.files(below: "Sources/coupond/Configuration", ["swift"]) {
            let text = try SourceTree.text(path)
            keys.formUnion(Self.found(/(?:take|require|read)\(\s*"([a-z_]+)"/, in: text))
        }
        #expect(keys.count > 20)
        #expect(Set(try page.table("settings").column(0).flatMap(\.codeWords)) == keys)
    }

    @Test func `shows the defaults of the settings`() throws {
        let rows = try page.table("settings").rows
        let limits = ResourceLimits(), snapshots = SnapshotSettings()
        let defaults = [
            "line_bytes": limits.lineBytesMax, "lines_per_turn": limits.linesPerTurnMax,
            "connections": limits.connectionsMax,
            "admin_connections": limits.adminConnectionsMax, "output_bytes": limits.outputBytesMax,
            "orders": limits.ordersMax, "interval_seconds": Int(snapshots.intervalSeconds),
            "growth_percent": Int(snapshots.growthPercent),
        ]
        for (key, value) in defaults {
            let row = try #require(rows.first { $0[0].codeWord == key })
            #expect(row[1] == String(value), "\(key)")
        }
        let source = try SourceTree.textOfFile(named: "Configuration.swift")
        for (key, pattern) in [
            ("idle_timeout_seconds", /idleTimeoutSeconds: Int64\? = (\d+)/),
            ("segment_mib", /segmentMiB: Int64 = (\d+)/),
            ("durability", /durability = DurabilityMode\.([a-z]+)/),
            ("shrink_percent", /shrinkPercent: Int64 = (\d+)/),
            ("timeout_seconds", /timeoutSeconds: Int64 = (\d+)/),
            ("create", /creation = Creation\.([a-z]+)/),
        ] {
            let row = try #require(rows.first { $0[0].codeWord == key })
            let shown = row[1].codeWords.first ?? row[1]
            #expect([shown] == Self.found(pattern, in: source), "\(key)")
        }
    }

    @Test func `lists every signal that the daemon handles`() throws {
        let source = try SourceTree.textOfFile(named: "OperatorSignals.swift")
        let signals = Set(Self.found(/\b(SIG[A-Z0-9]+)\b/, in: source))
        #expect(Set(try page.table("signals").column(0).flatMap(\.codeWords)) == signals)
    }

    @Test func `lists every line of the log with its level`() throws {
        var logged: Set<[String]> = []
        for path in SourceTree.files(below: "Sources/coupond", ["swift"]) {
            let text = try SourceTree.text(path)
            for match in text.matches(of: /\blog\.([a-z]+)\(\s*"([^"]+)"/) {
                logged.insert([String(match.output.2), String(match.output.1)])
            }
            for match in text.matches(of: /level: \.([a-z]+), message: "([^"]+)"/) {
                logged.insert([String(match.output.2), String(match.output.1)])
            }
        }
        #expect(logged.count > 15)
        let listed = Set(try page.table("log").rows.map { [$0[0].codeWord, $0[1]] })
        #expect(listed.subtracting(logged) == [])
        #expect(logged.subtracting(listed) == [])
    }

    @Test func `lists every member of the statistics`() throws {
        var shop = try DocumentationShop(definitions: "coupons: []")
        _ = try shop.reply(to: #"{"op":"server.reload"}"#, as: .admin)
        _ = try shop.reply(to: #"{"op":"server.snapshot"}"#, as: .admin)
        let reply = try shop.reply(to: #"{"op":"server.stats"}"#, as: .viewer)
        let members = Set(Self.found(/"([a-z_]+)":/, in: reply)).subtracting(["result"])
        #expect(Set(try page.table("statistics").column(0).flatMap(\.codeWords)) == members)
    }
}

@Suite struct `A decision` {
    private static let folder = "Sources/CouponService/CouponService.docc/Decisions/"
    private static let paths = DocumentationPage.paths.filter {
        $0.hasPrefix(folder) && !$0.hasSuffix("/Decisions.md")
    }

    @Test(arguments: paths)
    func `has a context, a choice and a price on half a page`(path: String) throws {
        let page = try DocumentationPage(path)
        #expect(page.headings.dropFirst() == ["Context", "Choice", "Price"])
        let lineCount = try SourceTree.text(path).split(separator: "\n").count
        #expect((8...40).contains(lineCount), "\(path) has \(lineCount) lines")
    }

    @Test func `is listed by its title`() throws {
        let list = try SourceTree.text(Self.folder + "Decisions.md")
        #expect(Self.paths.count > 5)
        for path in Self.paths {
            let title = try #require(try DocumentationPage(path).headings.first)
            let file = path.dropFirst(Self.folder.count)
            #expect(list.contains("- [\(title)](\(file))\n"), "\(path)")
        }
    }

    @Test func `lists every place that may be unsafe and no other`() throws {
        let page = try DocumentationPage(Self.folder + "UnsafeFences.md")
        let fences = try page.table("fences").column(0).map(\.codeWord)
        for fence in fences {
            let example = fence.hasSuffix("/") ? fence + "Any.swift" : fence
            #expect(`Unsafe code`.isFenced(example), "\(fence)")
            #expect(
                FileManager.default.fileExists(
                    atPath: SourceTree.root.appending(path: fence).path), "\(fence)")
        }
        for path in SourceTree.files(below: "Sources", ["swift"]) {
            guard `Unsafe code`.saysUnsafe(try SourceTree.text(path)) else { continue }
            #expect(fences.contains { path.hasPrefix($0) }, "\(path)")
        }
    }
}
