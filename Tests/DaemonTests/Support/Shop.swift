import Foundation
import Testing

/// A folder with a catalog, a state directory and sockets, and the daemons that run on them. All of
/// it is removed at the end of the test, also after a failure.
final class Shop {
    /// Short, so that a socket's path fits the kernel's addresses.
    let folder = "/tmp/cpd-\(UInt32.random(in: 0...UInt32.max))"
    private var daemons: [DaemonProcess] = []

    var socket: String { path("s.sock") }
    var adminSocket: String { path("a.sock") }
    var state: String { path("state") }
    var catalog: String { path("catalog.yaml") }

    /// Each start leaves a segment behind until two snapshots hold it: short ones spare the disk.
    static let settings = "journal: {segment_mib: 1}"

    private init() {}

    /// Calls `body` with a shop that has `catalog`. A daemon that ends without having been asked to
    /// fails the test.
    static func open(
        catalog: String = "coupons: []", sourceLocation: SourceLocation = #_sourceLocation,
        _ body: (Shop) throws -> Void
    ) throws {
        let shop = Shop()
        try FileManager.default.createDirectory(
            atPath: shop.folder, withIntermediateDirectories: false)
        defer {
            #expect(throws: Never.self, sourceLocation: sourceLocation) { try shop.close() }
        }
        try shop.write(catalog, to: "catalog.yaml")
        try shop.write(Self.settings, to: "settings.yaml")
        try body(shop)
        for daemon in shop.daemons where !daemon.isExpectedToEnd {
            #expect(
                daemon.program.isRunning, "\(daemon.program.errors.text)",
                sourceLocation: sourceLocation)
        }
    }

    private func close() throws {
        for daemon in daemons { try daemon.program.end() }
        try FileManager.default.removeItem(atPath: folder)
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path(name)))
    }

    func text(of name: String) throws -> String {
        try String(contentsOfFile: path(name), encoding: .utf8)
    }

    /// The command line, unless a test passes another.
    var arguments: [String] {
        [
            "--config", path("settings.yaml"), "--socket", socket, "--admin-socket", adminSocket,
            "--state", state, "--catalog", catalog,
        ]
    }

    /// Starts a daemon and waits until it serves `sockets`.
    func startDaemon(
        _ arguments: [String]? = nil, serving sockets: [String]? = nil
    ) throws -> DaemonProcess {
        let daemon = try launchDaemon(arguments)
        for socket in sockets ?? [socket, adminSocket] {
            try daemon.program.errors.next(containing: "coupond: listening on \(socket) (")
        }
        return daemon
    }

    /// Starts a daemon and does not wait.
    func launchDaemon(
        _ arguments: [String]? = nil, environment: [String: String] = [:],
        errors: RunningProgram.Errors = .read
    ) throws -> DaemonProcess {
        let daemon = try DaemonProcess(
            RunningProgram(
                Built.coupond, arguments ?? self.arguments, environment: environment,
                errors: errors))
        daemons.append(daemon)
        return daemon
    }

    /// Takes over a daemon that another program has become.
    func adopt(_ program: RunningProgram) -> DaemonProcess {
        let daemon = DaemonProcess(program)
        daemons.append(daemon)
        return daemon
    }

    /// Starts a daemon whose log is not read once it serves.
    func startUnreadDaemon() throws -> DaemonProcess {
        let daemon = try launchDaemon(errors: .unread)
        let serving = #""message":"serving""#
        daemon.log.startReading(until: serving)
        try daemon.log.next(containing: serving)
        return daemon
    }

    /// Starts a daemon with a configuration file.
    func startDaemon(
        configuration: String, serving sockets: [String]
    ) throws -> DaemonProcess {
        try write(configuration, to: "coupond.yaml")
        return try startDaemon(["--config", path("coupond.yaml")], serving: sockets)
    }

    /// Runs a daemon that is expected to end by itself.
    func runDaemon(_ arguments: [String]) throws -> FinishedProgram {
        try FinishedProgram(Built.coupond, arguments, folder: folder)
    }

    /// Connects as a storefront does.
    func connect() throws -> LineClient { try LineClient(socket) }

    /// Requests a snapshot, and waits until it is written.
    func snapshot() throws {
        let reply = try askAdmin(#"{"op":"server.snapshot"}"#)
        #expect(reply["result.written"] == true, "\(reply.line)")
    }

    /// Asks one question on the admin socket.
    func askAdmin(_ line: String) throws -> Reply {
        try LineClient(adminSocket).ask(line)
    }
}

/// A daemon that was started.
final class DaemonProcess {
    let program: RunningProgram
    /// Whether the test expects its end.
    private(set) var isExpectedToEnd = false

    init(_ program: RunningProgram) { self.program = program }

    /// The log lines, and the messages before the log is open.
    var log: OutputLines { program.errors }

    /// Makes it read its definitions again, and waits until it has.
    func reload() throws {
        program.signal(SIGHUP)
        try log.next(containing: "catalog reloaded")
    }

    /// Makes it write a snapshot, and waits until it has.
    func snapshot() throws {
        program.signal(SIGUSR2)
        try log.next(containing: "snapshot written")
    }

    /// Declares that it will end by itself.
    func expectEnd() { isExpectedToEnd = true }

    /// Sends it the signal to end.
    func askToEnd() {
        isExpectedToEnd = true
        program.signal(SIGTERM)
    }

    /// Makes it end, and waits until it has.
    func end() throws -> RunningProgram.End {
        askToEnd()
        return try program.waitForEnd()
    }

    /// Kills it, as a crash would.
    func crash() throws {
        program.signal(SIGKILL)
        try waitForCrash()
    }

    /// Waits until it has been killed.
    func waitForCrash() throws {
        isExpectedToEnd = true
        #expect(try program.waitForEnd() == .signal(SIGKILL))
    }
}
