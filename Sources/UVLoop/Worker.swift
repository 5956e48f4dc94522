import CUv
import Glibc
import Synchronization

// A worker has a thread of its own instead of a place in libuv's pool: the pool has four threads
// for everything, and a job of many seconds there would delay short ones.
//
// One thread runs the jobs one by one, so their results come back in the same order. The loop keeps
// the delivery closures in a queue of its own, which never leaves the loop thread; only the job,
// its result and the message "one more is done" cross threads.
//
// The C library keeps some of the small blocks that a thread freed, and each keeps the memory
// around it: after a job with gigabytes in small pieces, the process would stay large. All of that
// memory is returned when the thread ends. So a worker may run each job on a new thread, while its
// own waits.

/// Runs jobs one after another on its own thread and delivers their results on the loop.
///
/// Belongs to the loop thread. It keeps the loop running only while jobs are queued or running.
package final class Worker {
    private let inbox: JobQueue
    private var finished: Mailbox<Void>?
    private var deliveries: [() -> Void] = []
    /// Nil before the start and after the end.
    private var thread: uv_thread_t?

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - loop: where results are delivered.
    ///   - name: as shown by process listings, cut to 15 bytes by the kernel.
    ///   - niceness: 0 is normal, 19 yields to everything else.
    ///   - returnsMemory: whether each job runs on a new thread, so that the memory it freed returns
    ///     to the system at its end. For few, large jobs.
    /// - Throws: `.openMailbox` or `.startThread`.
    package init(
        on loop: EventLoop, name: String, niceness: Int32 = 0, returnsMemory: Bool = false
    ) throws(UVFault) {
        inbox = JobQueue(usesNewThreads: returnsMemory) {
            describeThread(name: name, niceness: niceness)
        }
        let finished = try Mailbox<Void>(on: loop) { [weak self] in self?.deliverNext() }
        finished.keepsLoopRunning = false
        self.finished = finished

        var thread = uv_thread_t()
        // SAFETY: the thread takes over this retain and releases it at its end.
        let context = unsafe Unmanaged.passRetained(inbox)
        let status = unsafe uv_thread_create(
            &thread,
            { context in
                guard let context = unsafe context else { return }
                unsafe Unmanaged<JobQueue>.fromOpaque(context).takeRetainedValue().runJobs()
            }, context.toOpaque())
        if status < 0 {
            unsafe context.release()
            finished.close()
            throw UVFault(.startThread, code: status)
        }
        self.thread = thread
    }

    deinit {
        close()
    }

    /// Queues a job. Jobs run, and their results are delivered, in the order of these calls.
    ///
    /// - Parameters:
    ///   - job: runs on the worker's thread.
    ///   - deliver: called by the loop with the result. Not called once the worker is closed.
    package func run<Result: Sendable>(
        _ job: @escaping @Sendable () -> Result, then deliver: @escaping (Result) -> Void
    ) {
        guard thread != nil, let finished else { return }
        let outcome = Outcome<Result>()
        deliveries.append { if let result = outcome.take() { deliver(result) } }
        finished.keepsLoopRunning = true
        inbox.append { [address = finished.address] in
            outcome.put(job())
            address.post(())
        }
    }

    /// Ends the thread: waits for the running job, drops the queued ones, delivers nothing more.
    /// Releasing the worker does the same.
    package func close() {
        guard var thread else { return }
        self.thread = nil
        inbox.close()
        // SAFETY: the thread was created by us, and is joined once.
        let status = unsafe uv_thread_join(&thread)
        precondition(status == 0, "a started thread can be joined")
        finished?.close()
        deliveries = []
    }

    private func deliverNext() {
        precondition(!deliveries.isEmpty, "as many results arrive as jobs were queued")
        let deliver = deliveries.removeFirst()
        if deliveries.isEmpty { finished?.keepsLoopRunning = false }
        deliver()
    }
}

/// One job's result on its way to the loop.
private final class Outcome<Result: Sendable>: Sendable {
    private let result = Mutex<Result?>(nil)

    func put(_ result: Result) {
        self.result.withLock { $0 = result }
    }

    func take() -> Result? {
        result.withLock { result in
            let taken = result
            result = nil
            return taken
        }
    }
}

/// The jobs that wait for the worker's thread.
@safe private final class JobQueue: Sendable {
    private struct State {
        var jobs: [@Sendable () -> Void] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let usesNewThreads: Bool
    private let onStart: @Sendable () -> Void
    /// Counts the jobs, and the end. Semaphores are made for several threads.
    private nonisolated(unsafe) let changes: UnsafeMutablePointer<uv_sem_t>

    init(usesNewThreads: Bool, onStart: @escaping @Sendable () -> Void) {
        self.usesNewThreads = usesNewThreads
        self.onStart = onStart
        unsafe changes = .allocate(capacity: 1)
        // SAFETY: the semaphore lives as long as this object, which the thread holds too.
        let status = unsafe uv_sem_init(changes, 0)
        precondition(status == 0, "a semaphore that counts from 0 is valid")
    }

    deinit {
        unsafe uv_sem_destroy(changes)
        unsafe changes.deallocate()
    }

    func append(_ job: @escaping @Sendable () -> Void) {
        state.withLock { $0.jobs.append(job) }
        unsafe uv_sem_post(changes)
    }

    func close() {
        // The dropped jobs are freed outside of the lock: their contents may call back here.
        let dropped = state.withLock { state in
            let jobs = state.jobs
            state = State(isClosed: true)
            return jobs
        }
        unsafe uv_sem_post(changes)
        _ = consume dropped
    }

    /// The body of the thread.
    func runJobs() {
        onStart()
        while let job = nextJob() {
            if usesNewThreads { runOnNewThread(job) } else { job() }
        }
    }

    private func nextJob() -> (@Sendable () -> Void)? {
        unsafe uv_sem_wait(changes)
        return state.withLock { $0.isClosed ? nil : $0.jobs.removeFirst() }
    }
}

/// Runs a job to its end on a new thread, which has the name and the priority of the calling one.
private func runOnNewThread(_ job: @escaping @Sendable () -> Void) {
    final class Context {
        let job: @Sendable () -> Void
        init(_ job: @escaping @Sendable () -> Void) { self.job = job }
    }
    var thread = uv_thread_t()
    // SAFETY: the thread takes over this retain and releases it before its end.
    let context = unsafe Unmanaged.passRetained(Context(job))
    let status = unsafe uv_thread_create(
        &thread,
        { context in
            guard let context = unsafe context else { return }
            unsafe Unmanaged<Context>.fromOpaque(context).takeRetainedValue().job()
        }, context.toOpaque())
    if status < 0 {
        // Then the memory stays with this thread.
        unsafe context.release()
        return job()
    }
    // SAFETY: the thread was created by us, and is joined once.
    let joined = unsafe uv_thread_join(&thread)
    precondition(joined == 0, "a started thread can be joined")
}

/// Names the calling thread and sets its priority. Both are optional: a fault is ignored.
private func describeThread(name: String, niceness: Int32) {
    let descriptor = unsafe open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    if descriptor >= 0 {
        let bytes = Array(name.utf8)
        // SAFETY: the array outlives the call that reads it.
        _ = unsafe write(descriptor, bytes, bytes.count)
        close(descriptor)
    }
    // On Linux niceness belongs to a thread; 0 means the calling one.
    if niceness != 0 { uv_os_setpriority(0, niceness) }
}
