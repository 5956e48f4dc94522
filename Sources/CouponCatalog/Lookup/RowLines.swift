/// The line that each code row was read from. Rows of a codes file mostly stand on lines that follow
/// each other, so what is kept are the rows where they do not: next to nothing for millions of codes,
/// and asked only when two of them clash.
struct RowLines {
    private struct Run {
        var firstRow: Int
        var firstLine: Int
    }

    private var runs: [Run] = []
    private(set) var count = 0

    /// Adds the line of the next row.
    mutating func append(_ line: Int) {
        defer { count += 1 }
        if let last = runs.last, last.firstLine + count - last.firstRow == line { return }
        runs.append(Run(firstRow: count, firstLine: line))
    }

    /// The line of a row that was added.
    subscript(row: Int) -> Int {
        precondition(row >= 0 && row < count, "a row has a line")
        // The last run that begins at the row or before it.
        var (low, high) = (0, runs.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if runs[middle].firstRow <= row { low = middle } else { high = middle }
        }
        return runs[low].firstLine + row - runs[low].firstRow
    }
}
