import CouponStore
import FlatStorage
import Synchronization

/// A simulated disk that, when told to, gives the bytes of a file back with one bit turned.
final class LyingDisk: Disk {
    let disk: SimulatedDisk
    /// Readings to come until the one that is a lie; nil for none.
    private let truthsLeft = Mutex<Int?>(nil)

    init(_ disk: SimulatedDisk = SimulatedDisk()) { self.disk = disk }

    /// Turns a bit of what is read after so many readings more.
    func lies(after count: Int = 0) { truthsLeft.withLock { $0 = count } }

    func read(_ path: String, into buffer: inout ByteBuffer) throws(DiskFault) {
        var content = ByteBuffer()
        try disk.read(path, into: &content)
        var found = array(content.bytes)
        let isLie = truthsLeft.withLock { left in
            defer { left = left.flatMap { $0 > 0 ? $0 - 1 : nil } }
            return left == 0
        }
        // Near the middle, where a segment has its first batch and a snapshot its content.
        if isLie { found[min(found.count / 2, 600)] ^= 4 }
        buffer.append(found.span)
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
}
