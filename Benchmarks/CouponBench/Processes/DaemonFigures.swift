import Foundation

/// What a daemon says of itself, as far as measurements ask.
struct DaemonFigures: Decodable {
    /// The last reload or snapshot.
    struct Run: Decodable, Equatable {
        var isOK: Bool
        var endedAt: String
        var milliseconds: Int
        var longestTurnMicroseconds: Int
        var errors: [String]?

        private enum CodingKeys: String, CodingKey {
            case isOK = "ok"
            case endedAt = "at"
            case milliseconds
            case longestTurnMicroseconds = "longest_turn_us"
            case errors
        }
    }

    struct Loop: Decodable {
        var turns: Int
        var longestTurnMicroseconds: Int

        private enum CodingKeys: String, CodingKey {
            case turns
            case longestTurnMicroseconds = "longest_turn_us"
        }
    }

    struct Ledger: Decodable {
        var orders: Int
    }

    struct Catalog: Decodable {
        var codes: Int
        var source: String
        var lastReload: Run?

        private enum CodingKeys: String, CodingKey {
            case codes, source
            case lastReload = "last_reload"
        }
    }

    var loop: Loop
    var ledger: Ledger
    var catalog: Catalog
    var lastSnapshot: Run?

    private enum CodingKeys: String, CodingKey {
        case loop, ledger, catalog
        case lastSnapshot = "last_snapshot"
    }
}

/// What a daemon is asked to do while it is loaded: usable from any thread.
struct DaemonTasks: Sendable {
    private static let timeoutSeconds = 300

    let adminSocketPath: String
    let process: ServerProcess

    /// Its `server.stats`.
    func figures() throws(ProcessFault) -> DaemonFigures {
        struct Reply: Decodable {
            var result: DaemonFigures
        }
        let line = try Dialogue(adminSocketPath).request(#"{"op":"server.stats"}"#)
        do {
            return try JSONDecoder().decode(Reply.self, from: Data(line.utf8)).result
        } catch {
            throw .dialogue(socket: adminSocketPath, reason: "not understood: \(line)")
        }
    }

    /// Asks it to read its definitions again, and waits until it has.
    func reload() throws(ProcessFault) -> DaemonFigures.Run {
        let before = try figures().catalog.lastReload
        process.signal(SIGHUP)
        return try end(of: "reload") { () throws(ProcessFault) in
            let run = try figures().catalog.lastReload
            return run == before ? nil : run
        }
    }

    /// Has it write a snapshot, and waits until it has.
    func compact() throws(ProcessFault) -> DaemonFigures.Run {
        let before = try figures().lastSnapshot
        process.signal(SIGUSR2)
        return try end(of: "snapshot") { () throws(ProcessFault) in
            let run = try figures().lastSnapshot
            return run == before ? nil : run
        }
    }

    /// Waits until the catalog is kept for the next start; `old` is what ``cacheStamp(in:)`` said
    /// before that was to be expected.
    func awaitCache(in state: String, after old: Int?) throws(ProcessFault) {
        try process.wait(seconds: Self.timeoutSeconds) {
            Thread.sleep(forTimeInterval: 0.01)
            return Self.cacheStamp(in: state) != old
        }
    }

    /// Which file the compiled catalog of a state directory is; nil when there is none.
    static func cacheStamp(in state: String) -> Int? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: "\(state)/catalog.cache")
        return attributes?[.systemFileNumber] as? Int
    }

    /// Asks now and then; asking all the time would be a load of its own.
    private func end(
        of task: String, _ ended: () throws(ProcessFault) -> DaemonFigures.Run?
    ) throws(ProcessFault) -> DaemonFigures.Run {
        var found: DaemonFigures.Run?
        try process.wait(seconds: Self.timeoutSeconds) { () throws(ProcessFault) in
            Thread.sleep(forTimeInterval: 0.02)
            found = try ended()
            return found != nil
        }
        guard let found, found.isOK else {
            throw .failed(
                command: "a \(task)", status: 1, log: found?.errors?.joined(separator: "\n") ?? "")
        }
        return found
    }
}

extension DaemonUnderTest {
    var tasks: DaemonTasks { DaemonTasks(adminSocketPath: adminSocketPath, process: process) }

    /// Its `server.stats`.
    func figures() throws(ProcessFault) -> DaemonFigures { try tasks.figures() }

    /// Forgets the most memory that it ever occupied: from now on counts what it occupies now.
    func resetPeak() throws(ProcessFault) {
        let path = "/proc/\(id)/clear_refs"
        do {
            let file = try FileHandle(forWritingTo: URL(filePath: path))
            try file.write(contentsOf: Data("5".utf8))
            try file.close()
        } catch {
            throw .file(path: path, reason: error.localizedDescription)
        }
    }

    /// The most memory that it occupied since ``resetPeak()``.
    func peakBytes() throws(ProcessFault) -> Int { try ProcessFigures.memory("VmHWM", of: id) }

    /// The memory that it occupies once it has given none back for a second: what a job needed goes
    /// back at its end, and on a slow disk that may be long after its result is there.
    func steadyBytes() throws(ProcessFault) -> Int {
        var least = try residentBytes()
        var looksSinceLess = 0
        for _ in 0..<200 where looksSinceLess < 10 {
            Thread.sleep(forTimeInterval: 0.1)
            let bytes = try residentBytes()
            looksSinceLess = bytes < least ? 0 : looksSinceLess + 1
            least = min(least, bytes)
        }
        return try residentBytes()
    }
}
