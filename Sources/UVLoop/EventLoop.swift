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
        // SAFETY: the loop's handles find this memory until the last of them is closed, which
        // `deinit` waits for before it is released there.
        let memory = UnsafeMutablePointer<LoopMemory>.allocate(capacity: 1)
        unsafe memory.initialize(to: LoopMemory())
        unsafe raw.pointee.data = UnsafeMutableRawPointer(memory)
    }

    deinit {
        closeAll()
        let status = unsafe uv_loop_close(raw)
        precondition(status == 0, "a loop closes after its handles")
        let memory = unsafe LoopMemory.of(raw)
        unsafe memory.pointee.readBuffer.deallocate()
        unsafe memory.deallocate()
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

/// What a loop has where each of its handles finds it: behind the `data` of `uv_loop_t`.
@safe struct LoopMemory {
    // SAFETY: all connections of the loop read into this buffer, which the loop owns. That is sound
    // because reads happen one at a time on the loop thread and lend their bytes only for one call.
    let readBuffer = UnsafeMutableRawPointer.allocate(
        byteCount: EventLoop.readBytesMax, alignment: 64)
    /// When the turn began that is under way, in nanoseconds; 0 while the loop waits.
    private var turnBeganAt: UInt64 = 0

    /// The memory of a loop that exists.
    @inline(__always)
    static func of(_ loop: UnsafeMutablePointer<uv_loop_t>) -> UnsafeMutablePointer<LoopMemory> {
        // SAFETY: `EventLoop` is the only one that sets `data`, to this type.
        unsafe loop.pointee.data.assumingMemoryBound(to: LoopMemory.self)
    }

    /// Whatever calls back first in a turn begins it. Every callback says so, because libuv does not
    /// tell when it has done waiting: its own reckoning (`UV_METRICS_IDLE_TIME`) would cost a system
    /// call more for each wait.
    @inline(__always)
    mutating func beginTurn() {
        if turnBeganAt == 0 { turnBeganAt = uv_hrtime() }
    }

    /// Ends the turn. Returns how many nanoseconds it took.
    mutating func endTurn() -> Int64 {
        defer { turnBeganAt = 0 }
        return turnBeganAt == 0 ? 0 : Int64(clamping: uv_hrtime() - turnBeganAt)
    }
}

/// Makes the process ignore a signal from now on.
package func ignoreSignal(_ signal: CInt) {
    _ = Glibc.signal(signal, SIG_IGN)
}
