import Testing

@Suite struct `The glossary` {
    private let page: DocumentationPage

    init() throws {
        page = try DocumentationPage("Sources/CouponService/CouponService.docc/Glossary.md")
    }

    /// The tables with a mark, as their rows.
    private func rows(_ mark: String) -> [[String]] {
        page.tables.filter { $0.mark == mark }.flatMap(\.rows)
    }

    @Test func `has three full columns for each term and verb`() {
        #expect(rows("terms").count > 60)
        #expect(rows("verbs").count > 20)
        for row in rows("terms") + rows("verbs") {
            #expect(row.count == 3, "\(row)")
            #expect(row.allSatisfy { !$0.isEmpty }, "\(row)")
        }
    }

    @Test(arguments: ["terms", "verbs"])
    func `explains each word once`(mark: String) {
        let words = rows(mark).map { $0[0] }
        #expect(Set(words).count == words.count)
    }

    @Test func `replaces words that no name in the sources has`() {
        let words = rows("replaced").map { $0[0].codeWord }
        #expect(words.count > 10)
        for word in words {
            #expect(
                Self.uses(of: word, in: SwiftSource.all) == [], "see the glossary for \(word)")
        }
    }

    /// Where a name is the word, or has it as a part when the word is in lower case.
    private static func uses(of word: String, in sources: [SwiftSource]) -> [String] {
        let isPart = word.first?.isLowercase == true
        let sought = word.lowercased()
        var uses: [String] = []
        for source in sources {
            for (number, line) in source.codeLines.enumerated() {
                guard isPart ? line.lowercased().contains(sought) : line.contains(word) else {
                    continue
                }
                for name in line.split(whereSeparator: { !$0.isLetter && !$0.isNumber }) {
                    guard isPart ? parts(of: name).contains(sought) : name == word else { continue }
                    uses.append("\(source.path):\(number + 1): \(name)")
                }
            }
        }
        return uses
    }

    /// The words of a name in camel case, in lower case.
    private static func parts(of name: Substring) -> [String] {
        var parts: [String] = []
        for character in name {
            if character.isUppercase || parts.isEmpty { parts.append("") }
            parts[parts.count - 1] += character.lowercased()
        }
        return parts
    }

    @Test func `would notice a replaced word in a name`() {
        let source = SwiftSource(
            """
            func settleCounters(_ claims: [Int]) { Spread.even.claim() } // settle a claim
            let spread = "settle", disclaim = 1, bearing = Spreading()
            """, path: "A.swift")
        #expect(Self.uses(of: "settle", in: [source]) == ["A.swift:1: settleCounters"])
        #expect(Self.uses(of: "claim", in: [source]) == ["A.swift:1: claim"])
        #expect(Self.uses(of: "Spread", in: [source]) == ["A.swift:1: Spread"])
        #expect(Self.uses(of: "bear", in: [source]) == [])
    }
}
