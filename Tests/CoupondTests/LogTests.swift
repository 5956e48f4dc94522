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
            try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
            log.info("second")
            try output.reopen()
            log.info("third")
            #expect(try messages(path + ".1") == ["older", "first", "second"])
            #expect(try messages(path) == ["third"])
        }
    }

    @Test func `that cannot be opened leaves the log in the old file`() throws {
        try withFolder { folder in
            let path = folder + "/log"
            let output = try LogOutput(path: path)
            #expect(throws: (any Error).self) { try output.reopen(at: folder + "/none/log") }
            Logger(to: output, level: .info).info("still here")
            #expect(try messages(path) == ["still here"])
        }
    }

    @Test func `omits lines below its level`() throws {
        try withFolder { folder in
            let path = folder + "/log"
            let log = Logger(to: try LogOutput(path: path), level: .warning)
            log.info("quiet")
            log.warning("loud")
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
            try output.reopen(at: path)
            log.info("found")
            #expect(try messages(path) == ["log lines were lost", "found"])
        }
    }
}
