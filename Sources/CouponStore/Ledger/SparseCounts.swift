// One dictionary with a million entries would stop the loop for a tenth of a second whenever it
// grows. Here the low bits of the row choose one of many small ones, and each grows alone.

/// A count for each row of a table in which few rows have one.
struct SparseCounts: Sendable {
    private static let shardCount = 1_024
    private var shards = [[Int: UInt64]](repeating: [:], count: shardCount)

    /// The row's count. Setting allocates only for a row that had 0.
    subscript(row: Int) -> UInt64 {
        get { shards[row % Self.shardCount][row] ?? 0 }
        set { shards[row % Self.shardCount][row] = newValue > 0 ? newValue : nil }
    }

    /// Gives the count of one row to another, which has none.
    mutating func move(from row: Int, to other: Int) {
        let count = self[row]
        if count == 0 { return }
        self[row] = 0
        self[other] = count
    }
}
