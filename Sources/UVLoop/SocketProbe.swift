import CUv
import Glibc

/// What stands behind a socket path.
package enum ProbeOutcome: Equatable, Sendable {
    /// There is nothing at the path.
    case missing
    /// Something other than a socket is at the path: it must not be removed.
    case notASocket
    /// Nobody listens: whoever bound the path is gone. The only outcome that means "stale".
    case refused
    /// Somebody listens and sent these bytes.
    case answered([UInt8])
    /// Somebody listens, but sent nothing in time, or hung up.
    case silent
}

/// Finds out whether somebody serves the Unix stream socket at `path`. Blocks, at most for the time.
///
/// - Parameters:
///   - path: 1 to 107 bytes. A symbolic link is not followed: it is no socket.
///   - request: sent to whoever listens; short enough for an empty socket buffer.
///   - timeoutMilliseconds: how long to wait for the answer.
/// - Returns: what was found; of an answer, what came first, at most 4,096 bytes.
/// - Throws: a fault that says neither yes nor no, for example `EACCES`.
package func probeUnixSocket(
    path: String, request: [UInt8], timeoutMilliseconds: Int64
) throws(UVFault) -> ProbeOutcome {
    let address = try SocketAddress(path: path)
    var status = stat()
    // SAFETY: `status` outlives the call that fills it.
    if unsafe lstat(path, &status) < 0 {
        if errno == ENOENT { return .missing }
        throw UVFault(.connect, errno: errno)
    }
    if status.st_mode & S_IFMT != S_IFSOCK { return .notASocket }

    let socket = try UnixSocket(.stream)
    // A listener whose backlog is full would make a blocking connect wait without bound.
    try checkErrno(fcntl(socket.descriptor, F_SETFL, O_NONBLOCK), .connect)
    do throws(UVFault) {
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
