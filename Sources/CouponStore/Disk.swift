import FlatStorage

// What the state needs of a file system, and no more. Everything durable goes through here, so a
// test can put a simulated disk underneath, fail any operation and cut the power after each.
//
// A name is durable when its directory was synchronized after it was made, renamed or removed; the
// bytes under it when the file was. Neither implies the other.

/// Where the state is kept. Paths are whole paths; nothing here is done on the loop.
package protocol Disk: Sendable {
    /// Makes a new empty file that only its owner may read and write. Fails if the name is taken.
    func createExclusively(_ path: String) throws(DiskFault) -> OpenFile

    /// Appends all of `bytes`.
    func append(_ bytes: Span<UInt8>, to file: OpenFile) throws(DiskFault)

    /// Returns when what the file holds survives a power cut. A failure is final: what of the file
    /// reached the disk is not known then, and asking again would not tell.
    func synchronize(_ file: OpenFile) throws(DiskFault)

    /// Gives the file back to the system, also when it reports a fault.
    func close(_ file: OpenFile) throws(DiskFault)

    /// Gives a file another name, replacing what had that name, in one step.
    func rename(_ path: String, to newPath: String) throws(DiskFault)

    func remove(_ path: String) throws(DiskFault)

    /// Returns when the names in the directory survive a power cut.
    func synchronizeDirectory(_ path: String) throws(DiskFault)

    /// Appends all that the file holds to `buffer`.
    func read(_ path: String, into buffer: inout ByteBuffer) throws(DiskFault)

    /// The file's size in bytes, or nil when there is none of that name.
    func size(of path: String) throws(DiskFault) -> Int?

    /// The names in the directory, sorted.
    func list(_ directory: String) throws(DiskFault) -> [String]
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
        case create, append, synchronize, close, rename, remove, synchronizeDirectory, read
        case examine, list
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
