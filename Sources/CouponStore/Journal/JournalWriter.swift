import FlatStorage

// The journal's thread in one value: it takes what the loop has decided and writes it to the disk. It
// decides only what follows from the files: when a batch goes into the next segment, and what its
// marks and checksums are. Its caller, who knows the time and who waits, decides when to
// synchronize, to mark and to roll.

/// The journal's next steps, in this order.
package struct JournalTurn: Equatable, Sendable {
    /// Make everything written durable, what is written in this turn included.
    package var synchronizes = false
    /// Write down how far everything is durable, where that is not written yet.
    package var marks = false
    /// Go on in another segment, so that all before stands still.
    package var rolls = false
    /// Make sure that all files still have their names, also where nothing else is done.
    package var checks = false

    package init(
        synchronizes: Bool = false, marks: Bool = false, rolls: Bool = false, checks: Bool = false
    ) {
        self.synchronizes = synchronizes
        self.marks = marks
        self.rolls = rolls
        self.checks = checks
    }
}

/// The state of the journal.
package struct JournalReport: Equatable, Sendable {
    /// The last record that was given to the system: it survives the end of the process.
    package var written: UInt64
    /// The last record that survives a power cut.
    package var synchronized: UInt64
    /// Up to here it is written down that everything is durable.
    package var marked: UInt64
    /// Bytes of records that can be written for sure, in however many batches.
    package var room: Int
    /// Whether there is a spare segment, or why not, or what broke the journal for good.
    package var condition: JournalFiles.Condition
    /// The header of the segment that is written: all before it stands still.
    package var segment: SegmentHeader
    /// Bytes that were written since the journal was begun, headers and seals included.
    package var byteCount: Int

    package init(
        written: UInt64, synchronized: UInt64, marked: UInt64, room: Int,
        condition: JournalFiles.Condition, segment: SegmentHeader, byteCount: Int
    ) {
        self.written = written
        self.synchronized = synchronized
        self.marked = marked
        self.room = room
        self.condition = condition
        self.segment = segment
        self.byteCount = byteCount
    }
}

/// The source of a segment's salt: numbers that were never used before.
package protocol SaltSource: Sendable {
    mutating func next() -> UInt64
}

/// Salts of the system's generator.
package struct RandomSalts: SaltSource {
    private var generator = SystemRandomNumberGenerator()

    package init() {}

    package mutating func next() -> UInt64 { generator.next() }
}

/// Writes what the loop has decided, batch by batch. Used on one thread, which waits for the disk.
package struct JournalWriter: ~Copyable, Sendable {
    private var files: JournalFiles
    private var batch = BatchWriter()
    private var salts: any SaltSource
    /// Of the batch that was written last, or of the segment's header.
    private var checksum: UInt64
    private var written: UInt64
    private var synchronized: UInt64
    private var marked: UInt64
    private var earlierByteCount = 0

    /// Begins a journal in `directory`, where no other daemon writes, after what recovery has read.
    /// When it returns, what was read counts for good. `names` are the directory and what keeps
    /// other daemons away: while the journal is written they must stay.
    ///
    /// `segmentByteCount` is a multiple of 512, ``segmentByteCountMin`` at least.
    package static func begin(
        on disk: any Disk, directory: String, segmentByteCount: Int,
        after recovered: borrowing JournalContinuation, keeping names: KeptNames = KeptNames(),
        salts: any SaltSource = RandomSalts()
    ) throws(DiskFault) -> JournalWriter {
        var salts = salts
        let isRenewing = recovered.renewed.count > 0
        let batchByteCount = BatchLayout.paddedLength(
            BatchLayout.headerLength + recovered.renewed.bytes.count)
        let header = try JournalFiles.firstHeader(
            on: disk, directory: directory, continuingAfter: recovered.durableSequence,
            checksum: recovered.durableChecksum, salt: salts.next(),
            byteCount: JournalFiles.byteCount(
                segmentByteCount: segmentByteCount, batches: isRenewing ? batchByteCount : 0))
        var batch = BatchWriter()
        let checksum: UInt64
        let files: JournalFiles
        if isRenewing {
            batch.begin(
                salt: header.salt, firstSequence: header.firstSequence, isRenewed: true)
            batch.append(contentsOf: recovered.renewed)
            checksum = batch.finish(
                durableMark: header.continuesAfter, previousChecksum: header.checksum)
            files = try JournalFiles.start(
                on: disk, directory: directory, segmentByteCount: segmentByteCount,
                header: header, batches: batch.bytes, keeping: names)
        } else {
            checksum = header.checksum
            files = try JournalFiles.start(
                on: disk, directory: directory, segmentByteCount: segmentByteCount,
                header: header, batches: Span(), keeping: names)
        }
        var writer = JournalWriter(
            files: files, batch: batch, salts: salts, checksum: checksum,
            last: recovered.durableSequence + UInt64(recovered.renewed.count))
        // What was logged again may have been acknowledged: damage to it must not pass for a tail.
        if writer.marked < writer.synchronized { try writer.writeMark() }
        try writer.files.checkNames()
        // So that starts that achieve nothing leave no files. What cannot be removed does no harm.
        for name in recovered.superseded {
            _ = try? JournalFiles.remove(name, on: disk, directory: directory)
        }
        return writer
    }

    private init(
        files: consuming JournalFiles, batch: consuming BatchWriter, salts: any SaltSource,
        checksum: UInt64, last: UInt64
    ) {
        marked = files.header.continuesAfter
        self.files = files
        self.batch = batch
        self.salts = salts
        self.checksum = checksum
        written = last
        synchronized = last
    }

    /// Bytes of the shortest segments that are of use.
    package static let segmentByteCountMin = 64 * 1_024

    package var report: JournalReport {
        JournalReport(
            written: written, synchronized: synchronized, marked: marked, room: room,
            condition: files.condition, segment: files.header,
            byteCount: earlierByteCount + files.position)
    }

    /// With a spare a whole segment, however full this one is: records that do not fit go on in the
    /// spare. A batch more than the one at hand may be begun meanwhile, with its header and up to
    /// a block that is not filled.
    private var room: Int {
        let bytes = files.condition == .ready ? files.batchByteCountMax : files.room
        return max(0, bytes - 2 * (BatchLayout.headerLength + BatchLayout.blockLength))
    }

    /// Writes `records`, which follow those written before, and carries out the turn. It tries to
    /// create the spare segment where it is missing.
    ///
    /// A fault is in the report's condition, and final: nothing is written or acknowledged any more.
    /// What was durable before is what the report says. A name that was lost is such a fault: what
    /// this turn wrote may be in a file that no start will find.
    package mutating func perform(
        _ turn: JournalTurn, _ records: borrowing RecordLog
    ) -> JournalReport {
        // There may be no room for records either: those decided before the fault was known.
        if isBroken { return report }
        let known = (written, synchronized, marked)
        do {
            if records.count > 0 { try write(records) }
            if turn.synchronizes { try synchronize() }
            if turn.marks && marked < synchronized { try writeMark() }
            if turn.rolls && written > files.header.continuesAfter { try roll() }
            // Also before a spare is made: it must not replace that of another daemon.
            if records.count > 0 || turn != JournalTurn() || !files.condition.isReady {
                try files.checkNames(mendsAnchor: turn.checks)
            }
        } catch {
            precondition(isBroken, "a fault of the journal breaks it")
            if error.isLostName { (written, synchronized, marked) = known }
        }
        files.prepareSpare()
        return report
    }

    private var isBroken: Bool {
        if case .broken = files.condition { return true }
        return false
    }

    private mutating func write(_ records: borrowing RecordLog) throws(DiskFault) {
        // Asked before the batch is begun: in the next segment it has another salt.
        let byteCount = BatchLayout.paddedLength(BatchLayout.headerLength + records.bytes.count)
        if byteCount > files.room { try roll() }
        batch.begin(salt: files.header.salt, firstSequence: written + 1)
        batch.append(contentsOf: records)
        try put()
        written += UInt64(records.count)
    }

    private mutating func synchronize() throws(DiskFault) {
        try files.synchronize()
        synchronized = written
    }

    private mutating func writeMark() throws(DiskFault) {
        // The next segment's header is a mark as well.
        if files.room < BatchLayout.blockLength { return try roll() }
        batch.begin(salt: files.header.salt, firstSequence: written + 1)
        try put()
        // No reply waits for a mark, but it must survive damage that comes later.
        try files.synchronize()
    }

    private mutating func put() throws(DiskFault) {
        let next = batch.finish(durableMark: synchronized, previousChecksum: checksum)
        try Self.write(batch, to: &files)
        checksum = next
        marked = synchronized
    }

    /// Goes on in the spare. A roll that was asked for and finds none is left for another time; one
    /// that a batch needs always finds it, since no more was decided than there was room for.
    private mutating func roll() throws(DiskFault) {
        guard files.condition == .ready else { return }
        let next = files.nextHeader(
            continuingAfter: written, checksum: checksum, salt: salts.next())
        batch.writeSeal(salt: files.header.salt, successor: next.name, previousChecksum: checksum)
        let sealed = files.position + JournalFiles.sealByteCount
        try Self.roll(&files, to: next, sealedBy: batch)
        earlierByteCount += sealed
        checksum = next.checksum
        synchronized = written
        marked = written
    }

    // The batch lends its bytes while the files change: siblings in one value are handed over apart.

    private static func write(
        _ batch: borrowing BatchWriter, to files: inout JournalFiles
    ) throws(DiskFault) {
        try files.write(batch.bytes)
    }

    private static func roll(
        _ files: inout JournalFiles, to next: SegmentHeader, sealedBy batch: borrowing BatchWriter
    ) throws(DiskFault) {
        try files.roll(to: next, seal: batch.bytes)
    }

    /// Gives the files back. What is not synchronized stays so.
    package consuming func close() throws(DiskFault) { try files.close() }
}
