import FlatStorage

// The few operations that the state needs of a file system. Everything durable goes through here, so a
// test can put a simulated disk underneath, fail any operation and cut the power after each.
//
// A name is durable when its directory was synchronized after it was made, renamed or removed; the
// bytes under it when the file was. Neither implies the other.
//
// There are two ways to write. A snapshot is appended to a file that grows. The journal is written in
// place into a file whose space was taken before: then nothing but a failing device can refuse a
// write, and a write that is refused, or done in part, is as final as a failed synchronization.

/// Where the state is kept. Paths are whole paths; nothing here is done on the loop.
package protocol Disk: Sendable {
    /// Makes a new empty file that only its owner may read and write. Fails if the name is taken.
    func createExclusively(_ path: String) throws(DiskFault) -> OpenFile

    /// Makes a new file of `byteCount` zeros, 1 or more, that only its owner may read and write, and
    /// takes all of its space. Fails if the name is taken (`create`), or if the disk is full
    /// (`allocate`); then the name stays, for the caller to remove.
    func createExclusively(_ path: String, allocating byteCount: Int) throws(DiskFault) -> OpenFile

    /// Appends all of `bytes` to a file that was made without space.
    func append(_ bytes: Span<UInt8>, to file: OpenFile) throws(DiskFault)

    /// Writes all of `bytes` at `offset` of a file whose space was taken when it was made; they lie
    /// inside it. A write in part is a fault.
    func write(_ bytes: Span<UInt8>, at offset: Int, to file: OpenFile) throws(DiskFault)

    /// Returns when what the file holds survives a power cut. A failure is final: what of the file
    /// reached the disk is not known then, and another call would not show it.
    func synchronize(_ file: OpenFile) throws(DiskFault)

    /// The same for a file that another process left, and for all that is known about it.
    func synchronize(fileAt path: String) throws(DiskFault)

    /// Has the system forget its copy of what the file holds and is synchronized, so that the next
    /// read shows what the device holds.
    func dropFromCache(_ path: String) throws(DiskFault)

    /// Gives the file back to the system, also when it reports a fault.
    func close(_ file: OpenFile) throws(DiskFault)

    /// Gives a file another name, replacing what had that name, in one step.
    func rename(_ path: String, to newPath: String) throws(DiskFault)

    /// Gives a file a name that must not be taken. The caller keeps others out of the directory.
    func rename(_ path: String, toFree newPath: String) throws(DiskFault)

    func remove(_ path: String) throws(DiskFault)

    /// Returns when the names in the directory survive a power cut.
    func synchronizeDirectory(_ path: String) throws(DiskFault)

    /// Appends all that the file holds to `buffer`.
    func read(_ path: String, into buffer: inout ByteBuffer) throws(DiskFault)

    /// Appends `count` bytes of the file from `offset` on to `buffer`, or fewer where it ends before.
    func read(
        _ path: String, from offset: Int, count: Int, into buffer: inout ByteBuffer
    ) throws(DiskFault)

    /// The file's size in bytes, or nil when there is none of that name.
    func size(of path: String) throws(DiskFault) -> Int?

    /// The names in the directory, sorted.
    func list(_ directory: String) throws(DiskFault) -> [String]

    /// What an open file or directory is, also when its name is another one by now.
    func identity(of file: OpenFile) throws(DiskFault) -> FileIdentity

    /// What has that name, or nil when nothing has it.
    func identity(at path: String) throws(DiskFault) -> FileIdentity?
}

/// A file or a directory itself, under any of its names. No other one has the same identity while
/// this one is open.
package struct FileIdentity: Hashable, Sendable {
    package let device: UInt64
    package let number: UInt64

    package init(device: UInt64, number: UInt64) {
        self.device = device
        self.number = number
    }
}

/// A file that was opened and not yet closed.
package struct OpenFile: Hashable, Sendable {
    package let descriptor: CInt
    package let path: String

    package init(descriptor: CInt, path: String) {
        self.descriptor = descriptor
        self.path = path
    }
}

/// What the disk refused to do.
package struct DiskFault: Error, Hashable {
    package enum Operation: Sendable {
        case create, allocate, append, write, synchronize, close, rename, remove
        case synchronizeDirectory, dropFromCache, read, examine, list
        /// What was written was read back and is something else.
        case verify
        /// A name that must stay is gone: the file was removed or renamed while it was in use.
        case vanished
        /// A name that must stay belongs to another file by now.
        case replaced
    }

    package var operation: Operation
    package var path: String
    package var errno: CInt

    package init(_ operation: Operation, path: String, errno: CInt) {
        self.operation = operation
        self.path = path
        self.errno = errno
    }
}
