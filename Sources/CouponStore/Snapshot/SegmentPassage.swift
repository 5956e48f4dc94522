import FlatStorage

// Where a start judges all segments together, here one is judged at a time, by the header of the one
// that follows it, so that only one is in memory. Each may be read several times: a device that gives
// something else later is not believed.

/// The segments after a snapshot and before one that is written now, read one after the other.
struct SegmentPassage: ~Copyable {
    private let disk: any Disk
    private let directory: String
    private let names: [SegmentName]
    private let base: UInt64
    /// The header of the segment after the last one.
    private let next: SegmentHeader
    /// What each segment was when it was read first.
    private var seen: [Seen] = []
    private var bytes = ByteBuffer()
    /// The journal's last record in the segments that were read.
    private(set) var sequence: UInt64

    private struct Seen: Equatable {
        var header: SegmentHeader
        /// The header of the one that follows.
        var next: SegmentHeader
        var batchCount: Int
        /// Of the last batch that counts: the chain of checksums leads to it.
        var checksum: UInt64
        var durableMark: UInt64
    }

    /// `names` are those after the snapshot that ends with `base`, and older than `next`.
    init(
        _ names: [SegmentName], after base: UInt64, continuedBy next: SegmentHeader,
        on disk: any Disk, directory: String
    ) {
        self.names = names
        self.base = base
        self.next = next
        self.disk = disk
        self.directory = directory
        sequence = base
    }

    var count: Int { names.count }

    /// Bytes of memory that it holds.
    var allocatedBytes: Int { bytes.capacity }

    /// Checks that the journal reaches `next` where there is no segment to read.
    func checkEmpty() throws(CompactionFault) {
        guard names.isEmpty else { return }
        do {
            _ = try JournalHistory([], after: base, anchor: .missing, continuedBy: next)
        } catch {
            throw .unreadable(.journal(error))
        }
    }

    /// Reads the segment at `index`, for the first time after all before it, and calls `body` with
    /// each record that the snapshot does not hold, and its sequence.
    mutating func read(
        _ index: Int, _ body: (Span<UInt8>, UInt64) throws(RecordVisitFault) -> Void
    ) throws(CompactionFault) {
        bytes.removeAll()
        let batches: ArraySlice<ScannedBatch>
        do {
            try Self.load(names[index], on: disk, directory: directory, into: &bytes)
            batches = try judge(index)
        } catch {
            throw .unreadable(error)
        }
        for batch in batches where batch.lastSequence > base {
            var sequence = batch.firstSequence
            var records = batch.records(in: bytes.bytes)
            while let record = records.next() {
                defer { sequence += 1 }
                if sequence <= base { continue }
                do {
                    try body(record, sequence)
                } catch {
                    let offset = batch.contentOffset + records.position - record.count
                    throw error.inSegment(names[index], at: offset, sequence)
                }
            }
            self.sequence = max(self.sequence, batch.lastSequence)
        }
    }

    /// Whether the segment before this one knew nothing to be durable that this one's start had not read.
    private func checkMark(
        before index: Int, _ scan: SegmentScan
    ) throws(JournalCorruption) {
        guard index > 0, seen[index - 1].durableMark > scan.startedWith else { return }
        throw JournalCorruption(
            segment: names[index - 1], offset: 0, sequence: scan.startedWith + 1,
            reason: .markedBeyond(scan.name))
    }

    /// Checks the segment after the last one that was read, as far as it says what came before.
    mutating func checkNext() throws(CompactionFault) {
        guard seen.count < names.count else { return }
        bytes.removeAll()
        do throws(RecoveryFault) {
            try Self.load(names[seen.count], on: disk, directory: directory, into: &bytes)
            do {
                let scan = try SegmentScan(bytes.bytes, named: names[seen.count])
                try checkMark(before: seen.count, scan)
            } catch {
                throw .journal(error)
            }
        } catch {
            throw .unreadable(error)
        }
    }

    /// The batches of a segment that count, from its bytes.
    private mutating func judge(
        _ index: Int
    ) throws(RecoveryFault) -> ArraySlice<ScannedBatch> {
        let name = names[index]
        let following: SegmentHeader
        if index < seen.count {
            following = seen[index].next
        } else if index + 1 < names.count {
            following = try Self.header(of: names[index + 1], on: disk, directory: directory)
        } else {
            following = next
        }
        let reached = index == 0 ? base : max(base, seen[index - 1].next.continuesAfter)
        let scan: SegmentScan, history: JournalHistory
        do {
            scan = try SegmentScan(bytes.bytes, named: name)
            try checkMark(before: index, scan)
            // What the following one had read is known once it is scanned itself.
            history = try JournalHistory(
                [scan], after: reached, anchor: .missing, continuedBy: following,
                startedWith: index + 1 < names.count ? .max : nil)
        } catch {
            throw .journal(error)
        }
        let found = Seen(
            header: scan.header, next: following, batchCount: scan.batches.count,
            checksum: scan.checksum, durableMark: scan.durableMark)
        let isSteady =
            index < seen.count
            ? seen[index] == found : index == 0 || seen[index - 1].next == scan.header
        guard isSteady else {
            throw .journal(
                JournalCorruption(
                    segment: name, offset: 0, sequence: name.firstSequence, reason: .unsteady))
        }
        if index == seen.count { seen.append(found) }
        return history.counting(0)
    }

    private static func load(
        _ name: SegmentName, on disk: any Disk, directory: String, into bytes: inout ByteBuffer
    ) throws(RecoveryFault) {
        do {
            try JournalFiles.read(name, on: disk, directory: directory, into: &bytes)
        } catch {
            throw .disk(error)
        }
    }

    /// The header of a segment that is not read yet.
    static func header(
        of name: SegmentName, on disk: any Disk, directory: String
    ) throws(RecoveryFault) -> SegmentHeader {
        var block = ByteBuffer(capacity: SegmentHeader.byteCount)
        do {
            try disk.read(
                "\(directory)/\(name.text)", from: 0, count: SegmentHeader.byteCount, into: &block)
        } catch {
            throw .disk(error)
        }
        do {
            return try SegmentHeader(block.bytes)
        } catch {
            throw .journal(
                JournalCorruption(
                    segment: name, offset: 0, sequence: name.firstSequence, reason: .header(error)))
        }
    }
}

/// Why the visit of a record ends.
enum RecordVisitFault: Error {
    /// The record cannot be read.
    case record(JournalRecordFault)
    case other(CompactionFault)

    /// The same with the record's place, which begins at `offset` of its segment.
    func inSegment(
        _ segment: SegmentName, at offset: Int, _ sequence: UInt64
    ) -> CompactionFault {
        switch self {
        case .other(let fault): fault
        case .record(let fault):
            .unreadable(
                .journal(
                    JournalCorruption(
                        segment: segment, offset: offset + fault.offset, sequence: sequence,
                        reason: .record(fault))))
        }
    }
}
