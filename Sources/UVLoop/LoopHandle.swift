import CUv

// Every libuv handle has the same life, so it is written once, here.
//
// libuv may touch a handle's memory until the handle's close callback has run. The object therefore
// retains itself once in `init`, and that callback releases it; its `deinit` frees the memory. A
// closed object is inert: its methods do nothing.
//
// The callbacks of all subclasses find their object through the handle's `data` field.

/// A libuv handle: alive from its creation until closed by `close()` or by its loop.
///
/// Belongs to the thread that runs its loop.
@safe package class LoopHandle {
    private let memory: UnsafeMutableRawPointer

    /// Allocates the handle and lets `initialize` register it with its loop.
    init<Handle>(
        _ operation: UVFault.Operation,
        initialize: (UnsafeMutablePointer<Handle>) -> CInt
    ) throws(UVFault) {
        let handle = UnsafeMutablePointer<Handle>.allocate(capacity: 1)
        unsafe memory = UnsafeMutableRawPointer(handle)
        try unsafe check(initialize(handle), operation)
        // SAFETY: libuv may touch `memory` until the close callback runs. This retain keeps us
        // alive until then; that callback is its only release.
        unsafe self.handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
    }

    deinit {
        unsafe memory.deallocate()
    }

    // SAFETY: every libuv handle type starts with the fields of `uv_handle_t`.
    final var handle: UnsafeMutablePointer<uv_handle_t> {
        unsafe memory.assumingMemoryBound(to: uv_handle_t.self)
    }

    /// The handle as the type it was created with.
    @inline(__always)
    final func handle<Handle>(as type: Handle.Type) -> UnsafeMutablePointer<Handle> {
        unsafe memory.assumingMemoryBound(to: Handle.self)
    }

    /// The loop, which must still exist.
    final var rawLoop: UnsafeMutablePointer<uv_loop_t> {
        unsafe handle.pointee.loop
    }

    /// Whether `close()` was called, here or by the loop at its end.
    package final var isClosed: Bool {
        unsafe uv_is_closing(handle) != 0
    }

    /// Whether `EventLoop.run()` keeps running because of this handle. True unless changed.
    package final var keepsLoopRunning: Bool {
        get { unsafe uv_has_ref(handle) != 0 }
        set {
            if isClosed { return }
            if newValue { unsafe uv_ref(handle) } else { unsafe uv_unref(handle) }
        }
    }

    /// Closes the handle: none of its callbacks comes after this, except a connection's `ended`.
    /// Closing twice is harmless.
    package func close() {
        if isClosed { return }
        unsafe uv_close(handle) { handle in
            // SAFETY: `data` holds the retain taken in `init`; the release below is its only one.
            guard let handle = unsafe handle else { return }
            unsafe LoopMemory.of(handle.pointee.loop).pointee.beginTurn()
            let keptAlive = unsafe Unmanaged<LoopHandle>.fromOpaque(handle.pointee.data)
            unsafe keptAlive._withUnsafeGuaranteedRef { $0.didClose() }
            unsafe keptAlive.release()
        }
    }

    /// Called by the loop when libuv has released the handle.
    func didClose() {}
}

/// A handle that has one kind of event, for which it calls a closure.
///
/// `close()` frees the closure: it often holds the handle itself, or the loop.
@safe package class EventHandle: LoopHandle {
    private var onEvent: () -> Void

    init<Handle>(
        _ operation: UVFault.Operation,
        onEvent: @escaping () -> Void,
        initialize: (UnsafeMutablePointer<Handle>) -> CInt
    ) throws(UVFault) {
        self.onEvent = onEvent
        try unsafe super.init(operation, initialize: initialize)
    }

    package final override func close() {
        if isClosed { return }
        willClose()
        super.close()
        onEvent = {}
    }

    /// The last call while the handle is open.
    func willClose() {}

    /// The body of every subclass's callback.
    static func notify(_ handle: UnsafeMutableRawPointer?) {
        // SAFETY: `data` is this object, alive until its close callback.
        guard let handle = unsafe handle?.assumingMemoryBound(to: uv_handle_t.self),
            let data = unsafe handle.pointee.data
        else { return }
        unsafe LoopMemory.of(handle.pointee.loop).pointee.beginTurn()
        unsafe Unmanaged<EventHandle>.fromOpaque(data)._withUnsafeGuaranteedRef { $0.onEvent() }
    }
}
