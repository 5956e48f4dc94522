import Testing
import Foundation
import Posix

@testable import LoadGenerator

/// A short measurement of a server. A run ends when all is answered: only where a test's server leaves
/// something unanswered is `drain` waited for, however slow the machine is.
func plan(
    _ server: LineServer, _ pace: Pace, _ request: String = "${n}", milliseconds: Int64 = 100,
    warmUp: Int64 = 0, drain: Int64 = 30_000
) throws -> LoadPlan {
    var plan = LoadPlan(
        target: Target(socketPath: server.path, framing: .lines),
        mix: Mix(try RequestTemplate(request + "\n")), pace: pace, warmUpMilliseconds: warmUp,
        milliseconds: milliseconds, seed: 1)
    plan.drainMilliseconds = drain
    return plan
}

extension Latencies {
    /// How long the one took that only `count` took longer than.
    fileprivate func longest(but count: Int) -> Double {
        percentile((Double(self.count - count) - 0.5) / Double(self.count) * 100)
    }
}

@Suite(.serialized) struct `A load` {
    @Test func `of a closed loop keeps as many requests under way as it should`() throws {
        // There is no answer, so that what is under way stays countable.
        let server = try LineServer(Behaviour(answersMax: 0))
        let result = try run(
            plan(server, .closed(connections: 3, depth: 4), milliseconds: 50, drain: 100))
        #expect(result.sent == 12)
        #expect(result.replies == 0)
        #expect(result.unanswered == 12)
        #expect(server.seen.connections.map(\.count) == [4, 4, 4])
        // Each counts with the time that it waited, until the end of the waiting. A busy machine sends
        // some of them late in the 50 ms, so that only the waiting afterwards is certain.
        #expect(result.latencies.count == 12)
        #expect(result.latencies.percentile(1) >= 100_000)
    }

    @Test func `of a closed loop answers each reply with a request`() throws {
        let server = try LineServer()
        let result = try run(plan(server, .closed(connections: 2, depth: 3)))
        #expect(result.sent > 6)
        #expect(result.replies == result.sent)
        #expect(result.latencies.count == result.sent)
        #expect(result.accepted + result.refused + result.failed == 0)
        #expect(result.perSecond == Double(result.replies) * 10)
        #expect(server.seen.lines.count == result.sent)
        #expect(Set(server.seen.lines).count == result.sent, "no number comes twice")
    }

    @Test func `sorts replies, and shows the first that is an error`() throws {
        let error = #"{"id":1,"error":{"code":"bad_request"}}"#
        let server = try LineServer(
            Behaviour(answers: [#"{"valid":true}"#, #"{"valid":false}"#, "{}", error]))
        let result = try run(plan(server, .closed(connections: 1, depth: 1)))
        let rounds = result.replies / 4
        #expect(rounds > 1)
        for count in [result.accepted, result.refused, result.failed] {
            #expect((rounds...(rounds + 1)).contains(count))
        }
        #expect(result.firstFailure == error + " ")
    }

    @Test func `counts what is sent after the warm-up only`() throws {
        let server = try LineServer()
        let result = try run(
            plan(server, .open(connections: 4, perSecond: 1_000), milliseconds: 100, warmUp: 50))
        #expect(result.sent == 100)
        #expect(result.replies == 100)
        #expect(result.latencies.count == 100)
        #expect(server.seen.lines.count == 150)

        // In a closed loop nothing is sent later than in the warm-up without answers.
        let silent = try LineServer(Behaviour(answersMax: 0))
        let none = try run(
            plan(
                silent, .closed(connections: 2, depth: 3), milliseconds: 20, warmUp: 300, drain: 1))
        #expect(silent.seen.lines.count == 6)
        #expect(none.sent == 0)
        #expect(none.latencies.count == 0)
    }

    @Test func `of an open loop sends what its schedule says, spread evenly`() throws {
        let server = try LineServer()
        let result = try run(plan(server, .open(connections: 8, perSecond: 2_000)))
        #expect(result.sent == 200)
        #expect(result.replies == 200)
        #expect(server.seen.connections.map(\.count) == [Int](repeating: 25, count: 8))
        #expect(Set(server.seen.lines).count == 200)
    }

    @Test func `of an open loop goes on without answers`() throws {
        let server = try LineServer(Behaviour(answersMax: 0))
        let result = try run(plan(server, .open(connections: 3, perSecond: 1_000), drain: 100))
        #expect(result.sent == 100)
        #expect(result.unanswered == 100)
        #expect(server.seen.lines.count == 100)
        #expect(result.latencies.count == 100)
        // The last was scheduled a moment before the end, and then waited for.
        #expect(result.latencies.percentile(1) >= 100_000)
        #expect(result.latencies.max >= 199_000)
    }

    @Test func `of an open loop shows a stall in every request scheduled in it`() throws {
        let server = try LineServer(Behaviour(stall: (atLine: 150, milliseconds: 200)))
        let result = try run(
            plan(server, .open(connections: 10, perSecond: 1_000), milliseconds: 600))
        #expect(result.sent == 600)
        #expect(result.replies == 600)
        // Of the 200 scheduled in the stall, the first 150 waited 50 ms and more, the first 100
        // waited 100 ms and more: however late the machine is, not one of them less. Five are left to
        // the server's clock, which counts whole milliseconds.
        #expect(result.latencies.longest(but: 145) >= 50_000)
        #expect(result.latencies.longest(but: 95) >= 100_000)
        #expect(result.latencies.max >= 195_000)
    }

    @Test func `of a closed loop shows a stall once per connection`() throws {
        let server = try LineServer(Behaviour(stall: (atLine: 150, milliseconds: 300)))
        let result = try run(
            plan(server, .closed(connections: 10, depth: 1), milliseconds: 500))
        #expect(result.replies == result.sent)
        #expect(result.latencies.longest(but: 9) >= 290_000)
        #expect(result.latencies.longest(but: 10) < 290_000)
    }

    @Test func `of an open loop neither forgets nor postpones what it could not write`() throws {
        // Of 40 requests scheduled in the stall, the kernel and the generator hold fewer than ten
        // for a peer that does not read.
        let server = try LineServer(Behaviour(stall: (atLine: 10, milliseconds: 200)))
        let padding = String(repeating: "x", count: 60_000)
        let result = try run(
            plan(
                server, .open(connections: 1, perSecond: 200), "${n}" + padding, milliseconds: 300))
        #expect(result.sent == 60)
        #expect(result.replies == 60)
        #expect(server.seen.lines.map { Int($0.prefix(10)) } == Array(0..<60))
        // Those due in the first half of the stall.
        #expect(result.latencies.longest(but: 17) >= 100_000)
    }

    @Test func `of an open loop counts what it could not even write`() throws {
        let server = try LineServer(Behaviour(stall: (atLine: 1, milliseconds: 60_000)))
        let padding = String(repeating: "x", count: 60_000)
        let result = try run(
            plan(server, .open(connections: 1, perSecond: 500), padding, drain: 100))
        #expect(result.sent == 50)
        #expect(result.unanswered == 49)
        #expect(result.latencies.count == 50)
        #expect(result.latencies.longest(but: 48) >= 100_000)
    }

    @Test func `of a connection per request makes one for each, with its preparation`() throws {
        let server = try LineServer()
        var plan = try plan(server, .connectionPerRequest(clients: 3))
        plan.target.handshake = Array("hello\n".utf8)
        plan.target.preparation = [Array("one\n".utf8), Array("two\n".utf8)]
        let result = try run(plan)
        #expect(result.replies > 3)
        #expect(result.replies == result.sent)
        #expect(server.seen.connections.count == result.sent)
        for lines in server.seen.connections {
            #expect(lines.dropLast() == ["hello", "one", "two"])
        }
        #expect(Set(server.seen.connections.compactMap(\.last)).count == result.sent)
    }

    @Test(arguments: [
        Pace.closed(connections: 64, depth: 1), .connectionPerRequest(clients: 64),
        .open(connections: 64, perSecond: 1_000),
    ])
    func `waits for room where a target takes few connections at a time`(pace: Pace) throws {
        let server = try LineServer(Behaviour(backlog: 1))
        let result = try run(plan(server, pace, milliseconds: 20))
        #expect(result.sent >= 20)
        #expect(result.replies == result.sent)
    }

    @Test func `of a connection per request counts those that find no room`() throws {
        let path = "/tmp/load-\(UInt32.random(in: 0 ... .max))"
        let listener = try UnixSocket(boundTo: path, mode: 0o600)
        defer { try? FileManager.default.removeItem(atPath: path) }
        // It accepts no connection: the kernel's queue takes two or so.
        try listener.listen(backlog: 1)
        var plan = LoadPlan(
            target: Target(socketPath: path, framing: .lines),
            mix: Mix(try RequestTemplate("x\n")), pace: .connectionPerRequest(clients: 8),
            warmUpMilliseconds: 0, milliseconds: 20, seed: 1)
        plan.drainMilliseconds = 40
        let result = try run(plan)
        #expect(result.sent == 8)
        #expect(result.unanswered == 8)
        #expect(result.latencies.count == 8)
        #expect(result.latencies.percentile(1) >= 40_000)
        withExtendedLifetime(listener) {}
    }
}
