import Foundation
import Posix
import Testing

@Suite struct `A write of whole lines` {
    let fixture: PathFixture

    init() throws { fixture = try PathFixture() }

    private static let line = Array((String(repeating: "x", count: 99) + "\n").utf8)

    @Test func `leaves no half of a line in a file that is full`() async {
        await #expect(processExitsWith: .success) {
            // The kernel cuts the line at this size, which is what a full disk does.
            var limit = rlimit(rlim_cur: 250, rlim_max: 250)
            let resource = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
            signal(SIGXFSZ, SIG_IGN)
            #expect(unsafe setrlimit(resource, &limit) == 0)
            let path = "/tmp/psx-\(UInt32.random(in: 0 ... .max))"
            defer { try? FileManager.default.removeItem(atPath: path) }
            for options in [O_APPEND, 0] {
                let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | options, 0o600)
                let line = Array((String(repeating: "x", count: 99) + "\n").utf8)
                try writeWhole(line, to: descriptor)
                try writeWhole(line, to: descriptor)
                #expect(throws: PosixFault(.write, errno: EFBIG)) {
                    try writeWhole(line, to: descriptor)
                }
                try writeWhole([UInt8](line.suffix(50)), to: descriptor)
                close(descriptor)
                let text = try String(contentsOfFile: path, encoding: .utf8)
                #expect(text.split(separator: "\n").map(\.count) == [99, 99, 49])
            }
        }
    }

    @Test func `waits for a pipe that does not block`() throws {
        var ends: [CInt] = [-1, -1]
        #expect(unsafe pipe(&ends) == 0)
        let (reading, writing) = (ends[0], ends[1])
        defer { close(reading) }
        #expect(fcntl(writing, F_SETFL, O_NONBLOCK) == 0)
        // More than the pipe holds.
        let count = 3_000
        try startThread(named: "writer") {
            do {
                for _ in 0..<count { try writeWhole(Self.line, to: writing) }
            } catch {
                Issue.record(error)
            }
            close(writing)
        }
        var received: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4_096)
        while true {
            let chunkCount = unsafe read(reading, &chunk, chunk.count)
            if chunkCount <= 0 { break }
            received += chunk.prefix(chunkCount)
        }
        #expect(received.count == count * Self.line.count)
    }

    @Test func `fails if the reader has gone`() async {
        await #expect(processExitsWith: .success) {
            signal(SIGPIPE, SIG_IGN)
            var ends: [CInt] = [-1, -1]
            #expect(unsafe pipe(&ends) == 0)
            close(ends[0])
            #expect(throws: PosixFault(.write, errno: EPIPE)) {
                try writeWhole([1], to: ends[1])
            }
        }
    }
}
