import CouponRules
import CouponService
import CouponWire
import Foundation
import Testing

private let wirePages = "Sources/CouponWire/CouponWire.docc/"

@Suite struct `The protocol's tables` {
    @Test func `list every reason in its order`() throws {
        let table = try DocumentationPage(wirePages + "Reasons.md").table("reasons")
        #expect(table.column(0).map(\.codeWord) == Reason.allCases.map(\.code.description))
    }

    @Test func `list only reasons that some rule gives`() throws {
        let rules = try
            (SourceTree.files(below: "Sources/CouponRules", ["swift"])
            + SourceTree.files(below: "Sources/CouponService", ["swift"]))
            .filter { !$0.hasSuffix("/Reason.swift") }
            .map(SourceTree.text).joined()
        for reason in Reason.allCases {
            #expect(
                rules.contains(try Regex("[^a-z]\\.\(reason)\\b|Reason\\.\(reason)\\b")),
                "\(reason)")
        }
    }

    @Test func `list every error in its order`() throws {
        let table = try DocumentationPage(wirePages + "Errors.md").table("errors")
        #expect(table.column(0).map(\.codeWord) == ErrorCode.allCases.map(\.name.description))
    }

    /// An error is given when code outside its own declaration names it.
    @Test func `say for each error whether this version gives it`() throws {
        let table = try DocumentationPage(wirePages + "Errors.md").table("errors")
        let sources = try
            (SourceTree.files(below: "Sources/CouponWire", ["swift"])
            + SourceTree.files(below: "Sources/CouponService", ["swift"]))
            .map(SourceTree.text).joined()
        let uses = sources.replacing(/case \.[a-zA-Z]+: "[a-z_]+"/, with: "")
        for (code, said) in zip(ErrorCode.allCases, table.column(3)) {
            let isGiven = uses.contains(try Regex("[^a-zA-Z]\\.\(code)\\b"))
            #expect(said == (isGiven ? "given" : "later"), "\(code)")
        }
    }

    @Test func `list every operation with its roles`() throws {
        let table = try DocumentationPage(wirePages + "Protocol.md").table("operations")
        #expect(
            table.column(0).map(\.codeWord) == CouponWire.Operation.allCases.map(\.name.description)
        )
        for (operation, row) in zip(CouponWire.Operation.allCases, table.rows) {
            for (place, role) in [Role.storefront, .viewer, .admin].enumerated() {
                let said = row[place + 1] == "yes"
                #expect(said == role.allows(operation), "\(operation.name) for \(role)")
            }
        }
    }

    @Test func `say for each operation whether this version serves it`() throws {
        let table = try DocumentationPage(wirePages + "Protocol.md").table("operations")
        for (operation, said) in zip(CouponWire.Operation.allCases, table.column(4)) {
            var shop = try DocumentationShop(definitions: "coupons: []")
            let reply = try shop.reply(to: request(operation), as: .admin)
            let isLater = reply.contains("This operation is not served by this version")
            #expect(said == (isLater ? "later" : "served"), "\(operation.name)")
        }
    }

    private func request(_ operation: CouponWire.Operation) -> String {
        let rest =
            switch operation {
            case .validate, .usage, .codeDiscounts: #","code":"X""#
            case .reserve, .apply: #","code":"X","order":"o""#
            case .release: #","order":"o""#
            default: ""
            }
        return #"{"op":"\#(operation.name)"\#(rest)}"#
    }

    @Test func `list every kind of limit in its order`() throws {
        let table = try DocumentationPage(wirePages + "Protocol.md").table("limits")
        let kinds = LimitKind.allCases.filter { $0 != .codeCustomer }.map(\.code.description)
        #expect(table.column(0).flatMap(\.codeWords) == kinds)
    }

    @Test func `list every field of a request`() throws {
        let words = try ["Protocol.md", "Orders.md", "Administration.md"].reduce(
            into: Set<String>()
        ) {
            $0.formUnion(try DocumentationPage(wirePages + $1).codeWords)
        }
        let source = try SourceTree.textOfFile(named: "RequestField.swift")
        let names = source.matches(of: /case \.[a-zA-Z]+: "([a-z_]+)"/).map { String($0.output.1) }
        #expect(names.count == 30)
        for name in names { #expect(words.contains { $0.contains(name) }, "\(name)") }
    }

    /// Every member that a reply can have.
    @Test func `list every member of a reply`() throws {
        let pages = [
            wirePages + "Protocol.md", wirePages + "Orders.md", wirePages + "Errors.md",
            wirePages + "Administration.md",
            "Sources/CouponService/CouponService.docc/Operating.md",
            "Sources/CouponService/CouponService.docc/OrdersEnd.md",
            "Sources/CouponCatalog/CouponCatalog.docc/Definitions.md",
        ]
        let words = Set(try pages.flatMap { try DocumentationPage($0).codeWords })
        let written = /(?:key|member|writeNumber|write)\([^"()]*"([a-z_]+)"/
        let facts = ["Reply", "Discount"].map {
            "Sources/CouponCatalog/Compile/\($0)Facts.swift"
        }
        for path in SourceTree.files(below: "Sources/CouponService", ["swift"]) + facts {
            for match in try SourceTree.text(path).matches(of: written) {
                let name = String(match.output.1)
                #expect(words.contains { $0.contains(name) }, "\(name), of \(path)")
            }
        }
    }
}
