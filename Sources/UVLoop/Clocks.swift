import Glibc

/// The time of day. It can jump, forwards and backwards.
package enum WallClock {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package static var now: Int64 { milliseconds(of: CLOCK_REALTIME) }
}

/// The time since the machine started, its sleep included. It never jumps backwards, and starts
/// afresh with the machine.
package enum BootClock {
    /// Milliseconds since the machine started.
    package static var now: Int64 { milliseconds(of: CLOCK_BOOTTIME) }
}

/// The time since an arbitrary start, finer than the others: what took how long is measured with it.
/// It never jumps, and stands still while the machine sleeps.
package enum MonotonicClock {
    /// Nanoseconds since the clock's start.
    package static var nanoseconds: Int64 {
        let time = time(of: CLOCK_MONOTONIC)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

private func milliseconds(of clock: clockid_t) -> Int64 {
    let time = time(of: clock)
    return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
}

private func time(of clock: clockid_t) -> timespec {
    var time = timespec()
    // SAFETY: `time` outlives the call that fills it.
    let status = unsafe clock_gettime(clock, &time)
    precondition(status == 0, "Linux has this clock")
    return time
}
