import FlatStorage

// A snapshot is the whole state in one file, written beside the old one and put in its place by a
// rename. At every moment, and after a power cut at every moment, what was newest is there and
// whole:
//
//   write snapshot.new → synchronize it → read it back from the device
//     → snapshot becomes snapshot.previous → snapshot.new becomes snapshot
//     → synchronize the directory
//
// Each holds everything up to a sequence of the journal. The older one is kept with all of the
// journal since, so either leads to the same state: should the newer one be damaged, nothing is
// lost. A damaged `snapshot` is never written over: the next one moves it to a name of its own. What
// is under the name `snapshot.previous` is given up when there is a newer one to take its place.

/// The files that hold the whole state.
package enum Snapshot {
    package static let name = "snapshot"
    package static let previousName = "snapshot.previous"
    package static let temporaryName = "snapshot.new"
    /// The prefix of the name that a damaged snapshot gets; a number follows it.
    package static let damagedPrefix = "snapshot.damaged-"

    /// Bytes that are written before the device is made to take them: a long queue of writes would
    /// make the journal wait behind it.
    private static let paceByteCount = 4 * 1_024 * 1_024

    /// Writes an encoded ledger durably into `directory`, on a thread of its own.
    ///
    /// `current` is what is under the name `snapshot` now. A whole one stays as `snapshot.previous`;
    /// a temporary file left over from a crash is replaced. After a fault the snapshots that were
    /// there are still there, under one of the two names.
    package static func write(
        _ encoded: borrowing ByteBuffer, over current: Standing, to disk: any Disk,
        directory: String
    ) throws(DiskFault) {
        let temporary = path(temporaryName, in: directory)
        if try disk.size(of: temporary) != nil { try disk.remove(temporary) }
        do {
            try writeDurably(encoded.bytes, to: temporary, disk)
            try readBack(encoded.bytes, from: temporary, disk)
        } catch {
            // Half a snapshot is of no use and may be what fills the disk. Should its removal fail
            // too, the next attempt replaces it: the first fault is the one to report.
            _ = try? disk.remove(temporary)
            throw error
        }
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

    /// What is under a snapshot's name.
    package enum Standing: Sendable {
        case missing, whole, damaged
    }

    private static func writeDurably(
        _ bytes: Span<UInt8>, to path: String, _ disk: any Disk
    ) throws(DiskFault) {
        let file = try disk.createExclusively(path)
        do {
            var start = 0
            while start < bytes.count {
                let end = min(start + paceByteCount, bytes.count)
                try disk.append(bytes.extracting(start..<end), to: file)
                try disk.synchronize(file)
                start = end
            }
        } catch {
            // The descriptor is given back either way, and this fault came first.
            _ = try? disk.close(file)
            throw error
        }
        try disk.close(file)
    }

    /// Makes sure that the device holds what was written: only then is anything older given up.
    private static func readBack(
        _ bytes: Span<UInt8>, from path: String, _ disk: any Disk
    ) throws(DiskFault) {
        try disk.dropFromCache(path)
        var held = ByteBuffer()
        try disk.read(path, into: &held)
        guard held.bytes.isEqual(to: bytes) else {
            throw DiskFault(.verify, path: path, errno: 0)
        }
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

    package static func path(_ name: String, in directory: String) -> String {
        "\(directory)/\(name)"
    }
}

// MARK: - Reading

/// The snapshot to start from.
struct LoadedSnapshot: ~Copyable {
    /// An empty state where no snapshot exists.
    var ledger: Ledger
    /// Of the file.
    var byteCount = 0
    /// What is under the name `snapshot`.
    var standing: Snapshot.Standing
    /// What is wrong with that file, where another one had to be taken.
    var fault: SnapshotFault?
}

extension Snapshot {
    /// The state of `snapshot`, or of `snapshot.previous` where the first is missing or damaged.
    ///
    /// Where there are snapshots and none can be read, the fault of the first is thrown: what they
    /// held is not known to be anywhere else. So it is where the older one is from before there was
    /// a journal.
    static func find(
        on disk: any Disk, directory: String, seed: HashSeed, orderLimit: Int,
        lapseClock: LapseClock
    ) throws(SnapshotFault) -> LoadedSnapshot {
        var first: SnapshotFault?
        for name in [name, previousName] {
            let path = path(name, in: directory)
            guard let bytes = try bytes(at: path, on: disk) else { continue }
            do {
                // What happened between one from before the journal and the journal's first record
                // is nowhere else.
                if first != nil, !(try SnapshotHeader(bytes.bytes).isJournalled) { break }
                let ledger = try Ledger.decoded(
                    from: bytes.bytes, seed: seed, orderLimit: orderLimit, lapseClock: lapseClock)
                let standing: Standing =
                    if first != nil { .damaged } else if name == Snapshot.name { .whole } else {
                        .missing
                    }
                return LoadedSnapshot(
                    ledger: ledger, byteCount: bytes.count, standing: standing, fault: first)
            } catch {
                if let first { throw first }
                let fault = SnapshotFault(path: path, problem: error)
                // That one is whole, and newer than what this version could make of the others.
                if case .unknownVersion = error { throw fault }
                // A damaged older one stands for nothing where the newer one is missing.
                if name == previousName { throw fault }
                first = fault
            }
        }
        if let first { throw first }
        var ledger = Ledger(seed: seed, orderLimit: orderLimit)
        ledger.lapseClock = lapseClock
        return LoadedSnapshot(ledger: ledger, standing: .missing)
    }

    private static func bytes(
        at path: String, on disk: any Disk
    ) throws(SnapshotFault) -> ByteBuffer? {
        do {
            guard try disk.size(of: path) != nil else { return nil }
            var bytes = ByteBuffer()
            try disk.read(path, into: &bytes)
            return bytes
        } catch {
            throw SnapshotFault(path: path, problem: .unreadable(error))
        }
    }
}

/// A snapshot that could not be loaded.
package struct SnapshotFault: Error, Equatable {
    package var path: String
    package var problem: SnapshotProblem

    package init(path: String, problem: SnapshotProblem) {
        self.path = path
        self.problem = problem
    }
}

/// What is wrong with a snapshot.
package enum SnapshotProblem: Error, Equatable {
    /// The disk did not give it.
    case unreadable(DiskFault)
    /// The file holds nothing.
    case empty
    /// The file is not a snapshot.
    case foreign
    /// A later version of the daemon wrote it.
    case unknownVersion(UInt32)
    /// The file is shorter or longer than it says. `expected` is nil when not even that is there.
    case wrongLength(expected: UInt64?, found: Int)
    /// The header is not what was written.
    case headerDamaged
    /// The content is not what was written.
    case contentDamaged
    /// The checksums hold, but the content contradicts itself at this offset in the file.
    case contradiction(SnapshotPart, offset: Int)
}

/// The parts of a snapshot.
package enum SnapshotPart: Sendable {
    case coupon, counter, order, image, end
}
