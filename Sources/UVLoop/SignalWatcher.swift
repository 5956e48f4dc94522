import CUv
import Glibc

/// Calls back on the loop when the process gets a signal. It does not keep the loop running.
@safe package final class SignalWatcher: EventHandle {
    /// Replaces the signal's default action until closed. SIGKILL and SIGSTOP cannot be watched.
    package init(on loop: EventLoop, signal: CInt, onSignal: @escaping () -> Void) throws(UVFault) {
        // SAFETY: libuv fills and keeps the handle's memory, which `LoopHandle` owns until libuv's
        // close callback; the callback below runs only while the handle is open.
        try unsafe super.init(.watchSignal, onEvent: onSignal) {
            unsafe uv_signal_init(loop.raw, $0)
        }
        let status = unsafe uv_signal_start(
            handle(as: uv_signal_t.self), { handle, _ in unsafe EventHandle.notify(handle) }, signal
        )
        if status < 0 {
            close()
            throw UVFault(.watchSignal, code: status)
        }
        keepsLoopRunning = false
        do throws(UVFault) {
            try unblock(signal)
        } catch {
            close()
            throw error
        }
    }
}

/// Unblocks `signal` on this thread. A program inherits the blocked signals of the thread that
/// started it, and the threads of many runtimes block every signal.
private func unblock(_ signal: CInt) throws(UVFault) {
    var signals = sigset_t()
    // SAFETY: the calls fill and read `signals`, which outlives them; the old mask is not asked
    // for.
    unsafe sigemptyset(&signals)
    unsafe sigaddset(&signals, signal)
    let status = unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    if status != 0 { throw UVFault(.watchSignal, errno: status) }
}
