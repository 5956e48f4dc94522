import CouponClient
import Foundation
import Synchronization

/// A daemon that the demo starts, signals and ends.
final class DemoDaemon: Sendable {
    private static let startTimeout = Duration.seconds(20)
    /// The daemon itself stops hard after 10 seconds.
    private static let stopTimeout = Duration.seconds(15)

    private let executable: URL
    private let arguments: [String]
    private let log: URL
    private let state = Mutex(State())

    private struct State {
        var process: Process?
        /// Whether the user has interrupted the demo: then no daemon is started.
        var isInterrupted = false
    }

    init(executable: URL, sampleCatalog: URL, folder: DemoFolder) {
        self.executable = executable
        log = folder.log
        arguments = [
            "--socket", folder.socket.path, "--admin-socket", folder.adminSocket.path,
            "--state", folder.state.path, "--catalog", sampleCatalog.path,
            "--catalog", folder.catalog.path,
        ]
    }

    /// The shell command that starts it.
    var commandLine: String {
        ([executable.lastPathComponent] + arguments).joined(separator: " ")
    }

    /// Starts the process and waits until both sockets answer.
    func start(_ clients: CouponClient...) throws(DemoFault) {
        let process = Process()
        do {
            // The log goes to a file: a pipe without a reader would block the daemon when full.
            try Data().write(to: log)
            process.standardError = try FileHandle(forWritingTo: log)
            process.standardOutput = process.standardError
            process.standardInput = FileHandle.nullDevice
            process.executableURL = executable
            process.arguments = arguments
            try process.run()
        } catch {
            throw DemoFault("Cannot start \(executable.path): \(error.localizedDescription)")
        }
        let isInterrupted = state.withLock { state in
            state.process = process
            return state.isInterrupted
        }
        if isInterrupted { throw DemoFault("The demo was interrupted.") }

        for client in clients {
            try Self.wait(Self.startTimeout, for: "coupond to answer") { () throws(DemoFault) in
                if !process.isRunning {
                    throw DemoFault("coupond ended with status \(process.terminationStatus).")
                }
                do {
                    return try client.ping().ready
                } catch {
                    return false
                }
            }
        }
    }

    /// Sends a signal.
    func signal(_ number: Int32) throws(DemoFault) {
        guard let process = state.withLock({ $0.process }), process.isRunning else {
            throw DemoFault("coupond is not running any more.")
        }
        Foundation.kill(process.processIdentifier, number)
    }

    /// Asks the process to end and waits until it has.
    ///
    /// - Returns: its exit status.
    func stop() throws(DemoFault) -> Int32 { try end(by: SIGTERM) }

    /// Kills the process, as a crash would.
    ///
    /// - Returns: the signal that ended it.
    func crash() throws(DemoFault) -> Int32 { try end(by: SIGKILL) }

    private func end(by number: Int32) throws(DemoFault) -> Int32 {
        try signal(number)
        guard let process = state.withLock({ $0.process }) else { return 0 }
        try Self.wait(Self.stopTimeout, for: "coupond to end") { !process.isRunning }
        state.withLock { $0.process = nil }
        return process.terminationStatus
    }

    /// Kills the process if it still runs: its state is about to be removed.
    func end() {
        state.withLock { state in
            Self.kill(state.process)
            state.process = nil
        }
    }

    /// Kills the process from another thread. The thread that waits for the daemon then finds it
    /// ended, and cleans up.
    func interrupt() {
        state.withLock { state in
            state.isInterrupted = true
            Self.kill(state.process)
        }
    }

    private static func kill(_ process: Process?) {
        guard let process, process.isRunning else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// The end of the daemon's log.
    var logText: String {
        let text = (try? String(contentsOf: log, encoding: .utf8)) ?? "(no log)"
        return text.split(separator: "\n").suffix(20).joined(separator: "\n")
    }

    /// Waits until `isDone`, checking a hundred times a second.
    static func wait(
        _ timeout: Duration, for what: String, until isDone: () throws(DemoFault) -> Bool
    ) throws(DemoFault) {
        let deadline = ContinuousClock.now + timeout
        while try !isDone() {
            if ContinuousClock.now > deadline { throw DemoFault("Waited too long for \(what).") }
            Thread.sleep(forTimeInterval: 0.01)
        }
    }
}
