import Glibc

/// A call into the kernel or the C library that failed.
package struct PosixFault: Error, Equatable {
    /// What was attempted, in the words of a log line.
    package enum Operation: String, Sendable {
        case nameSocket = "name the socket"
        case openSocket = "open a socket"
        case bind = "bind"
        case listen = "listen"
        case adoptSocket = "use the inherited descriptor"
        case connect = "connect"
        case read = "read"
        case write = "write"
        case readPeerCredentials = "read the peer's credentials"
        case changeMode = "change the access mode"
        case changeOwner = "change the owner"
        case findUser = "find the user"
        case findGroup = "find the group"
        case openDirectory = "open the directory"
        case openLockFile = "open the lock file"
        case lockFile = "lock the file"
        case openArchive = "open the archive"
        case synchronize = "make durable"
        case notifyServiceManager = "notify the service manager"
        case readListenVariables = "read the LISTEN variables"
        case readLimit = "read the file descriptor limit"
        case raiseLimit = "raise the file descriptor limit"
        case startThread = "start a thread"
    }

    package let operation: Operation
    /// The kernel's error number.
    package let errno: CInt

    package init(_ operation: Operation, errno: CInt) {
        precondition(errno > 0, "a fault has an error number")
        self.operation = operation
        self.errno = errno
    }
}

extension PosixFault: CustomStringConvertible {
    /// One line for a log, for example `bind: Address already in use`.
    package var description: String {
        // SAFETY: glibc returns a constant, or memory of this thread; it is copied at once.
        let reason = unsafe strerror(errno).map { unsafe String(cString: $0) } ?? "error \(errno)"
        let limit =
            operation == .nameSocket && errno == ENAMETOOLONG
            ? " (a socket path has at most \(SocketAddress.pathBytesMax) bytes)" : ""
        return "\(operation.rawValue): \(reason)\(limit)"
    }
}

/// Turns the kernel's return convention (-1 and `errno`) into a typed throw.
///
/// - Returns: `result`, which is 0 or more.
@discardableResult
func check(_ result: CInt, _ operation: PosixFault.Operation) throws(PosixFault) -> CInt {
    if result < 0 { throw PosixFault(operation, errno: Glibc.errno) }
    return result
}
