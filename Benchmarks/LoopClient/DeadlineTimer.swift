import CTimerFD
import Glibc
import Posix
import UVLoop

// A loop's own timers count in milliseconds. This one is finer: a kernel timer (`timerfd`) becomes
// readable at its instant, and the loop watches it like a socket. Setting it also clears an expiry that
// the loop has not seen yet, so it is never read.

/// Calls back at an instant of ``MonotonicClock``, to the microsecond if the loop is not busy.
package final class DeadlineTimer {
    private let timer: KernelTimer
    private let watcher: DescriptorWatcher

    /// The loop calls `onReached` once for every instant that was set and came. None is set yet.
    package init(on loop: EventLoop, onReached: @escaping () -> Void) throws {
        let timer = try KernelTimer()
        let owner = Owner()
        self.timer = timer
        watcher = try DescriptorWatcher(
            on: loop, descriptor: timer.descriptor,
            onReadable: {
                owner.timer?.stop()
                onReached()
            },
            // The kernel's timer must outlive its watcher, which the loop may close last.
            onClose: { withExtendedLifetime(timer) {} })
        watcher.keepsLoopRunning = false
        owner.timer = self
        watcher.start()
    }

    deinit { watcher.close() }

    /// Sets the instant, in place of any other; one that has passed is reported in the next turn. Keeps
    /// the loop running until then.
    package func start(at nanoseconds: Int64) {
        if watcher.isClosed { return }
        // Zero disarms the kernel's timer.
        timer.set(to: max(1, nanoseconds))
        watcher.keepsLoopRunning = true
    }

    /// Clears the instant. The timer may be started again.
    package func stop() {
        if watcher.isClosed { return }
        timer.set(to: 0)
        watcher.keepsLoopRunning = false
    }

    package func close() { watcher.close() }

    private final class Owner {
        weak var timer: DeadlineTimer?
    }
}

/// The kernel's timer, closed with this object.
private final class KernelTimer {
    let descriptor: CInt

    init() throws {
        descriptor = timerfd_create(CLOCK_MONOTONIC, CInt(TFD_NONBLOCK | TFD_CLOEXEC))
        if descriptor < 0 { throw UVFault(.startTimer, code: -errno) }
    }

    deinit { Glibc.close(descriptor) }

    func set(to nanoseconds: Int64) {
        var setting = itimerspec()
        setting.it_value.tv_sec = Int(nanoseconds / 1_000_000_000)
        setting.it_value.tv_nsec = Int(nanoseconds % 1_000_000_000)
        // SAFETY: `setting` outlives the call that reads it; the old setting is not asked for.
        let status = unsafe timerfd_settime(descriptor, CInt(TFD_TIMER_ABSTIME), &setting, nil)
        precondition(status == 0, "an open timer takes every instant")
    }
}
