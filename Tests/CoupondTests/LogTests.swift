import CouponRules
import Foundation
import Logging
import Testing

@testable import coupond

@Suite struct `A line of the log` {
    private func line(_ message: String, _ metadata: Logger.Metadata = [:]) -> String {
        let line = LogLine(
            level: .info, message: message, metadata: metadata,
            time: Instant(millisecondsSinceEpoch: 1_780_315_200_007))
        return String(decoding: line.bytes, as: UTF8.self)
    }

    @Test func `is one JSON object with the time in UTC`() {
        #expect(
            line("serving")
                == #"{"time":"2026-06-01T12:00:00.007Z","level":"info","message":"serving"}"#
                + "\n")
    }

    @Test func `keeps integers as numbers and sorts the keys`() {
        let text = line(
            "x", ["ms": .stringConvertible(12), "bytes": .stringConvertible(UInt64.max)])
        #expect(text.contains(#""metadata":{"bytes":18446744073709551615,"ms":12}"#))
    }

    @Test func `holds lists and maps`() {
        let text = line("x", ["a": ["b", ["c": "d"]], "e": .array([])])
        #expect(text.contains(#""metadata":{"a":["b",{"c":"d"}],"e":[]}"#))
    }

    @Test(arguments: [
        "a \"quoted\" word", "back\\slash", "two\nlines", "tab\tand \u{1} and \u{7F}", "Grüße 🎟",
        "\r\u{0}\u{1F}",
    ])
    func `escapes any text so that a JSON reader returns it`(text: String) throws {
        let bytes = Data(line(text, ["k": "\(text)"]).utf8)
        let object = try #require(
            try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
        #expect(object["message"] as? String == text)
        #expect((object["metadata"] as? [String: String]) == ["k": text])
        #expect(bytes.count(where: { $0 == UInt8(ascii: "\n") }) == 1)
    }
}

@Suite struct `A log file` {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "coupond-log-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path)
    }

    private func messages(_ path: String) throws -> [String] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
            let object = try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
            return object?["message"] as? String ?? ""
        }
    }

    @Test func `is appended to, and opened again after a rotation`() throws {
        try withFolder { folder in
            let path = folder + "/log"
            try Data("{\"message\":\"older\"}\n".utf8).write(to: URL(fileURLWithPath: path))
            let output = try LogOutput(path: path)
            let log = Logger(to: output, level: .info)
            log.info("first")
            output.flush()
            try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
            log.info("second")
            output.reopen(level: .info)
            log.info("third")
            output.flush()
            #expect(try messages(path + ".1") == ["older", "first", "second"])
            #expect(try messages(path) == ["log file reopened", "third"])
        }
    }

    @Test func `goes on in another file behind the lines so far`() throws {
        try withFolder { folder in
            let output = try LogOutput(path: folder + "/old")
            let log = Logger(to: output, level: .info)
            log.info("first")
            output.move(to: folder + "/new", level: .info)
            log.info("second")
            output.flush()
            #expect(try messages(folder + "/old") == ["first"])
            #expect(try messages(folder + "/new") == ["second"])
        }
    }

    @Test func `that cannot be opened leaves the log in the old file`() throws {
        try withFolder { folder in
            let path = folder + "/log"
            let output = try LogOutput(path: path)
            output.move(to: folder + "/none/log", level: .info)
            Logger(to: output, level: .info).info("still here")
            output.flush()
            let complaint = "cannot open the new log file; the log stays in the old one"
            #expect(try messages(path) == [complaint, "still here"])
        }
    }

    @Test func `omits lines below its level`() throws {
        try withFolder { folder in
            let path = folder + "/log"
            let output = try LogOutput(path: path)
            let log = Logger(to: output, level: .warning)
            log.info("quiet")
            log.warning("loud")
            output.reopen(level: .warning)
            output.flush()
            #expect(try messages(path) == ["loud"])
        }
    }

    @Test func `that was full reports how many lines it lost`() throws {
        try withFolder { folder in
            let path = folder + "/log"
            let output = try LogOutput(path: "/dev/full")
            let log = Logger(to: output, level: .info)
            log.info("lost")
            log.info("lost, too")
            output.move(to: path, level: .info)
            log.info("found")
            output.flush()
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(try messages(path) == ["log lines were lost", "found"])
            #expect(text.contains(#""metadata":{"lines":2}"#))
        }
    }

    @Test func `holds all lines of several threads, each of them whole`() throws {
        try withFolder { folder in
            let path = folder + "/log"
            let output = try LogOutput(path: path)
            let log = Logger(to: output, level: .info)
            DispatchQueue.concurrentPerform(iterations: 8) { thread in
                for number in 0..<50 { log.info("\(thread).\(number)") }
            }
            output.flush()
            let found = try messages(path)
            #expect(found.count == 400)
            for thread in 0..<8 {
                #expect(
                    found.filter { $0.hasPrefix("\(thread).") }
                        == (0..<50).map { "\(thread).\($0)" })
            }
        }
    }
}

@Suite struct `A line that is too long for a pipe` {
    private func bytes(_ message: String, _ metadata: Logger.Metadata) -> [UInt8] {
        LogLine(
            level: .error, message: message, metadata: metadata,
            time: Instant(millisecondsSinceEpoch: 0)
        ).bytes
    }

    private func check(
        _ message: String, _ metadata: Logger.Metadata,
        _ sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> [String: Any] {
        let line = bytes(message, metadata)
        #expect(line.count <= 4_096, sourceLocation: sourceLocation)
        #expect(line.last == UInt8(ascii: "\n"), sourceLocation: sourceLocation)
        return try #require(
            try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any],
            sourceLocation: sourceLocation)
    }

    @Test func `has its texts shortened and its numbers kept`() throws {
        let line = try check(
            "message",
            ["fault": "\(String(repeating: "ü", count: 4_000))", "n": .stringConvertible(7)])
        let metadata = try #require(line["metadata"] as? [String: Any])
        let fault = try #require(metadata["fault"] as? String)
        #expect(fault.hasPrefix("üüüü") && fault.hasSuffix("…") && fault.utf8.count > 500)
        #expect(metadata["n"] as? Int == 7)
        #expect(line["message"] as? String == "message")
    }

    @Test func `keeps its message if its facts are too many`() throws {
        let many = (0..<3_000).map { Logger.MetadataValue.string("\($0)") }
        #expect(try check("too many", ["list": .array(many)])["message"] as? String == "too many")
        let controls = String(repeating: "\u{1}", count: 9_000)
        _ = try check(controls, ["text": "\(controls)"])
    }

    @Test func `is left alone up to the limit`() {
        let rest = 4_096 - bytes("", [:]).count
        let longest = String(repeating: "x", count: rest)
        #expect(String(decoding: bytes(longest, [:]), as: UTF8.self).contains(longest))
        #expect(bytes(longest, [:]).count == 4_096)
    }
}
