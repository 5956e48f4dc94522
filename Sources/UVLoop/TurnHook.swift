import CUv

// A turn is the work between two waits of the loop: from the first callback after it woke to the
// last before it waits again. A client's bytes wait for the turn to end, so the longest turn is the
// longest time that the loop kept a client waiting. Each callback of a handle notes the turn's
// begin (`LoopMemory.beginTurn()`); the hook comes last and ends it. That makes two readings of a
// clock per turn, however much happens in it.

/// Calls back once per turn of the loop, after all its events and before the loop waits: the place
/// to finish the turn's work. It does not keep the loop running. A loop has one hook at most.
@safe package final class TurnHook: EventHandle {
    /// The loop calls back before it polls; no more after `EventLoop.stop()`.
    ///
    /// - Parameters:
    ///   - loop: its work before now counts for no turn.
    ///   - onTurn: finishes the turn; its time counts.
    ///   - afterTurn: gets the nanoseconds for which the turn kept the loop busy, including time in
    ///     which the thread was not running. Its own time counts for no turn.
    /// - Throws: `.startTurnHook`.
    package init(
        on loop: EventLoop, onTurn: @escaping () -> Void,
        afterTurn: @escaping (_ nanoseconds: Int64) -> Void = { _ in }
    ) throws(UVFault) {
        // SAFETY: libuv fills and keeps the handle's memory, which `LoopHandle` owns until libuv's
        // close callback; the callback below runs only while the handle is open. So do the closures
        // here, and a loop has its memory until all handles are closed.
        let memory = unsafe LoopMemory.of(loop.raw)
        let finishTurn = {
            onTurn()
            afterTurn(unsafe memory.pointee.endTurn())
        }
        _ = unsafe memory.pointee.endTurn()
        try unsafe super.init(.startTurnHook, onEvent: finishTurn) {
            unsafe uv_prepare_init(loop.raw, $0)
        }
        let status = unsafe uv_prepare_start(handle(as: uv_prepare_t.self)) {
            unsafe EventHandle.notify($0)
        }
        precondition(status == 0, "a new hook starts")
        keepsLoopRunning = false
    }
}
