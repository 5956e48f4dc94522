import Foundation
import Glibc
import Posix
import Testing

@Suite struct `An archive of lines` {
    /// Calls `body` with a path in a folder of its own.
    private func withPath(_ body: (String) throws -> Void) throws {
        let folder = NSTemporaryDirectory() + "lines-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder + "/a.jsonl")
    }

    private func text(_ path: String) throws -> String {
        try String(contentsOfFile: path, encoding: .utf8)
    }

    @Test func `is created for its owner, and grows`() throws {
        try withPath { path in
            try appendDurably(lines: Array("one\n".utf8), toFile: path)
            try appendDurably(lines: Array("two\nthree\n".utf8), toFile: path)
            #expect(try text(path) == "one\ntwo\nthree\n")
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test(arguments: [("one\ntw", "one\n"), ("on", ""), ("", ""), ("one\n", "one\n")])
    func `loses the part of a line that a crash left`(before: String, whole: String) throws {
        try withPath { path in
            try before.write(toFile: path, atomically: false, encoding: .utf8)
            try appendDurably(lines: Array("next\n".utf8), toFile: path)
            #expect(try text(path) == whole + "next\n")
        }
    }

    @Test func `needs its folder, and follows no link`() throws {
        try withPath { path in
            let missing = path + "/a.jsonl"
            #expect(throws: PosixFault(.openArchive, errno: ENOENT)) {
                try appendDurably(lines: Array("one\n".utf8), toFile: missing)
            }
            try FileManager.default.createSymbolicLink(
                atPath: path, withDestinationPath: "/dev/null")
            #expect(throws: PosixFault(.openArchive, errno: ELOOP)) {
                try appendDurably(lines: Array("one\n".utf8), toFile: path)
            }
        }
    }
}
