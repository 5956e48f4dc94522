import FlatStorage
import Glibc

// The files under the journal: one that is written, and one spare with all its space taken, so that
// what was decided can always be written. A new segment is created in steps, and a power cut
// between any two of them leaves a journal that recovery reads:
//
//   spare      make journal-next.tmp with its space → synchronize it
//   opening    write its header, and at a start what recovery logs again → synchronize it
//                → rename it → synchronize the directory
//   anchoring  write anchor.new, whose space was taken before → synchronize it → rename it over
//                anchor → synchronize the directory
//   starting   open the spare → anchor it
//   rolling    synchronize the old one → open the spare → write the seal → synchronize the old one
//                → anchor the new one
//
// So a segment under its own name always has its header, what it continues after is durable, what
// it makes dead is in it again, and a seal names a successor that exists. Nothing is written to
// the successor before the seal and the anchor are durable: should the successor then be lost, they
// show it. A journal without an anchor gets a first one, which names no segment, before its first
// segment that must have one (see JournalAnchor.swift).
//
// A descriptor goes on working when its file has lost its name, or its directory has. So after
// each turn's last step, and each second, the names of the directory, of the lock and of the
// segment that is written must still belong to what was opened; only then is the turn reported.
//
// Faults are of two kinds. Where no space can be taken for a spare nothing that counts has been
// touched: nothing new may be decided, and the next attempt may heal it. Everything else is final:
// the system reports a write that the device refused once and then takes it for done, so nothing
// after the first fault can be believed.

/// The segments of the journal that a daemon writes. Used on one thread, which waits for the disk.
///
/// Records that are not synchronized yet may be lost and are not acknowledged. Call ``close()`` at
/// the end, also after a fault.
package struct JournalFiles: ~Copyable, Sendable {
    /// What the journal may do.
    package enum Condition: Equatable, Sendable {
        /// A spare is there: what is decided can be written.
        case ready
        /// The spare could not be created, and this is why. What was decided is written while it fits;
        /// nothing new may be decided until ``prepareSpare()`` has succeeded.
        case noSpace(DiskFault)
        /// What reached the disk is not known. Nothing is ever acknowledged again.
        case broken(DiskFault)

        /// Whether a spare is there. To compare with `ready` costs ten times as much.
        package var isReady: Bool { if case .ready = self { true } else { false } }
    }

    package static let spareName = "journal-next.tmp"
    /// Bytes at the end of a segment that are kept for its seal.
    package static let sealByteCount = SegmentHeader.byteCount

    private let disk: any Disk
    private let directory: String
    private let segmentByteCount: Int
    private var file: OpenFile
    /// Of ``file``, whose name must stay.
    private var identity: FileIdentity
    private var spare: OpenFile?
    private var anchor: AnchorFile
    private let names: KeptNames
    private var isSynchronized = true
    /// Of the segment that is written.
    private var byteCount: Int

    package private(set) var condition: Condition
    /// Of the segment that is written.
    package private(set) var header: SegmentHeader
    /// Where the next batch goes in that segment.
    package private(set) var position = SegmentHeader.byteCount

    /// The header of the segment that a start would begin, under a name that never was.
    ///
    /// It continues after `sequence`, whose batch has that `checksum`; both are 0 where nothing is
    /// continued. `salt` is a random number.
    package static func firstHeader(
        on disk: any Disk, directory: String, continuingAfter sequence: UInt64, checksum: UInt64,
        salt: UInt64, byteCount: Int
    ) throws(DiskFault) -> SegmentHeader {
        let last = try segments(on: disk, directory: directory).last
        let generation = (last?.generation ?? 0) + 1
        guard generation < .max else {
            throw DiskFault(.create, path: directory, errno: EOVERFLOW)
        }
        var header = SegmentHeader(
            generation: generation, salt: salt, continuesAfter: sequence,
            previousChecksum: checksum)
        header.fileByteCount = UInt64(byteCount)
        header.isAnchored = true
        return header
    }

    /// Bytes of a segment that begins with so many bytes of batches.
    package static func byteCount(segmentByteCount: Int, batches: Int) -> Int {
        max(segmentByteCount, SegmentHeader.byteCount + batches + sealByteCount)
    }

    /// Begins the segment of that header and takes space for the spare. A spare that an earlier
    /// daemon left is created again. No other daemon may make segments in `directory`, and `names`
    /// are those that keep it away.
    ///
    /// `batches` are what recovery logs again, in whole blocks, or nothing. They are durable before
    /// the segment has its name: at no moment are they dead in the old one and not in this one.
    /// `segmentByteCount` is a multiple of 512, 1,536 at least; this one is longer if it must be.
    package static func start(
        on disk: any Disk, directory: String, segmentByteCount: Int, header: SegmentHeader,
        batches: Span<UInt8>, keeping names: KeptNames = KeptNames()
    ) throws(DiskFault) -> JournalFiles {
        precondition(
            segmentByteCount % SegmentHeader.byteCount == 0
                && segmentByteCount >= SegmentHeader.byteCount * 2 + sealByteCount,
            "a segment holds its header, a batch and its seal, in whole blocks")
        precondition(
            batches.count % SegmentHeader.byteCount == 0,
            "the journal is written in whole blocks")
        try names.check(on: disk)
        var content = ByteBuffer(capacity: SegmentHeader.byteCount + batches.count)
        header.encode(into: &content)
        content.append(batches)
        let byteCount = Self.byteCount(segmentByteCount: segmentByteCount, batches: batches.count)
        var file = try makeSpare(on: disk, directory: directory, byteCount: byteCount)
        var anchor = AnchorFile(on: disk, directory: directory)
        let identity: FileIdentity
        do {
            identity = try disk.identity(of: file)
            try anchor.prepare()
            try anchor.writeFirst()
            file = try open(file, as: header, content.bytes, on: disk, directory: directory)
            try anchor.write(JournalAnchor(header))
        } catch {
            // The descriptors are given back either way, and this fault came first.
            _ = try? disk.close(file)
            _ = try? anchor.close(keepingSpace: true)
            throw error
        }
        var files = JournalFiles(
            disk: disk, directory: directory, segmentByteCount: segmentByteCount, file: file,
            identity: identity, header: header, anchor: anchor, names: names)
        files.byteCount = byteCount
        files.position = content.count
        files.prepareSpare()
        return files
    }

    private init(
        disk: any Disk, directory: String, segmentByteCount: Int, file: OpenFile,
        identity: FileIdentity, header: SegmentHeader, anchor: AnchorFile, names: KeptNames
    ) {
        self.disk = disk
        self.directory = directory
        self.segmentByteCount = segmentByteCount
        self.file = file
        self.identity = identity
        self.header = header
        self.anchor = anchor
        self.names = names
        byteCount = segmentByteCount
        condition = .ready
    }

    /// Bytes of batches that still fit into the segment.
    package var room: Int { byteCount - Self.sealByteCount - position }

    /// Bytes of batches that fit into a new segment: no batch may be longer.
    package var batchByteCountMax: Int {
        segmentByteCount - Self.sealByteCount - SegmentHeader.byteCount
    }

    /// Writes a batch, or several one after the other, in whole blocks and within ``room``.
    package mutating func write(_ batch: Span<UInt8>) throws(DiskFault) {
        precondition(batch.count <= room, "a batch is written where there is room for it")
        try put(batch)
    }

    /// Returns when everything written survives a power cut.
    package mutating func synchronize() throws(DiskFault) {
        if case .broken(let fault) = condition { throw fault }
        if isSynchronized { return }
        do {
            try disk.synchronize(file)
        } catch {
            throw broken(by: error)
        }
        isSynchronized = true
    }

    /// Makes sure that directory, lock and segment still have the names under which they were
    /// opened: what was written is where a start finds it, and no other daemon is there. Anything
    /// else is final.
    ///
    /// An anchor that is gone is written again where `mendsAnchor`.
    package mutating func checkNames(mendsAnchor: Bool = false) throws(DiskFault) {
        if case .broken(let fault) = condition { throw fault }
        do {
            try names.check(on: disk)
            try KeptNames.check(file.path, is: identity, on: disk)
            if mendsAnchor { try anchor.mend() }
        } catch {
            throw broken(by: error)
        }
    }

    /// The header of the segment that ``roll(to:seal:)`` would begin.
    package func nextHeader(
        continuingAfter sequence: UInt64, checksum: UInt64, salt: UInt64
    ) -> SegmentHeader {
        var next = SegmentHeader(
            generation: header.generation + 1, salt: salt, continuesAfter: sequence,
            previousChecksum: checksum)
        next.fileByteCount = UInt64(segmentByteCount)
        next.isAnchored = true
        return next
    }

    /// Seals the segment and goes on in the spare: when it returns, everything written before is
    /// durable, and so are the new segment, the seal and the anchor. Then space is taken for another
    /// spare.
    ///
    /// `next` comes from ``nextHeader(continuingAfter:checksum:salt:)``, for the batch written
    /// last, and `seal` is the block that names it. There is a spare to go on in.
    package mutating func roll(to next: SegmentHeader, seal: Span<UInt8>) throws(DiskFault) {
        precondition(
            next.generation == header.generation + 1
                && next.continuesAfter >= header.continuesAfter,
            "a segment is followed by the next one")
        precondition(seal.count == Self.sealByteCount, "a seal is one block")
        try synchronize()
        try checkNames()
        guard var opening = spare else { preconditionFailure("a roll has a spare to go on in") }
        var content = ByteBuffer(capacity: SegmentHeader.byteCount)
        next.encode(into: &content)
        do {
            identity = try disk.identity(of: opening)
            opening = try Self.open(
                opening, as: next, content.bytes, on: disk, directory: directory)
        } catch {
            throw broken(by: error)
        }
        try put(seal)
        try synchronize()
        do {
            try anchor.write(JournalAnchor(next))
        } catch {
            throw broken(by: error)
        }
        let sealed = file
        file = opening
        header = next
        byteCount = segmentByteCount
        position = content.count
        spare = nil
        do {
            try disk.close(sealed)
        } catch {
            throw broken(by: error)
        }
        prepareSpare()
    }

    /// Takes space for the spare where there is none, and is ready again when that succeeds.
    package mutating func prepareSpare() {
        if case .broken = condition { return }
        if spare != nil && anchor.isPrepared { return }
        do {
            if spare == nil {
                spare = try Self.makeSpare(
                    on: disk, directory: directory, byteCount: segmentByteCount)
            }
            try anchor.prepare()
            condition = .ready
        } catch {
            condition = .noSpace(error)
        }
    }

    /// Gives the files back, and the spare's space. What was written and not synchronized stays so.
    package consuming func close() throws(DiskFault) {
        var first: DiskFault?
        do {
            try disk.close(file)
        } catch {
            first = error
        }
        if let spare {
            do {
                try disk.close(spare)
                // After a fault the spare may have its own name already, which is for recovery.
                if condition == .ready { try disk.remove(spare.path) }
            } catch {
                first = first ?? error
            }
        }
        do {
            try anchor.close(keepingSpace: condition != .ready)
        } catch {
            first = first ?? error
        }
        if let first { throw first }
    }

    private mutating func put(_ blocks: Span<UInt8>) throws(DiskFault) {
        if case .broken(let fault) = condition { throw fault }
        precondition(
            blocks.count % SegmentHeader.byteCount == 0, "the journal is written in whole blocks")
        isSynchronized = false
        do {
            try disk.write(blocks, at: position, to: file)
        } catch {
            throw broken(by: error)
        }
        position += blocks.count
    }

    private mutating func broken(by fault: DiskFault) -> DiskFault {
        condition = .broken(fault)
        return fault
    }
}
