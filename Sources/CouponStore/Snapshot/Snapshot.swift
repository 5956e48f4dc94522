import FlatStorage
import Glibc

// A snapshot is the whole state in one file, written beside the old one and put in its place by a
// rename. At every moment, and after a power cut at every moment, what was newest is there and
// whole:
//
//   write snapshot.new → synchronize it → read it back from the device, and prove it
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

    /// What is under a snapshot's name.
    package enum Standing: Sendable {
        case missing, whole, damaged
    }

    package static func path(_ name: String, in directory: String) -> String {
        "\(directory)/\(name)"
    }
}

// MARK: - Reading

/// A snapshot that was found, and what was made of it.
struct FoundSnapshot<Content: ~Copyable>: ~Copyable {
    /// Nil where no snapshot exists.
    var content: Content?
    /// Nil where no snapshot exists.
    var header: SnapshotHeader?
    var path = ""
    /// Of the file.
    var byteCount = 0
    /// What is under the name `snapshot`.
    var standing = Snapshot.Standing.missing
    /// What is wrong with that file, where another one had to be taken.
    var fault: SnapshotFault?

    /// What was made of it, or else that.
    consuming func content(or other: consuming Content) -> Content {
        switch consume content {
        case .some(let content): content
        case nil: other
        }
    }
}

extension Snapshot {
    /// Reads `snapshot`, or `snapshot.previous` where the first is missing, damaged, or in a bad place
    /// of the device. `read` makes something of it, and throws where it is damaged.
    ///
    /// Where there are snapshots and none can be read, the fault of the first is thrown: what they
    /// held is not known to be anywhere else. So it is where the older one is from before there was
    /// a journal.
    static func find<Content: ~Copyable>(
        on disk: any Disk, directory: String,
        _ read: (inout SnapshotReader) throws(SnapshotProblem) -> Content
    ) throws(SnapshotFault) -> FoundSnapshot<Content> {
        var first: SnapshotFault?
        for name in [name, previousName] {
            let path = path(name, in: directory)
            do throws(SnapshotProblem) {
                guard var reader = try SnapshotReader.open(path, on: disk) else { continue }
                // What happened between one from before the journal and the journal's first record
                // is nowhere else.
                if first != nil, !reader.header.isJournalled { break }
                let content = try read(&reader)
                let standing: Standing =
                    if first != nil { .damaged } else if name == Snapshot.name { .whole } else {
                        .missing
                    }
                return FoundSnapshot(
                    content: content, header: reader.header, path: path,
                    byteCount: reader.byteCount, standing: standing, fault: first)
            } catch {
                let fault = SnapshotFault(path: path, problem: error)
                if let first {
                    // Where the disk refuses to give the older one, that is what can be put right.
                    if case .unreadable = error { throw fault }
                    throw first
                }
                // A damaged older one stands for nothing where the newer one is missing.
                guard error.allowsOlder, name == Snapshot.name else { throw fault }
                first = fault
            }
        }
        if let first { throw first }
        return FoundSnapshot()
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
    /// The file ends after so many bytes, before the end of what was written.
    case endsEarly(found: Int)
    /// The header is not what was written.
    case headerDamaged
    /// The content is not what was written.
    case contentDamaged
    /// The checksums hold, but the content contradicts itself at this offset in the file.
    case contradiction(SnapshotPart, offset: Int)

    /// Whether the older snapshot may be taken in place of one with this problem.
    fileprivate var allowsOlder: Bool {
        switch self {
        // That one is whole, and newer than what this version could make of the others.
        case .unknownVersion: false
        // A bad place of the device is damage like other damage. Anything else is for the operator to
        // put right, and then the file is as good as before.
        case .unreadable(let fault): fault.errno == EIO
        case .empty, .foreign, .wrongLength, .endsEarly, .headerDamaged, .contentDamaged,
            .contradiction:
            true
        }
    }
}

/// The parts of a snapshot.
package enum SnapshotPart: Sendable {
    case coupon, counter, order, image, end
}
