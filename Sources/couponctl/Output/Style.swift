import Glibc
import Foundation

/// Whether output is coloured: on a terminal it is, in a file or a pipe it is not.
enum Style {
    case plain
    case coloured

    /// The style for standard output. `NO_COLOR` is respected (no-color.org).
    static var ofStandardOutput: Style {
        let refuses = ProcessInfo.processInfo.environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        return isatty(STDOUT_FILENO) == 1 && !refuses ? .coloured : .plain
    }

    func good(_ text: String) -> String { wrap(text, code: 32) }
    func bad(_ text: String) -> String { wrap(text, code: 31) }
    func faint(_ text: String) -> String { wrap(text, code: 2) }
    func strong(_ text: String) -> String { wrap(text, code: 1) }

    private func wrap(_ text: String, code: Int) -> String {
        self == .plain ? text : "\u{1B}[\(code)m\(text)\u{1B}[0m"
    }
}

/// Text in columns. Widths count characters, so colour must be added afterwards.
struct Table {
    enum Alignment {
        case left
        case right
    }

    let alignments: [Alignment]
    private var rows: [[String]] = []

    init(_ alignments: [Alignment]) { self.alignments = alignments }

    /// Adds a row with a cell for each column.
    mutating func add(_ cells: String...) {
        precondition(cells.count == alignments.count, "A row has a cell for each column.")
        rows.append(cells)
    }

    /// The rows with their columns two blanks apart and no blank at the end.
    var lines: [String] {
        let widths = alignments.indices.map { column in
            rows.map { $0[column].count }.max() ?? 0
        }
        return rows.map { row in
            let cells = alignments.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return alignments[column] == .left ? row[column] + padding : padding + row[column]
            }
            let line = cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
    }
}
