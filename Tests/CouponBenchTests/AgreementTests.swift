import Foundation
import LoadGenerator
import Testing

@testable import coupon_bench

// The peers are servers of other projects. A peer that is not installed cannot be checked.

/// What is installed, and where the daemon under test was built.
private enum Installed {
    static let hasRedis = (try? PeerPrograms.redisServer()) != nil
    static let hasPostgres = (try? PeerPrograms.postgresFolder()) != nil

    /// The daemon was built beside the bundle of these tests; the functions are in the checkout.
    static func programs() throws -> PeerPrograms {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return try PeerPrograms(
            binaries: URL(filePath: own).deletingLastPathComponent().path, checkout: root.path)
    }
}

@Suite(.serialized, .timeLimit(.minutes(2))) struct `Every peer of the comparison` {
    /// Starts a peer, asks it everything, and loads it for a moment.
    private func check(_ make: (Workbench, PeerPrograms) throws -> any AnsweringPeer) throws {
        let bench = try Workbench()
        defer { bench.clear() }
        let peer = try make(bench, Installed.programs())
        try peer.checkAgreement()
        for applies in [false, true] {
            let scenario = Scenario(
                name: "test", title: "test", pace: .closed(connections: 2, depth: 3),
                applies: applies, durability: .no, candidates: [])
            let run = try PeerRun.measure(
                peer, scenario, cartLineCount: 2,
                // For processes that end meanwhile the kernel reports hundredths of a second.
                .init(warmUp: 0, measured: 200))
            #expect(run.result.accepted == run.result.replies)
            #expect(run.cpuMicroseconds > 0)
        }
    }

    @Test(arguments: Durability.allCases)
    func `answers by the protocol, coupond first`(durability: Durability) throws {
        try check { try CoupondPeer(on: $0, $1, durability) }
    }

    @Test(
        .enabled(if: Installed.hasRedis, "redis-server is not installed"),
        arguments: Durability.allCases)
    func `answers like coupond: Redis`(durability: Durability) throws {
        try check { try RedisPeer(on: $0, $1, durability) }
    }

    @Test(.enabled(if: Installed.hasPostgres, "PostgreSQL is not installed"))
    func `answers like coupond: PostgreSQL`() throws {
        try check { try PostgresPeer(on: $0, $1) }
    }

    @Test(.enabled(if: Installed.hasRedis, "redis-server is not installed"))
    func `is reported when it answers otherwise`() throws {
        let bench = try Workbench()
        defer { bench.clear() }
        let peer = OffByOneCent(peer: try RedisPeer(on: bench, Installed.programs(), .no))
        #expect(throws: Disagreement.self) { try peer.checkAgreement() }
    }
}

/// A peer with a mistake in it.
private struct OffByOneCent: AnsweringPeer {
    let peer: RedisPeer

    var name: String { "off by one" }
    var process: ServerProcess { peer.process }

    func target(for request: PeerRequest, _ pace: Pace) -> Target {
        peer.target(for: request, pace)
    }

    func template(of request: PeerRequest, _ pace: Pace) throws(MixFault) -> RequestTemplate {
        try peer.template(of: request, pace)
    }

    func answer(to request: PeerRequest) throws(ProcessFault) -> PeerAnswer {
        let answer = try peer.answer(to: request)
        if case .accepted(let discount) = answer { return .accepted(discount: discount + 1) }
        return answer
    }
}
