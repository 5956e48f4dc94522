import FlatStorage
import Glibc

// The way out where a start refuses: from what can be believed a new state is made, in a directory of
// its own. The old one is only read, and read as it is: nothing is synchronized or dropped from the
// cache there, since a page that the device refused may be the only copy.
//
// Records say what is so after their operation, so also those behind a gap can be redone. What the
// lost ones did is then missing in the orders but often not in the counters: later records have it
// in their absolute values. So counters are settled upwards, and no limit is passed because of the
// loss: what a counter has more than its orders is carried, like uses from before the daemon.

/// What can be saved of a state, and how much that is.
package struct SalvagedState: ~Copyable {
    package var ledger: Ledger
    package let report: SalvageReport
}

/// What was found, kept and lost.
package struct SalvageReport: Sendable {
    /// The snapshot that was taken.
    package var snapshot: (path: String, sequence: UInt64)?
    /// Snapshots that could not be read.
    package var damagedSnapshots: [SnapshotFault] = []
    /// Whether there is no snapshot where there should be one: what it held is lost.
    package var lacksSnapshot = false
    package var segments: [Segment] = []
    /// Files that are called almost like a segment, and were not looked at.
    package var ignoredFiles: [String] = []
    /// Records that were redone.
    package var keptCount = 0
    /// Records behind the first damage that are whole and were left out.
    package var leftOutCount = 0
    package var faults: [JournalSurvey.Fault] = []
    /// What was being written when the daemon ended. Nobody was told of it, and it is no loss.
    package var tail: (segment: SegmentName, damage: SegmentSurvey.Damage)?
    package var repairs: [CounterRepair] = []
    /// Records up to here are known to have been durable.
    package var promised: UInt64 = 0
    /// The new state goes on after this one, which nothing that was seen had passed.
    package var sequence: UInt64 = 0

    package struct Segment: Sendable {
        package var name: SegmentName
        package var byteCount: Int
        /// Records of it that were redone; others are in the snapshot, dead or lost.
        package var keptCount: Int
    }

    /// Whether everything that anybody was told is in the new state.
    package var isComplete: Bool {
        !lacksSnapshot && faults.allSatisfy { $0.lost == .nothing && $0.reason != .otherHistory }
    }
}

/// Why nothing was saved.
package enum SalvageFault: Error, Equatable {
    case disk(DiskFault)
    /// There is neither a snapshot nor a segment.
    case nothingThere
    /// A later version of the daemon wrote the file, which can read it.
    case laterVersion(path: String, UInt32)
    /// No snapshot can be read, or there is none, and the journal begins after `sequence`.
    case noSnapshot([SnapshotFault], after: UInt64)
    /// A file speaks of a sequence that no journal reaches.
    case senselessSequence(UInt64)
    /// What was written does not read as a state again.
    case unproven(RecoveryFault)
}

package enum Salvage {
    /// What a person has decided to give up.
    package struct Choices: Sendable {
        /// Redo also what is whole behind damage.
        package var skipsDamage = false
        /// Go on without a snapshot where none can be read.
        package var goesWithoutSnapshot = false

        package init() {}
    }

    private static let sequenceMax: UInt64 = 1 << 62

    /// Reads what can be believed in `directory`, which no daemon uses, and changes nothing there.
    package static func read(
        from disk: any Disk, directory: String, _ choices: Choices, seed: HashSeed
    ) throws(SalvageFault) -> SalvagedState {
        var report = SalvageReport()
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
        let survey = JournalSurvey(surveys, after: base, evidence: found.evidence)
        guard survey.highest < sequenceMax else { throw .senselessSequence(survey.highest) }
        var ledger = found.takeLedger()
        try redo(survey, from: disk, directory, choices, in: &ledger, &report)
        report.repairs = ledger.settleCounters()
        report.tail = survey.tail
        report.promised = survey.promised
        report.sequence = survey.highest
        ledger.sequence = survey.highest
        return SalvagedState(ledger: ledger, report: report)
    }

    /// Writes a state that was saved into `directory`, which exists and is empty, and reads it again
    /// as a start would. After a fault what is there is of no use.
    package static func write(
        _ state: borrowing SalvagedState, to disk: any Disk, directory: String
    ) throws(SalvageFault) {
        do {
            try Snapshot.write(
                state.ledger.encodeSnapshot(), over: .missing, to: disk, directory: directory)
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
            // Damage is what the survey is for.
            return
        }
    }

    private struct FoundSnapshot: ~Copyable {
        var ledger: Ledger
        /// The sequence of a snapshot that could not be read, where its header could.
        var evidence: UInt64 = 0

        consuming func takeLedger() -> Ledger { ledger }
    }

    /// The newest snapshot that can be read. One that was written and not yet put in its place is
    /// the last that is tried.
    private static func snapshot(
        on disk: any Disk, _ directory: String, _ choices: Choices, _ seed: HashSeed,
        _ report: inout SalvageReport
    ) throws(SalvageFault) -> FoundSnapshot {
        var evidence: UInt64 = 0
        for name in [Snapshot.name, Snapshot.previousName, Snapshot.temporaryName] {
            let path = Snapshot.path(name, in: directory)
            do {
                guard try disk.size(of: path) != nil else { continue }
            } catch {
                throw .disk(error)
            }
            let held = try HeldBytes(of: path, on: disk)
            do throws(SnapshotProblem) {
                if let fault = held.fault { throw .unreadable(fault) }
                let ledger = try Ledger.decoded(
                    from: held.bytes.bytes, seed: seed, orderLimit: OrderTable.countMax)
                report.snapshot = (path, ledger.sequence)
                return FoundSnapshot(ledger: ledger, evidence: evidence)
            } catch {
                if case .unknownVersion(let version) = error, !choices.skipsDamage {
                    throw .laterVersion(path: path, version)
                }
                // Half of one that was never put in its place is no damage.
                if name == Snapshot.temporaryName { continue }
                report.damagedSnapshots.append(SnapshotFault(path: path, problem: error))
            }
            let header = try? SnapshotHeader(beginning: held.bytes.bytes)
            evidence = max(evidence, header?.sequence ?? 0)
        }
        return FoundSnapshot(
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

    /// The one fault at which redoing stopped, with all that is lost by that: what was promised, and
    /// what is there.
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

    /// Redoes the records of a run, and returns those that could not be: the first one where damage
    /// is not skipped. Of what is left out behind that only the counters are redone: whatever was
    /// used stays used.
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
                let read = try OrderRecord(record)
                if isLeftOut {
                    ledger.redoCounters(of: read)
                } else {
                    try ledger.redo(read, sequence)
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

/// What the device gives of a file: all of it, or what stands before the first bad place.
private struct HeldBytes: ~Copyable {
    var bytes = ByteBuffer()
    var fault: DiskFault?

    init() {}

    init(of path: String, on disk: any Disk) throws(SalvageFault) {
        do {
            try disk.read(path, into: &bytes)
        } catch {
            // Anything but a bad place is for whoever asks to put right.
            guard error.errno == EIO else { throw .disk(error) }
            fault = error
        }
    }
}
