import Testing
import Posix

@testable import LoadGenerator

@Suite(.serialized) struct `A load ends with a fault` {
    private static let paces: [Pace] = [
        .closed(connections: 2, depth: 2), .open(connections: 2, perSecond: 1_000),
        .connectionPerRequest(clients: 2),
    ]

    @Test(arguments: paces)
    func `without a listener`(pace: Pace) throws {
        let server = try LineServer()
        for (path, code) in [
            ("/tmp/no-listener-is-here", 2), (String(repeating: "x", count: 200), 36),
        ] {
            var plan = try plan(server, pace)
            plan.target.socketPath = path
            let fault = #expect(throws: LoadFault.self) { try run(plan) }
            guard case .cannotConnect(path, let cause) = fault else {
                Issue.record("\(String(describing: fault))")
                continue
            }
            #expect(cause.errno == CInt(code))
            #expect(fault?.description.hasPrefix("cannot connect to \(path): ") == true)
        }
    }

    @Test(arguments: paces.dropLast())
    func `where the target hangs up, and shows what it said`(pace: Pace) throws {
        let server = try LineServer(
            Behaviour(closesAtLine: 5, lastWord: #"{"error":{"code":"shutting_down"}}"# + "\n"))
        let fault = #expect(throws: LoadFault.self) { try run(plan(server, pace)) }
        guard case .connectionEnded(_, _, let last) = fault else {
            Issue.record("\(String(describing: fault))")
            return
        }
        #expect(last == #"{"error":{"code":"shutting_down"}} "#)
        #expect(fault?.description.contains("shutting_down") == true)
    }

    @Test(arguments: paces)
    func `where the target hangs up without a word`(pace: Pace) throws {
        let server = try LineServer(Behaviour(closesAtLine: 5))
        let fault = #expect(throws: LoadFault.self) { try run(plan(server, pace)) }
        guard case .connectionEnded(_, let replies, nil) = fault else {
            Issue.record("\(String(describing: fault))")
            return
        }
        #expect(replies <= 4)
    }

    @Test func `where the target hangs up in the middle of a reply, and shows it`() throws {
        let server = try LineServer(Behaviour(closesAtLine: 3, lastWord: #"{"error":{"co"#))
        #expect(
            throws: LoadFault.connectionEnded(nil, afterReplies: 2, lastWords: #"{"error":{"co"#)
        ) {
            try run(plan(server, .closed(connections: 1, depth: 1)))
        }
    }

    @Test func `where more replies come than requests went`() throws {
        let server = try LineServer(Behaviour(answers: ["one\ntwo"]))
        let fault = #expect(throws: LoadFault.self) {
            try run(plan(server, .closed(connections: 1, depth: 1)))
        }
        guard case .unexpectedBytes = fault else {
            Issue.record("\(String(describing: fault))")
            return
        }
    }

    @Test func `where the target speaks something else`() throws {
        let server = try LineServer(Behaviour(answers: ["HTTP/1.1 400 Bad Request\r"]))
        var plan = try plan(server, .closed(connections: 1, depth: 1))
        plan.target.framing = .resp
        #expect(throws: LoadFault.unexpectedBytes("HTTP/1.1 400 Bad Request  ")) { try run(plan) }
    }

    @Test(arguments: paces)
    func `where it cannot be prepared`(pace: Pace) throws {
        let server = try LineServer(
            Behaviour(answers: ["welcome", #"{"error":{"code":"forbidden"}}"#]))
        var plan = try plan(server, pace)
        plan.target.handshake = Array("hello\n".utf8)
        plan.target.preparation = [Array("prepare\n".utf8)]
        let fault = #expect(throws: LoadFault.self) { try run(plan) }
        guard case .notPrepared(let reply?) = fault else {
            Issue.record("\(String(describing: fault))")
            return
        }
        #expect(reply == #"{"error":{"code":"forbidden"}} "#)
    }
}
