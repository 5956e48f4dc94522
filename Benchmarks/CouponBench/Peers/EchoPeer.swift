import LoadGenerator

/// The floor: it reads the line that coupond is sent, and sends it back.
struct EchoPeer: Peer {
    let process: ServerProcess
    private let socketPath: String
    private static let readyTimeoutSeconds = 10

    init(on bench: Workbench, _ programs: PeerPrograms) throws(ProcessFault) {
        let path = "\(bench.path)/e.sock"
        socketPath = path
        process = try bench.start(
            Candidate.echo.name, executable: programs.echo, arguments: [path])
        try process.wait(seconds: Self.readyTimeoutSeconds) {
            (try? Dialogue(path).request("x")) == "x"
        }
    }

    var name: String { Candidate.echo.name }

    func target(for request: PeerRequest, _ pace: Pace) -> Target {
        Target(socketPath: socketPath, framing: .lines)
    }

    func template(
        of request: PeerRequest, _ pace: Pace
    ) throws(MixFault) -> RequestTemplate {
        try RequestTemplate(request.line + "\n")
    }
}
