import Foundation
import Synchronization
import Posix

// A measurement starts servers and fills folders, and must leave neither behind: not after an error
// (the command clears in a `defer`), and not when the user has had enough (the signals that end a
// process are caught here). Servers are ended by their process ids, newest first.

/// The temporary folder of a measurement and the processes that work in it.
final class Workbench {
    private static let endingSignals = [SIGINT, SIGTERM, SIGHUP]
    /// What servers put behind the folder's path.
    private static let longestSocketName = "/pg/.s.PGSQL.5432.lock"

    private let leavings: Leavings
    private let signals: [any DispatchSourceSignal]

    /// Makes a folder in `parent`, or where temporary files belong.
    init(in parent: String? = nil) throws(ProcessFault) {
        let parent = parent ?? FileManager.default.temporaryDirectory.path
        let tag = String(UInt32.random(in: 0...UInt32.max), radix: 36)
        let url = URL(filePath: parent).appending(
            path: "coupon-bench-\(ProcessInfo.processInfo.processIdentifier)-\(tag)")
        guard "\(url.path)\(Self.longestSocketName)".utf8.count <= SocketAddress.pathBytesMax else {
            throw .file(
                path: url.path,
                reason: "it is too long for the path of a socket: choose a shorter folder.")
        }
        let leavings = Leavings(path: url.path)
        self.leavings = leavings
        signals = Self.endingSignals.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                leavings.clear()
                // The main thread is in the middle of a measurement: it gets no chance to go on.
                _exit(128 + number)
            }
            source.resume()
            return source
        }
        // Others may pass through: a server under another user finds what belongs to it.
        try Self.makeFolder(url.path, permissions: 0o711)
    }

    deinit {
        for source in signals { source.cancel() }
        for number in Self.endingSignals { signal(number, SIG_DFL) }
    }

    /// The folder's absolute path.
    var path: String { leavings.path }

    /// Ends every process that still runs and removes the folder.
    func clear() { leavings.clear() }

    /// Makes a folder of this name, unless it is there, and returns its path.
    func folder(_ name: String) throws(ProcessFault) -> String {
        let path = "\(path)/\(name)"
        if !FileManager.default.fileExists(atPath: path) {
            try Self.makeFolder(path, permissions: 0o700)
        }
        return path
    }

    /// Removes a folder with everything in it, if it is there.
    func remove(_ path: String) throws(ProcessFault) {
        guard FileManager.default.fileExists(atPath: path) else { return }
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            throw .file(path: path, reason: error.localizedDescription)
        }
    }

    /// Starts a program that ``clear()`` ends. `name` is what messages call it, `executable` an
    /// absolute path, and `endSignal` ends it; other than SIGKILL only for a program that handles it,
    /// because it starts with those ignored that would end us.
    func start(
        _ name: String, executable: String, arguments: [String], endSignal: Int32 = SIGKILL
    ) throws(ProcessFault) -> ServerProcess {
        guard FileManager.default.isExecutableFile(atPath: executable) else {
            throw .missing(program: executable, remedy: "it is not built, or lies elsewhere.")
        }
        return try leavings.add { path, number throws(ProcessFault) in
            try ServerProcess(
                name, executable: executable, arguments: arguments,
                log: URL(filePath: path).appending(path: "log-\(number)"), endSignal: endSignal)
        }
    }

    /// Ends one process before its time.
    func end(_ process: ServerProcess) { leavings.end(process) }

    private static func makeFolder(_ path: String, permissions: Int) throws(ProcessFault) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: false,
                attributes: [.posixPermissions: permissions])
        } catch {
            throw .file(path: path, reason: error.localizedDescription)
        }
    }
}

/// What would stay behind. The thread that measures adds to it; the thread that ends the program
/// clears it away.
private final class Leavings: Sendable {
    let path: String
    private let state = Mutex(State())

    private struct State {
        var processes: [ServerProcess] = []
        var startedCount = 0
        var isCleared = false
    }

    init(path: String) {
        self.path = path
    }

    /// Keeps the process that `start` makes in the folder at the given path, under a number of its
    /// own. Nothing is started any more once this was cleared.
    func add(
        _ start: (String, Int) throws(ProcessFault) -> ServerProcess
    ) throws(ProcessFault) -> ServerProcess {
        try state.withLock { state throws(ProcessFault) in
            if state.isCleared { throw .interrupted }
            state.startedCount += 1
            let process = try start(path, state.startedCount)
            state.processes.append(process)
            return process
        }
    }

    func end(_ process: ServerProcess) {
        process.end()
        state.withLock { state in state.processes.removeAll { $0 === process } }
    }

    func clear() {
        state.withLock { state in
            state.isCleared = true
            for process in state.processes.reversed() { process.end() }
            state.processes.removeAll()
            guard FileManager.default.fileExists(atPath: path) else { return }
            do {
                try FileManager.default.removeItem(atPath: path)
            } catch {
                FileHandle.standardError.write(
                    Data("coupon-bench: \(path) stays: \(error.localizedDescription)\n".utf8))
            }
        }
    }
}
