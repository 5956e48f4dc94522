import CUv

/// Calls back on the loop when the process gets a signal. It does not keep the loop running.
@safe package final class SignalWatcher: EventHandle {
    /// Replaces the signal's default action until closed. SIGKILL and SIGSTOP cannot be watched.
    package init(
        on loop: EventLoop, signal: CInt, onSignal: @escaping () -> Void
    ) throws(UVFault) {
        // SAFETY: libuv fills and keeps the handle's memory, which `LoopHandle` owns until libuv's
        // close callback; the callback below runs only while the handle is open.
        try unsafe super.init(.watchSignal, onEvent: onSignal) {
            unsafe uv_signal_init(loop.raw, $0)
        }
        let status = unsafe uv_signal_start(
            handle(as: uv_signal_t.self), { handle, _ in unsafe EventHandle.tell(handle) }, signal)
        if status < 0 {
            close()
            throw UVFault(.watchSignal, code: status)
        }
        keepsLoopRunning = false
    }
}
