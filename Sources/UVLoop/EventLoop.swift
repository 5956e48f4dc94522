import CUv
import Glibc

// One loop, one thread. The loop owns no handle: each keeps itself alive until closed (LoopHandle).
// At its end the loop closes every open handle and runs until libuv has released them all, so a
// process or a test leaves no handle behind.

/// A libuv event loop. Belongs to the one thread that creates and runs it.
@safe package final class EventLoop {
    /// The most bytes that one read hands to a connection.
    package static let readBytesMax = 64 * 1024

    let raw: UnsafeMutablePointer<uv_loop_t>

    /// Creates a loop. From then on the process ignores SIGPIPE: a write to a peer that left must
    /// be a fault of that connection, not the end of the process.
    package init() throws(UVFault) {
        _ = signal(SIGPIPE, SIG_IGN)
        let raw = UnsafeMutablePointer<uv_loop_t>.allocate(capacity: 1)
        let started = unsafe uv_loop_init(raw)
        if started < 0 {
            unsafe raw.deallocate()
            throw UVFault(.startLoop, code: started)
        }
        unsafe self.raw = raw
        // SAFETY: the loop's handles use this memory until the last of them is closed. `deinit`
        // waits for that and then releases it.
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

    /// Runs until `stop()` is called or no handle keeps the loop running.
    package func run() {
        unsafe uv_run(raw, UV_RUN_DEFAULT)
    }

    /// Makes `run()` return at the end of this turn. A later `run()` continues where it stopped.
    package func stop() {
        unsafe uv_stop(raw)
    }

    /// Closes every handle of the loop and runs until all close callbacks were made.
    ///
    /// Releasing the loop does the same. Call it explicitly where a handler holds the loop: the two
    /// would keep each other alive. Not from inside a callback.
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

/// The loop's memory that its handles use, found through the `data` of `uv_loop_t`.
@safe struct LoopMemory {
    // SAFETY: all connections of the loop read into this buffer, which the loop owns. That is sound
    // because reads happen one at a time on the loop thread and lend their bytes only for one call.
    let readBuffer = UnsafeMutableRawPointer.allocate(
        byteCount: EventLoop.readBytesMax, alignment: 64)
    /// When the present turn began, in nanoseconds; 0 while the loop waits.
    private var turnBeganAt: UInt64 = 0

    /// The memory of a loop that exists.
    @inline(__always)
    static func of(_ loop: UnsafeMutablePointer<uv_loop_t>) -> UnsafeMutablePointer<LoopMemory> {
        // SAFETY: `EventLoop` is the only one that sets `data`, to this type.
        unsafe loop.pointee.data.assumingMemoryBound(to: LoopMemory.self)
    }

    /// The first callback of a turn begins it. Every callback calls this, because libuv does not
    /// report when it stops waiting: its own measurement (`UV_METRICS_IDLE_TIME`) costs one more
    /// system call for each wait.
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
