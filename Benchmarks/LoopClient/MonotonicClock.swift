import Glibc

/// The time since an arbitrary start, in nanoseconds, for measuring durations. It never jumps, and
/// stands still while the machine sleeps.
package enum MonotonicClock {
    /// Nanoseconds since the clock's start.
    package static var nanoseconds: Int64 {
        var time = timespec()
        // SAFETY: `time` outlives the call that fills it.
        let status = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        precondition(status == 0, "Linux has this clock")
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
