import CouponClient
import Dispatch
import Foundation
import Glibc
import Testing

import Posix

private func expectValid(
    _ reply: CouponReply, sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(reply.valid, sourceLocation: sourceLocation)
}

@Suite struct `An exchange` {
    /// The error of `body`, which has to throw one.
    private func fault(of body: () throws -> Void) throws -> CouponClientError {
        try #require(throws: CouponClientError.self, performing: body)
    }

    @Test func `sends one line with its own id and operation`() throws {
        try ScriptedServer.run([
            { peer in
                let first = try peer.answer(Sample.valid)
                #expect(first == #"{"code":"SUMMER20","id":1,"op":"validate"}"#)
                let second = try peer.answer(#"{"id":$ID,"result":null}"#)
                #expect(second == #"{"code":"X","id":2,"op":"usage"}"#)
            }
        ]) { server in
            let client = server.client()
            expectValid(try client.validate(Sample.checkout))
            let usage = try client.usage(of: "X")
            #expect(usage.limits == nil)
        }
    }

    @Test func `puts a reply together from single bytes`() throws {
        try ScriptedServer.run([
            { peer in
                _ = try peer.readLine()
                for character in #"{"id":1,"valid":true,"codes":[]}"# + "\n" {
                    try peer.send(String(character))
                }
            }
        ]) { server in
            expectValid(try server.client().validate(Sample.checkout))
        }
    }

    @Test func `that takes too long closes the connection, so that no late reply is mistaken`()
        throws
    {
        try ScriptedServer.run([
            { peer in
                _ = try peer.readLine()
                try peer.waitForClose()
            },
            { peer in try peer.answer(Sample.valid) },
        ]) { server in
            let client = server.client(timeout: .milliseconds(500))
            let fault = try fault { _ = try client.send(Sample.apply) }
            #expect(fault == CouponClientError(.timedOut(.waitingForReply), outcome: .unknown))
            #expect("\(fault)".contains("Repeat the request with the same order id"))
            expectValid(try client.validate(Sample.checkout))
        }
    }

    @Test func `that only reads leaves nothing in doubt`() throws {
        try ScriptedServer.run([{ peer in _ = try peer.readLine() }]) { server in
            let fault = try fault { _ = try server.client().validate(Sample.checkout) }
            #expect(fault == CouponClientError(.connectionClosed, outcome: .nothingChanged))
        }
    }

    @Test func `never takes the reply to another request`() throws {
        try ScriptedServer.run([
            { peer in
                _ = try peer.readLine()
                try peer.send(#"{"id":7,"valid":true,"applied":true,"codes":[]}"# + "\n")
                try peer.waitForClose()
            },
            { peer in try peer.answer(Sample.applied) },
        ]) { server in
            let client = server.client()
            let fault = try fault { _ = try client.send(Sample.apply) }
            #expect(fault == CouponClientError(.replyToAnotherRequest, outcome: .unknown))
            let reply = try client.send(Sample.apply)
            #expect(reply.applied == true)
        }
    }

    @Test(arguments: [
        "hello", "[1]", #"{"id":1,"valid":"yes","codes":[]}"#, #"{"id":1,"valid":true}"#, "",
    ])
    func `reports a line that is not a reply`(line: String) throws {
        try ScriptedServer.run([
            { peer in
                _ = try peer.readLine()
                try peer.send(line + "\n")
                try peer.waitForClose()
            }
        ]) { server in
            let fault = try fault { _ = try server.client().send(Sample.apply) }
            guard case .replyNotValid = fault.cause else {
                Issue.record("\(fault.cause)")
                return
            }
            #expect(fault.outcome == .unknown)
        }
    }

    @Test func `stops reading a reply that is too long`() throws {
        try ScriptedServer.run([
            { peer in
                _ = try peer.readLine()
                try peer.send(String(repeating: "x", count: 101))
                try peer.waitForClose()
            }
        ]) { server in
            let client = CouponClient(socketPath: server.path, replyByteCountMax: 100)
            let fault = try fault { _ = try client.validate(Sample.checkout) }
            #expect(fault.cause == .replyNotValid("It is longer than 100 bytes."))
        }
    }

    @Test func `ends when the peer stops in the middle of a line`() throws {
        try ScriptedServer.run([
            { peer in
                _ = try peer.readLine()
                try peer.send(#"{"id":1,"valid":tr"#)
                peer.endSending()
                try peer.waitForClose()
            }
        ]) { server in
            let fault = try fault { _ = try server.client().send(Sample.apply) }
            #expect(fault == CouponClientError(.connectionClosed, outcome: .unknown))
        }
    }

    @Test func `hands over the daemon's error with its facts`() throws {
        try ScriptedServer.run([
            { peer in
                try peer.answer(
                    #"{"id":$ID,"error":{"code":"bad_request","message":"Too few.","#
                        + #""field":"cart.lines[0].quantity","details":{"a":["b"]}}}"#)
                try peer.answer(Sample.valid)
            }
        ]) { server in
            let client = server.client()
            let fault = try fault { _ = try client.send(Sample.apply) }
            let error = ServerError(
                code: .badRequest, message: "Too few.", field: "cart.lines[0].quantity",
                details: .object(["a": .array(["b"])]))
            #expect(fault == CouponClientError(.server(error), outcome: .nothingChanged))
            #expect("\(fault)" == "bad_request (cart.lines[0].quantity): Too few.")
            // The connection goes on.
            expectValid(try client.validate(Sample.checkout))
        }
    }

    @Test func `hands over what the daemon says to a connection it does not want`() throws {
        try ScriptedServer.run([
            { peer in
                try peer.send(#"{"error":{"code":"too_many_connections","message":"m"}}"# + "\n")
            }
        ]) { server in
            let fault = try fault { _ = try server.client().validate(Sample.checkout) }
            let error = ServerError(
                code: .tooManyConnections, message: "m")
            #expect(fault.cause == .server(error))
        }
    }

    @Test func `connects again when the daemon closed the idle connection`() throws {
        try ScriptedServer.run([
            { peer in try peer.answer(Sample.valid) }, { peer in try peer.answer(Sample.valid) },
        ]) { server in
            let client = server.client()
            expectValid(try client.validate(Sample.checkout))
            server.waitUntilNextConnectionIsClosed()
            expectValid(try client.validate(Sample.checkout))
        }
    }

    @Test func `connects again when the daemon said something unasked`() throws {
        try ScriptedServer.run([
            { peer in
                try peer.answer(Sample.valid + "\n" + #"{"id":2,"valid":false,"codes":[]}"#)
                try peer.waitForClose()
            },
            { peer in try peer.answer(Sample.valid) },
        ]) { server in
            let client = server.client()
            expectValid(try client.validate(Sample.checkout))
            expectValid(try client.validate(Sample.checkout))
        }
    }

    @Test func `takes turns between threads`() throws {
        let threadCount = 4
        let requestCount = 100
        try ScriptedServer.run([
            { peer in
                for _ in 0..<threadCount * requestCount {
                    let line = try peer.readLine()
                    let request = try JSONDecoder().decode(JSONValue.self, from: Data(line.utf8))
                    let code = request["code"] ?? .null
                    try peer.send(
                        #"{"id":\#(request["id"] ?? .null),"valid":true,"#
                            + #""codes":[{"code":\#(code),"valid":true}]}"# + "\n")
                }
            }
        ]) { server in
            let client = server.client()
            DispatchQueue.concurrentPerform(iterations: threadCount) { thread in
                for number in 0..<requestCount {
                    let code = "T\(thread)N\(number)"
                    #expect(throws: Never.self) {
                        let reply = try client.validate(Checkout(codes: [CodeRequest(code)]))
                        #expect(reply.codes.map(\.code) == [code])
                    }
                }
            }
        }
    }
}

@Suite struct `A line as it is` {
    @Test(arguments: [
        (#"{"op":"ping"}"#, #"{"result":1}"#), (#"{"op":"ping","id":"a"}"#, #"{"id":"a"}"#),
        (#"{"op":"ping","id":5}"#, #"{"id":5}"#), ("{", #"{"id":null,"error":null}"#),
    ])
    func `comes back as it was received`(line: String, reply: String) throws {
        try ScriptedServer.run([
            { peer in
                #expect(try peer.readLine() == line)
                try peer.send(reply + "\n")
            }
        ]) { server in
            let received = try server.client().send(line: line)
            #expect(received == reply)
        }
    }

    @Test func `has to get its own id back`() throws {
        try ScriptedServer.run([
            { peer in
                _ = try peer.readLine()
                try peer.send(#"{"id":"b"}"# + "\n")
            }
        ]) { server in
            let fault = #expect(throws: CouponClientError.self) {
                try server.client().send(line: #"{"op":"ping","id":"a"}"#)
            }
            #expect(fault?.cause == .replyToAnotherRequest)
        }
    }

    @Test(arguments: ["", "  ", "{}\n{}"])
    func `has to be one line`(line: String) throws {
        let fault = #expect(throws: CouponClientError.self) {
            try CouponClient(socketPath: "/nowhere").send(line: line)
        }
        #expect(fault?.cause == .requestNotValid("Give one JSON object on one line."))
    }
}

@Suite struct `A connection that cannot be made` {
    private func cause(connectingTo path: String) -> CouponClientError.Cause? {
        let fault = #expect(throws: CouponClientError.self) {
            try CouponClient(socketPath: path, timeout: .milliseconds(100)).send(Sample.apply)
        }
        #expect(fault?.outcome == .nothingChanged)
        return fault?.cause
    }

    @Test func `names the path and the system's reason`() throws {
        let path = "/tmp/cc-no-listener-here"
        let cause = try #require(self.cause(connectingTo: path))
        #expect(cause == .cannotConnect(path: path, errno: ENOENT))
        #expect("\(cause)" == "Cannot connect to \(path): No such file or directory.")
    }

    @Test func `refuses a path that does not fit, and takes the longest that does`() throws {
        // 107 bytes with the folder in front.
        let name = "/" + String(repeating: "n", count: 200)
        let tooLong = String(name.prefix(108))
        #expect(cause(connectingTo: tooLong) == .pathNotUsable(path: tooLong))
        #expect(cause(connectingTo: "") == .pathNotUsable(path: ""))

        let longest = String(repeating: "n", count: 107 - "/tmp/cc-".utf8.count - 10 - 1)
        try ScriptedServer.run([{ peer in try peer.answer(Sample.valid) }], name: longest) {
            server in
            #expect(server.path.utf8.count == 107)
            expectValid(try server.client().validate(Sample.checkout))
        }
    }

    @Test func `does not wait longer than it may for room in the queue`() throws {
        let path = "/tmp/cc-full-\(UInt32.random(in: 0 ... .max))"
        let address = try SocketAddress(path: path)
        let listener = try UnixSocket(.stream)
        try listener.bind(to: address)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(atPath: path) } }
        // A queue for no one holds one; no server accepts.
        try listener.listen(backlog: 0)
        let first = try UnixSocket(.stream)
        try first.connect(to: address)

        #expect(cause(connectingTo: path) == .timedOut(.connecting))
    }
}
