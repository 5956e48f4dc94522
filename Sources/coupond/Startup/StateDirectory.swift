// The lock comes first: nothing in the directory is read before it is certain that no other daemon
// writes there. Locking also shows at once whether the directory is writable. From then on the names
// of the directory and of the lock must stay: the journal's thread looks them up again and again.
//
// One check comes before the lock, if the directory must exist already: a disk that is not mounted
// leaves an empty directory in its place, and a daemon that locked it would count every coupon from
// zero.

import CouponStore
import Foundation
import SystemPackage
import Posix

/// How long a daemon waits for another one that is about to end.
let lockPatienceMilliseconds: Int64 = 1_000

/// The directory in which this daemon, and no other, keeps its state.
struct StateDirectory {
    let path: String
    /// Held for as long as the daemon lives.
    let lock: DirectoryLock
    /// The directory and its lock, under the names that they were opened by.
    let names: KeptNames

    /// Creates the directory if the settings ask for it, and locks it.
    init(locking settings: StateSettings) throws(StartFault) {
        path = settings.directory
        switch settings.creation {
        case .always: try Self.makeSureItExists(path)
        case .never: try Self.makeSureItHoldsState(path)
        }
        let attempt: DirectoryLock.Attempt
        do throws(PosixFault) {
            attempt = try DirectoryLock.attempt(
                path, creatingFile: .ifMissing, forMilliseconds: lockPatienceMilliseconds)
        } catch {
            throw .stateDirectoryUnusable(path: path, error)
        }
        switch attempt {
        case .acquired(let lock): self.lock = lock
        case .heldByAnother: throw .stateDirectoryTaken(path: path)
        }
        names = try Self.names(of: path, lock)
    }

    private static func names(
        of path: String, _ lock: DirectoryLock
    ) throws(StartFault) -> KeptNames {
        var names = KeptNames()
        let disk = PosixDisk()
        do throws(DiskFault) {
            try names.keep(
                OpenFile(descriptor: lock.directory.descriptor, path: path), on: disk)
            if let file = lock.file {
                try names.keep(
                    OpenFile(
                        descriptor: file.descriptor, path: "\(path)/\(DirectoryLock.fileName)"),
                    on: disk)
            }
        } catch {
            throw .unusableState(.disk(error), directory: path)
        }
        return names
    }

    private static func makeSureItExists(_ path: String) throws(StartFault) {
        if FileManager.default.fileExists(atPath: path) { return }
        do {
            // Only the last part is created: a parent that is missing is more likely a typing
            // mistake, or a disk that is not mounted.
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: false,
                attributes: [.posixPermissions: 0o700])
        } catch {
            throw .stateDirectoryNotCreated(path: path, Errno(of: error))
        }
        do throws(DiskFault) {
            let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
            try PosixDisk().synchronizeDirectory(parent)
        } catch {
            throw .stateDirectoryNotCreated(path: path, Errno(rawValue: error.errno))
        }
    }

    /// Refuses a directory in which no daemon has ever served.
    private static func makeSureItHoldsState(_ path: String) throws(StartFault) {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            let reason = Errno(of: error)
            if reason == .noSuchFileOrDirectory { throw .stateDirectoryMissing(path: path) }
            throw .stateDirectoryUnreadable(path: path, reason)
        }
        if !names.contains(where: isOfState) { throw .stateDirectoryEmpty(path: path) }
    }

    /// Whether a file of that name holds state: every daemon has a segment before it serves.
    private static func isOfState(_ name: String) -> Bool {
        name == Snapshot.name || name == Snapshot.previousName || name == JournalAnchor.name
            || SegmentName(name) != nil
    }
}

extension Errno {
    /// The error number inside an error of Foundation.
    init(of error: any Error) {
        let cause = (error as? CocoaError)?.underlying ?? error
        self = (cause as? POSIXError).map { Errno(rawValue: $0.code.rawValue) } ?? .ioError
    }
}
