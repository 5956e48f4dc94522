import FlatStorage

// The state of a directory is that of its newest snapshot that can be read, and of all records of
// the journal after it. Reading it changes nothing on disk, so it can be done at any time: at a
// start, to check, and by the compaction that makes the next snapshot of it.
//
// Segments are read twice, but for the last one: once to judge all of them together, and once to
// redo their records, so that never more than two are in memory. A device that gives something else
// the second time is not believed.

/// A state that was read from a directory, and how its journal goes on.
package struct RecoveredState: ~Copyable {
    package var ledger: Ledger
    package let continuation: JournalContinuation
    package let report: RecoveryReport
    /// The journal's last record that the snapshot holds.
    package let snapshotSequence: UInt64
    let standing: Snapshot.Standing
}

/// How a journal goes on after what was read.
package struct JournalContinuation: ~Copyable, Sendable {
    /// The end of what the journal is known to have made durable, and the checksum of that batch.
    package let durableSequence: UInt64
    package let durableChecksum: UInt64
    /// Records after that: they may not have been acknowledged, but they count, and are the first
    /// of the next segment.
    package let renewed: RecordLog
    /// Segments with nothing that the next one does not hold.
    package let superseded: [SegmentName]

    package init(
        durableSequence: UInt64, durableChecksum: UInt64, renewed: consuming RecordLog,
        superseded: [SegmentName]
    ) {
        self.durableSequence = durableSequence
        self.durableChecksum = durableChecksum
        self.renewed = renewed
        self.superseded = superseded
    }
}

/// What a recovery found.
package struct RecoveryReport: Sendable {
    /// A snapshot that could not be read, where an older one and the journal held everything.
    package var damagedSnapshot: SnapshotFault?
    package var snapshotByteCount = 0
    /// The end of the journal that was lost and had never been acknowledged.
    package var tail: JournalHistory.Tail?
    /// Records that were redone.
    package var redoneCount = 0
    package var segmentCount = 0
    /// Of the segments, as long as their files are.
    package var journalByteCount = 0

    /// Whether there was neither a snapshot nor a segment.
    package var isEmpty: Bool { segmentCount == 0 && snapshotByteCount == 0 }
}

/// Why a state cannot be read. Nothing was changed.
package enum RecoveryFault: Error, Equatable {
    case disk(DiskFault)
    case snapshot(SnapshotFault)
    /// Acknowledged records are gone or cannot be trusted.
    case journal(JournalCorruption)
    /// A file has almost the name of a segment, but is not one.
    case foreignFile(path: String)
    /// The counters and the orders of the state contradict each other.
    case contradiction(counter: String)
}

package enum Recovery {
    /// Reads the state in `directory`, an empty one where nothing was ever written.
    ///
    /// `orderLimit` is today's; a state that holds more is read. `continuedBy` is the header of a
    /// segment that a daemon writes now: what it continues is read, and not the segment itself.
    package static func recover(
        from disk: any Disk, directory: String, seed: HashSeed, orderLimit: Int,
        lapseClock: LapseClock = LapseClock(), continuedBy next: SegmentHeader? = nil
    ) throws(RecoveryFault) -> RecoveredState {
        let anchor = try anchor(on: disk, directory: directory)
        let all = try segments(on: disk, directory: directory, before: next?.name)
        let found: FoundSnapshot<Ledger>
        do {
            found = try Snapshot.find(on: disk, directory: directory) {
                (reader) throws(SnapshotProblem) in
                try Ledger.read(
                    &reader, seed: seed, orderLimit: orderLimit, lapseClock: lapseClock)
            }
        } catch {
            throw .snapshot(error)
        }
        var report = RecoveryReport(
            damagedSnapshot: found.fault, snapshotByteCount: found.byteCount)
        let standing = found.standing
        var empty = Ledger(seed: seed, orderLimit: orderLimit)
        empty.lapseClock = lapseClock
        var ledger = found.content(or: empty)
        let base = ledger.sequence
        let names = all.needed(after: base)

        var scans: [SegmentScan] = []
        var last = ByteBuffer()
        for name in names {
            last = try read(name, on: disk, directory: directory)
            report.journalByteCount += last.count
            scans.append(try scan(last.bytes, name))
        }
        let history: JournalHistory
        do {
            history = try JournalHistory(
                scans, after: base, anchor: anchor, continuedBy: next)
        } catch {
            throw .journal(error)
        }
        report.tail = history.tail
        report.segmentCount = names.count
        report.redoneCount = Int(history.lastSequence - base)

        for index in names.indices.dropLast() where history.isNeeded(index) {
            let bytes = try read(names[index], on: disk, directory: directory)
            guard try scan(bytes.bytes, names[index]) == scans[index] else {
                throw .journal(
                    JournalCorruption(
                        segment: names[index], offset: 0, sequence: names[index].firstSequence,
                        reason: .unsteady))
            }
            try redo(history, index, from: bytes.bytes, in: &ledger)
        }
        var renewed = RecordLog()
        if let index = names.indices.last {
            try redo(history, index, from: last.bytes, in: &ledger)
            history.renew(from: last.bytes, into: &renewed)
        }
        return RecoveredState(
            ledger: ledger,
            continuation: JournalContinuation(
                durableSequence: history.durableSequence,
                durableChecksum: history.durableChecksum, renewed: renewed,
                superseded: Array(history.superseded)),
            report: report, snapshotSequence: base, standing: standing)
    }

    private static func redo(
        _ history: JournalHistory, _ index: Int, from bytes: Span<UInt8>,
        in ledger: inout Ledger
    ) throws(RecoveryFault) {
        do {
            try history.redo(index, from: bytes, in: &ledger)
        } catch {
            throw .journal(error)
        }
    }

    /// The segments older than `next`, in order. A name that is almost a segment's is a mistake, and the
    /// file may be a segment that is missing.
    static func segments(
        on disk: any Disk, directory: String, before next: SegmentName?
    ) throws(RecoveryFault) -> [SegmentName] {
        let names: [String]
        do {
            names = try disk.list(directory)
        } catch {
            throw .disk(error)
        }
        for name in names where name.hasPrefix(SegmentName.prefix) && name != JournalFiles.spareName
        {
            if SegmentName(name) == nil { throw .foreignFile(path: "\(directory)/\(name)") }
        }
        return names.compactMap(SegmentName.init).sorted()
            .filter { name in next.map { name < $0 } ?? true }
    }

    private static func anchor(
        on disk: any Disk, directory: String
    ) throws(RecoveryFault) -> FoundAnchor {
        do {
            return try FoundAnchor(in: directory, on: disk)
        } catch {
            throw .disk(error)
        }
    }

    private static func read(
        _ name: SegmentName, on disk: any Disk, directory: String
    ) throws(RecoveryFault) -> ByteBuffer {
        var bytes = ByteBuffer()
        do {
            try JournalFiles.read(name, on: disk, directory: directory, into: &bytes)
        } catch {
            throw .disk(error)
        }
        return bytes
    }

    private static func scan(
        _ bytes: Span<UInt8>, _ name: SegmentName
    ) throws(RecoveryFault) -> SegmentScan {
        do {
            return try SegmentScan(bytes, named: name)
        } catch {
            throw .journal(error)
        }
    }
}

extension [SegmentName] {
    /// Those that hold what a snapshot up to `base` lacks. What stands in older ones beyond it is dead,
    /// so they need not be there, or whole.
    func needed(after base: UInt64) -> [SegmentName] {
        // A later segment never continues after less than an earlier one.
        let first = lastIndex { $0.firstSequence <= base + 1 } ?? startIndex
        return Array(self[first...])
    }
}

extension RecoveredState {
    /// The state alone, once the journal goes on.
    package consuming func takeLedger() -> Ledger { ledger }

    /// Whether every counter is exactly what it carried along and what all orders together took.
    package func check() throws(RecoveryFault) {
        guard let counter = ledger.firstContradiction() else { return }
        throw .contradiction(counter: ledger.usage.explained(counter))
    }
}

extension UsageTable {
    /// A counter's key, for people: its kind, its coupon and its detail.
    fileprivate func explained(_ id: CounterID) -> String {
        let key = couponKey(id), detail = detail(id)
        let parts = [key.indices.map { key[$0] }, detail.indices.map { detail[$0] }]
            .map { bytes in
                String(decoding: bytes.map { $0 == 0 ? UInt8(ascii: "/") : $0 }, as: UTF8.self)
            }
            .filter { !$0.isEmpty }
        return "\(kind(id)) \(parts.joined(separator: " ")): "
            + "\(used(id)) used, \(held(id)) held, \(carried(id)) carried"
    }
}
