// A report has four forms: text for the terminal, JSON for programs, a page for readers and
// SVG files for the documentation. All are made from this one value, so they cannot differ.

/// What a measurement found, in the order in which it is shown.
struct Report: Encodable {
    var title: String
    /// What the figures depend on: the machine, versions, settings.
    var facts: [Fact] = []
    var sections: [Section] = []

    struct Fact: Encodable {
        var name: String
        var value: String
    }

    struct Section: Encodable {
        var title: String
        /// What was done, before the figures.
        var about: [String] = []
        var table: Table?
        /// What a reader has to know about the figures, behind them.
        var notes: [String] = []
        var plots: [Plot] = []
        /// Left out of the text: more than a terminal should be filled with.
        var isDetail = false

        private enum CodingKeys: CodingKey { case title, about, table, notes, plots }
    }

    /// The SVG files of all sections, by name without extension.
    var drawings: [(name: String, svg: String)] {
        sections.flatMap { $0.plots.map { ($0.name, $0.svg) } }
    }
}

/// Figures in rows.
struct Table {
    var columns: [Column]
    /// As many values in each as there are columns.
    var rows: [[Value]]

    struct Column: Encodable {
        /// Also the key of the row's value in JSON.
        var name: String
        /// Empty where there is none.
        var unit = ""
    }

    enum Value {
        case text(String)
        /// Shown with so many digits behind the point; whole in JSON.
        case number(Double, decimals: Int)
        case verdict(Verdict)
        /// Nothing was measured.
        case absent
    }

    init(_ columns: [Column], rows: [[Value]] = []) {
        self.columns = columns
        self.rows = []
        for row in rows { add(row) }
    }

    mutating func add(_ row: [Value]) {
        precondition(row.count == columns.count, "a row has a value for each column")
        rows.append(row)
    }
}

/// Whether a goal was reached.
enum Verdict: String, Encodable {
    case met
    case missed
    /// There is no figure, or it does not count: a short run, or a condition that does not hold.
    case notJudged = "not judged"
}

/// A drawing that belongs to a section.
enum Plot {
    case percentiles(PercentilePlot)
    case bars(BarPlot)

    /// A file's name without extension: lower-case letters, digits and hyphens.
    var name: String {
        switch self {
        case .percentiles(let plot): plot.name
        case .bars(let plot): plot.name
        }
    }

    /// The drawing as a document of its own, which may also stand in a page.
    var svg: String {
        switch self {
        case .percentiles(let plot): plot.svg
        case .bars(let plot): plot.svg
        }
    }
}
