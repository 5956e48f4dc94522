import CUv

/// Calls back once per turn of the loop, after everything that the turn brought and before the loop
/// waits for more: the place to finish what a turn gathered. It does not keep the loop running.
@safe package final class TurnHook: LoopHandle {
    private let onTurn: () -> Void

    /// The loop calls `onTurn` before it polls; no more after `EventLoop.stop()`.
    package init(on loop: EventLoop, onTurn: @escaping () -> Void) throws(UVFault) {
        self.onTurn = onTurn
        try unsafe super.init(.startTurnHook) { unsafe uv_prepare_init(loop.raw, $0) }
        let status = unsafe uv_prepare_start(handle(as: uv_prepare_t.self)) { handle in
            // SAFETY: `data` is this object, alive until its close callback.
            guard let data = unsafe handle?.pointee.data else { return }
            unsafe Unmanaged<TurnHook>.fromOpaque(data)._withUnsafeGuaranteedRef { $0.onTurn() }
        }
        precondition(status == 0, "a new hook starts")
        keepsLoopRunning = false
    }
}
