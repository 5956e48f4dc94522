extension EndedOrderFigures {
    /// The goals of ``section``.
    func goals(isJudged: Bool) -> [Goal] {
        [
            Goal(
                name: "memory after nine of ten orders were purged, of a fresh state's",
                bound: .atMost(Self.purgedRatioMax), unit: "×",
                measured: max(ratio(of: oldestPurged), ratio(of: anyPurged)),
                evidence:
                    "\(Self.each(oldestPurged)) or \(Self.each(anyPurged)) for an order left, "
                    + "\(Self.each(fresh)) for a fresh one",
                isJudged: isJudged),
            Goal(
                name: "memory of a snapshot, beyond 15 % of the live state",
                bound: .atMost(Self.snapshotMebibytesMax), unit: "MiB", measured: snapshotExcess,
                evidence: "\(Self.mebibytes(snapshotBytes)) MiB more, live "
                    + "\(Self.mebibytes(kept.bytes)) MiB",
                isJudged: isJudged),
        ]
    }

    /// The figures as a table.
    var section: Report.Section {
        var table = Table([
            Table.Column(name: "state"), Table.Column(name: "orders"),
            Table.Column(name: "takes", unit: "MiB"), Table.Column(name: "one", unit: "B"),
            Table.Column(name: "of a fresh one"),
        ])
        for (name, state) in [
            ("all orders kept", kept), ("the oldest nine of ten purged", oldestPurged),
            ("nine of ten purged, at random", anyPurged), ("a fresh state of so many", fresh),
        ] {
            table.add([
                .text(name), .number(Double(state.orderCount), decimals: 0),
                .number(Self.mebibytesOf(state.bytes), decimals: 1),
                .number(state.bytesEach, decimals: 0), .number(ratio(of: state), decimals: 2),
            ])
        }
        table.add([
            .text("more while a snapshot of all is written"), .absent,
            .number(Self.mebibytesOf(snapshotBytes), decimals: 1),
            .number(Double(snapshotBytes) / Double(max(1, kept.orderCount)), decimals: 0), .absent,
        ])
        return Report.Section(
            title: "Orders that end",
            about: [
                """
                Resident memory beyond that of the same daemon without orders. Orders of one code \
                without limits are applied, a tenth of them booked for a day that is far away, which \
                keeps them. Then the retention is set to a second. The fresh state has only orders \
                that are booked.
                """
            ],
            table: table)
    }

    private static func each(_ state: State) -> String {
        NumberText.grouped(state.bytesEach, decimals: 0) + " B"
    }

    private static func mebibytes(_ bytes: Int) -> String {
        NumberText.grouped(mebibytesOf(bytes), decimals: 1)
    }

    private static func mebibytesOf(_ bytes: Int) -> Double { Double(bytes) / 1_048_576 }
}
