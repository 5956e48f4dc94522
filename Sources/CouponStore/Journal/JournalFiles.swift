import FlatStorage
import Glibc

// The files under the journal: one that is written, and one spare with all its space taken, so that
// what was decided can always be written. A new segment is created in steps, and a power cut
// between any two of them leaves a journal that recovery reads:
//
//   spare      make journal-next.tmp with its space → synchronize it
//   opening    write its header, and at a start what recovery logs again → synchronize it
//                → rename it → synchronize the directory
//   rolling    synchronize the old one → open the spare → write the seal → synchronize the old one
//
// So a segment under its own name always has its header, what it continues after is durable, what
// it makes dead is in it again, and a seal names a successor that exists. Nothing is written to
// the successor before the seal is durable: should the successor then be lost, the seal shows it.
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
    private var spare: OpenFile?
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
        return header
    }

    /// Bytes of a segment that begins with so many bytes of batches.
    package static func byteCount(segmentByteCount: Int, batches: Int) -> Int {
        max(segmentByteCount, SegmentHeader.byteCount + batches + sealByteCount)
    }

    /// Begins the segment of that header and takes space for the spare. A spare that an earlier
    /// daemon left is created again. No other daemon may make segments in `directory`.
    ///
    /// `batches` are what recovery logs again, in whole blocks, or nothing. They are durable before
    /// the segment has its name: at no moment are they dead in the old one and not in this one.
    /// `segmentByteCount` is a multiple of 512, 1,536 at least; this one is longer if it must be.
    package static func start(
        on disk: any Disk, directory: String, segmentByteCount: Int, header: SegmentHeader,
        batches: Span<UInt8>
    ) throws(DiskFault) -> JournalFiles {
        precondition(
            segmentByteCount % SegmentHeader.byteCount == 0
                && segmentByteCount >= SegmentHeader.byteCount * 2 + sealByteCount,
            "a segment holds its header, a batch and its seal, in whole blocks")
        precondition(
            batches.count % SegmentHeader.byteCount == 0,
            "the journal is written in whole blocks")
        var content = ByteBuffer(capacity: SegmentHeader.byteCount + batches.count)
        header.encode(into: &content)
        content.append(batches)
        let byteCount = Self.byteCount(segmentByteCount: segmentByteCount, batches: batches.count)
        var file = try makeSpare(on: disk, directory: directory, byteCount: byteCount)
        do {
            file = try open(file, as: header, content.bytes, on: disk, directory: directory)
        } catch {
            // The descriptor is given back either way, and this fault came first.
            _ = try? disk.close(file)
            throw error
        }
        var files = JournalFiles(
            disk: disk, directory: directory, segmentByteCount: segmentByteCount, file: file,
            header: header)
        files.byteCount = byteCount
        files.position = content.count
        files.prepareSpare()
        return files
    }

    private init(
        disk: any Disk, directory: String, segmentByteCount: Int, file: OpenFile,
        header: SegmentHeader
    ) {
        self.disk = disk
        self.directory = directory
        self.segmentByteCount = segmentByteCount
        self.file = file
        self.header = header
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

    /// The header of the segment that ``roll(to:seal:)`` would begin.
    package func nextHeader(
        continuingAfter sequence: UInt64, checksum: UInt64, salt: UInt64
    ) -> SegmentHeader {
        var next = SegmentHeader(
            generation: header.generation + 1, salt: salt, continuesAfter: sequence,
            previousChecksum: checksum)
        next.fileByteCount = UInt64(segmentByteCount)
        return next
    }

    /// Seals the segment and goes on in the spare: when it returns, everything written before is
    /// durable, and so are the new segment and the seal. Then space is taken for another spare.
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
        guard var opening = spare else { preconditionFailure("a roll has a spare to go on in") }
        var content = ByteBuffer(capacity: SegmentHeader.byteCount)
        next.encode(into: &content)
        do {
            opening = try Self.open(
                opening, as: next, content.bytes, on: disk, directory: directory)
        } catch {
            throw broken(by: error)
        }
        try put(seal)
        try synchronize()
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
        if spare != nil { return }
        do {
            spare = try Self.makeSpare(on: disk, directory: directory, byteCount: segmentByteCount)
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

// MARK: - Segments as files

extension JournalFiles {
    /// The journal's segments in order. Files of other names are not looked at.
    package static func segments(
        on disk: any Disk, directory: String
    ) throws(DiskFault) -> [SegmentName] {
        try disk.list(directory).compactMap(SegmentName.init).sorted()
    }

    /// Appends what the device holds of a segment that an earlier daemon wrote, not what memory
    /// does: after a write that the device refused the two differ.
    package static func read(
        _ name: SegmentName, on disk: any Disk, directory: String, into buffer: inout ByteBuffer
    ) throws(DiskFault) {
        let path = path(name.text, in: directory)
        try disk.synchronize(fileAt: path)
        try disk.dropFromCache(path)
        try disk.read(path, into: &buffer)
    }

    /// Removes the segments that hold nothing from `sequence` on, the oldest first; never the one
    /// of the name `current`, which is written. Each is gone for good before the next: a power cut
    /// leaves no gap.
    ///
    /// A fault leaves segments that are not needed, and harms nothing.
    package static func removeSegments(
        before sequence: UInt64, olderThan current: SegmentName, on disk: any Disk,
        directory: String
    ) throws(DiskFault) {
        let names = try segments(on: disk, directory: directory)
        for (name, next) in zip(names, names.dropFirst()) {
            guard next.firstSequence <= sequence, name < current else { return }
            try remove(name, on: disk, directory: directory)
        }
    }

    /// Removes a segment that is not needed any more, durably.
    static func remove(
        _ name: SegmentName, on disk: any Disk, directory: String
    ) throws(DiskFault) {
        try disk.remove(path(name.text, in: directory))
        try disk.synchronizeDirectory(directory)
    }

    /// A file of zeros with all its space, which survives a power cut.
    private static func makeSpare(
        on disk: any Disk, directory: String, byteCount: Int
    ) throws(DiskFault) -> OpenFile {
        let path = path(spareName, in: directory)
        if try disk.size(of: path) != nil { try disk.remove(path) }
        var made: OpenFile?
        do {
            let file = try disk.createExclusively(path, allocating: byteCount)
            made = file
            try disk.synchronize(file)
            return file
        } catch {
            if let made { _ = try? disk.close(made) }
            // A part of a spare is of no use and may be what fills the disk. Should its removal
            // fail too, the next attempt creates it again: the first fault is the one to report.
            _ = try? disk.remove(path)
            throw error
        }
    }

    /// Makes the spare a segment: first what it holds, then its name.
    private static func open(
        _ spare: OpenFile, as header: SegmentHeader, _ content: Span<UInt8>, on disk: any Disk,
        directory: String
    ) throws(DiskFault) -> OpenFile {
        let path = path(header.name.text, in: directory)
        try disk.write(content, at: 0, to: spare)
        try disk.synchronize(spare)
        try disk.rename(spare.path, toFree: path)
        try disk.synchronizeDirectory(directory)
        return OpenFile(descriptor: spare.descriptor, path: path)
    }

    private static func path(_ name: String, in directory: String) -> String {
        "\(directory)/\(name)"
    }
}
