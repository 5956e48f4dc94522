import CUv
import Glibc

// Bytes in: all connections of a loop read into one buffer that the loop owns. The handler borrows
// it for one call and copies the bytes that it needs later.
//
// Bytes out: a write goes to the kernel at once (`uv_try_write`). Bytes that the kernel does not
// take are copied to the backlog and sent when the peer has read. While there is a backlog, later
// writes queue behind it, which keeps their order.
//
// A connection always ends the same way: `close()` here, then `ended` when libuv has released it. A
// fault is kept until then; the handler is never called from inside its own call to `write`.

/// One end of a Unix stream socket.
///
/// It lives until it is closed, even if no other object holds it, and holds its handler until then.
@safe package final class Connection: LoopHandle {
    private var handler: (any ConnectionHandler)?
    private var backlog = OutputBacklog()
    /// Whether libuv has a block of the backlog. Not a property of the backlog, because each write
    /// reads it: there it would cost a dynamic exclusivity check.
    private var isSendingBacklog = false
    private let writeRequest: UnsafeMutablePointer<uv_write_t>
    private var end = ConnectionEnd.closedHere
    private var isPaused = false
    private var peerHasFinished = false
    private var closesWhenFlushed = false

    /// Takes over a connected Unix stream socket, and closes it also if this throws.
    package convenience init(on loop: EventLoop, adopting descriptor: CInt) throws(UVFault) {
        try unsafe self.init(onRaw: loop.raw, adopting: OwnedDescriptor(descriptor))
    }

    init(
        onRaw loop: UnsafeMutablePointer<uv_loop_t>, adopting socket: consuming OwnedDescriptor
    ) throws(UVFault) {
        unsafe writeRequest = .allocate(capacity: 1)
        try unsafe super.init(.adopt) { unsafe uv_pipe_init(loop, $0, 0) }
        let status = unsafe uv_pipe_open(handle(as: uv_pipe_t.self), socket.raw)
        if status < 0 {
            close()
            throw UVFault(.adopt, code: status)
        }
        // libuv closes the descriptor from now on.
        _ = socket.relinquish()
    }

    deinit {
        // SAFETY: libuv finishes every write request before the close callback.
        unsafe writeRequest.deallocate()
    }

    private var stream: UnsafeMutablePointer<uv_stream_t> {
        // SAFETY: `uv_pipe_t` starts with the fields of `uv_stream_t`.
        unsafe handle(as: uv_stream_t.self)
    }

    /// The connection's socket, which stays the connection's; -1 after its end.
    package var descriptor: CInt {
        var descriptor: CInt = -1
        // SAFETY: `descriptor` outlives the call that fills it.
        _ = unsafe uv_fileno(handle, &descriptor)
        return descriptor
    }

    // MARK: Reading

    /// Whether `start` or `closeAfterFlush` was called.
    var isStarted: Bool { handler != nil || closesWhenFlushed }

    /// Begins to read, delivering all events to `handler`. Once, and not after the end.
    package func start(deliveringTo handler: any ConnectionHandler) {
        precondition(self.handler == nil, "a connection has one handler")
        if isClosed { return }
        self.handler = handler
        updateReading()
    }

    /// Receives nothing until `resumeReading()`; the peer's writes fill the kernel's buffer, then
    /// block the peer. Takes effect at once, also inside `received`.
    package func pauseReading() {
        isPaused = true
        updateReading()
    }

    /// Undoes `pauseReading()`.
    package func resumeReading() {
        isPaused = false
        updateReading()
    }

    private func updateReading() {
        if isClosed { return }
        if handler == nil || isPaused || peerHasFinished || closesWhenFlushed {
            unsafe uv_read_stop(stream)
            return
        }
        // SAFETY: the loop's buffer (see EventLoop) is filled and lent within one read callback;
        // `data` is this object, alive until its close callback.
        let status = unsafe uv_read_start(
            stream,
            { handle, _, buffer in
                guard let loop = unsafe handle?.pointee.loop else { return }
                // This comes before the reading.
                let memory = unsafe LoopMemory.of(loop)
                unsafe memory.pointee.beginTurn()
                unsafe buffer?.pointee = uv_buf_init(
                    memory.pointee.readBuffer.assumingMemoryBound(to: CChar.self),
                    CUnsignedInt(EventLoop.readBytesMax))
            },
            { stream, byteCount, buffer in
                guard let data = unsafe stream?.pointee.data else { return }
                let bytes = unsafe UnsafeRawBufferPointer(
                    start: buffer?.pointee.base, count: max(0, byteCount))
                unsafe Unmanaged<Connection>.fromOpaque(data)._withUnsafeGuaranteedRef {
                    unsafe $0.didRead(bytes.assumingMemoryBound(to: UInt8.self), byteCount)
                }
            })
        if status < 0, status != UV_EALREADY.rawValue { fail(UVFault(.read, code: status)) }
    }

    private func didRead(_ bytes: UnsafeBufferPointer<UInt8>, _ status: Int) {
        if status > 0 {
            // SAFETY: the handler borrows the bytes for this call, in which nothing else reads.
            unsafe handler?.received(bytes.span, on: self)
        } else if status == Int(UV_EOF.rawValue) {
            peerHasFinished = true
            handler?.peerFinished(self)
        } else if status < 0 {
            fail(UVFault(.read, code: CInt(truncatingIfNeeded: status)))
        }
    }

    // MARK: Writing

    /// Bytes written and not yet taken by the kernel.
    package var backlogByteCount: Int {
        unsafe backlog.waitingByteCount + uv_stream_get_write_queue_size(stream)
    }

    /// Sends bytes behind all earlier ones; bytes that the kernel does not take at once are copied.
    /// Ignored after `close()` and `closeAfterFlush()`. A fault ends the connection.
    package func write(_ bytes: Span<UInt8>) {
        if isClosed || closesWhenFlushed || bytes.isEmpty { return }
        if isSendingBacklog {
            backlog.append(bytes)
            return
        }
        // SAFETY: libuv copies from the bytes before it returns.
        let status = unsafe bytes.withUnsafeBufferPointer { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { bytes in
                var buffer = unsafe uv_buf_init(
                    UnsafeMutablePointer(mutating: bytes.baseAddress), CUnsignedInt(bytes.count))
                return unsafe uv_try_write(stream, &buffer, 1)
            }
        }
        if status == bytes.count { return }
        if status < 0, status != UV_EAGAIN.rawValue {
            fail(UVFault(.write, code: status))
            return
        }
        backlog.append(bytes.extracting(Int(max(0, status))...))
        sendBacklog()
    }

    private func sendBacklog() {
        isSendingBacklog = true
        let block = unsafe backlog.startSending()
        var buffer = unsafe uv_buf_init(block.baseAddress, CUnsignedInt(block.count))
        // SAFETY: `block` stays until `finishSending()`, `writeRequest` until `deinit`; both come
        // after the callback. `data` is this object, alive until its close callback, which libuv
        // makes after this one.
        let status = unsafe uv_write(writeRequest, stream, &buffer, 1) { request, status in
            guard let stream = unsafe request?.pointee.handle,
                let data = unsafe stream.pointee.data
            else { return }
            unsafe LoopMemory.of(stream.pointee.loop).pointee.beginTurn()
            unsafe Unmanaged<Connection>.fromOpaque(data)
                ._withUnsafeGuaranteedRef { $0.didSendBacklog(status) }
        }
        if status < 0 { fail(UVFault(.write, code: status)) }
    }

    private func didSendBacklog(_ status: CInt) {
        isSendingBacklog = false
        backlog.finishSending()
        if isClosed { return }
        if status < 0 {
            fail(UVFault(.write, code: status))
        } else if backlog.waitingByteCount > 0 {
            sendBacklog()
        } else if closesWhenFlushed {
            close()
        } else {
            handler?.drained(self)
        }
    }

    // MARK: Ending

    /// Closes once the kernel has taken everything written; reads nothing more. A peer that never
    /// reads keeps it open: for a time limit, call `close()`.
    package func closeAfterFlush() {
        if isClosed { return }
        closesWhenFlushed = true
        if isSendingBacklog { updateReading() } else { close() }
    }

    private func fail(_ fault: UVFault) {
        if isClosed { return }
        end = .failed(fault)
        close()
    }

    override func didClose() {
        let handler = handler
        self.handler = nil
        handler?.ended(end, on: self)
    }
}
