import FlatStorage
import Glibc

/// The disk of the machine.
///
/// Descriptors are closed on exec, files are created for their owner alone (0600), interrupted calls
/// are repeated, and short writes continued where the file grows.
@safe
package struct PosixDisk: Disk {
    package init() {}

    package func createExclusively(_ path: String) throws(DiskFault) -> OpenFile {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC
        return OpenFile(descriptor: try opened(path, flags, for: .create), path: path)
    }

    package func createExclusively(
        _ path: String, allocating byteCount: Int
    ) throws(DiskFault) -> OpenFile {
        // Not for appending: Linux then ignores the offset and writes at the end.
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
        let descriptor = try opened(path, flags, for: .create)
        // It returns the error. Where the file system cannot take space, glibc writes zeros.
        var failure = posix_fallocate(descriptor, 0, byteCount)
        while failure == EINTR { failure = posix_fallocate(descriptor, 0, byteCount) }
        guard failure == 0 else {
            _ = Glibc.close(descriptor)
            throw DiskFault(.allocate, path: path, errno: failure)
        }
        return OpenFile(descriptor: descriptor, path: path)
    }

    package func append(_ bytes: Span<UInt8>, to file: OpenFile) throws(DiskFault) {
        var done = 0
        while done < bytes.count {
            let rest = bytes.extracting(done..<bytes.count)
            // SAFETY: the kernel reads `count` bytes of the span, which lives through the call.
            let written = Self.repeated {
                unsafe rest.withUnsafeBufferPointer {
                    unsafe Glibc.write(file.descriptor, $0.baseAddress, $0.count)
                }
            }
            guard written >= 0 else { throw DiskFault(.append, path: file.path, errno: errno) }
            // A regular file takes at least one byte or says why not; anything else would turn here.
            guard written > 0 else { throw DiskFault(.append, path: file.path, errno: EIO) }
            done += written
        }
    }

    package func write(_ bytes: Span<UInt8>, at offset: Int, to file: OpenFile) throws(DiskFault) {
        // SAFETY: the kernel reads `count` bytes of the span, which lives through the call.
        let written = Self.repeated {
            unsafe bytes.withUnsafeBufferPointer {
                unsafe pwrite(file.descriptor, $0.baseAddress, $0.count, offset)
            }
        }
        guard written >= 0 else { throw DiskFault(.write, path: file.path, errno: errno) }
        // The space was there: a device that takes a part of it is failing.
        guard written == bytes.count else { throw DiskFault(.write, path: file.path, errno: EIO) }
    }

    package func synchronize(_ file: OpenFile) throws(DiskFault) {
        // The size is data for this purpose, and fdatasync keeps it; times are not.
        guard Self.repeated({ fdatasync(file.descriptor) }) == 0 else {
            throw DiskFault(.synchronize, path: file.path, errno: errno)
        }
    }

    package func synchronize(fileAt path: String) throws(DiskFault) {
        let file = try opened(path, O_RDONLY | O_CLOEXEC, for: .synchronize)
        defer { _ = Glibc.close(file) }
        guard Self.repeated({ fsync(file) }) == 0 else {
            throw DiskFault(.synchronize, path: path, errno: errno)
        }
    }

    package func dropFromCache(_ path: String) throws(DiskFault) {
        let file = try opened(path, O_RDONLY | O_CLOEXEC, for: .dropFromCache)
        defer { _ = Glibc.close(file) }
        // It returns the error. A length of 0 is all of the file.
        let failure = posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED)
        guard failure == 0 else { throw DiskFault(.dropFromCache, path: path, errno: failure) }
    }

    package func close(_ file: OpenFile) throws(DiskFault) {
        // Never repeated: Linux has let go of the descriptor even when it was interrupted.
        guard Glibc.close(file.descriptor) == 0 || errno == EINTR else {
            throw DiskFault(.close, path: file.path, errno: errno)
        }
    }

    package func rename(_ path: String, to newPath: String) throws(DiskFault) {
        // SAFETY: both paths are C strings for the length of the call.
        guard unsafe Glibc.rename(path, newPath) == 0 else {
            throw DiskFault(.rename, path: path, errno: errno)
        }
    }

    package func rename(_ path: String, toFree newPath: String) throws(DiskFault) {
        // Two steps, where Linux has one: not every file system has it, and no one else writes here.
        guard try status(of: newPath) == nil else {
            throw DiskFault(.rename, path: path, errno: EEXIST)
        }
        try rename(path, to: newPath)
    }

    package func remove(_ path: String) throws(DiskFault) {
        // SAFETY: the path is a C string for the length of the call.
        guard unsafe unlink(path) == 0 else {
            throw DiskFault(.remove, path: path, errno: errno)
        }
    }

    package func synchronizeDirectory(_ path: String) throws(DiskFault) {
        let directory = try opened(
            path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, for: .synchronizeDirectory)
        defer { _ = Glibc.close(directory) }
        guard Self.repeated({ fsync(directory) }) == 0 else {
            throw DiskFault(.synchronizeDirectory, path: path, errno: errno)
        }
    }

    package func read(_ path: String, into buffer: inout ByteBuffer) throws(DiskFault) {
        let file = try opened(path, O_RDONLY | O_CLOEXEC, for: .read)
        defer { _ = Glibc.close(file) }
        // The size is only where to start from: the end is where nothing more comes.
        let expected = try Int(status(of: path)?.st_size ?? 0)
        buffer.reserve(buffer.count + expected + 1)
        var isAtEnd = false
        while !isAtEnd {
            let free = buffer.capacity - buffer.count
            let room = free > 0 ? free : 64 * 1_024
            try buffer.append(addingCapacity: room) { (output) throws(DiskFault) in
                // SAFETY: the kernel writes at most the free part, and the count says how much.
                let received = unsafe output.withUnsafeMutableBufferPointer { tail, initialized in
                    let received = Self.repeated {
                        unsafe Glibc.read(file, tail.baseAddress, tail.count)
                    }
                    initialized = max(received, 0)
                    return received
                }
                guard received >= 0 else { throw DiskFault(.read, path: path, errno: errno) }
                isAtEnd = received == 0
            }
        }
    }

    package func read(
        _ path: String, from offset: Int, count: Int, into buffer: inout ByteBuffer
    ) throws(DiskFault) {
        let file = try opened(path, O_RDONLY | O_CLOEXEC, for: .read)
        defer { _ = Glibc.close(file) }
        var done = 0
        while done < count {
            var added = 0
            try buffer.append(addingCapacity: count - done) { (output) throws(DiskFault) in
                // SAFETY: the kernel writes at most the free part, and the count says how much.
                let received = unsafe output.withUnsafeMutableBufferPointer { tail, initialized in
                    let received = Self.repeated {
                        unsafe pread(file, tail.baseAddress, tail.count, offset + done)
                    }
                    initialized = max(received, 0)
                    return received
                }
                guard received >= 0 else { throw DiskFault(.read, path: path, errno: errno) }
                added = received
            }
            if added == 0 { return }
            done += added
        }
    }

    package func size(of path: String) throws(DiskFault) -> Int? {
        try status(of: path).map { Int($0.st_size) }
    }

    package func list(_ directory: String) throws(DiskFault) -> [String] {
        // SAFETY: the stream is ours from opendir to closedir; an entry is read before the next
        // call of readdir makes it invalid, and its name ends with a zero byte.
        guard let stream = unsafe opendir(directory) else {
            throw DiskFault(.list, path: directory, errno: errno)
        }
        defer { _ = unsafe closedir(stream) }
        var names: [String] = []
        errno = 0
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: UInt8.self))
            }
            if name != "." && name != ".." { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw DiskFault(.list, path: directory, errno: errno) }
        return names.sorted()
    }

    package func identity(of file: OpenFile) throws(DiskFault) -> FileIdentity {
        var status = stat()
        // SAFETY: the status is ours for the length of the call.
        guard unsafe fstat(file.descriptor, &status) == 0 else {
            throw DiskFault(.examine, path: file.path, errno: errno)
        }
        return FileIdentity(device: UInt64(status.st_dev), number: UInt64(status.st_ino))
    }

    package func identity(at path: String) throws(DiskFault) -> FileIdentity? {
        do {
            return try status(of: path).map {
                FileIdentity(device: UInt64($0.st_dev), number: UInt64($0.st_ino))
            }
        } catch {
            // A directory in whose place a file stands is gone, and all in it.
            if error.errno == ENOTDIR { return nil }
            throw error
        }
    }

    private func opened(
        _ path: String, _ flags: CInt, for operation: DiskFault.Operation
    ) throws(DiskFault) -> CInt {
        // SAFETY: the path is a C string for the length of the call. The mode counts only where the
        // flags create a file.
        // Without waiting: a pipe in a file's place would block the caller for ever.
        let descriptor = Self.repeated { unsafe open(path, flags | O_NONBLOCK, 0o600) }
        guard descriptor >= 0 else { throw DiskFault(operation, path: path, errno: errno) }
        var status = stat()
        // SAFETY: the status is ours for the length of the call.
        let isKnown = unsafe fstat(descriptor, &status) == 0
        let kind = status.st_mode & S_IFMT
        guard isKnown, kind == S_IFREG || kind == S_IFDIR else {
            _ = Glibc.close(descriptor)
            throw DiskFault(operation, path: path, errno: EINVAL)
        }
        return descriptor
    }

    private func status(of path: String) throws(DiskFault) -> stat? {
        var status = stat()
        // SAFETY: the path is a C string and the status is ours for the length of the call.
        if unsafe stat(path, &status) == 0 { return status }
        if errno == ENOENT { return nil }
        throw DiskFault(.examine, path: path, errno: errno)
    }

    /// Repeats a call that a signal interrupted before it did anything.
    private static func repeated<Result: SignedInteger>(_ call: () -> Result) -> Result {
        while true {
            let result = call()
            if result >= 0 || errno != EINTR { return result }
        }
    }
}
