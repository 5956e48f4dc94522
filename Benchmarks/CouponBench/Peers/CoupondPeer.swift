import Foundation
import LoadGenerator

/// The daemon itself, among its peers.
struct CoupondPeer: AnsweringPeer {
    private let daemon: DaemonUnderTest

    /// Starts a daemon with a new state.
    init(
        on bench: Workbench, _ programs: PeerPrograms, _ durability: Durability
    ) throws(ProcessFault) {
        let state = "\(bench.path)/state"
        try bench.remove(state)
        let (catalog, configuration) = ("\(bench.path)/catalog.yaml", "\(bench.path)/coupond.yaml")
        try Self.write(PeerCoupon.catalog(of: PeerCoupon.all), to: catalog)
        try Self.write(Self.withoutSnapshots, to: configuration)
        daemon = try DaemonUnderTest.start(
            on: bench, executable: programs.coupond, catalog: catalog, durability: durability,
            state: state, flags: ["--config", configuration])
    }

    /// The peers make no snapshots and rewrite no log while they are measured, so neither does this
    /// one. (What they do to latency is another measurement.)
    private static let withoutSnapshots = """
        snapshot: {interval_seconds: 86400, growth_percent: 10000}

        """

    private static func write(_ text: String, to path: String) throws(ProcessFault) {
        do {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        } catch {
            throw .file(path: path, reason: error.localizedDescription)
        }
    }

    var name: String { Candidate.coupond.name }
    var process: ServerProcess { daemon.process }

    func target(for request: PeerRequest, _ pace: Pace) -> Target {
        Target(socketPath: daemon.socketPath, framing: .lines)
    }

    func template(
        of request: PeerRequest, _ pace: Pace
    ) throws(MixFault) -> RequestTemplate {
        try RequestTemplate(request.line + "\n")
    }

    func answer(to request: PeerRequest) throws(ProcessFault) -> PeerAnswer {
        let line = try daemon.request(request.line)
        let reply = try? JSONDecoder().decode(Reply.self, from: Data(line.utf8))
        switch (reply?.valid, reply?.discount, reply?.reason, reply?.error?.code) {
        case (true?, let discount?, _, _): return .accepted(discount: discount)
        case (false?, _, let reason?, _): return .refused(reason: reason)
        case (_, _, _, "idempotency_conflict"?): return .conflict
        default: throw .dialogue(socket: daemon.socketPath, reason: line)
        }
    }

    private struct Reply: Decodable {
        struct Failure: Decodable {
            var code: String
        }

        var valid: Bool?
        var discount: Int?
        var reason: String?
        var error: Failure?
    }
}
