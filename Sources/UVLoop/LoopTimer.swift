import CUv

/// Calls back after a delay, once or periodically.
@safe package final class LoopTimer: EventHandle {
    /// The loop calls `onFire` each time the timer runs out. The timer does not run yet.
    package convenience init(on loop: EventLoop, onFire: @escaping () -> Void) throws(UVFault) {
        try unsafe self.init(onRaw: loop.raw, onFire: onFire)
    }

    init(
        onRaw loop: UnsafeMutablePointer<uv_loop_t>, onFire: @escaping () -> Void
    ) throws(UVFault) {
        // SAFETY: libuv fills and keeps the handle's memory, which `LoopHandle` owns until libuv's
        // close callback; the callback below runs only while the handle is open.
        try unsafe super.init(.startTimer, onEvent: onFire) { unsafe uv_timer_init(loop, $0) }
    }

    /// Starts or restarts the timer, counting from the time of this turn.
    ///
    /// Timers that run out in the same turn fire in the order of their times, and those with the
    /// same time in the order in which they were started.
    /// - Parameters:
    ///   - delayMilliseconds: 0 or less fires in the next turn.
    ///   - periodMilliseconds: time between later firings, at least 1; nil fires once.
    package func start(
        after delayMilliseconds: Int64, repeatingEvery periodMilliseconds: Int64? = nil
    ) {
        if isClosed { return }
        if let periodMilliseconds {
            precondition(periodMilliseconds >= 1, "a repeating timer has a period")
        }
        let status = unsafe uv_timer_start(
            handle(as: uv_timer_t.self), { unsafe EventHandle.notify($0) },
            UInt64(max(0, delayMilliseconds)), UInt64(periodMilliseconds ?? 0))
        precondition(status == 0, "an open timer starts")
    }

    /// Stops the timer. It may be started again.
    package func stop() {
        unsafe uv_timer_stop(handle(as: uv_timer_t.self))
    }
}
