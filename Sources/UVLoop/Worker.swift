import CUv
import Glibc
import Synchronization

// A worker has a thread of its own instead of a place in libuv's pool: the pool has four threads for
// everything, and a job of many seconds there would stand in the way of a short one.
//
// Results come back in the order of the jobs, since one thread runs them one by one. So the loop
// keeps what to do with each result in a queue of its own, which never leaves the loop thread; what
// crosses threads is the job, its result, and the news "one more is done".
//
// The C library keeps for each thread some of the small blocks that it freed, and these keep what
// lies around them: a job that had gigabytes in small pieces would leave them with the process. All
// goes back when the thread ends. So a worker may be asked to have each job done by a thread that is
// new; its own then only waits.

/// Runs jobs one after another on its own thread and delivers their results on the loop.
///
/// Belongs to the loop thread. The loop goes on running while jobs are under way, not otherwise.
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
    ///   - niceness: 0 is normal, 19 gives way to everything else.
    ///   - returnsMemory: whether all that a job has freed is given back to the system at its end.
    ///     For jobs that are few and large; see ``returnBlocksWhenFreed(ofAtLeast:)``, too.
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

    /// Ends the thread: waits for the job that is running, forgets those that wait, delivers nothing
    /// more. Also the effect of releasing the worker.
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

/// What waits for the worker's thread.
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
        // The forgotten jobs are freed outside of the lock: what they hold may come back here.
        let forgotten = state.withLock { state in
            let jobs = state.jobs
            state = State(isClosed: true)
            return jobs
        }
        unsafe uv_sem_post(changes)
        _ = consume forgotten
    }

    /// The life of the thread: until closed.
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

/// Runs a job to its end on a thread that is there for nothing else, and has the name and the
/// priority of the calling one.
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
        // Only the memory is the worse for it.
        unsafe context.release()
        return job()
    }
    // SAFETY: the thread was created by us, and is joined once.
    let joined = unsafe uv_thread_join(&thread)
    precondition(joined == 0, "a started thread can be joined")
}

/// Names the calling thread and sets its priority. Both are for operators and schedulers: a system
/// that refuses them still gets its jobs done.
private func describeThread(name: String, niceness: Int32) {
    let descriptor = unsafe open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    if descriptor >= 0 {
        let bytes = Array(name.utf8)
        // SAFETY: the array outlives the call that reads it.
        _ = unsafe write(descriptor, bytes, bytes.count)
        close(descriptor)
    }
    // Linux counts niceness by thread; 0 means the calling one.
    if niceness != 0 { uv_os_setpriority(0, niceness) }
}
