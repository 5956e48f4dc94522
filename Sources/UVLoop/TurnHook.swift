import CUv

// A turn is what happens between two waits: from the first callback after the loop was woken to the
// last before it waits again. Meanwhile whoever sends something is not heard, so the length of the
// longest turn is the longest that the loop has kept anybody waiting. Each callback of a handle sees
// to it that the turn's begin is known (`LoopMemory.beginTurn()`); the hook comes last and ends it.
// That makes two readings of a clock a turn, however much happens in it.

/// Calls back once per turn of the loop, after everything that the turn brought and before the loop
/// waits for more: the place to finish what a turn gathered. It does not keep the loop running.
/// A loop has one at most.
@safe package final class TurnHook: EventHandle {
    /// The loop calls back before it polls; no more after `EventLoop.stop()`.
    ///
    /// - Parameters:
    ///   - loop: whose turns are meant. What it did before now is no part of any.
    ///   - onTurn: finishes the turn; its time counts.
    ///   - afterTurn: is told for how many nanoseconds the turn kept the loop busy, time in which the
    ///     thread was not running included. Its own time counts for no turn: it has little to do.
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
            unsafe EventHandle.tell($0)
        }
        precondition(status == 0, "a new hook starts")
        keepsLoopRunning = false
    }
}
