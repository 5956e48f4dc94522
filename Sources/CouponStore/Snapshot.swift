import FlatStorage

// A snapshot is the whole state in one file, written beside the old one and put in its place by a
// rename. At every moment, and after a power cut at every moment, either the new or the old one is
// there and whole:
//
//   write snapshot.new → synchronize it → snapshot becomes snapshot.previous
//     → snapshot.new becomes snapshot → synchronize the directory
//
// Between the two renames there is no `snapshot`; then `snapshot.previous` is the newest and is
// loaded. It is never loaded in place of a `snapshot` that is damaged: it is older, and to go back
// behind acknowledged uses is a person's decision.

/// Writes and loads the whole state.
///
/// **Promised**: a load gives the state as it was when the newest completed snapshot was encoded,
/// entirely and exactly, or a fault that says what is wrong; nothing is deleted or repaired on the
/// way. **Not promised**: what was recorded after that snapshot. Until it is followed by a journal,
/// a crash loses it.
package enum Snapshot {
    package static let name = "snapshot"
    package static let previousName = "snapshot.previous"
    package static let temporaryName = "snapshot.new"

    /// Writes an encoded ledger durably into `directory`, on a thread of its own. The snapshot
    /// before it stays as `snapshot.previous`; a temporary file left over from a crash is replaced.
    ///
    /// After a fault the snapshots that were there are still there, under one of the two names.
    package static func write(
        _ encoded: borrowing ByteBuffer, to disk: any Disk, directory: String
    ) throws(DiskFault) {
        let temporary = path(temporaryName, in: directory)
        let current = path(name, in: directory)
        if try disk.size(of: temporary) != nil { try disk.remove(temporary) }
        do {
            try writeDurably(encoded.bytes, to: temporary, disk)
        } catch {
            // Half a snapshot is of no use and may be what fills the disk. Should its removal fail
            // too, the next attempt replaces it: the first fault is the one to report.
            _ = try? disk.remove(temporary)
            throw error
        }
        if try disk.size(of: current) != nil {
            try disk.rename(current, to: path(previousName, in: directory))
        }
        try disk.rename(temporary, to: current)
        try disk.synchronizeDirectory(directory)
    }

    private static func writeDurably(
        _ bytes: Span<UInt8>, to path: String, _ disk: any Disk
    ) throws(DiskFault) {
        let file = try disk.createExclusively(path)
        do {
            try disk.append(bytes, to: file)
            try disk.synchronize(file)
        } catch {
            // The descriptor is given back either way, and this fault came first.
            _ = try? disk.close(file)
            throw error
        }
        try disk.close(file)
    }

    /// The ledger of the newest snapshot in `directory`, or an empty one where none was ever
    /// written. `orderLimit` is today's; a snapshot that holds more loads.
    package static func load(
        from disk: any Disk, directory: String, seed: HashSeed, orderLimit: Int
    ) throws(SnapshotFault) -> Ledger {
        let current = path(name, in: directory)
        let previous = path(previousName, in: directory)
        var bytes = ByteBuffer()
        let chosen: String
        do {
            if try disk.size(of: current) != nil {
                chosen = current
            } else if try disk.size(of: previous) != nil {
                chosen = previous
            } else {
                // A directory that cannot be listed is no fresh state: it may be a mount that is
                // not there.
                _ = try disk.list(directory)
                return Ledger(seed: seed, orderLimit: orderLimit)
            }
            try disk.read(chosen, into: &bytes)
        } catch {
            throw SnapshotFault(path: error.path, problem: .unreadable(error))
        }
        do {
            return try Ledger.decoded(from: bytes.bytes, seed: seed, orderLimit: orderLimit)
        } catch {
            throw SnapshotFault(path: chosen, problem: error)
        }
    }

    private static func path(_ name: String, in directory: String) -> String {
        "\(directory)/\(name)"
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
