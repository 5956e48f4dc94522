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
    private let running = Mutex<Process?>(nil)

    init(executable: URL, sampleCatalog: URL, folder: DemoFolder) {
        self.executable = executable
        log = folder.log
        arguments = [
            "--socket", folder.socket.path, "--admin-socket", folder.adminSocket.path,
            "--state", folder.state.path, "--catalog", sampleCatalog.path,
            "--catalog", folder.catalog.path,
        ]
    }

    /// What a shell would be told to start it.
    var commandLine: String {
        ([executable.lastPathComponent] + arguments).joined(separator: " ")
    }

    /// Starts the process and waits until both sockets answer.
    func start(_ clients: CouponClient...) throws(DemoFault) {
        let process = Process()
        do {
            // Its log goes to a file: a pipe that nobody reads would stop it when full.
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
        running.withLock { $0 = process }

        for client in clients {
            try Self.wait(Self.startTimeout, for: "coupond to answer") { () throws(DemoFault) in
                if !process.isRunning {
                    throw DemoFault(
                        "coupond ended with status \(process.terminationStatus):\n\(logText)")
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
        guard let process = running.withLock({ $0 }), process.isRunning else {
            throw DemoFault("coupond is not running any more:\n\(logText)")
        }
        kill(process.processIdentifier, number)
    }

    /// Asks the process to end and waits until it has.
    ///
    /// - Returns: its exit status.
    func stop() throws(DemoFault) -> Int32 {
        try signal(SIGTERM)
        guard let process = running.withLock({ $0 }) else { return 0 }
        try Self.wait(Self.stopTimeout, for: "coupond to end") { !process.isRunning }
        running.withLock { $0 = nil }
        return process.terminationStatus
    }

    /// Ends the process at once, if it still runs: its state is about to be removed.
    func end() {
        running.withLock { process in
            if let process, process.isRunning {
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
            }
            process = nil
        }
    }

    /// The end of what the daemon logged.
    var logText: String {
        let text = (try? String(contentsOf: log, encoding: .utf8)) ?? "(no log)"
        return text.split(separator: "\n").suffix(20).joined(separator: "\n")
    }

    /// Waits until `isDone`, asking a hundred times a second.
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
