import CouponStore
import StoreSalvage
import FlatStorage

/// Shows a journal as JSON, an object a line, in the order of the files.
struct JournalLines {
    private let journal: FoundJournal
    /// Records before this one are left out.
    private let firstSequence: UInt64
    private let showsBatches: Bool
    private let write: (String) -> Void
    /// Whether any damage was shown.
    private(set) var foundDamage = false

    init(
        _ journal: FoundJournal, from firstSequence: UInt64, showsBatches: Bool,
        to write: @escaping (String) -> Void
    ) {
        self.journal = journal
        self.firstSequence = firstSequence
        self.showsBatches = showsBatches
        self.write = write
    }

    mutating func showAll() throws(JournalToolFault) {
        for snapshot in journal.snapshots { show(snapshot) }
        for index in journal.survey.segments.indices { try show(segment: index) }
        for fault in journal.survey.faults where fault.segment == nil {
            show(fault, in: nil)
        }
    }

    private func put(
        _ type: String, _ path: String?, _ members: [(name: String, value: JSONText)]
    ) {
        let file = path.map { [("file", JSONText.string($0))] } ?? []
        write(JSONText.object([("type", .string(type))] + file + members).line)
    }

    // MARK: - Snapshots

    private mutating func show(_ snapshot: SnapshotSurvey) {
        if let header = snapshot.header {
            put(
                "snapshot", snapshot.path,
                [
                    ("bytes", JSONText(snapshot.byteCount)),
                    ("version", JSONText(UInt64(header.version))),
                    ("sequence", JSONText(header.sequence)),
                    ("orders", snapshot.totals.map { JSONText($0.orders) } ?? .null),
                    ("counters", snapshot.totals.map { JSONText($0.counters) } ?? .null),
                    ("coupons", snapshot.totals.map { JSONText($0.coupons) } ?? .null),
                    ("calendar", JSONText(UInt64(header.calendar))),
                    ("last_redemption", JSONText(header.lastRedemption)),
                ])
        }
        if let problem = snapshot.problem {
            foundDamage = true
            put(
                "damage", snapshot.path,
                [
                    ("offset", JSONText(snapshot.problemOffset)),
                    ("reason", .string(problem.explanation)),
                ])
        }
    }

    // MARK: - Segments

    private mutating func show(segment index: Int) throws(JournalToolFault) {
        let segment = journal.survey.segments[index]
        let path = journal.path(of: segment.name)
        showHeader(segment, path)
        var faults = journal.survey.faults.filter { $0.segment == segment.name }
        let places = Set(
            segment.parts.compactMap { part in
                if case .damage(let damage) = part { damage.bytes.lowerBound } else { nil }
            })
        for fault in faults where fault.offset == 0 && !places.contains(0) { show(fault, in: path) }
        faults.removeAll { $0.offset == 0 && !places.contains(0) }
        var lines = self
        try journal.withBytes(of: segment) { bytes in
            for part in segment.parts {
                switch part {
                case .batch(let batch, let isChained):
                    lines.show(batch, isChained, bytes, path)
                case .damage(let damage):
                    let own = faults.filter { $0.offset == damage.bytes.lowerBound }
                    faults.removeAll { $0.offset == damage.bytes.lowerBound }
                    lines.show(damage, own, index, path)
                }
            }
        }
        self = lines
        for fault in faults { show(fault, in: path) }
    }

    private func showHeader(_ segment: SegmentSurvey, _ path: String) {
        guard let header = segment.header else { return }
        put(
            "segment", path,
            [
                ("bytes", JSONText(segment.byteCount)),
                ("generation", JSONText(header.generation)),
                ("first_sequence", JSONText(header.firstSequence)),
                ("continues_after", JSONText(header.continuesAfter)),
                ("previous_checksum", JSONText(hexadecimal: header.previousChecksum)),
                ("salt", JSONText(hexadecimal: header.salt)),
                ("checksum", JSONText(hexadecimal: header.checksum)),
            ])
    }

    private mutating func show(
        _ batch: ScannedBatch, _ isChained: Bool, _ bytes: Span<UInt8>, _ path: String
    ) {
        let place = [("offset", JSONText(batch.offset))]
        let sums: [(name: String, value: JSONText)] = [
            ("durable_mark", JSONText(batch.durableMark)),
            ("previous_checksum", JSONText(hexadecimal: batch.previousChecksum)),
            ("checksum", JSONText(hexadecimal: batch.checksum)), ("checksum_ok", true),
            ("chained", .flag(isChained)),
        ]
        if let successor = batch.successor {
            put("seal", path, place + [("next_segment", .string(successor.text))] + sums)
            return
        }
        guard showsBatches, max(batch.lastSequence, batch.firstSequence) >= firstSequence else {
            return
        }
        put(
            "batch", path,
            place + [
                ("first_sequence", JSONText(batch.firstSequence)),
                ("records", JSONText(batch.recordCount)),
            ] + sums)
        // The batch is still the one of the survey: nothing is written twice.
        guard batch.endOffset <= bytes.count else { return }
        var sequence = batch.firstSequence
        var records = batch.records(in: bytes)
        while let record = records.next() {
            // The record ends where the next one begins, and its length stands before it.
            show(record, sequence, batch.contentOffset + records.position - record.count, path)
            sequence += 1
        }
    }

    private mutating func show(
        _ record: Span<UInt8>, _ sequence: UInt64, _ offset: Int, _ path: String
    ) {
        let place = [("offset", JSONText(offset)), ("sequence", JSONText(sequence))]
        do throws(JournalRecordFault) {
            let members = try JSONText.members(ofRecord: record)
            if sequence >= firstSequence { put("record", path, place + members) }
        } catch {
            foundDamage = true
            put(
                "damage", path,
                place + [("reason", .string("a record cannot be read: \(error.explanation)"))])
        }
    }

    // MARK: - Damage

    private mutating func show(
        _ damage: SegmentSurvey.Damage, _ faults: [JournalSurvey.Fault], _ index: Int,
        _ path: String
    ) {
        for fault in faults { show(fault, in: path) }
        if !faults.isEmpty { return }
        let members: [(name: String, value: JSONText)] = [
            ("offset", JSONText(damage.bytes.lowerBound)),
            ("end_offset", JSONText(damage.bytes.upperBound)),
            ("sequence", JSONText(damage.sequence)),
            ("reason", .string(damage.problem.explanation)),
        ]
        let segments = journal.survey.segments
        let isLast = index + 1 == segments.count
        if isLast && damage.sequence > journal.survey.promised {
            put("tail", path, members)
        } else if !isLast && damage.sequence > segments[index + 1].continuesAfter {
            // The next segment continues from before this place.
            put("dead", path, members)
        } else {
            foundDamage = true
            put("damage", path, members)
        }
    }

    private mutating func show(_ fault: JournalSurvey.Fault, in path: String?) {
        foundDamage = true
        put(
            "damage", path,
            [
                ("offset", JSONText(fault.offset)), ("sequence", JSONText(fault.sequence)),
                ("reason", .string(fault.reason.explanation)),
            ] + members(fault.lost))
    }

    /// The records that a fault loses, without those that a snapshot holds.
    private func members(_ lost: JournalSurvey.Lost) -> [(name: String, value: JSONText)] {
        let held = journal.heldSequence
        guard case .records(let sequences) = lost, sequences.lowerBound <= held else {
            return lost.members
        }
        if sequences.upperBound <= held { return [("snapshot_has_it", true)] }
        return JournalSurvey.Lost.records(held + 1...sequences.upperBound).members
    }
}

extension JournalSurvey.Lost {
    /// The records that are gone; `lost_through` is null where their number is unknown.
    var members: [(name: String, value: JSONText)] {
        switch self {
        case .nothing: []
        case .records(let sequences):
            [
                ("lost_from", JSONText(sequences.lowerBound)),
                ("lost_through", JSONText(sequences.upperBound)),
            ]
        case .recordsFrom(let first): [("lost_from", JSONText(first)), ("lost_through", .null)]
        }
    }
}
