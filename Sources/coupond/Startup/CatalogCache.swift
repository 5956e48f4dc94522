// One file in the state directory holds the newest catalog that was served, compiled. It serves two
// purposes: a start on definitions that have not changed need not read them, and a start on broken
// ones has something to serve. It is a copy of what can be compiled again, so a fault in it
// is logged and has no other effect: the cache is never repaired, never waited for, and may be
// deleted at any time.
//
// A new cache is written beside the old one, synchronized and renamed. So a whole one exists at
// every moment, as the second purpose requires.

import Definitions
import CouponCatalog
import CouponStore
import FlatStorage
import Foundation
import Logging
import SystemPackage
import Posix

/// Where the compiled catalog is kept from one start to the next.
struct CatalogCache: Sendable {
    static let name = "catalog.cache"
    static let temporaryName = "catalog.cache.new"

    let path: String
    private let temporaryPath: String
    private let directory: String
    private let disk = PosixDisk()

    /// The cache in a state directory.
    init(in directory: String) {
        self.directory = directory
        path = "\(directory)/\(Self.name)"
        temporaryPath = "\(directory)/\(Self.temporaryName)"
    }

    // MARK: Reading

    /// The cached catalog, if compiling the files at `paths` now would give the same; otherwise
    /// nil.
    func unchangedCatalog(at paths: [String]) throws(CatalogCacheFault) -> CachedCatalog? {
        guard let bytes = try bytes() else { return nil }
        do {
            let image = try CatalogImage(bytes.bytes)
            let isUnchanged = image.sources.areUnchanged(
                for: Self.program, paths: paths, stamp: FileStamp.init(ofFileAt:))
            guard isUnchanged else { return nil }
            return CachedCatalog(catalog: try image.catalog(), sources: image.sources)
        } catch {
            throw .unusable(error)
        }
    }

    /// The newest catalog that was served, even if definitions changed since; nil if there is none.
    func lastGoodCatalog() throws(CatalogCacheFault) -> CachedCatalog? {
        guard let bytes = try bytes() else { return nil }
        do {
            let image = try CatalogImage(bytes.bytes)
            return CachedCatalog(catalog: try image.catalog(), sources: image.sources)
        } catch {
            throw .unusable(error)
        }
    }

    private func bytes() throws(CatalogCacheFault) -> ByteBuffer? {
        do {
            guard try disk.size(of: path) != nil else { return nil }
            var bytes = ByteBuffer()
            try disk.read(path, into: &bytes)
            return bytes
        } catch {
            throw .unreadable(error)
        }
    }

    // MARK: Writing

    /// Replaces the cache durably with `catalog`. Returns its size in bytes.
    func write(
        _ catalog: borrowing Catalog, madeFrom sources: CatalogSources
    ) throws(DiskFault) -> Int {
        if try disk.size(of: temporaryPath) != nil { try disk.remove(temporaryPath) }
        let image = catalog.image(madeFrom: sources)
        do {
            try writeTemporary(image.bytes)
            try disk.rename(temporaryPath, to: path)
        } catch {
            // The file may be what fills the disk. If its removal fails, too, the next attempt
            // replaces it; the first fault is the one to report.
            _ = try? disk.remove(temporaryPath)
            throw error
        }
        try disk.synchronizeDirectory(directory)
        return image.count
    }

    private func writeTemporary(_ bytes: Span<UInt8>) throws(DiskFault) {
        let file = try disk.createExclusively(temporaryPath)
        do {
            try disk.append(bytes, to: file)
            try disk.synchronize(file)
        } catch {
            // The descriptor is released either way, and this fault came first.
            _ = try? disk.close(file)
            throw error
        }
        try disk.close(file)
    }

    // MARK: Sources

    /// A recorder for a loading of `paths` that begins now; its progress is logged to `log`, unless that is nil.
    static func recorder(
        of paths: [String], rules: LoadingRules? = nil, _ log: Logger?
    ) -> SourceRecorder {
        let recorder = SourceRecorder(
            program: program, paths: paths, now: WallClock.now * 1_000_000, rules: rules,
            stamp: FileStamp.init(ofFileAt:))
        if let log {
            let loadingLog = LoadingLog(log)
            recorder.onProgress = { loadingLog.note($0) }
        }
        return recorder
    }

    /// The compiler's identity: another build or other time zones may give another catalog from the
    /// same files.
    private static let program: String = {
        let executable = FileStamp(ofFileAt: "/proc/self/exe").map { "\($0)" } ?? "unknown"
        return "\(daemonVersion), time zones \(TimeZone.timeZoneDataVersion), \(executable)"
    }()
}

/// A catalog from the cache, and what it was compiled from.
struct CachedCatalog: ~Copyable {
    let catalog: Catalog
    let sources: CatalogSources
}

/// Why the cache cannot be used.
enum CatalogCacheFault: Error, Equatable {
    case unreadable(DiskFault)
    case unusable(CatalogImageProblem)

    /// The rest of a sentence that begins with the file's name.
    var explanation: String {
        switch self {
        case .unreadable(let fault): "cannot be read: \(Errno(rawValue: fault.errno))"
        case .unusable(.foreign): "is not a compiled catalog"
        case .unusable(.otherFormat(let version)): "has version \(version), of another coupond"
        case .unusable(.otherLayout): "is of another build of coupond"
        case .unusable(.wrongLength(nil, let found)): "ends within its header, after \(found) bytes"
        case .unusable(.wrongLength(let expected?, let found)):
            "has \(found) bytes where it should have \(expected)"
        case .unusable(.headerDamaged): "has a damaged header"
        case .unusable(.contentDamaged): "is damaged: its checksum does not match"
        case .unusable(.contradiction(let offset)): "contradicts itself at byte \(offset)"
        }
    }
}

extension FileStamp {
    /// The stamp of the file at the end of the path's links; nil if it cannot be reached.
    init?(ofFileAt path: String) {
        do throws(Errno) {
            let status = try Stat(FilePath(path))
            self.init(
                byteCount: status.size, contentChangedAt: status.st_mtim.nanoseconds,
                inodeChangedAt: status.st_ctim.nanoseconds, inode: UInt64(status.inode.rawValue))
        } catch {
            return nil
        }
    }
}

extension timespec {
    fileprivate var nanoseconds: Int64 { Int64(tv_sec) &* 1_000_000_000 &+ Int64(tv_nsec) }
}
