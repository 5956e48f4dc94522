extension Report {
    /// For a terminal. Ends with a line end.
    var text: String {
        var lines = [title, String(repeating: "=", count: title.count)]
        let factWidth = facts.map(\.name.count).max() ?? 0
        lines += facts.map { "\($0.name.padded(to: factWidth))  \($0.value)" }
        for section in sections where !section.isDetail {
            lines += ["", section.title, String(repeating: "-", count: section.title.count)]
            lines += section.about.flatMap(Self.wrapped)
            if let table = section.table {
                if !section.about.isEmpty { lines.append("") }
                lines += table.lines
            }
            if !section.notes.isEmpty { lines.append("") }
            lines += section.notes.flatMap(Self.wrapped)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static let columnCount = 100

    private static func wrapped(_ paragraph: String) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in paragraph.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > columnCount {
                lines.append(line)
                line = ""
            }
            line += line.isEmpty ? String(word) : " \(word)"
        }
        return lines + [line]
    }
}

extension Table {
    fileprivate var lines: [String] {
        let shown = rows.map { $0.map(\.shown) }
        let widths = columns.indices.map { index in
            shown.map { $0[index].count }.reduce(columns[index].heading.count, max)
        }
        let alignsRight = columns.indices.map { index in
            rows.contains { $0[index].isNumber }
        }
        return ([columns.map(\.heading)] + shown).map { cells in
            var line = ""
            for (index, cell) in cells.enumerated() {
                if index > 0 { line += "  " }
                line +=
                    alignsRight[index]
                    ? cell.padded(to: widths[index], atStart: true)
                    : cell.padded(to: widths[index])
            }
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}

extension String {
    fileprivate func padded(to width: Int, atStart: Bool = false) -> String {
        let padding = String(repeating: " ", count: max(0, width - count))
        return atStart ? padding + self : self + padding
    }
}
