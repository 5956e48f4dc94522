// The parts of a page that tests look at: code fences, tables, headings and links. An HTML comment in
// the line above a fence or a table is its mark. Readers never see it; tests use it to know what the
// fence shows. The reader knows only the Markdown that the pages use.

import Foundation

/// A page of the documentation.
struct DocumentationPage {
    /// A block between two lines of backticks.
    struct Fence {
        var language: String
        var mark: String?
        /// Of its first line of content, 1-based.
        var line: Int
        var content: String

        /// The content as one line, as it is on the wire: line breaks and the spaces after them are
        /// for readers only.
        var joined: String {
            content.split(separator: "\n").map { $0.drop { $0 == " " } }.joined()
        }
    }

    struct Table {
        var mark: String?
        /// Cells by row, without the header and the line below it.
        var rows: [[String]]

        func column(_ index: Int) -> [String] { rows.map { $0[index] } }
    }

    /// Relative to the root of the checkout.
    let path: String
    private(set) var fences: [Fence] = []
    private(set) var tables: [Table] = []
    private(set) var headings: [String] = []
    private(set) var links: [String] = []
    /// All texts in backticks outside fences.
    private(set) var codeWords: Set<String> = []

    private var mark: String?
    private var openFence: Fence?
    private var isInTable = false

    init(_ path: String) throws {
        self.path = path
        let lines = try SourceTree.text(path).split(
            separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() { read(String(line), number: index + 1) }
    }

    /// Every page of the project's documentation.
    static var paths: [String] {
        SourceTree.files(below: "Sources", ["md"]).filter { $0.contains(".docc/") }
    }

    /// The table with this mark.
    func table(_ mark: String) throws -> Table {
        guard let table = tables.first(where: { $0.mark == mark }) else {
            throw Missing(what: "a table marked `\(mark)`", path: path)
        }
        return table
    }

    /// A part that a test looks for and does not find.
    struct Missing: Error {
        let what: String
        let path: String
    }
}

extension DocumentationPage {
    private mutating func read(_ line: String, number: Int) {
        if var fence = openFence {
            if line == "```" {
                fences.append(fence)
                openFence = nil
            } else {
                fence.content += line + "\n"
                openFence = fence
            }
            return
        }
        if line.hasPrefix("|") { return readRow(line) }
        isInTable = false
        if line.hasPrefix("```") {
            openFence = Fence(
                language: String(line.dropFirst(3)), mark: mark, line: number + 1, content: "")
            mark = nil
        } else if line.hasPrefix("<!-- "), line.hasSuffix(" -->") {
            mark = String(line.dropFirst(5).dropLast(4))
        } else {
            if !line.isEmpty { mark = nil }
            if line.hasPrefix("#") {
                headings.append(String(line.drop { $0 == "#" }.dropFirst()))
            }
            readText(line)
        }
    }

    private mutating func readRow(_ line: String) {
        readText(line)
        // An escaped bar belongs to its cell.
        let guarded = line.replacing("\\|", with: "\u{1}")
        let cells = guarded.split(separator: "|", omittingEmptySubsequences: false)
            .dropFirst().dropLast()
            .map {
                $0.trimmingCharacters(in: .whitespaces).replacing("\u{1}", with: "|")
            }
        if !isInTable {
            isInTable = true
            tables.append(Table(mark: mark, rows: []))
            mark = nil
        } else if !cells.allSatisfy({ $0.allSatisfy { $0 == "-" || $0 == ":" } }) {
            tables[tables.count - 1].rows.append(cells)
        }
    }

    private mutating func readText(_ line: String) {
        for match in line.matches(of: /\]\(([^)]+)\)/) { links.append(String(match.output.1)) }
        codeWords.formUnion(line.codeWords)
    }
}

extension String {
    /// The texts in backticks.
    var codeWords: [String] {
        split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .compactMap { index, piece in index % 2 == 1 ? String(piece) : nil }
    }

    /// The first piece in backticks; empty when there is none.
    var codeWord: String { codeWords.first ?? "" }

    /// The anchor that code hosts give a heading with this text.
    var anchor: String {
        lowercased().filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_" }
            .replacing(" ", with: "-")
    }
}
