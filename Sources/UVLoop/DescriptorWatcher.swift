import CUv

/// Calls back while a file descriptor is readable. The owner of the descriptor closes it in
/// `onClose`, or later.
@safe package final class DescriptorWatcher: EventHandle {
    /// Why the last call came, if the descriptor could not be watched any more.
    package private(set) var fault: UVFault?
    private var onClose: () -> Void

    /// The loop calls `onReadable` in each turn in which the descriptor is readable, and `onClose`
    /// when the watcher closes. It does not watch yet.
    package init(
        on loop: EventLoop, descriptor: CInt, onReadable: @escaping () -> Void,
        onClose: @escaping () -> Void = {}
    ) throws(UVFault) {
        self.onClose = onClose
        // SAFETY: libuv fills and keeps the handle's memory, which `LoopHandle` owns until libuv's
        // close callback; the callback below runs only while the handle is open.
        try unsafe super.init(.watchDescriptor, onEvent: onReadable) {
            unsafe uv_poll_init(loop.raw, $0, descriptor)
        }
    }

    /// Starts to watch.
    package func start() {
        if isClosed { return }
        fault = nil
        let status = unsafe uv_poll_start(
            handle(as: uv_poll_t.self), CInt(UV_READABLE.rawValue)
        ) { handle, status, _ in
            // SAFETY: `data` is this object, alive until its close callback.
            guard let data = unsafe handle?.pointee.data else { return }
            if status < 0 {
                unsafe Unmanaged<DescriptorWatcher>.fromOpaque(data)._withUnsafeGuaranteedRef {
                    $0.fault = UVFault(.watchDescriptor, code: status)
                }
            }
            unsafe EventHandle.notify(handle)
        }
        precondition(status == 0, "an open descriptor can be watched")
    }

    /// Stops watching. It may start again.
    package func stop() {
        if isClosed { return }
        unsafe uv_poll_stop(handle(as: uv_poll_t.self))
    }

    override func willClose() {
        stop()
        let onClose = onClose
        self.onClose = {}
        onClose()
    }
}
