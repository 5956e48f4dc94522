// A disk may hang, and a program that reads standard error may stop reading. So one thread does
// nothing but write: it blocks as long as it must, and callers never do. It also opens files, which
// may block as well.
//
// Standard error is shared with other programs, so it is not set to non-blocking: that would be a
// setting of the file behind it, and thus theirs.

import CStart
import CouponRules
import Dispatch
import Logging
import Posix
import Synchronization
import SystemPackage

/// Where log lines end up.
enum LogSink {
    case standardError
    case file(path: String, FileDescriptor)

    init(appendingTo path: String) throws(Errno) {
        do {
            self = .file(
                path: path,
                try FileDescriptor.open(
                    FilePath(path), .writeOnly, options: [.append, .create, .closeOnExec],
                    permissions: [.ownerReadWrite, .groupRead]))
        } catch let error as Errno {
            throw error
        } catch {
            preconditionFailure("opening a file fails with an error number")
        }
    }

    var path: String? {
        if case .file(let path, _) = self { path } else { nil }
    }

    var descriptor: FileDescriptor {
        if case .file(_, let descriptor) = self { descriptor } else { .standardError }
    }
}

/// What an operator asks of a log that is being written.
enum LogMove: Equatable {
    /// Opens the present file again. `level` decides whether the outcome is a line of the log.
    case reopen(level: Logger.Level)
    /// Goes on at another path, or on standard error.
    case move(to: String?, level: Logger.Level)
    /// Closes the file; the thread ends.
    case end
}

/// Lines on their way to a file or to standard error.
final class LogStream: Sendable {
    private struct State {
        var queue = LogQueue(byteCountMax: LogStream.waitingBytesMax)
        /// Whether the thread waits for work.
        var isIdle = true
        /// Without one, for want of memory or threads, callers write themselves.
        var hasThread = false
        /// How often the thread has completed a step.
        var completedSteps = 0
        /// Whether a caller waits for the thread.
        var isAwaited = false
    }

    /// The most bytes of lines that wait; more lines are counted as lost.
    static let waitingBytesMax = 256 * 1_024
    /// How long a caller waits for a thread that completes no step.
    private static let patienceMilliseconds = 500

    private let state = Mutex(State())
    /// Used by the thread alone.
    private let sink: Mutex<LogSink>
    private let work = DispatchSemaphore(value: 0)
    private let progress = DispatchSemaphore(value: 0)

    init(to sink: LogSink) {
        self.sink = Mutex(sink)
        if sink.path != nil { cstart_write_crashes_to(sink.descriptor.rawValue) }
        do throws(PosixFault) {
            try startThread(named: "log") { [self] in runThread() }
            state.withLock { $0.hasThread = true }
        } catch {
            state.withLock { $0.hasThread = false }
        }
    }

    // MARK: Callers

    /// Queues a line, and never waits.
    func append(_ line: [UInt8]) { change { _ = $0.append(line) } }

    /// Queues lines. If there is no room, waits for as long as lines leave.
    func appendPatiently(_ lines: [[UInt8]]) {
        var hasReader = true
        for line in lines {
            while hasReader, !state.withLock({ $0.queue.hasRoom(for: line) }) {
                hasReader = waitForStep()
            }
            append(line)
        }
    }

    /// Queues what an operator asks.
    func append(_ move: LogMove) { change { $0.append(move) } }

    /// Waits until everything is written, or no line has left for half a second, or
    /// `millisecondsMax` are over.
    func flush(millisecondsMax: Int64) {
        let end = BootClock.now + millisecondsMax
        while state.withLock({ !$0.isIdle }) && BootClock.now < end {
            if !waitForStep() { return }
        }
    }

    private func change(_ change: (inout LogQueue) -> Void) {
        let (wasIdle, hasThread) = state.withLock { state in
            change(&state.queue)
            defer { state.isIdle = false }
            return (state.isIdle, state.hasThread)
        }
        if !wasIdle { return }
        if hasThread { work.signal() } else { _ = writeWaiting() }
    }

    /// Waits for the thread to complete a step. False if it did not in time.
    private func waitForStep() -> Bool {
        let before = state.withLock { $0.completedSteps }
        while true {
            let isOver = state.withLock { state in
                if state.completedSteps != before || state.isIdle { return true }
                state.isAwaited = true
                return false
            }
            if isOver { return true }
            let deadline = DispatchTime.now() + .milliseconds(Self.patienceMilliseconds)
            if progress.wait(timeout: deadline) == .timedOut {
                return state.withLock { $0.completedSteps != before || $0.isIdle }
            }
        }
    }

    // MARK: The thread

    private func runThread() {
        repeat { work.wait() } while writeWaiting()
    }

    /// Writes until nothing waits. False at the end of the stream.
    private func writeWaiting() -> Bool {
        while let step = nextStep() {
            perform(step)
            note { $0.completedSteps += 1 }
            if step == .move(.end) { return false }
        }
        return true
    }

    private func nextStep() -> LogQueue.Step? {
        if let step = state.withLock({ $0.queue.next() }) { return step }
        // A line may have come between the two.
        return note { state in
            let step = state.queue.next()
            if step == nil { state.isIdle = true }
            return step
        }
    }

    /// Changes the state, and wakes a caller that waits for that.
    private func note<Result>(_ change: (inout State) -> Result) -> Result {
        let (result, isAwaited) = state.withLock { state in
            let result = change(&state)
            defer { state.isAwaited = false }
            return (result, state.isAwaited)
        }
        if isAwaited { progress.signal() }
        return result
    }

    private func perform(_ step: LogQueue.Step) {
        switch step {
        case .write(let lostLines, let line): write(line, after: lostLines)
        case .move(.reopen(let level)): reopen(level)
        case .move(.move(let path, let level)): move(to: path, level)
        case .move(.end): replaceSink(with: .standardError)
        }
    }

    private func write(_ line: [UInt8]?, after lostLines: Int) {
        let descriptor = sink.withLock { $0.descriptor.rawValue }
        var hasReported = false
        do throws(PosixFault) {
            if lostLines > 0 {
                let news = LogLine(
                    level: .error, message: "log lines were lost",
                    metadata: ["lines": .stringConvertible(lostLines)], time: .present)
                try writeWhole(news.bytes, to: descriptor)
            }
            hasReported = true
            if let line { try writeWhole(line, to: descriptor) }
        } catch {
            state.withLock { [hasReported] state in
                state.queue.noteFailure(hasReported: hasReported, hadLine: line != nil)
            }
        }
    }

    // MARK: Elsewhere

    private func reopen(_ level: Logger.Level) {
        do throws(Errno) {
            if let path = sink.withLock({ $0.path }) {
                replaceSink(with: try LogSink(appendingTo: path))
            }
            report(LogLine(level: .info, message: "log file reopened", time: .present), level)
        } catch {
            report(
                LogLine(
                    level: .error, message: "cannot reopen the log file",
                    metadata: ["fault": "\(error)"], time: .present), level)
        }
    }

    private func move(to path: String?, _ level: Logger.Level) {
        do throws(Errno) {
            if let path {
                replaceSink(with: try LogSink(appendingTo: path))
            } else {
                replaceSink(with: .standardError)
            }
        } catch {
            reportStay(path ?? "", error, level)
        }
    }

    private func reportStay(_ path: String, _ fault: Errno, _ level: Logger.Level) {
        let line = LogLine(
            level: .error, message: "cannot open the new log file; the log stays in the old one",
            metadata: ["file": "\(path)", "fault": "\(fault)"], time: .present)
        report(line, level)
    }

    /// The new one is open before the old one is closed: a failure to open leaves a working log.
    private func replaceSink(with next: LogSink) {
        cstart_write_crashes_to(next.path == nil ? -1 : next.descriptor.rawValue)
        let old = sink.withLock { sink in
            defer { sink = next }
            return sink
        }
        guard old.path != nil else { return }
        do {
            try old.descriptor.close()
        } catch {
            // The descriptor is closed all the same; the failure is of earlier writes.
            report(
                LogLine(
                    level: .error, message: "closing the old log file failed",
                    metadata: ["fault": "\(error)"], time: .present), .error)
        }
    }

    /// Writes a line of the thread's own.
    private func report(_ line: LogLine, _ level: Logger.Level) {
        if line.level >= level { write(line.bytes, after: 0) }
    }
}
