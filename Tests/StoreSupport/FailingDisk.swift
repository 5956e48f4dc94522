import CouponStore
import FlatStorage
import Glibc

/// The machine's disk with a bad place in one file: a read gets what stands before it.
package struct FailingDisk: Disk {
    private let disk = PosixDisk()
    private let badPath: String
    private let badOffset: Int
    private let errno: CInt

    package init(_ path: String, badFrom offset: Int, errno: CInt = EIO) {
        badPath = path
        badOffset = offset
        self.errno = errno
    }

    package func read(_ path: String, into buffer: inout ByteBuffer) throws(DiskFault) {
        let start = buffer.count
        try disk.read(path, into: &buffer)
        guard path == badPath else { return }
        buffer.truncate(to: start + badOffset)
        throw DiskFault(.read, path: path, errno: errno)
    }

    package func read(
        _ path: String, from offset: Int, count: Int, into buffer: inout ByteBuffer
    ) throws(DiskFault) {
        guard path == badPath, offset + count > badOffset else {
            return try disk.read(path, from: offset, count: count, into: &buffer)
        }
        let good = max(0, badOffset - offset)
        try disk.read(path, from: offset, count: good, into: &buffer)
        throw DiskFault(.read, path: path, errno: errno)
    }

    package func createExclusively(_ path: String) throws(DiskFault) -> OpenFile {
        try disk.createExclusively(path)
    }

    package func createExclusively(
        _ path: String, allocating byteCount: Int
    ) throws(DiskFault) -> OpenFile {
        try disk.createExclusively(path, allocating: byteCount)
    }

    package func append(_ bytes: Span<UInt8>, to file: OpenFile) throws(DiskFault) {
        try disk.append(bytes, to: file)
    }

    package func write(
        _ bytes: Span<UInt8>, at offset: Int, to file: OpenFile
    ) throws(DiskFault) { try disk.write(bytes, at: offset, to: file) }

    package func synchronize(_ file: OpenFile) throws(DiskFault) { try disk.synchronize(file) }

    package func synchronize(fileAt path: String) throws(DiskFault) {
        try disk.synchronize(fileAt: path)
    }

    package func dropFromCache(_ path: String) throws(DiskFault) { try disk.dropFromCache(path) }

    package func close(_ file: OpenFile) throws(DiskFault) { try disk.close(file) }

    package func rename(_ path: String, to newPath: String) throws(DiskFault) {
        try disk.rename(path, to: newPath)
    }

    package func rename(_ path: String, toFree newPath: String) throws(DiskFault) {
        try disk.rename(path, toFree: newPath)
    }

    package func remove(_ path: String) throws(DiskFault) { try disk.remove(path) }

    package func synchronizeDirectory(_ path: String) throws(DiskFault) {
        try disk.synchronizeDirectory(path)
    }

    package func size(of path: String) throws(DiskFault) -> Int? { try disk.size(of: path) }

    package func list(_ directory: String) throws(DiskFault) -> [String] {
        try disk.list(directory)
    }

    package func identity(of file: OpenFile) throws(DiskFault) -> FileIdentity {
        try disk.identity(of: file)
    }

    package func identity(at path: String) throws(DiskFault) -> FileIdentity? {
        try disk.identity(at: path)
    }
}
