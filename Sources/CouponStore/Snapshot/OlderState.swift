// While the newer snapshot is whole, no start and no compaction looks at the older one and at the
// segments that only the older one needs. Damage there loses nothing; but the state has one way less to
// be read, so a verification looks.

extension RecoveredState {
    /// What is wrong with the older snapshot, and with the segments that only it needs. Nothing where
    /// the older one was taken. Reads everything in pieces.
    package func faultsOfOlder(on disk: any Disk, directory: String) -> [RecoveryFault] {
        guard standing == .whole else { return [] }
        do throws(RecoveryFault) {
            let path = Snapshot.path(Snapshot.previousName, in: directory)
            guard let sequence = try Self.checkedSequence(ofSnapshot: path, on: disk) else {
                return []
            }
            try checkSegments(after: sequence, on: disk, directory: directory)
            return []
        } catch {
            return [error]
        }
    }

    /// Of the snapshot at `path`, which is whole; nil where there is none.
    private static func checkedSequence(
        ofSnapshot path: String, on disk: any Disk
    ) throws(RecoveryFault) -> UInt64? {
        do {
            guard var reader = try SnapshotReader.open(path, on: disk) else { return nil }
            if reader.header.isInPieces {
                while try reader.next() != nil {}
            } else {
                _ = try WholeSnapshotHeader(reader.wholeBytes)
            }
            return reader.header.sequence
        } catch {
            throw .snapshot(SnapshotFault(path: path, problem: error))
        }
    }

    /// Checks the segments from `older` on up to the first one that the newer snapshot needs.
    private func checkSegments(
        after older: UInt64, on disk: any Disk, directory: String
    ) throws(RecoveryFault) {
        let all = try Recovery.segments(on: disk, directory: directory, before: nil)
        guard let first = all.needed(after: snapshotSequence).first else { return }
        let names = all.filter { $0 < first }.needed(after: older)
        if names.isEmpty { return }
        let next = try SegmentPassage.header(of: first, on: disk, directory: directory)
        var segments = SegmentPassage(
            names, after: older, continuedBy: next, on: disk, directory: directory)
        do {
            for index in 0..<segments.count {
                try segments.read(index) { record, _ throws(RecordVisitFault) in
                    do throws(JournalRecordFault) {
                        _ = try JournalRecord(record)
                    } catch {
                        throw .record(error)
                    }
                }
            }
        } catch {
            guard case .unreadable(let fault) = error else { return }
            throw fault
        }
    }
}
