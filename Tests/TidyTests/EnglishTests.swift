// The habits of language that made this project hard to read, each with what to write instead. A short
// list: it cannot make a text good, it only keeps the worst from coming back.

import Foundation
import Testing

/// A phrasing that stays out, and what to write.
private struct BannedPhrasing {
    /// A regular expression, in which words are whole words.
    var pattern: String
    var better: String

    static let all = [
        BannedPhrasing(pattern: "told|tells?", better: "reports, shows, lists, says, returns"),
        BannedPhrasing(pattern: "(is|are|was|were) due", better: "is required, is expected"),
        BannedPhrasing(pattern: "anew", better: "again"),
        BannedPhrasing(
            pattern: "wh(o|at|ich|om)ever", better: "name the subject: any, the caller, which"),
        BannedPhrasing(
            pattern: "(no|some|every)body", better: "name the subject: no client, a user"),
        BannedPhrasing(pattern: "every(one)? else", better: "all others"),
        BannedPhrasing(
            pattern: "settles?|settled|settling",
            better: "derive, combine, deduct, reconcile, resolve, decide, flush, drain"),
        BannedPhrasing(
            pattern: "(came|comes?|coming) by (itself|themselves)", better: "automatic"),
        BannedPhrasing(
            pattern: "(?<!there )(?<!there’s )(is|are|was|were) no (?!longer|more)[a-z]+",
            better: "is not a …, does not …"),
        BannedPhrasing(pattern: "that there (is|are) not", better: "that does not exist"),
        BannedPhrasing(pattern: "into being|bears?|born", better: "create"),
        BannedPhrasing(pattern: "occasions?", better: "evaluation context"),
        BannedPhrasing(pattern: "cannot be begun", better: "cannot create"),
        BannedPhrasing(pattern: "stands? back", better: "yields"),
    ]

    /// All of them in one, for the many lines that have none.
    static let any = expression(all.map(\.pattern).joined(separator: "|"))

    static func expression(_ pattern: String) -> NSRegularExpression? {
        try? NSRegularExpression(pattern: "\\b(\(pattern))\\b", options: .caseInsensitive)
    }
}

/// A line that may say what the list bans.
private struct RightUse {
    var file: String
    var phrase: String
    var reason: String

    static let all = [
        RightUse(
            file: "Tests/TidyTests/EnglishTests.swift", phrase: "", reason: "it is about the list"),
        RightUse(
            file: "Tests/TidyTests/GlossaryTests.swift", phrase: "", reason: "it is about the list"),
        RightUse(
            file: "Glossary.md", phrase: "| ", reason: "its tables name the replaced words"),
    ]
}

@Suite struct `Plain English` {
    private static let extensions: Set<String> = [
        "swift", "md", "yaml", "sh", "json", "jsonl", "hpp", "cpp", "h", "c", "sql", "lua",
        "service", "socket",
    ]

    private static var paths: [String] {
        ["Sources", "Tests", "Benchmarks", "config"].flatMap {
            SourceTree.files(below: $0, extensions)
        } + ["README.md", "Package.swift", ".ci/run"]
    }

    /// Lines of a text with a banned phrasing, as `path:line: phrasing, better: …`.
    private static func faults(in text: String, path: String) -> [String] {
        guard let any = BannedPhrasing.any else { return ["the list of phrasings is not valid"] }
        let whole = NSRange(location: 0, length: text.utf16.count)
        guard any.firstMatch(in: text, range: whole) != nil else { return [] }
        var faults: [String] = []
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            let line = String(line)
            let range = NSRange(location: 0, length: line.utf16.count)
            guard any.firstMatch(in: line, range: range) != nil, !isRight(line, path) else {
                continue
            }
            for banned in BannedPhrasing.all {
                guard
                    let match = BannedPhrasing.expression(banned.pattern)?.firstMatch(
                        in: line, range: range), let place = Range(match.range, in: line)
                else { continue }
                faults.append("\(path):\(number + 1): \(line[place]), better: \(banned.better)")
            }
        }
        return faults
    }

    private static func isRight(_ line: String, _ path: String) -> Bool {
        RightUse.all.contains {
            path.hasSuffix($0.file) && ($0.phrase.isEmpty || line.contains($0.phrase))
        }
    }

    @Test func `is what sources, tests and pages are written in`() throws {
        var faults: [String] = []
        for path in Self.paths {
            faults += Self.faults(in: try SourceTree.text(path), path: path)
        }
        #expect(faults.isEmpty, "\n\(faults.joined(separator: "\n"))")
    }

    @Test func `has a list of exceptions that are all needed`() throws {
        for use in RightUse.all {
            #expect(Self.paths.contains { $0.hasSuffix(use.file) }, "\(use.file), \(use.reason)")
        }
    }

    @Test(arguments: [
        "// Nobody was told.", "a code is due", "/// Whoever asks", "It is no socket.",
        "func settle() {}", "`comes by itself`", "a counter that there is not", "opened anew",
        "The Occasion of a claim", "brings it into being", "as for everyone else",
    ])
    func `would be missed`(line: String) {
        let faults = Self.faults(in: "\n\(line)\n", path: "A.swift")
        #expect(faults.first?.hasPrefix("A.swift:2: ") == true)
    }

    @Test(arguments: [
        "the bearer of the ticket", "it is no longer there", "There is no such code.",
        "the amount due", "the settlement", "was not a socket", "Intellect and stellar",
    ])
    func `may say`(line: String) {
        #expect(Self.faults(in: line, path: "A.swift") == [])
    }
}
