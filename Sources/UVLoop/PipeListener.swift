import CUv
import Glibc

// The listener accepts by itself instead of through `uv_listen`, for two reasons.
//
// When the process is out of file descriptors, libuv 1.44 gives up a reserve descriptor to accept
// and at once drop every connection that waits, and tells nobody; without the reserve it spins. Here
// the owner hears of the failure, accepting pauses, and those who wait stay in the kernel's queue.
//
// libuv also accepts until none is left, so that a flood of connections would keep the turn for
// itself. Here a turn accepts a bounded number; what is left wakes the loop again.

/// A Unix stream socket that listens.
@safe package final class PipeListener: LoopHandle {
    private static let acceptsPerTurnMax = 64
    private static let pauseMilliseconds: Int64 = 100

    /// Where the socket is bound; nil for one that was adopted.
    package let path: String?

    /// Nil once closed.
    private var socket: UnixSocket?
    private var pauseTimer: LoopTimer?
    private var onConnection: (Connection) -> Void = { _ in }
    private var onFailure: (UVFault) -> Void = { _ in }

    /// Binds a new socket to `path`, which must not exist. Nobody can connect before `listen`, so
    /// that owner and group may still be changed in between.
    ///
    /// - Parameters:
    ///   - loop: calls back with the connections.
    ///   - path: 1 to 107 bytes; a longer one is refused (`ENAMETOOLONG`). Removed by `close()`.
    ///   - mode: the access rights of the path.
    /// - Throws: for example `.nameSocket`, or `.bind` with `EADDRINUSE` for a path that exists.
    package convenience init(
        on loop: EventLoop, path: String, mode: UInt32
    ) throws(UVFault) {
        let address = try SocketAddress(path: path)
        let socket = try UnixSocket(.stream)
        try socket.bind(to: address)
        // Until `listen`, the kernel refuses every connection whatever the rights: no need to narrow
        // the umask, which would also narrow the files that other threads make meanwhile.
        do throws(UVFault) {
            try checkErrno(unsafe chmod(path, mode_t(mode)), .changeMode)
            try self.init(on: loop, path: path, socket: socket)
        } catch {
            unsafe unlink(path)
            throw error
        }
    }

    /// Takes over a listening Unix stream socket, for example from the service manager. It is the
    /// listener's to close, also if this throws (`EINVAL`: it is no such socket). Its path stays.
    package convenience init(on loop: EventLoop, adopting descriptor: CInt) throws(UVFault) {
        let socket = UnixSocket(owning: descriptor)
        if !socket.isListening { throw UVFault(.adopt, code: UV_EINVAL.rawValue) }
        try self.init(on: loop, path: nil, socket: socket)
    }

    private init(
        on loop: EventLoop, path: String?, socket: consuming UnixSocket
    ) throws(UVFault) {
        let descriptor = socket.descriptor
        self.path = path
        self.socket = consume socket
        try unsafe super.init(.adopt) { unsafe uv_poll_init(loop.raw, $0, descriptor) }
    }

    /// Starts to accept connections.
    ///
    /// - Parameters:
    ///   - backlog: how many connections may wait in the kernel; more are refused to their peers.
    ///   - onFailure: accepting failed, for example for want of file descriptors (`EMFILE`). It is
    ///     tried again after 100 milliseconds, and connections wait in the kernel until then.
    ///   - onConnection: owns the new connection. One that it neither starts nor closes is closed.
    /// - Throws: `.listen` or `.startTimer`.
    package func listen(
        backlog: Int32,
        onFailure: @escaping (UVFault) -> Void,
        onConnection: @escaping (Connection) -> Void
    ) throws(UVFault) {
        precondition(!isClosed && pauseTimer == nil, "a listener starts once, before its end")
        self.onFailure = onFailure
        self.onConnection = onConnection
        pauseTimer = try unsafe LoopTimer(onRaw: rawLoop) { [weak self] in self?.awaitConnections()
        }
        try socket?.listen(backlog: backlog)
        awaitConnections()
    }

    /// Stops listening, removes the path that this listener bound, and leaves the connections that
    /// were accepted alone.
    package override func close() {
        if isClosed { return }
        super.close()
        pauseTimer?.close()
        // Unlink first: once the descriptor is closed, another process may bind the path anew.
        if let path { unsafe unlink(path) }
        socket = nil
        // The closures often hold this listener, or the loop.
        onConnection = { _ in }
        onFailure = { _ in }
    }

    private func awaitConnections() {
        let status = unsafe uv_poll_start(
            handle(as: uv_poll_t.self), CInt(UV_READABLE.rawValue)
        ) { handle, status, _ in
            // SAFETY: `data` is this object, alive until its close callback.
            guard let handle = unsafe handle, let data = unsafe handle.pointee.data else { return }
            unsafe LoopMemory.of(handle.pointee.loop).pointee.beginTurn()
            unsafe Unmanaged<PipeListener>.fromOpaque(data)
                ._withUnsafeGuaranteedRef { $0.acceptWaiting(status) }
        }
        precondition(status == 0, "an open listener can be polled")
    }

    private func acceptWaiting(_ status: CInt) {
        do throws(UVFault) {
            try check(status, .accept)
            for _ in 0..<Self.acceptsPerTurnMax {
                guard let accepted = try acceptOne() else { return }
                onConnection(accepted)
                if !accepted.isStarted { accepted.close() }
            }
        } catch {
            pauseAccepting()
            onFailure(error)
        }
    }

    private func acceptOne() throws(UVFault) -> Connection? {
        // Nil once a callback closed the listener.
        guard let accepted = try socket?.accept() else { return nil }
        return try unsafe Connection(onRaw: rawLoop, socket: accepted)
    }

    private func pauseAccepting() {
        unsafe uv_poll_stop(handle(as: uv_poll_t.self))
        pauseTimer?.start(after: Self.pauseMilliseconds)
    }
}
