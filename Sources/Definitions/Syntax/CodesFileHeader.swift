/// The columns that a codes file may have.
enum CodesFileColumn: String, CaseIterable {
    case code
    case maxUses = "max_uses"
    case customer
    case startsAt = "starts_at"
    case endsAt = "ends_at"
    case multiUse = "multi_use"
}

/// The first row of a codes file, which names its columns.
struct CodesFileHeader {
    struct Cell {
        var text: String
        var isQuoted: Bool
    }

    struct Fault {
        /// Its place in the row, and the name that it has there.
        var cell: Int
        var column: String
        var message: String
    }

    /// In the order of the cells; not to be used if there are faults.
    private(set) var columns: [CodesFileColumn] = []
    private(set) var faults: [Fault] = []

    init(_ cells: [Cell]) {
        if let separator = Self.foreignSeparator(cells) {
            refuse(
                0, cells[0].text.shortened,
                "The columns are separated by \(separator); they must be separated by commas (in "
                    + "spreadsheets, \"CSV UTF-8, comma delimited\").")
            return
        }
        let known = CodesFileColumn.allCases.map(\.rawValue)
        for (index, cell) in cells.enumerated() {
            let name = cell.text.shortened
            guard let column = CodesFileColumn(rawValue: cell.text) else {
                let hint = suggestion(for: cell.text, among: known)
                refuse(
                    index, name,
                    "There is no column `\(name)`; the columns are "
                        + "\(known.joined(separator: ", ")), separated by commas.\(hint)")
                continue
            }
            if columns.contains(column) {
                refuse(index, name, "The column `\(name)` appears twice in the header.")
            }
            columns.append(column)
        }
        if !columns.contains(.code) { refuse(0, "code", "The header has no column `code`.") }
    }

    private mutating func refuse(_ cell: Int, _ column: String, _ message: String) {
        faults.append(Fault(cell: cell, column: column, message: message))
    }

    /// What separates the columns of a header that has no comma; nil when nothing known does.
    private static func foreignSeparator(_ cells: [Cell]) -> String? {
        guard cells.count == 1, !cells[0].isQuoted else { return nil }
        if cells[0].text.contains(";") { return "semicolons" }
        return cells[0].text.contains("\t") ? "tabs" : nil
    }
}
