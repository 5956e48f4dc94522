import Foundation

/// A coupond that was started for a measurement, and answers.
struct DaemonUnderTest {
    /// When uses are on disk, as `--durability` names it.
    enum Durability: String, CaseIterable {
        case no, everysec, always
    }

    private static let readyTimeoutSeconds = 300

    /// Where storefronts connect.
    let socketPath: String
    /// Where administrators connect.
    let adminSocketPath: String
    let process: ServerProcess
    /// From the start of the process until it answered.
    let readySeconds: Double
    private let bench: Workbench

    /// Starts the daemon and waits until both sockets answer. `catalog` is a definition file, or a
    /// directory of them; `state` is made if it is not there, and may be that of a daemon which was
    /// stopped; `flags` are further ones, such as `--config FILE`.
    static func start(
        on bench: Workbench, executable: String, catalog: String, durability: Durability,
        state: String, flags: [String] = []
    ) throws(ProcessFault) -> DaemonUnderTest {
        do {
            try FileManager.default.createDirectory(
                atPath: state, withIntermediateDirectories: true)
        } catch {
            throw .file(path: state, reason: error.localizedDescription)
        }
        let (socket, adminSocket) = ("\(bench.path)/c.sock", "\(bench.path)/a.sock")
        let process = try bench.start(
            "coupond", executable: executable,
            arguments: [
                "--socket", socket, "--admin-socket", adminSocket, "--state", state,
                "--catalog", catalog, "--durability", durability.rawValue,
            ] + flags, endSignal: SIGTERM)
        let seconds = try process.wait(seconds: readyTimeoutSeconds) {
            answers(socket) && answers(adminSocket)
        }
        return DaemonUnderTest(
            socketPath: socket, adminSocketPath: adminSocket, process: process,
            readySeconds: seconds, bench: bench)
    }

    private static func answers(_ socket: String) -> Bool {
        let reply = try? Dialogue(socket).request(#"{"op":"ping"}"#)
        return reply?.contains(#""ready":true"#) ?? false
    }

    /// The process's id.
    var id: Int32 { process.id }

    /// Sends a line to the storefront's socket and returns the reply, over a connection of its own.
    func request(_ line: String) throws(ProcessFault) -> String {
        try Dialogue(socketPath).request(line)
    }

    /// Sends a line to the administrator's socket, such as `{"op":"server.stats"}`.
    func administer(_ line: String) throws(ProcessFault) -> String {
        try Dialogue(adminSocketPath).request(line)
    }

    /// Processor time of all threads since the start.
    func cpuSeconds() throws(ProcessFault) -> Double {
        try ProcessFigures.cpuSeconds(ofTree: process.id)
    }

    /// The memory that the process occupies.
    func residentBytes() throws(ProcessFault) -> Int {
        try ProcessFigures.memory("VmRSS", of: process.id)
    }

    /// Asks the daemon to finish, and waits until it has. Its state stays.
    func stop() {
        bench.end(process)
    }
}
