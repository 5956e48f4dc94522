import CUv

/// Calls back on the loop when the process gets a signal. It does not keep the loop running.
@safe package final class SignalWatcher: LoopHandle {
    private let onSignal: () -> Void

    /// Replaces the signal's default action until closed. SIGKILL and SIGSTOP cannot be watched.
    package init(
        on loop: EventLoop, signal: CInt, onSignal: @escaping () -> Void
    ) throws(UVFault) {
        self.onSignal = onSignal
        try unsafe super.init(.watchSignal) { unsafe uv_signal_init(loop.raw, $0) }
        let status = unsafe uv_signal_start(
            handle(as: uv_signal_t.self),
            { handle, _ in
                // SAFETY: `data` is this object, alive until its close callback.
                guard let data = unsafe handle?.pointee.data else { return }
                unsafe Unmanaged<SignalWatcher>.fromOpaque(data)
                    ._withUnsafeGuaranteedRef { $0.onSignal() }
            }, signal)
        if status < 0 {
            close()
            throw UVFault(.watchSignal, code: status)
        }
        keepsLoopRunning = false
    }
}
