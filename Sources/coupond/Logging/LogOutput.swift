// Log rotation renames the file and asks for a new one (SIGUSR1). Each line is appended by one
// write, so rotation by copying and truncating works, too.

import Logging
import SystemPackage

/// Where log lines go: standard error, or a file that can be reopened.
final class LogOutput: Sendable {
    /// How long the end of the process waits for lines that were not written yet.
    private static let lastLinesMilliseconds: Int64 = 500

    private let stream: LogStream

    /// The log on standard error.
    init() { stream = Console.stream }

    /// Appends to the file at `path`, created if missing.
    init(path: String) throws(Errno) { stream = LogStream(to: try LogSink(appendingTo: path)) }

    deinit {
        if stream !== Console.stream { stream.append(.end) }
    }

    /// Queues a line. It never waits; a line that finds no room is counted instead.
    func write(_ line: LogLine) { stream.append(line.bytes) }

    /// Opens the file again, behind the lines so far. The outcome is a line of the log if `level`
    /// is low enough.
    func reopen(level: Logger.Level) { stream.append(.reopen(level: level)) }

    /// Opens another file, or turns to standard error, behind the lines so far. On failure the log
    /// stays where it is, and says so.
    func move(to path: String?, level: Logger.Level) {
        stream.append(.move(to: path, level: level))
    }

    /// Waits for the last lines, for half a second at most.
    func flush() {
        stream.flush(millisecondsMax: Self.lastLinesMilliseconds)
        if stream !== Console.stream {
            Console.stream.flush(millisecondsMax: Self.lastLinesMilliseconds)
        }
    }
}
