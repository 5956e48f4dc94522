import Glibc

// The listener accepts by itself instead of through `uv_listen`, for two reasons.
//
// When the process is out of file descriptors, libuv 1.44 accepts with a reserve descriptor and
// drops every waiting connection without a report; without the reserve it spins. Here the owner
// gets the fault, accepting pauses, and the connections wait in the kernel's queue.
//
// libuv also accepts until no connection waits, so a flood of connections would occupy the turn.
// Here a turn accepts a bounded number; the rest wakes the loop again.

/// A listening Unix stream socket. It lives until it is closed, by `close()` or by its loop.
package final class PipeListener {
    private static let acceptsPerTurnMax = 64
    private static let pauseMilliseconds: Int64 = 100

    /// The file that `close()` removes; nil if it removes none.
    package let file: SocketFile?
    /// Nil once closed.
    private var socket: OwnedDescriptor?
    private var watcher: DescriptorWatcher?
    private var pauseTimer: LoopTimer?
    private var onConnection: (Connection) -> Void = { _ in }
    private var onFailure: (UVFault) -> Void = { _ in }

    /// Takes over a bound Unix stream socket, which blocks no longer. The listener closes it, also
    /// if this throws. No client can connect before `listen`.
    ///
    /// - Parameters:
    ///   - loop: calls back with the connections.
    ///   - descriptor: the socket.
    ///   - path: its file is removed by `close()`, and if this throws; nil for one that stays. A
    ///     file that replaced it stays, too.
    /// - Throws: `UVFault` when libuv cannot watch the descriptor.
    package init(
        on loop: EventLoop, adopting descriptor: CInt, removing path: String? = nil
    ) throws(UVFault) {
        file = path.flatMap { SocketFile(at: $0) }
        socket = OwnedDescriptor(descriptor)
        do throws(UVFault) {
            // The closures keep the listener alive until the watcher is closed.
            watcher = try DescriptorWatcher(
                on: loop, descriptor: descriptor, onReadable: { self.acceptWaiting() },
                onClose: { self.didClose() })
        } catch {
            file?.remove()
            throw error
        }
    }

    /// Starts to accept connections.
    ///
    /// - Parameters:
    ///   - backlog: how many connections may wait in the kernel; more are refused to their peers.
    ///   - onFailure: accepting failed, for example for want of file descriptors (`EMFILE`). The
    ///     listener tries again after 100 milliseconds; connections wait in the kernel until then.
    ///   - onConnection: owns the new connection. One that it neither starts nor closes is closed.
    /// - Throws: `.listen` or `.startTimer`.
    package func listen(
        backlog: Int32,
        onFailure: @escaping (UVFault) -> Void,
        onConnection: @escaping (Connection) -> Void
    ) throws(UVFault) {
        guard pauseTimer == nil, let watcher, let descriptor = socket?.raw else {
            preconditionFailure("a listener starts once, before its end")
        }
        self.onFailure = onFailure
        self.onConnection = onConnection
        // SAFETY: the watcher is open, so its loop exists.
        pauseTimer = try unsafe LoopTimer(onRaw: watcher.rawLoop) { [weak watcher] in
            watcher?.start()
        }
        try checkErrno(Glibc.listen(descriptor, backlog), .listen)
        watcher.start()
    }

    /// Whether `close()` was called, here or by the loop at its end.
    package var isClosed: Bool { watcher == nil }

    /// Stops listening and removes its file. Connections that were accepted stay open.
    package func close() {
        watcher?.close()
    }

    private func didClose() {
        watcher = nil
        pauseTimer?.close()
        // First the file: once the descriptor is closed, another process may bind the path again, and
        // another file may have the same inode.
        file?.remove()
        socket = nil
        // The closures often hold this listener, or the loop.
        onConnection = { _ in }
        onFailure = { _ in }
    }

    private func acceptWaiting() {
        do throws(UVFault) {
            if let fault = watcher?.fault { throw fault }
            for _ in 0..<Self.acceptsPerTurnMax {
                guard let accepted = try acceptOne() else { return }
                onConnection(accepted)
                if !accepted.isStarted { accepted.close() }
            }
        } catch {
            watcher?.stop()
            pauseTimer?.start(after: Self.pauseMilliseconds)
            onFailure(error)
        }
    }

    /// The next waiting connection; nil if none waits, or a callback closed the listener.
    private func acceptOne() throws(UVFault) -> Connection? {
        guard let watcher, let listening = socket?.raw else { return nil }
        while true {
            let descriptor = accept(listening, nil, nil)
            if descriptor >= 0 {
                let accepted = OwnedDescriptor(descriptor)
                try checkErrno(fcntl(descriptor, F_SETFD, FD_CLOEXEC), .accept)
                // SAFETY: the watcher is open, so its loop exists.
                return try unsafe Connection(onRaw: watcher.rawLoop, adopting: accepted)
            }
            switch errno {
            case EAGAIN: return nil
            // The peer gave up while it waited; the next one may not have.
            case EINTR, ECONNABORTED: continue
            default: throw UVFault(.accept, errno: errno)
            }
        }
    }
}
