// Log rotation renames the file and asks for a new one (SIGUSR1). The new file is opened before the
// old one is closed, so that a failure to open leaves a working log. Each line is appended by one
// write, so rotation by copying and truncating works, too.
//
// A log that cannot be written (a full disk) must not stop the daemon and has no place to report
// it. It counts the lost lines, and reports them in the first line that can be written again.

import Logging
import Synchronization
import SystemPackage

/// Where log lines go: standard error, or a file that can be reopened.
final class LogOutput: Sendable {
    private struct State {
        var path: String?
        var descriptor: FileDescriptor
        var lostLines = 0
    }

    private let state: Mutex<State>

    /// The log on standard error.
    init() {
        state = Mutex(State(path: nil, descriptor: .standardError))
    }

    /// Appends to the file at `path`, created if missing.
    init(path: String) throws(Errno) {
        state = Mutex(State(path: path, descriptor: try openForAppending(path)))
    }

    deinit {
        state.withLock { release($0) }
    }

    /// Reopens the file, or opens another one; nil means standard error. On failure the log stays
    /// where it was.
    func reopen(at path: String?) throws(Errno) {
        let descriptor =
            if let path { try openForAppending(path) } else { FileDescriptor.standardError }
        state.withLock { state in
            release(state)
            state.path = path
            state.descriptor = descriptor
        }
    }

    /// Reopens the same file.
    func reopen() throws(Errno) {
        try reopen(at: state.withLock(\.path))
    }

    func write(_ line: LogLine) {
        state.withLock { state in
            do {
                if state.lostLines > 0 {
                    let news = LogLine(
                        level: .error, message: "log lines were lost",
                        metadata: ["lines": .stringConvertible(state.lostLines)], time: line.time)
                    try state.descriptor.writeAll(news.bytes)
                    state.lostLines = 0
                }
                try state.descriptor.writeAll(line.bytes)
            } catch {
                state.lostLines += 1
            }
        }
    }

    private func release(_ state: State) {
        guard state.path != nil else { return }
        do {
            try state.descriptor.close()
        } catch {
            // The descriptor is closed all the same; the failure is of earlier writes.
            Console.say("closing the log file: \(error)")
        }
    }
}

private func openForAppending(_ path: String) throws(Errno) -> FileDescriptor {
    do {
        return try FileDescriptor.open(
            FilePath(path), .writeOnly, options: [.append, .create, .closeOnExec],
            permissions: [.ownerReadWrite, .groupRead])
    } catch let error as Errno {
        throw error
    } catch {
        preconditionFailure("opening a file fails with an error number")
    }
}
