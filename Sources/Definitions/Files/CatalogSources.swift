// A compiled catalog may be used again if compiling would bring the same: the same program with the
// same paths would find the same folders with the same names in them and the same files. Whether a
// file is the same is judged by what the file system says of it, without reading it: size, time of
// the last change to its content and to its inode, and inode. The time of the inode's change is there
// because a content's time can be set to anything: a copy that keeps times is noticed by it, and so
// is a file that may no longer be read.
//
// Each file is stamped before it is read. If it changes while it is read, or afterwards, the stamp is
// the old one, and does not fit what is there at the next start.
//
// One case is left, known from version control: file systems count time in steps of some
// milliseconds, a few in steps of two seconds. A file that was written just before it was stamped can
// be written once more in the same step, to the same size, and have the same stamp again. So of a file
// that was younger than those two seconds when reading began, the stamp is not believed: it is read
// again, and a hash of what it holds decides. Files from the future (a clock was wrong) are younger
// than that, too.

import CouponRules
import FlatStorage
import Foundation

/// What a file system says of a file.
package struct FileStamp: Hashable, Sendable {
    package var byteCount: Int64
    /// Nanoseconds since 1970, as the two times below.
    package var contentChangedAt: Int64
    package var inodeChangedAt: Int64
    package var inode: UInt64

    package init(byteCount: Int64, contentChangedAt: Int64, inodeChangedAt: Int64, inode: UInt64) {
        self.byteCount = byteCount
        self.contentChangedAt = contentChangedAt
        self.inodeChangedAt = inodeChangedAt
        self.inode = inode
    }
}

/// What a catalog was compiled from.
package struct CatalogSources: Hashable, Sendable {
    package struct Folder: Hashable, Sendable {
        package var path: String
        /// Of the definition files in it, sorted.
        package var names: [String]

        package init(path: String, names: [String]) {
            self.path = path
            self.names = names
        }
    }

    package struct File: Hashable, Sendable {
        package var path: String
        package var stamp: FileStamp
        /// Whether an equal stamp does not mean equal content.
        package var isYoung: Bool
        /// Of what was read; see ``ContentHash``. 0 until it was.
        package var contentHash: UInt64
        /// Whether its last line has no line end.
        package var lacksLineEnd: Bool

        package init(
            path: String, stamp: FileStamp, isYoung: Bool, contentHash: UInt64 = 0,
            lacksLineEnd: Bool = false
        ) {
            self.path = path
            self.stamp = stamp
            self.isYoung = isYoung
            self.contentHash = contentHash
            self.lacksLineEnd = lacksLineEnd
        }
    }

    /// The version of the program that compiled it.
    package let program: String
    /// As configured.
    package let paths: [String]
    package var folders: [Folder] = []
    package var files: [File] = []
    /// Whether everything that was read is listed here.
    package var isComplete = true
    /// How many warnings there were.
    package var warningCount = 0

    package init(program: String, paths: [String]) {
        self.program = program
        self.paths = paths
    }

    /// Whether `program` would find at `paths` what these are. `stamp` asks the file system; nil
    /// where there is no file.
    package func areUnchanged(
        for program: String, paths: [String], stamp: (String) -> FileStamp?
    ) -> Bool {
        isComplete && program == self.program && paths == self.paths
            && folders.allSatisfy { CatalogReader.definitionNames(inFolder: $0.path) == $0.names }
            && files.allSatisfy { file in
                stamp(file.path) == file.stamp
                    && (!file.isYoung
                        || ContentHash(ofFileAt: file.path)?.value == file.contentHash)
            }
    }
}

extension CatalogSources {
    /// What is not at `stamp` as it was read, in words for its author: paths of folders and files.
    package func changedPaths(stamp: (String) -> FileStamp?) -> [String] {
        folders.filter { CatalogReader.definitionNames(inFolder: $0.path) != $0.names }.map(\.path)
            + files.filter { stamp($0.path) != $0.stamp }.map(\.path)
    }

    /// When the youngest of the files was changed, in nanoseconds since 1970.
    package var lastChange: Int64 { files.map(\.stamp.contentChangedAt).max() ?? .min }
}

/// A hash of a file's content, computed as it is read, piece by piece.
struct ContentHash: ~Copyable {
    /// Every piece but the last is of this size, so that the same content has the same hash.
    static let pieceByteCount = 1 << 20

    /// Never 0, not even of nothing.
    private(set) var value: UInt64 = 1

    init() {}

    /// Reads the file at `path`; nil when that is not possible.
    fileprivate init?(ofFileAt path: String) {
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            while let piece = try file.read(upToCount: Self.pieceByteCount), !piece.isEmpty {
                add(piece.span)
            }
            try file.close()
        } catch {
            return nil
        }
    }

    mutating func add(_ piece: Span<UInt8>) { value = combine(value, durableHash64(piece)) }

    /// Adds what was read in one go.
    mutating func addAll(_ content: Span<UInt8>) {
        for start in stride(from: 0, to: content.count, by: Self.pieceByteCount) {
            add(content.extracting(start..<min(start + Self.pieceByteCount, content.count)))
        }
    }
}

/// Notes what is read while a catalog is loaded.
package final class SourceRecorder {
    /// The coarsest step in which file systems count time.
    private static let clockStepNanoseconds: Int64 = 2_000_000_000

    /// How many warnings are kept; the others are counted.
    private static let warningsMax = 1_000

    /// Complete when the catalog is loaded.
    package private(set) var sources: CatalogSources
    /// The first warnings, in the order in which they were found.
    package private(set) var warnings: [DefinitionFault] = []
    /// Files that were not there when they were asked for.
    package private(set) var missingPaths: [String] = []
    /// Files that were read twice, and were not the same twice.
    package private(set) var tornPaths: [String] = []
    package let rules: LoadingRules
    /// Called by the thread that loads.
    package var onProgress: (LoadingProgress) -> Void = { _ in }
    private let youngSince: Int64
    private let stamp: (String) -> FileStamp?
    /// Of each path that has a stamp its place in the files of ``sources``.
    private var places: [String: Int] = [:]

    /// A recorder for one loading, which begins `now`, in nanoseconds since 1970.
    package init(
        program: String, paths: [String], now: Int64, rules: LoadingRules? = nil,
        stamp: @escaping (String) -> FileStamp?
    ) {
        self.rules =
            rules ?? LoadingRules(now: Instant(millisecondsSinceEpoch: now / 1_000_000))
        sources = CatalogSources(program: program, paths: paths)
        youngSince = now - Self.clockStepNanoseconds
        self.stamp = stamp
    }

    /// Whether the time for the loading is over.
    package var isOverdue: Bool { rules.deadline?.isOver ?? false }

    /// Notes what does not keep definitions from being served.
    package func warn(_ place: SourcePlace, _ field: String, _ message: String) {
        sources.warningCount += 1
        guard warnings.count < Self.warningsMax else { return }
        warnings.append(DefinitionFault(place: place, field: field, message: message))
    }

    func noteMissingLineEnd(of path: String, at place: SourcePlace, _ message: String) {
        if let index = places[path] { sources.files[index].lacksLineEnd = true }
        warn(place, "", message)
    }

    func noteFolder(_ path: String, names: [String]) {
        sources.folders.append(CatalogSources.Folder(path: path, names: names))
    }

    /// Stamps a file that is about to be read.
    func noteFile(_ path: String) {
        // What is read twice keeps the stamp from before the first time.
        guard places[path] == nil else { return }
        guard let stamp = stamp(path) else {
            // Should it be there by the time it is read, it is new.
            sources.isComplete = false
            missingPaths.append(path)
            return
        }
        places[path] = sources.files.count
        sources.files.append(
            CatalogSources.File(
                path: path, stamp: stamp, isYoung: stamp.contentChangedAt >= youngSince))
    }

    /// Takes the hash of what was read from a file.
    func noteContent(of path: String, _ hash: borrowing ContentHash) {
        guard let place = places[path] else { return }
        // What is read twice and was not the same twice is not what any one stamp stands for.
        let known = sources.files[place].contentHash
        if known != 0 && known != hash.value {
            sources.isComplete = false
            tornPaths.append(path)
        }
        sources.files[place].contentHash = hash.value
    }
}
