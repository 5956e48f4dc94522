import CUv
import Glibc

// A loop's own timers count in milliseconds. Where that is too coarse, the kernel counts: a `timerfd`
// becomes readable at its instant, and the loop polls it like a socket. Setting it anew also takes
// back an expiry that nobody has seen yet, so it is never read.

/// Calls back at an instant of ``MonotonicClock``, to the microsecond where the loop is not busy.
@safe package final class DeadlineTimer: EventHandle {
    private let descriptor: TimerDescriptor

    /// The loop calls `onReached` once for every instant that was set and came. None is set yet.
    package init(on loop: EventLoop, onReached: @escaping () -> Void) throws(UVFault) {
        let descriptor = try TimerDescriptor()
        let raw = descriptor.raw
        self.descriptor = descriptor
        // SAFETY: libuv fills and keeps the handle's memory, which `LoopHandle` owns until libuv's
        // close callback; the callback below runs only while the handle is open.
        try unsafe super.init(.startTimer, onEvent: onReached) {
            unsafe uv_poll_init(loop.raw, $0, raw)
        }
        let status = unsafe uv_poll_start(
            handle(as: uv_poll_t.self), CInt(UV_READABLE.rawValue)
        ) { handle, _, _ in
            guard let data = unsafe handle?.pointee.data else { return }
            // SAFETY: `data` is this object, alive until its close callback.
            unsafe Unmanaged<DeadlineTimer>.fromOpaque(data)._withUnsafeGuaranteedRef { $0.stop() }
            unsafe EventHandle.tell(handle)
        }
        precondition(status == 0, "a new timer can be polled")
        keepsLoopRunning = false
    }

    /// Sets the instant, in place of any other; one that has passed is told in the next turn. Keeps
    /// the loop running until then.
    package func start(at nanoseconds: Int64) {
        if isClosed { return }
        // The kernel takes 0 for "never".
        descriptor.set(to: max(1, nanoseconds))
        keepsLoopRunning = true
    }

    /// Forgets the instant. The timer may be started again.
    package func stop() {
        if isClosed { return }
        descriptor.set(to: 0)
        keepsLoopRunning = false
    }
}

/// The kernel's timer, closed by this value's end.
private struct TimerDescriptor: ~Copyable {
    let raw: CInt

    init() throws(UVFault) {
        raw = try checkErrno(
            timerfd_create(CLOCK_MONOTONIC, CInt(TFD_NONBLOCK | TFD_CLOEXEC)), .startTimer)
    }

    deinit {
        close(raw)
    }

    func set(to nanoseconds: Int64) {
        var setting = itimerspec()
        setting.it_value.tv_sec = Int(nanoseconds / 1_000_000_000)
        setting.it_value.tv_nsec = Int(nanoseconds % 1_000_000_000)
        // SAFETY: `setting` outlives the call that reads it; the old setting is not asked for.
        let status = unsafe timerfd_settime(raw, CInt(TFD_TIMER_ABSTIME), &setting, nil)
        precondition(status == 0, "an open timer takes every instant")
    }
}
