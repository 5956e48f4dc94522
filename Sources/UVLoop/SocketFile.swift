import Glibc

// A bound socket keeps the inode of its file alive, also once the file is removed. So no other file
// has the same number before the socket is closed, and the numbers identify the file.

/// The file that a bound socket has in a directory.
package struct SocketFile: Equatable, Sendable {
    /// What became of the file.
    package enum Standing: Equatable, Sendable {
        case intact
        case missing
        /// Another file has its path.
        case replaced
    }

    private struct Identity: Equatable, Sendable {
        var device: dev_t
        var inode: ino_t
    }

    package let path: String
    private let identity: Identity

    /// The file that is at `path` now; nil if there is none.
    package init?(at path: String) {
        guard case .success(let identity?) = Self.identity(at: path) else { return nil }
        self.path = path
        self.identity = identity
    }

    /// Whether the path still leads to the file. A path that cannot be looked at counts as intact.
    package var standing: Standing {
        switch Self.identity(at: path) {
        case .success(let present?): present == identity ? .intact : .replaced
        case .success(nil): .missing
        case .failure: .intact
        }
    }

    /// Removes the file, unless another one has its path.
    func remove() {
        if standing == .intact { unsafe unlink(path) }
    }

    private static func identity(at path: String) -> Result<Identity?, UVFault> {
        var status = stat()
        // SAFETY: lstat(2) reads the path and fills `status`; both outlive the call.
        if unsafe lstat(path, &status) == 0 {
            return .success(Identity(device: status.st_dev, inode: status.st_ino))
        }
        if errno == ENOENT || errno == ENOTDIR { return .success(nil) }
        return .failure(UVFault(.listen, errno: errno))
    }
}
