import Glibc

/// The time of day. It can jump, forwards and backwards.
package enum WallClock {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package static var now: Int64 { milliseconds(of: CLOCK_REALTIME) }
}

/// The time since the machine started, including sleep. It never jumps backwards, and starts at
/// zero with the machine.
package enum BootClock {
    /// Milliseconds since the machine started.
    package static var now: Int64 { milliseconds(of: CLOCK_BOOTTIME) }
}

private func milliseconds(of clock: clockid_t) -> Int64 {
    var time = timespec()
    // SAFETY: `time` outlives the call that fills it.
    let status = unsafe clock_gettime(clock, &time)
    precondition(status == 0, "Linux has this clock")
    return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
}
