import Glibc

/// Starts a thread that runs `body` and ends with it, or with the process.
///
/// - Parameters:
///   - name: as shown by process listings, cut to 15 bytes by the kernel.
///   - body: runs on the thread.
/// - Throws: `.startThread`.
package func startThread(
    named name: String, _ body: @escaping @Sendable () -> Void
) throws(PosixFault) {
    final class Context {
        let name: String
        let body: @Sendable () -> Void
        init(_ name: String, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }
    var thread = pthread_t()
    // SAFETY: the thread takes over this retain and releases it.
    let context = unsafe Unmanaged.passRetained(Context(name, body))
    let status = unsafe pthread_create(
        &thread, nil,
        { pointer in
            guard let pointer = unsafe pointer else { return nil }
            let context = unsafe Unmanaged<Context>.fromOpaque(pointer).takeRetainedValue()
            nameThread(context.name)
            context.body()
            return nil
        }, context.toOpaque())
    if status != 0 {
        unsafe context.release()
        throw PosixFault(.startThread, errno: status)
    }
    pthread_detach(thread)
}

/// Names the calling thread. A fault is ignored: the name is for people only.
private func nameThread(_ name: String) {
    // SAFETY: open(2) reads the path, which lives for the call, and keeps no pointer.
    let descriptor = unsafe open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    if descriptor < 0 { return }
    let bytes = Array(name.utf8)
    // SAFETY: the array outlives the call that reads it.
    _ = unsafe write(descriptor, bytes, bytes.count)
    close(descriptor)
}
