import CouponStore
import Foundation
import Testing

@Suite struct `The page about state files` {
    private struct Row: Equatable {
        var offset: Int
        var size: Int
        var what: String
    }

    /// A table of the page, and the source whose design comment shows the same layout.
    private struct Layout {
        var mark: String
        var source: String
        var length: Int
        /// Pieces have neither, as they come after a header that has both.
        var hasMagicAndVersion = true
    }

    private static let layouts = [
        Layout(mark: "snapshot-header", source: "Snapshot/SnapshotHeader", length: 48),
        Layout(
            mark: "snapshot-piece", source: "Snapshot/SnapshotPiece", length: 32,
            hasMagicAndVersion: false),
        Layout(
            mark: "segment-header", source: "Journal/SegmentHeader", length: SegmentHeader.byteCount
        ),
        Layout(mark: "anchor", source: "Journal/JournalAnchor", length: JournalAnchor.byteCount),
        Layout(mark: "batch-header", source: "Journal/JournalFormat", length: 64),
    ]

    private let page: DocumentationPage

    init() throws {
        page = try DocumentationPage("Sources/CouponService/CouponService.docc/StateFiles.md")
    }

    private static func source(_ name: String) throws -> String {
        try SourceTree.text("Sources/CouponStore/\(name).swift")
    }

    private func rows(_ mark: String) throws -> [Row] {
        try page.table(mark).rows.map { cells in
            Row(
                offset: try #require(Int(cells[0])), size: try #require(Int(cells[1])),
                what: cells[2])
        }
    }

    /// The layout in a design comment: lines with an offset, a size and a description.
    private static func drawn(_ source: String) -> [Row] {
        source.split(separator: "\n").compactMap { line in
            guard let match = line.wholeMatch(of: /\/\/ +(\d+) +(\d+) +(.+)/),
                let offset = Int(match.output.1), let size = Int(match.output.2)
            else { return nil }
            return Row(offset: offset, size: size, what: String(match.output.3))
        }
    }

    @Test func `shows the layouts of the sources, without a gap`() throws {
        for layout in Self.layouts {
            let rows = try rows(layout.mark)
            #expect(rows == Self.drawn(try Self.source(layout.source)), "\(layout.mark)")
            var end = 0
            for row in rows {
                #expect(row.offset == end, "\(layout.mark), \(row.what)")
                end = row.offset + row.size
            }
            #expect(end == layout.length, "\(layout.mark)")
        }
        #expect(
            Self.drawn("//      8    4  version, 3\n//  8 bytes\n") == [
                Row(offset: 8, size: 4, what: "version, 3")
            ])
    }

    /// The code uses constants; the comment above them only describes them.
    @Test func `has the magic, version and offsets of the code`() throws {
        for layout in Self.layouts {
            let source = try Self.source(layout.source), rows = try rows(layout.mark)
            for match in source.matches(of: /static let (\w+)Offset = (\d+)/) {
                #expect(rows.contains { $0.offset == Int(match.output.2) }, "\(match.output.1)")
            }
            if let length = source.firstMatch(of: /static let headerLength = (\d+)/) {
                #expect(Int(length.output.1) == layout.length)
            }
            guard layout.hasMagicAndVersion else { continue }
            let magic = try #require(
                source.firstMatch(of: /static let magic: UInt64 = 0x([0-9A-F_]+)/))
            let number = try #require(UInt64(magic.output.1.replacing("_", with: ""), radix: 16))
            let letters = (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
            #expect(rows[0].what == "\"\(String(decoding: letters, as: UTF8.self))\"")
            let version = try #require(
                source.firstMatch(of: /static let version: UInt32 = (\d+)/))
            #expect(rows[1].what == "version, \(version.output.1)")
        }
    }

    @Test func `lists every name`() throws {
        let names = try page.table("files").column(0).map(\.codeWord)
        #expect(
            names == [
                Snapshot.name, Snapshot.previousName, Snapshot.temporaryName,
                Snapshot.damagedPrefix, "journal-", JournalFiles.spareName,
                JournalAnchor.name, JournalAnchor.temporaryName,
            ])
        let example = SegmentName(generation: 7, firstSequence: 0x1A2C).text
        #expect(page.fences.contains { $0.content == example + "\n" })
    }

    /// The table of faults, the enum and where it is declared.
    @Test(arguments: [
        ("snapshot-faults", "SnapshotProblem", "Snapshot/Snapshot"),
        ("header-faults", "SegmentHeaderProblem", "Journal/SegmentHeader"),
        ("journal-faults", "Reason", "Journal/SegmentScan"),
        ("batch-faults", "BatchProblem", "Journal/JournalBatch"),
        ("recovery-faults", "RecoveryFault", "Snapshot/Recovery"),
    ])
    func `lists every fault`(mark: String, enumeration: String, file: String) throws {
        let listed = try page.table(mark).column(0).map(\.codeWord)
        let source = try Self.source(file)
        #expect(listed == Self.cases(of: enumeration, in: source))
        #expect(listed.count > 3)
    }

    private static func cases(of enumeration: String, in source: String) -> [String] {
        let lines = source.split(separator: "\n").map { String($0) }
        guard let start = lines.firstIndex(where: { $0.contains("enum \(enumeration):") }) else {
            return []
        }
        let indent = lines[start].prefix { $0 == " " }
        return lines[(start + 1)...].prefix { $0 != indent + "}" }
            .filter { $0.hasPrefix(indent + "    case ") }
            .flatMap { line in
                // Associated values are in parentheses, and may have commas of their own.
                line.replacing(/\([^)]*\)/, with: "").dropFirst(indent.count + 9)
                    .split(separator: ", ").map { String($0) }
            }
    }
}
