import CouponClient
import Foundation
import Testing

/// Runs the built program against a scripted daemon.
@Suite struct `The program` {
    private struct Run: Equatable {
        var status: Int32
        var output: String
        var errors: String
    }

    /// Runs couponctl, which was built beside these tests, with `input` on standard input.
    private func run(
        _ arguments: [String], input: String = "", environment: [String: String] = [:]
    ) throws -> Run {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let process = Process()
        process.executableURL = URL(filePath: own).deletingLastPathComponent()
            .appending(path: "couponctl")
        process.arguments = arguments
        process.environment = environment
        let (standardInput, output, errors) = (Pipe(), Pipe(), Pipe())
        process.standardInput = standardInput
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // Small enough for a pipe to hold, like both outputs.
        try standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try standardInput.fileHandleForWriting.close()
        let outputBytes = try output.fileHandleForReading.readToEnd() ?? Data()
        let errorBytes = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Run(
            status: process.terminationStatus,
            output: String(decoding: outputBytes, as: UTF8.self),
            errors: String(decoding: errorBytes, as: UTF8.self))
    }

    private static let refused = #"{"id":1,"valid":false,"reason":"expired","codes":[]}"#
    private static let notFound = #"{"id":1,"error":{"code":"not_found","message":"No."}}"#

    @Test func `ends with 0 for a good code and prints the reply as received`() throws {
        let reply = #"{"id":1, "valid":true ,"codes":[],"new":1}"#
        try ScriptedServer.run([{ peer in try peer.answer(reply) }]) { server in
            let run = try run(["validate", "A", "--json", "--socket", server.path])
            #expect(run == Run(status: 0, output: reply + "\n", errors: ""))
        }
    }

    @Test func `ends with 1 for a refused code`() throws {
        try ScriptedServer.run([{ peer in try peer.answer(Self.refused) }]) { server in
            let run = try run(
                ["apply", "A", "--order", "o"], environment: ["COUPOND_SOCKET": server.path])
            #expect(run == Run(status: 1, output: "refused: expired\n", errors: ""))
        }
    }

    @Test func `reserves, and ends with 0 if it is held, else with 1`() throws {
        let held = #"{"id":$ID,"valid":true,"reserved":true,"expires_at":"t","codes":[]}"#
        let notHeld = #"{"id":$ID,"valid":false,"reserved":false,"reason":"expired","codes":[]}"#
        for (reply, expected) in [
            (held, Run(status: 0, output: "reserved until t\n", errors: "")),
            (notHeld, Run(status: 1, output: "refused: expired\n", errors: "")),
        ] {
            try ScriptedServer.run([
                { peer in
                    let line = try peer.answer(reply)
                    #expect(
                        line == #"{"codes":["A","B"],"id":1,"op":"reserve","order":"o","ttl":9}"#)
                }
            ]) { server in
                let run = try run(
                    ["reserve", "A", "B", "--order", "o", "--ttl", "9", "--socket", server.path])
                #expect(run == expected)
            }
        }
    }

    @Test func `releases, and ends with 2 if there is nothing to give back`() throws {
        let request = #"{"code":"A","coupon":"c","id":1,"op":"release","order":"o","store":"s"}"#
        let released = #"{"id":1,"released":true,"codes":[]}"#
        for (reply, expected) in [
            (released, Run(status: 0, output: released + "\n", errors: "")),
            (
                Self.notFound,
                Run(
                    status: 2, output: Self.notFound + "\n",
                    errors: "couponctl: not_found: No.\n")
            ),
        ] {
            try ScriptedServer.run([
                { peer in
                    let line = try peer.answer(reply)
                    #expect(line == request)
                }
            ]) { server in
                let run = try run(
                    [
                        "release", "--order", "o", "--code", "A", "--coupon", "c", "--store", "s",
                        "--json", "--socket", server.path,
                    ])
                #expect(run == expected)
            }
        }
    }

    @Test func `ends with 2 for an error of the daemon, whose line a script still gets`() throws {
        try ScriptedServer.run([{ peer in try peer.answer(Self.notFound) }]) { server in
            let run = try run(["usage", "A", "--json", "--socket", server.path])
            #expect(
                run
                    == Run(
                        status: 2, output: Self.notFound + "\n",
                        errors: "couponctl: not_found: No.\n"))
        }
    }

    @Test func `asks on the admin socket what is for administrators`() throws {
        try ScriptedServer.run([
            { peer in
                let line = try peer.answer(#"{"id":$ID,"result":{"written":true}}"#)
                #expect(line == #"{"id":1,"op":"server.snapshot"}"#)
            }
        ]) { server in
            let run = try run(["snapshot"], environment: ["COUPOND_ADMIN_SOCKET": server.path])
            #expect(run == Run(status: 0, output: "written  true\n", errors: ""))
        }
    }

    @Test func `sends a request from standard input`() throws {
        try ScriptedServer.run([
            { peer in
                let line = try peer.answer(#"{"valid":true,"codes":[]}"#)
                #expect(line == #"{"op":"validate","code": "A" }"#)
            }
        ]) { server in
            let run = try run(
                ["validate", "--request", "-", "--socket", server.path],
                input: "{\n\"code\": \"A\"\n}\n")
            #expect(run == Run(status: 0, output: "valid\n", errors: ""))
        }
    }

    @Test func `ends with 2 without a listener`() throws {
        let run = try run(["ping", "--socket", "/tmp/cc-no-listener-here"])
        #expect(run.status == 2 && run.output.isEmpty)
        #expect(
            run.errors == "couponctl: Cannot connect to /tmp/cc-no-listener-here:"
                + " No such file or directory.\n")
    }

    @Test(arguments: [
        ["validate"], ["apply", "A"], ["reserve", "A"], ["release"], ["sell"],
        ["ping", "--timeout", "x"],
    ])
    func `ends with 2 when it is asked wrongly`(arguments: [String]) throws {
        let run = try run(arguments)
        #expect(run.status == 2 && run.output.isEmpty && run.errors.hasPrefix("Error: "))
    }

    @Test func `ends with 0 when it is asked for help`() throws {
        let run = try run(["--help"])
        #expect(run.status == 0 && run.output.contains("Exit status:") && run.errors.isEmpty)
    }
}
