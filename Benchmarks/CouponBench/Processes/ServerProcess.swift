import Foundation

/// A process under way, its output going to a log file. Made by a ``Workbench``, which ends it.
final class ServerProcess: Sendable {
    /// How long a process may take to end before it is killed.
    private static let endTimeout = Duration.seconds(12)

    let name: String
    private let process: Process
    private let log: URL
    private let endSignal: Int32

    /// Starts the program. `name` is what messages call it, `log` is created again and takes its output,
    /// and `endSignal` asks it to end.
    init(
        _ name: String, executable: String, arguments: [String], log: URL, endSignal: Int32
    ) throws(ProcessFault) {
        self.name = name
        self.log = log
        self.endSignal = endSignal
        process = Process()
        do {
            // An unread pipe would stop it when full.
            try Data().write(to: log)
            process.standardError = try FileHandle(forWritingTo: log)
            process.standardOutput = process.standardError
            process.standardInput = FileHandle.nullDevice
            process.executableURL = URL(filePath: executable)
            process.arguments = arguments
            process.currentDirectoryURL = log.deletingLastPathComponent()
            try process.run()
        } catch {
            throw .cannotStart(program: executable, reason: error.localizedDescription)
        }
    }

    var id: Int32 { process.processIdentifier }

    /// `Process` hears of an end only when no process has inherited its descriptors, so the kernel is
    /// asked as well.
    var isRunning: Bool { process.isRunning && !ProcessFigures.hasEnded(id) }

    /// Sends a signal, unless the process has ended.
    func signal(_ number: Int32) {
        if isRunning { kill(id, number) }
    }

    /// Asks the process to end and waits until it has; when that takes too long, kills it and what
    /// descends from it.
    func end() {
        let descendants = ProcessFigures.descendants(of: id)
        signal(endSignal)
        if waitForEnd() { return }
        for id in [id] + descendants { kill(id, SIGKILL) }
        _ = waitForEnd()
    }

    private func waitForEnd() -> Bool {
        let deadline = ContinuousClock.now + Self.endTimeout
        while isRunning, ContinuousClock.now < deadline { Thread.sleep(forTimeInterval: 0.002) }
        return !isRunning
    }

    /// Asks again and again until `isReady`.
    ///
    /// - Returns: the seconds that it took.
    /// - Throws: `ended` when the process ends before, `notReady` when it takes too long.
    @discardableResult
    func wait(
        seconds: Int, until isReady: () throws(ProcessFault) -> Bool
    ) throws(ProcessFault) -> Double {
        let start = ContinuousClock.now
        while true {
            if try isReady() { return (ContinuousClock.now - start) / .seconds(1) }
            if !process.isRunning {
                throw .ended(name: name, status: process.terminationStatus, log: logText)
            }
            if ContinuousClock.now - start > .seconds(seconds) {
                throw .notReady(name: name, seconds: seconds, log: logText)
            }
            Thread.sleep(forTimeInterval: 0.001)
        }
    }

    /// Waits until a program that ends by itself has done so.
    ///
    /// - Throws: `failed` when its exit status is not 0.
    func waitForSuccess() throws(ProcessFault) {
        process.waitUntilExit()
        if process.terminationStatus != 0 {
            throw .failed(command: name, status: process.terminationStatus, log: logText)
        }
    }

    /// The end of what the process wrote.
    var logText: String {
        let text = (try? String(contentsOf: log, encoding: .utf8)) ?? "(no log)"
        return text.split(separator: "\n").suffix(20).joined(separator: "\n")
    }
}
