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
        let catalog = "\(bench.path)/catalog.yaml"
        do {
            try PeerCoupon.catalog(of: PeerCoupon.all).write(
                toFile: catalog, atomically: true, encoding: .utf8)
        } catch {
            throw .file(path: catalog, reason: error.localizedDescription)
        }
        daemon = try DaemonUnderTest.start(
            on: bench, executable: programs.coupond, catalog: catalog, durability: durability,
            state: state)
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
