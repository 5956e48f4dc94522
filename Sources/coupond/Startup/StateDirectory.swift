// The lock comes first: nothing in the directory is read before it is certain that no other daemon
// writes there. Locking also tells at once whether the directory can be written to.

import Foundation
import SystemPackage
import UVLoop

/// How long a daemon waits for another one that is just ending.
let lockPatienceMilliseconds: Int64 = 1_000

/// The directory in which this daemon, and no other, keeps its state.
struct StateDirectory {
    let path: String
    /// Held for as long as the daemon lives.
    let lock: FileLock

    /// Creates the directory if that is wanted, and claims it.
    init(claiming settings: StateSettings) throws(StartFault) {
        path = settings.directory
        try Self.makeSureItExists(settings)
        let attempt: FileLock.Attempt
        do throws(UVFault) {
            attempt = try FileLock.attempt(
                path: path + "/lock", forMilliseconds: lockPatienceMilliseconds)
        } catch {
            throw .stateDirectoryUnusable(path: path, error)
        }
        switch attempt {
        case .acquired(let lock): self.lock = lock
        case .heldByAnother: throw .stateDirectoryTaken(path: path)
        }
    }

    private static func makeSureItExists(_ settings: StateSettings) throws(StartFault) {
        let path = settings.directory
        if FileManager.default.fileExists(atPath: path) { return }
        if settings.creation == .never { throw .stateDirectoryMissing(path: path) }
        do {
            // Only the last part is created: a parent that is missing is more likely a typing
            // mistake, or a disk that is not mounted.
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: false,
                attributes: [.posixPermissions: 0o700])
        } catch {
            throw .stateDirectoryNotCreated(path: path, Errno(of: error))
        }
    }
}

extension Errno {
    /// The error number inside an error of Foundation.
    init(of error: any Error) {
        let cause = (error as? CocoaError)?.underlying ?? error
        self = (cause as? POSIXError).map { Errno(rawValue: $0.code.rawValue) } ?? .ioError
    }
}
