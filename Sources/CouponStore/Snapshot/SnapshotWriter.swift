import FlatStorage

/// Writes a snapshot's items to a new file as they come, so that only a few pieces are in memory.
struct SnapshotWriter: ~Copyable {
    /// Bytes that are written before the device is made to take them: a long queue of writes would
    /// make the journal wait behind it.
    static let paceByteCount = 4 * 1_024 * 1_024

    // Open, because items are appended to it; what it seals is for this value to take.
    var encoder: SnapshotEncoder
    private let disk: any Disk
    private let file: OpenFile
    private(set) var byteCount = 0

    init(_ header: SnapshotHeader, to file: OpenFile, on disk: any Disk) {
        encoder = SnapshotEncoder(header)
        self.file = file
        self.disk = disk
    }

    /// Writes what has gathered, once it is enough. Called after each item.
    mutating func pace() throws(DiskFault) {
        if encoder.sealedByteCount >= Self.paceByteCount { try flush() }
    }

    /// Appends the end. All of the file is durable when it returns.
    mutating func finish() throws(DiskFault) {
        encoder.finish()
        try flush()
    }

    private mutating func flush() throws(DiskFault) {
        try disk.append(encoder.sealed, to: file)
        byteCount += encoder.sealedByteCount
        try disk.synchronize(file)
        encoder.removeSealed()
    }
}

/// What was written.
struct WrittenSnapshot: Equatable {
    var byteCount: Int
    var totals: SnapshotTotals
    /// Of the last piece: the chain of checksums leads to it from the first byte.
    var checksum: UInt64
}

extension Snapshot {
    /// Writes a snapshot durably into `directory`, proves it and puts it in place, on a thread of
    /// its own. `fill` appends its items.
    ///
    /// `current` is what is under the name `snapshot` now. A whole one stays as `snapshot.previous`;
    /// a temporary file left over from a crash is replaced. After a fault the snapshots that were
    /// there are still there, under one of the two names.
    static func write(
        _ header: SnapshotHeader, over current: Standing, to disk: any Disk, directory: String,
        fill: (inout SnapshotWriter) throws(CompactionFault) -> Void
    ) throws(CompactionFault) -> WrittenSnapshot {
        let temporary = path(temporaryName, in: directory)
        try onDisk { () throws(DiskFault) in
            if try disk.size(of: temporary) != nil { try disk.remove(temporary) }
        }
        let written: WrittenSnapshot
        do {
            written = try writeDurably(header, to: temporary, disk, fill: fill)
            try prove(written, at: temporary, disk)
        } catch {
            // Half a snapshot is of no use and may be what fills the disk. Should its removal fail
            // too, the next attempt replaces it: the first fault is the one to report.
            _ = try? disk.remove(temporary)
            throw error
        }
        try onDisk { () throws(DiskFault) in
            try putInPlace(temporary, over: current, on: disk, directory: directory)
        }
        return written
    }

    /// Writes the snapshot of a state, see ``write(_:over:to:directory:fill:)``.
    package static func write(
        _ ledger: borrowing Ledger, over current: Standing, to disk: any Disk, directory: String
    ) throws(CompactionFault) {
        _ = try write(
            ledger.snapshotHeader, over: current, to: disk, directory: directory
        ) { writer throws(CompactionFault) in try fill(&writer, with: ledger) }
    }

    static func fill(
        _ writer: inout SnapshotWriter, with ledger: borrowing Ledger
    ) throws(CompactionFault) {
        do {
            try writer.append(ledger)
        } catch {
            throw .disk(error)
        }
    }

    private static func onDisk(
        _ body: () throws(DiskFault) -> Void
    ) throws(CompactionFault) {
        do {
            try body()
        } catch {
            throw .disk(error)
        }
    }

    private static func writeDurably(
        _ header: SnapshotHeader, to path: String, _ disk: any Disk,
        fill: (inout SnapshotWriter) throws(CompactionFault) -> Void
    ) throws(CompactionFault) -> WrittenSnapshot {
        let file: OpenFile
        do {
            file = try disk.createExclusively(path)
        } catch {
            throw .disk(error)
        }
        let written: WrittenSnapshot
        do throws(CompactionFault) {
            var writer = SnapshotWriter(header, to: file, on: disk)
            try fill(&writer)
            do {
                try writer.finish()
            } catch {
                throw .disk(error)
            }
            written = WrittenSnapshot(
                byteCount: writer.byteCount, totals: writer.encoder.totals,
                checksum: writer.encoder.checksum)
        } catch {
            // The descriptor is given back either way, and this fault came first.
            _ = try? disk.close(file)
            throw error
        }
        try onDisk { () throws(DiskFault) in try disk.close(file) }
        return written
    }

    /// Makes sure that the device holds what was written, and that its counters and orders agree: only
    /// then is anything older given up.
    private static func prove(
        _ written: WrittenSnapshot, at path: String, _ disk: any Disk
    ) throws(CompactionFault) {
        try onDisk { () throws(DiskFault) in try disk.dropFromCache(path) }
        let proof: SnapshotProof
        do {
            proof = try SnapshotProof.read(path, on: disk)
        } catch {
            switch error {
            case .unreadable(let fault): throw .disk(fault)
            // The checksums hold: what was merged is wrong, not what the device holds.
            case .contradiction: throw .unproven
            default: throw .disk(DiskFault(.verify, path: path, errno: 0))
            }
        }
        guard proof.checksum == written.checksum, proof.byteCount == written.byteCount else {
            throw .disk(DiskFault(.verify, path: path, errno: 0))
        }
        guard proof.holds else { throw .unproven }
    }

    private static func putInPlace(
        _ temporary: String, over current: Standing, on disk: any Disk, directory: String
    ) throws(DiskFault) {
        let present = path(name, in: directory)
        switch current {
        case .missing: break
        case .whole: try disk.rename(present, to: path(previousName, in: directory))
        case .damaged:
            try disk.rename(present, toFree: path(try freeName(on: disk, directory), in: directory))
        }
        try disk.rename(temporary, to: present)
        try disk.synchronizeDirectory(directory)
    }

    private static func freeName(
        on disk: any Disk, _ directory: String
    ) throws(DiskFault) -> String {
        var number = 1
        while try disk.size(of: path("\(damagedPrefix)\(number)", in: directory)) != nil {
            number += 1
        }
        return "\(damagedPrefix)\(number)"
    }
}

extension SnapshotWriter {
    /// Appends all of a state.
    mutating func append(_ ledger: borrowing Ledger) throws(DiskFault) {
        // The encoder lends its bytes while it changes: siblings in one value are handed over apart.
        let (disk, file) = (disk, file)
        var written = byteCount
        try ledger.encode(into: &encoder) { (encoder) throws(DiskFault) in
            guard encoder.sealedByteCount >= Self.paceByteCount else { return }
            try disk.append(encoder.sealed, to: file)
            written += encoder.sealedByteCount
            try disk.synchronize(file)
            encoder.removeSealed()
        }
        byteCount = written
    }
}
