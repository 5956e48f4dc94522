import CouponService
import CouponWire
import Foundation
import Testing

@Suite struct `A page of the documentation` {
    @Test(arguments: DocumentationPage.paths + ["README.md"])
    func `links to what exists`(path: String) throws {
        let folder = SourceTree.root.appending(path: path).deletingLastPathComponent()
        for link in try DocumentationPage(path).links where !link.contains("://") {
            let parts = link.split(separator: "#", omittingEmptySubsequences: false)
            let target =
                parts[0].isEmpty
                ? SourceTree.root.appending(path: path)
                : folder.appending(path: String(parts[0])).standardized
            guard FileManager.default.fileExists(atPath: target.path) else {
                Issue.record("\(path) links to \(link), which does not exist")
                continue
            }
            guard parts.count == 2 else { continue }
            let page = String(target.path.dropFirst(SourceTree.root.path.count + 1))
            let anchors = try DocumentationPage(page).headings.map(\.anchor)
            #expect(anchors.contains(String(parts[1])), "\(path) links to \(link)")
        }
    }

    @Test(arguments: DocumentationPage.paths)
    func `is short enough to be read`(path: String) throws {
        let lines = try SourceTree.text(path).split(
            separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count <= 401, "\(path) has \(lines.count - 1) lines")
        #expect(lines.first?.hasPrefix("# ") == true, "\(path) has no title")
    }

    @Test(arguments: DocumentationPage.paths)
    func `shows valid requests, except where it shows an error`(
        path: String
    ) throws {
        var parser = RequestParser(lineBytesMax: ResourceLimits().lineBytesMax)
        for exchange in try DocumentationPage(path).exchanges {
            let line = Array(exchange.request.joined.utf8)
            let isFault = if case .fault = parser.parse(line.span) { true } else { false }
            let showsFault = [ErrorCode.badJSON, .badRequest].contains {
                exchange.reply.joined.contains(#""error":{"code":"\#($0.name)""#)
            }
            // A request with a sum that is too large is valid otherwise.
            let isAboutSums = exchange.reply.joined.contains("The sum passes")
            #expect(
                isFault == (showsFault && !isAboutSums), "\(path), line \(exchange.request.line)")
        }
    }

    @Test(arguments: DocumentationPage.paths)
    func `shows the replies that the server gives`(path: String) throws {
        let page = try DocumentationPage(path)
        let exchanges = try page.exchanges
        guard !exchanges.isEmpty else { return }
        var shop = try DocumentationShop(definitions: try #require(page.definitions))
        for exchange in exchanges {
            let reply = try shop.reply(to: exchange.request.joined, as: exchange.role)
            #expect(exchange.reply.joined == reply, "\(path), line \(exchange.reply.line)")
        }
    }

    @Test func `shows the version that the daemon has`() throws {
        let program = try SourceTree.text("Sources/coupond/Coupond.swift")
        #expect(program.contains("= \"\(DocumentationShop.version)\""))
    }

    @Test func `would be noticed when it is wrong`() throws {
        #expect("A cell with `code` and `more`".codeWords == ["code", "more"])
        #expect("When no reply comes".anchor == "when-no-reply-comes")
        var shop = try DocumentationShop(definitions: "coupons: []")
        let reply = try shop.reply(to: #"{"op":"usage","code":"X"}"#, as: .viewer)
        #expect(reply.contains("not_found"))
        #expect(throws: DocumentationShop.InvalidCatalog.self) {
            _ = try DocumentationShop(definitions: "coupons: [{}]")
        }
    }
}
