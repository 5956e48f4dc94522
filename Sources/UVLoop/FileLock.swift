import Glibc

/// A file held exclusively against other processes, and against other locks of this process, for as
/// long as this object lives. The kernel lets go of it when the process dies, however it dies.
///
/// The file stays behind: removing it would let a third process lock a fresh file of the same name
/// while a second still waits on the removed one.
package final class FileLock {
    /// What an attempt to lock brought.
    package enum Attempt {
        case acquired(FileLock)
        case heldByAnother
    }

    private let descriptor: CInt

    private init(descriptor: CInt) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Locks the file at `path`, created if missing, or gives up after so many milliseconds: a
    /// process that was killed a moment ago holds its locks until the disk has let go of it.
    package static func attempt(
        path: String, forMilliseconds patience: Int64
    ) throws(UVFault) -> Attempt {
        try repeated(forMilliseconds: patience) { () throws(UVFault) in try attempt(path: path) }
    }

    private static func repeated(
        forMilliseconds patience: Int64, _ once: () throws(UVFault) -> Attempt
    ) throws(UVFault) -> Attempt {
        let end = BootClock.now + patience
        while true {
            let attempt = try once()
            if case .acquired = attempt { return attempt }
            if BootClock.now >= end { return attempt }
            usleep(20_000)
        }
    }

    /// Locks the file at `path`, created if missing; never waits.
    package static func attempt(path: String) throws(UVFault) -> Attempt {
        // SAFETY: open(2) reads the path, which lives for the call, and keeps no pointer.
        let descriptor = try checkErrno(
            unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600), .openLockFile)
        return try attempt(FileLock(descriptor: descriptor))
    }

    /// Locks the file at `existingPath`, and needs no right to write it, or gives up after so many
    /// milliseconds. Nil where there is none, and so nobody who could hold it.
    package static func attempt(
        existingPath path: String, forMilliseconds patience: Int64
    ) throws(UVFault) -> Attempt? {
        // SAFETY: open(2) reads the path, which lives for the call, and keeps no pointer.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        if descriptor < 0, errno == ENOENT { return nil }
        let lock = FileLock(descriptor: try checkErrno(descriptor, .openLockFile))
        return try repeated(forMilliseconds: patience) { () throws(UVFault) in try attempt(lock) }
    }

    private static func attempt(_ lock: FileLock) throws(UVFault) -> Attempt {
        let descriptor = lock.descriptor
        var status = flock(descriptor, LOCK_EX | LOCK_NB)
        while status < 0, errno == EINTR { status = flock(descriptor, LOCK_EX | LOCK_NB) }
        if status < 0, errno == EWOULDBLOCK { return .heldByAnother }
        try checkErrno(status, .lockFile)
        return .acquired(lock)
    }
}
