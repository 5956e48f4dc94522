// A compiled catalog may be used again if compiling would bring the same: the same program, told the
// same paths, would find the same folders with the same names in them and the same files. Whether a
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
// be written once more in the same step, to the same size, and have the same stamp again. So sources
// in which some file was younger than those two seconds when reading began are not settled, and never
// found unchanged. Files from the future (a clock was wrong) are younger than that, too.

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
    struct Folder: Hashable, Sendable {
        var path: String
        /// Of the definition files in it, sorted.
        var names: [String]
    }

    struct File: Hashable, Sendable {
        var path: String
        var stamp: FileStamp
    }

    /// What compiled it, as it tells itself from other versions that may compile otherwise.
    package let program: String
    /// As configured.
    package let paths: [String]
    var folders: [Folder] = []
    var files: [File] = []
    /// Whether equal stamps mean equal files.
    package internal(set) var areSettled = true

    init(program: String, paths: [String]) {
        self.program = program
        self.paths = paths
    }

    /// Whether `program` would find at `paths` what these are. `stamp` asks the file system; nil
    /// where there is no file.
    package func areUnchanged(
        for program: String, paths: [String], stamp: (String) -> FileStamp?
    ) -> Bool {
        areSettled && program == self.program && paths == self.paths
            && folders.allSatisfy { CatalogReader.definitionNames(inFolder: $0.path) == $0.names }
            && files.allSatisfy { stamp($0.path) == $0.stamp }
    }
}

/// Notes what is read while a catalog is loaded.
package final class SourceRecorder {
    /// The coarsest step in which file systems count time.
    private static let settlingNanoseconds: Int64 = 2_000_000_000

    /// Complete when the catalog is loaded.
    package private(set) var sources: CatalogSources
    private let settledBefore: Int64
    private let stamp: (String) -> FileStamp?
    private var noted: Set<String> = []

    /// A recorder for one loading, which begins `now`, in nanoseconds since 1970.
    package init(
        program: String, paths: [String], now: Int64, stamp: @escaping (String) -> FileStamp?
    ) {
        sources = CatalogSources(program: program, paths: paths)
        settledBefore = now - Self.settlingNanoseconds
        self.stamp = stamp
    }

    func noteFolder(_ path: String, names: [String]) {
        sources.folders.append(CatalogSources.Folder(path: path, names: names))
    }

    /// Stamps a file that is about to be read.
    func noteFile(_ path: String) {
        // What is read twice keeps the stamp from before the first time.
        guard noted.insert(path).inserted else { return }
        guard let stamp = stamp(path) else {
            // Should it be there by the time it is read, it is new.
            sources.areSettled = false
            return
        }
        if stamp.contentChangedAt >= settledBefore { sources.areSettled = false }
        sources.files.append(CatalogSources.File(path: path, stamp: stamp))
    }
}
