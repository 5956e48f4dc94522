import CUv
import Glibc

// One loop, one thread. The loop owns no handle: each keeps itself alive until closed (LoopHandle).
// At its end the loop closes what is still open and runs until libuv has let go of everything, so
// that whatever a process or a test opened is gone when its loop is.

/// A libuv event loop. Belongs to the one thread that creates and runs it.
@safe package final class EventLoop {
    /// The most bytes that one read hands to a connection.
    package static let readBytesMax = 64 * 1024

    let raw: UnsafeMutablePointer<uv_loop_t>

    /// Creates a loop. The process ignores SIGPIPE from then on: a write to a peer that left must
    /// be a fault of that connection, not the end of the process.
    package init() throws(UVFault) {
        ignoreSignal(SIGPIPE)
        let raw = UnsafeMutablePointer<uv_loop_t>.allocate(capacity: 1)
        let started = unsafe uv_loop_init(raw)
        if started < 0 {
            unsafe raw.deallocate()
            throw UVFault(.startLoop, code: started)
        }
        unsafe self.raw = raw
        // SAFETY: all connections of the loop read into this buffer. That is sound because reads
        // happen one at a time on the loop thread and lend their bytes only for one call.
        unsafe raw.pointee.data = .allocate(byteCount: Self.readBytesMax, alignment: 64)
    }

    deinit {
        closeAll()
        let status = unsafe uv_loop_close(raw)
        precondition(status == 0, "a loop closes after its handles")
        unsafe raw.pointee.data.deallocate()
        unsafe raw.deallocate()
    }

    /// Runs until `stop()` is called or nothing is left to wait for.
    package func run() {
        unsafe uv_run(raw, UV_RUN_DEFAULT)
    }

    /// Makes `run()` return at the end of this turn. A later `run()` goes on where it stopped.
    package func stop() {
        unsafe uv_stop(raw)
    }

    /// Milliseconds of a monotonic clock with an arbitrary start, read once per turn by libuv.
    package var now: Int64 {
        Int64(truncatingIfNeeded: unsafe uv_now(raw))
    }

    /// Closes every handle of the loop and runs until all close callbacks were made.
    ///
    /// Happens by itself when the loop is released; it must be called explicitly where a handler
    /// holds the loop, which would otherwise keep each other alive. Not from inside a callback.
    package func closeAll() {
        // A close callback may open something new, hence the repetition.
        repeat {
            unsafe uv_walk(
                raw,
                { handle, _ in
                    // SAFETY: only `LoopHandle` registers handles, and it sets `data` to itself.
                    guard let data = unsafe handle?.pointee.data else { return }
                    unsafe Unmanaged<LoopHandle>.fromOpaque(data)
                        ._withUnsafeGuaranteedRef { $0.close() }
                }, nil)
            unsafe uv_run(raw, UV_RUN_NOWAIT)
        } while hasHandles
    }

    private var hasHandles: Bool {
        var found = false
        unsafe withUnsafeMutablePointer(to: &found) { found in
            // SAFETY: libuv hands `found` back during this call only.
            unsafe uv_walk(
                raw,
                { _, found in unsafe found?.storeBytes(of: true, as: Bool.self) },
                found)
        }
        return found
    }
}

/// Makes the process ignore a signal from now on.
package func ignoreSignal(_ signal: CInt) {
    _ = Glibc.signal(signal, SIG_IGN)
}
