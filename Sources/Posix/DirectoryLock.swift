// Two locks, because each has a weakness. The one on the directory itself cannot be taken away by
// removing a name in it. The one on the file `lock` is all that the first version of the daemon had,
// and keeps that one and later ones apart.

/// A directory that belongs to this process alone, for as long as this object lives.
package final class DirectoryLock {
    /// The outcome of an attempt to lock.
    package enum Attempt {
        case acquired(DirectoryLock)
        case heldByAnother
    }

    /// Whether the file `lock` is created if it is missing.
    package enum FileCreation {
        case ifMissing
        /// Nothing is written: without the file no daemon of the first version is there.
        case never
    }

    package static let fileName = "lock"

    /// The lock of the directory itself.
    package let directory: FileLock
    /// The lock of the file in it.
    package let file: FileLock?

    private init(directory: FileLock, file: FileLock?) {
        self.directory = directory
        self.file = file
    }

    /// Locks the directory at `path`, or gives up after so many milliseconds.
    package static func attempt(
        _ path: String, creatingFile creation: FileCreation, forMilliseconds patience: Int64
    ) throws(PosixFault) -> Attempt {
        guard
            case .acquired(let directory) = try FileLock.attempt(
                directory: path, forMilliseconds: patience)
        else { return .heldByAnother }
        let filePath = "\(path)/\(fileName)"
        let attempt: FileLock.Attempt? =
            switch creation {
            case .ifMissing: try FileLock.attempt(path: filePath, forMilliseconds: patience)
            case .never: try FileLock.attempt(existingPath: filePath, forMilliseconds: patience)
            }
        switch attempt {
        case .acquired(let file):
            return .acquired(DirectoryLock(directory: directory, file: file))
        case .heldByAnother: return .heldByAnother
        case nil: return .acquired(DirectoryLock(directory: directory, file: nil))
        }
    }
}
