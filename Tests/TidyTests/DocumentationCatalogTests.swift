import Definitions
import CouponCatalog
import CouponRules
import CouponWire
import Foundation
import Testing

private let definitionsPage = "Sources/CouponCatalog/CouponCatalog.docc/Definitions.md"

@Suite struct `The page about definitions` {
    private let page: DocumentationPage

    init() throws { page = try DocumentationPage(definitionsPage) }

    /// The keys that the reader asks for. No other place lists them.
    static func keysRead() throws -> Set<String> {
        var keys: Set<String> = []
        for path in SourceTree.files(below: "Sources/Definitions", ["swift"]) {
            let text = try SourceTree.text(path)
            for match in text.matches(of: /(?:take|require)\(\s*"([a-z_]{2,})"/) {
                keys.insert(String(match.output.1))
            }
        }
        return keys
    }

    @Test func `names every key that can be read and no other`() throws {
        let named = Set(
            page.tables.filter { $0.mark == "keys" }.flatMap { $0.column(0).flatMap(\.codeWords) })
        let read = try Self.keysRead()
        #expect(read.count > 80)
        #expect(named.subtracting(read) == [])
        #expect(read.subtracting(named) == [])
    }

    @Test func `names every value that is a word`() {
        let words =
            AllocationMethod.allCases.map(\.code.description)
            + UnitOrder.allCases.map(\.code.description)
            + LimitsDefinition.OnBudget.allCases.map(\.rawValue)
            + Stacking.Base.allCases.map(\.code.description)
            + CodeScope.allCases.map(\.rawValue) + CouponKind.allCases.map(\.code.description)
        for word in words { #expect(page.codeWords.contains(word), "\(word)") }
    }

    @Test func `lists every kind of discount`() throws {
        let kinds = try page.table("kinds").column(0).map(\.codeWord)
        #expect(kinds == Discount.Kind.named.map(\.code.description))
    }

    @Test func `lists every column of a codes file`() throws {
        let columns = try page.table("columns").column(0).flatMap(\.codeWords)
        let header = columns.joined(separator: ",")
        #expect(try faults(ofCodesFile: header + "\n").isEmpty)
        let source = try SourceTree.textOfFile(named: "CodesFileHeader.swift")
        let declaration = try #require(
            source.firstMatch(of: /enum CodesFileColumn[^{]*\{([^}]*)\}/))
        #expect(declaration.output.1.split(separator: "case ").count - 1 == columns.count)
    }

    @Test func `shows definitions that load`() throws {
        for fence in page.fences where fence.language == "yaml" && fence.mark != "refused" {
            #expect(throws: Never.self, "line \(fence.line)") {
                try DocumentationShop.catalog(of: fence.content)
            }
        }
        for fence in page.fences where fence.language == "csv" {
            #expect(try faults(ofCodesFile: fence.content).isEmpty, "line \(fence.line)")
        }
    }

    @Test func `shows the faults that are reported`() throws {
        let refused = try #require(page.fences.first { $0.mark == "refused" })
        let reported = try #require(page.fences.first { $0.mark == "reported" })
        #expect(reported.content == DocumentationShop.faults(of: refused.content))
    }

    private func faults(ofCodesFile text: String) throws -> [String] {
        let file = FileManager.default.temporaryDirectory.appending(
            path: "documented-codes-\(UUID().uuidString).csv")
        try Data(text.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try CodesFileReader.read(at: file.path) { _ in }.map(\.description)
    }
}

@Suite struct `The page about money` {
    private let page: DocumentationPage

    init() throws {
        page = try DocumentationPage("Sources/CouponCatalog/CouponCatalog.docc/Money.md")
    }

    @Test func `rounds percentages as the rules do`() throws {
        for row in try page.table("percentages").rows {
            let percent = try #require(Percent(decimal: row[0]))
            let amount = Money(minorUnits: try #require(Int64(row[1])))
            for (place, rounding) in [Rounding.halfUp, .halfEven, .down].enumerated() {
                let share = percent.of(amount, rounding: rounding)
                #expect(String(share.minorUnits) == row[2 + place], "\(row)")
            }
        }
    }

    @Test func `divides amounts as the rules do`() throws {
        for row in try page.table("spreads").rows {
            let weights = Self.numbers(row[1]).map { Money(minorUnits: $0) }
            var shares = [Money](repeating: .zero, count: weights.count)
            var allocation = Allocation()
            allocation.divide(
                Money(minorUnits: try #require(Int64(row[0]))), over: weights, into: &shares)
            #expect(shares.map(\.minorUnits) == Self.numbers(row[2]), "\(row)")
        }
    }

    @Test(arguments: ["discounts", "budgets"])
    func `discounts as the server does`(table: String) throws {
        let rows = try page.table(table).rows
        #expect(rows.count > 2)
        for row in rows {
            let coupon = "{codes: [X], \(row[0].codeWord.dropFirst())"
            var shop = try DocumentationShop(
                definitions: "currency: USD\ncoupons: [\(coupon)]")
            let request =
                #"{"op":"validate","code":"X","cart":{"currency":"USD","shipping":\#(row[2]),"#
                + #""lines":[\#(Self.lines(row[1]))]}}"#
            let reply = try shop.reply(to: request, as: .storefront)
            #expect(reply.contains(#""valid":true"#), "\(row): \(reply)")
            #expect(reply.contains(#""shipping_discount":\#(row[4]),"#), "\(row): \(reply)")
            #expect(reply.contains(Self.lineDiscounts(row[3])), "\(row): \(reply)")
        }
    }

    @Test func `combines codes as the server does`() throws {
        let rows = try page.table("together").rows
        #expect(rows.count > 2)
        for row in rows {
            let coupons = zip(["A", "B"], row).map { code, cell in
                "{codes: [\(code)], \(cell.codeWord.dropFirst())"
            }
            var shop = try DocumentationShop(
                definitions: "currency: USD\ncoupons: [\(coupons.joined(separator: ", "))]")
            let reply = try shop.reply(
                to: #"{"op":"validate","codes":["A","B"],"cart":{"currency":"USD","#
                    + #""lines":[\#(Self.lines(row[2]))]}}"#, as: .storefront)
            let entries = reply.components(separatedBy: #"{"code":"#).dropFirst()
            try #require(entries.count == 2, "\(row): \(reply)")
            for (entry, cell) in zip(entries, row[3...]) {
                #expect(entry.contains(Self.lineDiscounts(cell)), "\(row): \(reply)")
            }
        }
    }

    @Test func `ranks the kinds as the rules do`() throws {
        let kinds = try page.table("ranks").column(1).map(\.codeWord)
        let source = try SourceTree.textOfFile(named: "Stacking.swift")
        let ranked = source.matches(of: /case \.([a-zA-Z]+): (\d)\n/).map {
            (rank: String($0.output.2), kind: Self.snakeCase($0.output.1))
        }
        #expect(ranked.map(\.kind) == kinds)
        #expect(ranked.map(\.rank) == kinds.indices.map { String($0) })
    }

    /// `fixedPerItem` as `fixed_per_item`, and `buyXGetY` as `buy_x_get_y`.
    private static func snakeCase(_ name: Substring) -> String {
        name.map { $0.isUppercase ? "_\($0.lowercased())" : "\($0)" }.joined()
    }

    private static func lineDiscounts(_ cell: String) -> String {
        #""line_discounts":[\#(numbers(cell).map(String.init).joined(separator: ","))]"#
    }

    private static func numbers(_ cell: String) -> [Int64] {
        cell.split(separator: ", ").compactMap { Int64($0) }
    }

    /// `2 × 1000 b` as a line of a cart.
    private static func lines(_ cell: String) -> String {
        cell.split(separator: ", ").map { line in
            let words = line.split(separator: " ")
            let product = words.count == 4 ? words[3] : "p"
            return
                #"{"product":"\#(product)","quantity":\#(words[0]),"unit_price":\#(words[2])}"#
        }.joined(separator: ",")
    }
}
