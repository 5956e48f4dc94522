import CouponStore
import StoreSalvage

// For example:
//
//     saved: records up to 8 of 10, 6 orders, 9 counters
//
//       kept     /var/lib/coupond/snapshot          up to record 4
//       kept     journal-0000000000000001-….log     4 records
//       lost     records 9 to 10                    journal-….log has a batch whose … (byte 1536)
//       changed  total c_ten                        used 3 (was 2), held 0, carried 1
//
//     The new state goes on after record 10. …

/// The account of a salvage, for people and for programs.
struct SalvageAccount {
    let report: SalvageReport
    let totals: LedgerTotals
    let lastRedemption: UInt64
    /// The directories, the damaged one and the new one.
    let from: String
    let into: String

    init(
        _ report: SalvageReport, _ totals: LedgerTotals, lastRedemption: UInt64, from: String,
        into: String
    ) {
        self.report = report
        self.totals = totals
        self.lastRedemption = lastRedemption
        self.from = from
        self.into = into
    }

    // MARK: - For people

    func lines(_ style: Style) -> [String] {
        let headline =
            report.isComplete
            ? style.good("saved: nothing that was acknowledged is lost")
            : style.bad("saved in part: something that was acknowledged is lost")
        var table = Table([.left, .left, .left])
        if let snapshot = report.snapshot {
            table.add("kept", snapshot.path, "the state up to record \(snapshot.sequence)")
        }
        for segment in report.segments {
            table.add("kept", segment.name.text, "\(segment.keptCount) records")
        }
        for fault in report.damagedSnapshots {
            table.add(report.snapshot == nil ? "lost" : "damaged", fault.path, Self.wording(fault))
        }
        if report.lacksSnapshot && report.damagedSnapshots.isEmpty {
            table.add("lost", "\(from)/\(Snapshot.name)", "is missing, with everything in it")
        }
        for fault in report.faults {
            table.add(
                fault.lost == .nothing ? "damaged" : "lost", Self.wording(fault.lost),
                Self.wording(fault))
        }
        if let tail = report.tail {
            table.add(
                "ended", "before record \(tail.damage.sequence)",
                "\(tail.segment.text) was being written (byte \(tail.damage.bytes.lowerBound));"
                    + " its records were never acknowledged")
        }
        for file in report.ignoredFiles {
            table.add("ignored", file, "has almost the name of a segment, but is not one")
        }
        for repair in report.repairs {
            table.add("changed", Self.name(of: repair), Self.wording(repair))
        }
        return [headline, ""] + table.lines.map { "  " + $0 } + [""] + ending
    }

    private var ending: [String] {
        var lines = [
            "\(into) has \(totals.orders) orders and \(totals.counters) counters and goes on after"
                + " record \(report.sequence)."
        ]
        if report.leftOutCount > 0 {
            lines.append(
                "\(report.leftOutCount) whole records after the damage were left out;"
                    + " --skip-damage keeps them.")
        }
        lines.append(
            "Next: give it to the user that coupond runs as, and check it with coupond --verify"
                + " --state \(into).")
        return lines
    }

    private static func wording(_ fault: SnapshotFault) -> String {
        if case .unreadable(let fault) = fault.problem { return fault.explanation }
        return fault.problem.explanation
    }

    private static func wording(_ fault: JournalSurvey.Fault) -> String {
        let place = fault.segment.map { "\($0.text) " } ?? "the journal "
        return place + fault.reason.explanation + " (byte \(fault.offset))"
    }

    private static func wording(_ lost: JournalSurvey.Lost) -> String {
        switch lost {
        case .nothing: "no record"
        case .records(let sequences):
            sequences.count == 1
                ? "record \(sequences.lowerBound)"
                : "records \(sequences.lowerBound) to \(sequences.upperBound)"
        case .recordsFrom(let first): "records from \(first) on, if any"
        }
    }

    private static func name(of repair: CounterRepair) -> String {
        let (store, coupon) = JSONText.halves(of: repair.couponKey)
        let detail = repair.detail.split(separator: "\0").joined(separator: " ")
        return [repair.kind.name, store, coupon, detail].filter { !$0.isEmpty }
            .joined(separator: " ")
    }

    private static func wording(_ repair: CounterRepair) -> String {
        func change(_ name: String, _ before: UInt64, _ after: UInt64) -> String {
            before == after ? "\(name) \(after)" : "\(name) \(after) (was \(before))"
        }
        let before = repair.before, after = repair.after
        return [
            change("used", before.used, after.used), change("held", before.held, after.held),
            change("carried", before.carried, after.carried),
        ].joined(separator: ", ")
    }

    // MARK: - For programs

    var json: JSONText {
        [
            "complete": .flag(report.isComplete), "state": .string(from), "into": .string(into),
            "snapshot": report.snapshot.map { snapshot in
                ["file": .string(snapshot.path), "sequence": JSONText(snapshot.sequence)]
            } ?? .null,
            "snapshot_lost": .flag(report.lacksSnapshot),
            "damaged_snapshots": .array(
                report.damagedSnapshots.map { fault in
                    ["file": .string(fault.path), "reason": .string(Self.wording(fault))]
                }),
            "segments": .array(
                report.segments.map { segment in
                    [
                        "file": .string(segment.name.text), "bytes": JSONText(segment.byteCount),
                        "records_kept": JSONText(segment.keptCount),
                    ]
                }),
            "ignored_files": .array(report.ignoredFiles.map { .string($0) }),
            "records_kept": JSONText(report.keptCount),
            "records_left_out": JSONText(report.leftOutCount),
            "damage": .array(report.faults.map(Self.json)),
            "tail": report.tail.map { tail in
                [
                    "file": .string(tail.segment.text),
                    "offset": JSONText(tail.damage.bytes.lowerBound),
                    "sequence": JSONText(tail.damage.sequence),
                ]
            } ?? .null,
            "changed_counters": .array(report.repairs.map(Self.json)),
            "promised": JSONText(report.promised), "sequence": JSONText(report.sequence),
            "orders": JSONText(totals.orders), "counters": JSONText(totals.counters),
            "last_redemption": JSONText(lastRedemption),
        ]
    }

    private static func json(_ fault: JournalSurvey.Fault) -> JSONText {
        .object(
            [
                ("file", fault.segment.map { .string($0.text) } ?? .null),
                ("offset", JSONText(fault.offset)), ("sequence", JSONText(fault.sequence)),
                ("reason", .string(fault.reason.explanation)),
            ] + fault.lost.members)
    }

    private static func json(_ repair: CounterRepair) -> JSONText {
        func values(_ values: CounterValues) -> JSONText {
            [
                "used": JSONText(values.used), "held": JSONText(values.held),
                "carried": JSONText(values.carried),
            ]
        }
        return .object(
            JSONText.key(repair.kind, couponKey: repair.couponKey, detail: repair.detail) + [
                ("before", values(repair.before)), ("after", values(repair.after)),
            ])
    }
}
