import Foundation
import Testing

@testable import coupon_bench

@Suite struct `A workbench` {
    @Test func `leaves neither process nor folder behind`() throws {
        let bench = try Workbench()
        let process = try bench.start(
            "sleep", executable: "/bin/sleep", arguments: ["600"])
        #expect(process.isRunning)
        #expect(try ProcessFigures.cpuSeconds(ofTree: process.id) >= 0)
        #expect(try ProcessFigures.memory("VmRSS", of: process.id) > 0)
        bench.clear()
        #expect(!process.isRunning)
        #expect(!FileManager.default.fileExists(atPath: bench.path))
        #expect(throws: ProcessFault.self) {
            try bench.start("sleep", executable: "/bin/sleep", arguments: ["600"])
        }
    }

    @Test func `is not made where a socket's path would not fit`() throws {
        let folder = "/tmp/" + String(repeating: "x", count: 90)
        do throws(ProcessFault) {
            _ = try Workbench(in: folder)
            Issue.record("it was made")
        } catch {
            #expect("\(error)".contains("too long for the path of a socket"))
        }
    }

    @Test func `counts what children used that have ended`() throws {
        let bench = try Workbench()
        defer { bench.clear() }
        // The shell waits for a child that is busy for a while, says so, and stays.
        let process = try bench.start(
            "shell", executable: "/bin/sh",
            arguments: [
                "-c",
                "(i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done); echo done; exec sleep 600",
            ])
        try process.wait(seconds: 60) { process.logText.contains("done") }
        #expect(try ProcessFigures.cpuSeconds(ofTree: process.id) > 0.01)
    }

    @Test func `says what a server said that ended early`() throws {
        let bench = try Workbench()
        defer { bench.clear() }
        let process = try bench.start(
            "shell", executable: "/bin/sh", arguments: ["-c", "echo no luck; exit 3"])
        do throws(ProcessFault) {
            try process.wait(seconds: 60) { false }
            Issue.record("it waited for nothing")
        } catch {
            #expect("\(error)" == "shell ended with status 3. Its log ends with:\nno luck")
        }
    }
}
