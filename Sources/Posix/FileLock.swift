import Glibc

/// An exclusive lock on a file, held for as long as this object lives: against other processes, and
/// against other locks of this process. The kernel releases it when the process dies, however it
/// dies.
///
/// The file stays: if it were removed, a third process could lock a new file of the same name while
/// a second still waits for the removed one.
package final class FileLock: Sendable {
    /// The outcome of an attempt to lock.
    package enum Attempt: Sendable {
        case acquired(FileLock)
        case heldByAnother
    }

    /// Of the locked file, which is open for as long as this object lives.
    package let descriptor: CInt

    private init(descriptor: CInt) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Locks the file at `path`, created if missing, or gives up after so many milliseconds: the
    /// locks of a killed process remain until its pending disk writes end.
    package static func attempt(
        path: String, forMilliseconds patience: Int64
    ) throws(PosixFault) -> Attempt {
        try repeated(forMilliseconds: patience) { () throws(PosixFault) in try attempt(path: path) }
    }

    private static func repeated(
        forMilliseconds patience: Int64, _ once: () throws(PosixFault) -> Attempt
    ) throws(PosixFault) -> Attempt {
        let end = BootClock.now + patience
        while true {
            let attempt = try once()
            if case .acquired = attempt { return attempt }
            if BootClock.now >= end { return attempt }
            usleep(20_000)
        }
    }

    /// Locks the file at `path`, created if missing; never waits.
    package static func attempt(path: String) throws(PosixFault) -> Attempt {
        // SAFETY: open(2) reads the path, which lives for the call, and keeps no pointer.
        let descriptor = try check(
            unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600), .openLockFile)
        return try attempt(FileLock(descriptor: descriptor))
    }

    /// Locks the file at `existingPath`, without the right to write it, or gives up after so many
    /// milliseconds. Nil if the file does not exist: then no process can hold the lock.
    package static func attempt(
        existingPath path: String, forMilliseconds patience: Int64
    ) throws(PosixFault) -> Attempt? {
        // SAFETY: open(2) reads the path, which lives for the call, and keeps no pointer.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        if descriptor < 0, errno == ENOENT { return nil }
        let lock = FileLock(descriptor: try check(descriptor, .openLockFile))
        return try repeated(forMilliseconds: patience) { () throws(PosixFault) in try attempt(lock)
        }
    }

    /// Locks the directory at `path` itself, without the right to write to it, or gives up after so
    /// many milliseconds.
    package static func attempt(
        directory path: String, forMilliseconds patience: Int64
    ) throws(PosixFault) -> Attempt {
        // SAFETY: open(2) reads the path, which lives for the call, and keeps no pointer.
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        let lock = FileLock(descriptor: try check(descriptor, .openDirectory))
        return try repeated(forMilliseconds: patience) { () throws(PosixFault) in try attempt(lock)
        }
    }

    /// Whether the locked file is still the one at `path`. If not, another process may lock that.
    package func isOfFile(at path: String) -> Bool {
        var (own, present) = (stat(), stat())
        // SAFETY: both calls fill what outlives them.
        let areFound = unsafe (fstat(descriptor, &own) == 0 && lstat(path, &present) == 0)
        return areFound && own.st_dev == present.st_dev && own.st_ino == present.st_ino
    }

    private static func attempt(_ lock: FileLock) throws(PosixFault) -> Attempt {
        let descriptor = lock.descriptor
        var status = flock(descriptor, LOCK_EX | LOCK_NB)
        while status < 0, errno == EINTR { status = flock(descriptor, LOCK_EX | LOCK_NB) }
        if status < 0, errno == EWOULDBLOCK { return .heldByAnother }
        try check(status, .lockFile)
        return .acquired(lock)
    }
}
