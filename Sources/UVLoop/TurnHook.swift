import CUv

/// Calls back once per turn of the loop, after everything that the turn brought and before the loop
/// waits for more: the place to finish what a turn gathered. It does not keep the loop running.
@safe package final class TurnHook: EventHandle {
    /// The loop calls `onTurn` before it polls; no more after `EventLoop.stop()`.
    package init(on loop: EventLoop, onTurn: @escaping () -> Void) throws(UVFault) {
        // SAFETY: libuv fills and keeps the handle's memory, which `LoopHandle` owns until libuv's
        // close callback; the callback below runs only while the handle is open.
        try unsafe super.init(.startTurnHook, onEvent: onTurn) {
            unsafe uv_prepare_init(loop.raw, $0)
        }
        let status = unsafe uv_prepare_start(handle(as: uv_prepare_t.self)) {
            unsafe EventHandle.tell($0)
        }
        precondition(status == 0, "a new hook starts")
        keepsLoopRunning = false
    }
}
