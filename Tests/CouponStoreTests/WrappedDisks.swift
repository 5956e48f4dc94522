import CouponStore
import FlatStorage
import StoreSupport
import Glibc
import Synchronization

/// A simulated disk with a peculiarity. What a kind of these does not change, it
/// leaves to the disk.
protocol WrappedDisk: Disk {
    var disk: SimulatedDisk { get }
}

/// Returns the bytes of a file with one bit flipped, on request.
final class LyingDisk: WrappedDisk {
    let disk: SimulatedDisk
    /// Readings to come until the one that is a lie; nil for none.
    private let truthsLeft = Mutex<Int?>(nil)

    init(_ disk: SimulatedDisk = SimulatedDisk()) { self.disk = disk }

    /// Turns a bit of what is read after so many readings more.
    func lies(after count: Int = 0) { truthsLeft.withLock { $0 = count } }

    func read(_ path: String, into buffer: inout ByteBuffer) throws(DiskFault) {
        var content = ByteBuffer()
        try disk.read(path, into: &content)
        buffer.append(seen(array(content.bytes)).span)
    }

    func read(
        _ path: String, from offset: Int, count: Int, into buffer: inout ByteBuffer
    ) throws(DiskFault) {
        var content = ByteBuffer()
        try disk.read(path, from: offset, count: count, into: &content)
        buffer.append(seen(array(content.bytes)).span)
    }

    private func seen(_ bytes: [UInt8]) -> [UInt8] {
        let isLie = truthsLeft.withLock { left in
            defer { left = left.flatMap { $0 > 0 ? $0 - 1 : nil } }
            return left == 0
        }
        guard isLie else { return bytes }
        var found = bytes
        // Where a segment has its first batch, and a snapshot its content.
        found[min(found.count / 2, 600)] ^= 4
        return found
    }
}

/// Cannot read a file from a place on.
final class BadPlaceDisk: WrappedDisk {
    let disk: SimulatedDisk
    private let path: String
    private let offset: Int
    private let errno: CInt

    init(_ disk: SimulatedDisk, _ path: String, from offset: Int, errno: CInt = EIO) {
        self.disk = disk
        self.path = path
        self.offset = offset
        self.errno = errno
    }

    func read(_ path: String, into buffer: inout ByteBuffer) throws(DiskFault) {
        try read(path, from: 0, count: .max, into: &buffer)
    }

    func read(
        _ path: String, from start: Int, count: Int, into buffer: inout ByteBuffer
    ) throws(DiskFault) {
        let byteCount = disk[path]?.count ?? 0
        if path == self.path, min(count, byteCount - start) > offset - start {
            throw DiskFault(.read, path: path, errno: errno)
        }
        try disk.read(path, from: start, count: count, into: &buffer)
    }
}

/// Counts how often files are synchronized.
final class CountingDisk: WrappedDisk {
    let disk: SimulatedDisk
    private let count = Mutex(0)

    init(_ disk: SimulatedDisk) { self.disk = disk }

    var synchronizations: Int { count.withLock { $0 } }

    func synchronize(_ file: OpenFile) throws(DiskFault) {
        count.withLock { $0 += 1 }
        try disk.synchronize(file)
    }
}

/// Has no space left at times: a file can be made, and nothing taken for it.
final class FullDisk: WrappedDisk {
    let disk = SimulatedDisk()
    private let fullness = Mutex(false)

    var isFull: Bool {
        get { fullness.withLock { $0 } }
        set { fullness.withLock { $0 = newValue } }
    }

    func createExclusively(
        _ path: String, allocating byteCount: Int
    ) throws(DiskFault) -> OpenFile {
        if isFull {
            // The name stays, for the caller to remove.
            try disk.close(disk.createExclusively(path))
            throw DiskFault(.allocate, path: path, errno: ENOSPC)
        }
        return try disk.createExclusively(path, allocating: byteCount)
    }
}

extension WrappedDisk {
    func read(
        _ path: String, from offset: Int, count: Int, into buffer: inout ByteBuffer
    ) throws(DiskFault) {
        try disk.read(path, from: offset, count: count, into: &buffer)
    }

    func read(_ path: String, into buffer: inout ByteBuffer) throws(DiskFault) {
        try disk.read(path, into: &buffer)
    }

    func createExclusively(_ path: String) throws(DiskFault) -> OpenFile {
        try disk.createExclusively(path)
    }

    func createExclusively(
        _ path: String, allocating byteCount: Int
    ) throws(DiskFault) -> OpenFile {
        try disk.createExclusively(path, allocating: byteCount)
    }

    func append(_ bytes: Span<UInt8>, to file: OpenFile) throws(DiskFault) {
        try disk.append(bytes, to: file)
    }

    func write(_ bytes: Span<UInt8>, at offset: Int, to file: OpenFile) throws(DiskFault) {
        try disk.write(bytes, at: offset, to: file)
    }

    func synchronize(_ file: OpenFile) throws(DiskFault) { try disk.synchronize(file) }

    func synchronize(fileAt path: String) throws(DiskFault) {
        try disk.synchronize(fileAt: path)
    }

    func dropFromCache(_ path: String) throws(DiskFault) { try disk.dropFromCache(path) }

    func close(_ file: OpenFile) throws(DiskFault) { try disk.close(file) }

    func rename(_ path: String, to newPath: String) throws(DiskFault) {
        try disk.rename(path, to: newPath)
    }

    func rename(_ path: String, toFree newPath: String) throws(DiskFault) {
        try disk.rename(path, toFree: newPath)
    }

    func remove(_ path: String) throws(DiskFault) { try disk.remove(path) }

    func synchronizeDirectory(_ path: String) throws(DiskFault) {
        try disk.synchronizeDirectory(path)
    }

    func size(of path: String) throws(DiskFault) -> Int? { try disk.size(of: path) }

    func list(_ directory: String) throws(DiskFault) -> [String] { try disk.list(directory) }

    func identity(of file: OpenFile) throws(DiskFault) -> FileIdentity {
        try disk.identity(of: file)
    }

    func identity(at path: String) throws(DiskFault) -> FileIdentity? {
        try disk.identity(at: path)
    }
}
