import Glibc

/// The outcome of a probe of a socket path.
package enum ProbeOutcome: Equatable, Sendable {
    /// The path does not exist.
    case missing
    /// The path exists but is not a socket: it must not be removed.
    case notASocket
    /// No process listens: the one that bound the path has ended. Only this outcome means "stale".
    case refused
    /// A process listens and sent these bytes.
    case answered([UInt8])
    /// A process listens, but sent nothing in time, or closed the connection.
    case silent
}

/// Finds out whether a process serves the Unix stream socket at `path`. Blocks until the timeout at
/// most.
///
/// - Parameters:
///   - path: 1 to 107 bytes. A symbolic link is not followed: it is not a socket.
///   - request: sent to the listener; short enough for an empty socket buffer.
///   - timeoutMilliseconds: how long to wait for the answer.
/// - Returns: the outcome; of an answer, the first bytes, at most 4,096.
/// - Throws: a fault that decides neither, for example `EACCES`.
package func probeUnixSocket(
    path: String, request: [UInt8], timeoutMilliseconds: Int64
) throws(PosixFault) -> ProbeOutcome {
    let address = try SocketAddress(path: path)
    var status = stat()
    // SAFETY: `status` outlives the call that fills it.
    if unsafe lstat(path, &status) < 0 {
        if errno == ENOENT { return .missing }
        throw PosixFault(.connect, errno: errno)
    }
    if status.st_mode & S_IFMT != S_IFSOCK { return .notASocket }

    let socket = try UnixSocket(.stream)
    // A listener whose backlog is full would make a blocking connect wait without bound.
    try check(fcntl(socket.descriptor, F_SETFL, O_NONBLOCK), .connect)
    do throws(PosixFault) {
        try socket.connect(to: address)
        _ = try socket.send(request, .write)
        let answer = try socket.receive(upTo: 4_096, timeoutMilliseconds: timeoutMilliseconds)
        guard let answer, !answer.isEmpty else { return .silent }
        return .answered(answer)
    } catch {
        switch (error.operation, error.errno) {
        case (.connect, ECONNREFUSED): return .refused
        case (.connect, ENOENT): return .missing
        case (.connect, EAGAIN), (.write, EPIPE), (.write, EAGAIN), (.read, ECONNRESET):
            return .silent
        default: throw error
        }
    }
}
