import CouponStore
import FlatStorage
import Glibc

// The way out where a start refuses: the readable parts of a state become a new state, in a
// directory of its own. The old one is only read, and read as it is: nothing is synchronized or
// dropped from the cache there, since a page that the device refused may be the only copy.
//
// Records contain absolute values, so those after a gap can be redone, too. The effect of the lost
// ones is then missing in the orders but often not in the counters, because later records repeat
// it. So counters are reconciled upwards, and no limit is passed because of the loss: the uses that
// no order accounts for are carried, like uses from before the daemon.

package enum Salvage {
    /// What the operator has decided to give up.
    package struct Choices: Sendable {
        /// Redo whole records after damage, too.
        package var skipsDamage = false
        /// Go on without a snapshot where none can be read.
        package var goesWithoutSnapshot = false

        package init() {}
    }

    private static let sequenceMax: UInt64 = 1 << 62

    /// Reads what is whole in `directory`, which no daemon uses, and changes nothing there.
    package static func read(
        from disk: any Disk, directory: String, _ choices: Choices, seed: HashSeed
    ) throws(SalvageFault) -> SalvagedState {
        var report = SalvageReport()
        let anchor = try anchor(on: disk, directory)
        let surveys = try surveySegments(on: disk, directory, choices, &report)
        let found = try snapshot(on: disk, directory, choices, seed, &report)
        let first = surveys.map(\.continuesAfter).min()
        let base: UInt64
        if report.snapshot != nil {
            base = found.ledger.sequence
        } else {
            guard !report.damagedSnapshots.isEmpty || first != nil else { throw .nothingThere }
            base = first ?? 0
            report.lacksSnapshot = !report.damagedSnapshots.isEmpty || base > 0
            guard !report.lacksSnapshot || choices.goesWithoutSnapshot else {
                throw .noSnapshot(report.damagedSnapshots, after: base)
            }
        }
        let survey = JournalSurvey(
            surveys, after: base, evidence: found.evidence, anchor: anchor)
        guard survey.highest < sequenceMax else { throw .senselessSequence(survey.highest) }
        var ledger = found.takeLedger()
        try redo(survey, from: disk, directory, choices, in: &ledger, &report)
        report.repairs = ledger.reconcileCounters()
        report.tail = survey.tail
        report.promised = survey.promised
        report.sequence = survey.highest
        ledger.advance(to: survey.highest)
        return SalvagedState(ledger: ledger, report: report)
    }

    /// Writes a salvaged state into `directory`, which exists and is empty, and reads it back as a
    /// start would. After a fault the directory must not be used.
    package static func write(
        _ state: borrowing SalvagedState, to disk: any Disk, directory: String
    ) throws(SalvageFault) {
        do {
            try Snapshot.write(state.ledger, over: .missing, to: disk, directory: directory)
        } catch {
            switch error {
            case .disk(let fault): throw .disk(fault)
            case .unreadable(let fault): throw .unproven(fault)
            case .unproven:
                let path = Snapshot.path(Snapshot.name, in: directory)
                throw .disk(DiskFault(.verify, path: path, errno: 0))
            }
        }
        do {
            let journal = try JournalWriter.begin(
                on: disk, directory: directory,
                segmentByteCount: JournalWriter.segmentByteCountMin,
                after: JournalContinuation(
                    durableSequence: state.report.sequence, durableChecksum: 0,
                    renewed: RecordLog(), superseded: []))
            try journal.close()
            try disk.synchronizeDirectory(directory)
        } catch {
            throw .disk(error)
        }
        do {
            let proof = try Recovery.recover(
                from: disk, directory: directory, seed: .random(), orderLimit: OrderTable.countMax)
            try proof.check()
        } catch {
            throw .unproven(error)
        }
    }

    // MARK: - Finding

    private static func anchor(
        on disk: any Disk, _ directory: String
    ) throws(SalvageFault) -> FoundAnchor {
        do {
            return try FoundAnchor(in: directory, on: disk)
        } catch {
            // A place that cannot be read is as good as damaged.
            if error.errno == EIO { return .damaged(.damaged) }
            throw .disk(error)
        }
    }

    private static func surveySegments(
        on disk: any Disk, _ directory: String, _ choices: Choices, _ report: inout SalvageReport
    ) throws(SalvageFault) -> [SegmentSurvey] {
        let files: [String]
        do {
            files = try disk.list(directory)
        } catch {
            throw .disk(error)
        }
        var surveys: [SegmentSurvey] = []
        for file in files where file.hasPrefix(SegmentName.prefix) {
            if file == JournalFiles.spareName { continue }
            guard let name = SegmentName(file) else {
                report.ignoredFiles.append(file)
                continue
            }
            let path = Snapshot.path(file, in: directory)
            let held = try HeldBytes(of: path, on: disk)
            if !choices.skipsDamage { try refuseLaterVersion(held, path) }
            surveys.append(SegmentSurvey(held.bytes.bytes, named: name, endingWith: held.fault))
        }
        return surveys
    }

    private static func refuseLaterVersion(
        _ held: borrowing HeldBytes, _ path: String
    ) throws(SalvageFault) {
        do {
            _ = try SegmentHeader(held.bytes.bytes)
        } catch .unknownVersion(let version) {
            throw .laterVersion(path: path, version)
        } catch {
            // The survey reports damage.
            return
        }
    }

    private struct ReadableSnapshot: ~Copyable {
        var ledger: Ledger
        /// The sequence of a snapshot that could not be read, where its header could.
        var evidence: UInt64 = 0

        consuming func takeLedger() -> Ledger { ledger }
    }

    /// The newest snapshot that can be read. A temporary one, not yet renamed, is tried last.
    private static func snapshot(
        on disk: any Disk, _ directory: String, _ choices: Choices, _ seed: HashSeed,
        _ report: inout SalvageReport
    ) throws(SalvageFault) -> ReadableSnapshot {
        var evidence: UInt64 = 0
        for name in [Snapshot.name, Snapshot.previousName, Snapshot.temporaryName] {
            let path = Snapshot.path(name, in: directory)
            do throws(SnapshotProblem) {
                guard
                    let ledger = try Ledger.read(
                        snapshotAt: path, on: disk, seed: seed, orderLimit: OrderTable.countMax)
                else { continue }
                report.snapshot = (path, ledger.sequence)
                return ReadableSnapshot(ledger: ledger, evidence: evidence)
            } catch {
                // Other faults of the disk are for the caller to mend; a bad place is damage.
                if case .unreadable(let fault) = error, fault.errno != EIO { throw .disk(fault) }
                if case .unknownVersion(let version) = error, !choices.skipsDamage {
                    throw .laterVersion(path: path, version)
                }
                // A temporary one may be half written: that is not damage.
                if name == Snapshot.temporaryName { continue }
                report.damagedSnapshots.append(SnapshotFault(path: path, problem: error))
            }
            evidence = max(evidence, SnapshotSurvey.header(of: path, on: disk)?.sequence ?? 0)
        }
        return ReadableSnapshot(
            ledger: Ledger(seed: seed, orderLimit: OrderTable.countMax), evidence: evidence)
    }

    // MARK: - Redoing

    private static func redo(
        _ survey: JournalSurvey, from disk: any Disk, _ directory: String, _ choices: Choices,
        in ledger: inout Ledger, _ report: inout SalvageReport
    ) throws(SalvageFault) {
        var faults = survey.faults
        var stop: JournalSurvey.Fault?
        for index in survey.segments.indices {
            let segment = survey.segments[index]
            var kept = 0
            let runs = survey.runs.indices.filter { survey.runs[$0].segment == index }
            let path = Snapshot.path(segment.name.text, in: directory)
            let held = runs.isEmpty ? HeldBytes() : try HeldBytes(of: path, on: disk)
            for number in runs {
                let run = survey.runs[number]
                if !choices.skipsDamage { stop = stop ?? faults.first { $0.runsBefore <= number } }
                guard stop == nil else {
                    report.leftOutCount += run.count
                    _ = redo(
                        run, segment.name, number, choices, held.bytes.bytes, &ledger,
                        isLeftOut: true)
                    continue
                }
                let bad = redo(run, segment.name, number, choices, held.bytes.bytes, &ledger)
                faults += bad
                var redone = run.count - bad.count
                if !choices.skipsDamage, let first = bad.first {
                    stop = first
                    redone = Int(first.sequence - run.firstSequence)
                    report.leftOutCount += run.count - redone - 1
                }
                kept += redone
            }
            report.keptCount += kept
            report.segments.append(
                SalvageReport.Segment(
                    name: segment.name, byteCount: segment.byteCount, keptCount: kept))
        }
        report.faults = choices.skipsDamage ? faults : cut(faults, at: stop, survey)
    }

    /// The one fault at which redoing stopped, with everything that is lost by that: what was promised
    /// and what was left out.
    private static func cut(
        _ faults: [JournalSurvey.Fault], at stop: JournalSurvey.Fault?, _ survey: JournalSurvey
    ) -> [JournalSurvey.Fault] {
        guard var first = stop ?? faults.first else { return [] }
        let last = max(survey.promised, survey.runs.last?.batch.lastSequence ?? 0)
        let isOpen = faults.contains { if case .recordsFrom = $0.lost { true } else { false } }
        if isOpen {
            first.lost = .recordsFrom(first.sequence)
        } else if first.sequence <= last {
            first.lost = .records(first.sequence...last)
        }
        return [first]
    }

    /// Redoes the records of a run, and returns a fault for each that cannot be read; only the first
    /// where damage is not skipped. Of the records that are left out after that only the counters
    /// are redone: every use stays counted.
    private static func redo(
        _ run: JournalSurvey.Run, _ name: SegmentName, _ number: Int, _ choices: Choices,
        _ bytes: Span<UInt8>, _ ledger: inout Ledger, isLeftOut: Bool = false
    ) -> [JournalSurvey.Fault] {
        var isLeftOut = isLeftOut
        func fault(
            _ offset: Int, _ sequence: UInt64, _ reason: JournalSurvey.Fault.Reason
        ) -> JournalSurvey.Fault {
            JournalSurvey.Fault(
                segment: name, offset: offset, sequence: sequence, reason: reason,
                lost: .records(sequence...sequence), runsBefore: number)
        }
        guard run.batch.offset < bytes.count,
            let again = try? ScannedBatch(bytes, at: run.batch.offset), again == run.batch
        else {
            return (run.firstSequence...run.batch.lastSequence).map {
                fault(run.batch.offset, $0, .unsteady)
            }
        }
        var faults: [JournalSurvey.Fault] = []
        var sequence = run.batch.firstSequence
        var records = run.batch.records(in: bytes)
        while let record = records.next() {
            defer { sequence += 1 }
            if sequence < run.firstSequence { continue }
            do throws(JournalRecordFault) {
                if isLeftOut {
                    try ledger.redoCounters(of: record)
                } else {
                    try ledger.redo(record, sequence)
                }
            } catch {
                if isLeftOut { continue }
                let offset = run.batch.contentOffset + records.position - record.count
                faults.append(fault(offset + error.offset, sequence, .record(error)))
                isLeftOut = !choices.skipsDamage
            }
        }
        return faults
    }
}

/// The readable bytes of a file: all of them, or those before the first place that fails.
private struct HeldBytes: ~Copyable {
    var bytes = ByteBuffer()
    var fault: DiskFault?

    init() {}

    init(of path: String, on disk: any Disk) throws(SalvageFault) {
        do {
            try disk.read(path, into: &bytes)
        } catch {
            // Other faults are for the caller to mend; a bad place is part of the damage.
            guard error.errno == EIO else { throw .disk(error) }
            fault = error
        }
    }
}
