import Testing

@testable import CouponCatalog

@Suite struct `The lines of rows` {
    @Test(arguments: [
        [7], [2, 3, 4, 5], [5, 5, 5], [9, 3, 4, 6, 7, 8, 8, 1], Array(2...900) + [902, 903, 2, 3],
        Array(stride(from: 2, to: 300, by: 2)),
    ])
    func `are those that were added`(lines: [Int]) {
        var rows = RowLines()
        for line in lines { rows.append(line) }
        #expect(rows.count == lines.count)
        #expect(lines.indices.map { rows[$0] } == lines)
    }
}
