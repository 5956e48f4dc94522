// Swift as the tidy tests read it: code with its comments and literals blanked out, and the
// declarations that keywords and braces reveal. It is not a parser: it knows as much of the language
// as `Sources` uses, and it never sees regular expression literals, which `Sources` does not have.

import Foundation

/// A Swift file and what is declared in it.
struct SwiftSource {
    /// Relative to the root of the checkout.
    let path: String
    /// As they are written, without their line ends.
    let lines: [Substring]
    /// The same lines, with spaces in place of comments and literals.
    let codeLines: [Substring]
    /// In the order of their keywords, so that an outer one comes before those in it.
    let declarations: [SwiftDeclaration]

    init(_ text: String, path: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let code = String(decoding: SwiftBlanking.blanked(Array(text.utf8)), as: UTF8.self)
        codeLines = code.split(separator: "\n", omittingEmptySubsequences: false)
        var scanner = SwiftScanner(code: Array(code.utf8))
        declarations = scanner.scan()
    }

    /// The folder below `Sources`.
    var target: String {
        let parts = path.split(separator: "/")
        return parts.count > 2 ? String(parts[1]) : ""
    }

    /// All of `Sources`, read once.
    static let all: [SwiftSource] = SourceTree.files(below: "Sources", ["swift"]).compactMap {
        path in (try? SourceTree.text(path)).map { SwiftSource($0, path: path) }
    }

    /// Every identifier and keyword that `Sources` has outside of comments and literals.
    static let identifiers: Set<Substring> = all.reduce(into: []) { words, source in
        for line in source.codeLines {
            words.formUnion(line.split { !$0.isLetter && !$0.isNumber && $0 != "_" })
        }
    }

    /// The comment that ends in the line above `line`, attributes in between left out.
    func comment(above line: Int) -> String {
        var comment: [Substring] = []
        for text in lines[..<line].reversed() {
            let trimmed = text.drop { $0 == " " }
            if trimmed.hasPrefix("//") {
                comment.append(trimmed)
            } else if !trimmed.hasPrefix("@") || !comment.isEmpty {
                break
            }
        }
        return comment.reversed().joined(separator: "\n")
    }
}

/// A declaration with its place in a file.
struct SwiftDeclaration {
    /// Its keyword: `struct`, `extension`, `func`, `var` and so on.
    var keyword: String
    /// Of an extension the outermost type that it extends.
    var name: String
    /// What stands before the keyword in its line: modifiers, and attributes that are there.
    var modifiers: String
    /// The line of its keyword and that of its closing brace, from 0.
    var firstLine: Int
    var lastLine: Int
    /// The place of the declaration around it in the list.
    var parent: Int?
    /// Of a variable: whether a value follows the equals sign.
    var hasInitialValue = false
    /// The first word in its braces, when it has braces.
    var firstWord: String?
    /// What parameters are called, outside and inside.
    var parameters: [String] = []

    static let typeKeywords: Set<String> = ["struct", "class", "enum", "actor", "protocol"]
    static let functionKeywords: Set<String> = ["func", "init", "deinit", "subscript"]

    var isType: Bool { Self.typeKeywords.contains(keyword) }
    var isFunction: Bool { Self.functionKeywords.contains(keyword) }
    var lineCount: Int { lastLine - firstLine + 1 }

    /// Whether it is private to its file or to the declaration around it.
    var isPrivate: Bool { modifiers.contains("private") }

    /// Whether a variable keeps its value itself.
    var isStored: Bool {
        guard keyword == "var" || keyword == "let" else { return false }
        if hasInitialValue { return true }
        return firstWord == nil || firstWord == "didSet" || firstWord == "willSet"
    }
}

/// Puts spaces in place of comments and of literals with all that is interpolated in them.
struct SwiftBlanking {
    private let text: [UInt8]
    private var blanked: [UInt8]
    private var index = 0

    static func blanked(_ text: [UInt8]) -> [UInt8] {
        var blanking = SwiftBlanking(text: text, blanked: text)
        while blanking.index < text.count { blanking.readOne() }
        return blanking.blanked
    }

    private func has(_ word: String, at place: Int) -> Bool {
        place < text.count && text[place...].starts(with: word.utf8)
    }

    private mutating func blank(to end: Int) {
        for place in index..<min(end, text.count) where text[place] != UInt8(ascii: "\n") {
            blanked[place] = UInt8(ascii: " ")
        }
        index = end
    }

    private mutating func readOne() {
        let byte = text[index]
        if byte == UInt8(ascii: "/"), has("//", at: index) {
            let end = text[index...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
            blank(to: end)
        } else if byte == UInt8(ascii: "/"), has("/*", at: index) {
            var end = index + 2
            while end < text.count, !has("*/", at: end) { end += 1 }
            blank(to: end + 2)
        } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "#") {
            if let end = endOfString(from: index) { blank(to: end) } else { index += 1 }
        } else {
            index += 1
        }
    }

    /// Where the string literal that begins at `start` ends; nil when none begins there.
    private func endOfString(from start: Int) -> Int? {
        var place = start
        while place < text.count, text[place] == UInt8(ascii: "#") { place += 1 }
        let poundCount = place - start
        guard has("\"", at: place) else { return nil }
        let quoteCount = has("\"\"\"", at: place) ? 3 : 1
        place += quoteCount
        while place < text.count {
            if text[place] == UInt8(ascii: "\\"), hasPounds(poundCount, at: place + 1) {
                place += 1 + poundCount
                place = has("(", at: place) ? endOfInterpolation(from: place) : place + 1
            } else if quoteCount == 3 ? has("\"\"\"", at: place) : has("\"", at: place),
                hasPounds(poundCount, at: place + quoteCount)
            {
                return place + quoteCount + poundCount
            } else {
                place += 1
            }
        }
        return place
    }

    private func hasPounds(_ count: Int, at place: Int) -> Bool {
        place + count <= text.count
            && text[place..<(place + count)].allSatisfy { $0 == UInt8(ascii: "#") }
    }

    /// Where the parenthesis that opens at `start` is closed; it may hold literals of its own.
    private func endOfInterpolation(from start: Int) -> Int {
        var place = start, depth = 0
        while place < text.count {
            switch text[place] {
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"):
                depth -= 1
                if depth == 0 { return place + 1 }
            case UInt8(ascii: "\""), UInt8(ascii: "#"):
                if let end = endOfString(from: place) {
                    place = end
                    continue
                }
            default: break
            }
            place += 1
        }
        return place
    }
}
