import Foundation
import Testing

@testable import LoadGenerator

@Suite struct `A mix` {
    private func read(_ text: String, framing: Framing = .lines) throws -> Mix {
        try Mix(text: Array(text.utf8), path: "shop.jsonl", framing: framing)
    }

    @Test func `reads weights, and passes over comments and empty lines`() throws {
        let mix = try read("# a comment\n\n{\"op\":\"ping\"}\n20 \t{\"id\":1}\r\n  3 x  \n")
        #expect(mix.entries.map(\.weight) == [1, 20, 3])
        #expect(
            mix.entries.map { String(decoding: $0.template.bytes, as: UTF8.self) }
                == ["{\"op\":\"ping\"}\n", "{\"id\":1}\n", "x\n"])
    }

    @Test func `ends a request as its protocol does`() throws {
        let resp = try read("FCALL f 0", framing: .resp)
        #expect(resp.entries.map(\.template.bytes) == [Array("FCALL f 0\r\n".utf8)])
        let postgres = try read("SELECT 1", framing: .postgres)
        #expect(postgres.entries.map(\.template.bytes) == [Postgres.query("SELECT 1")])
    }

    @Test func `picks by weight`() throws {
        var writer = RequestWriter(try read("70 a\n1 b\n29 c\n"), seed: 4)
        var counts: [String: Int] = [:]
        writer.write(100_000)
        for line in writer.written.text.split(separator: "\n") {
            counts[String(line), default: 0] += 1
        }
        // Five standard deviations to either side.
        #expect((69_275...70_725).contains(try #require(counts["a"])))
        #expect((840...1_160).contains(try #require(counts["b"])))
        #expect(counts.values.reduce(0, +) == 100_000)
    }

    @Test func `repeats itself from the same seed, and not from another`() throws {
        let mix = try read("1 a${below:1000}\n1 b${n}\n")
        let texts = [7, 7, 8].map { (seed: UInt64) in
            var writer = RequestWriter(mix, seed: seed)
            writer.write(100)
            return writer.written.text
        }
        #expect(texts[0] == texts[1])
        #expect(texts[0] != texts[2])
    }

    @Test(arguments: [
        ("", "shop.jsonl: there is no request in the file"),
        ("# nothing\n", "shop.jsonl: there is no request in the file"),
        ("{}\n{\"a\":\"${m}\"}\n", "shop.jsonl:2: ${m} is not a placeholder: "),
        ("\n\n${n\n", "shop.jsonl:3: a placeholder has no closing brace: ${n"),
        ("${below:0}", "shop.jsonl:1: ${below:0} has no limit from 1 to 10000000000"),
        ("0 {}\n", "shop.jsonl:1: the weight 0 is not a whole number from 1 to 1000000"),
        ("1000001 {}\n", "shop.jsonl:1: the weight 1000001 is not"),
        ("1.5 {}\n", "shop.jsonl:1: the weight 1.5 is not"),
        ("20{}\n", "shop.jsonl:1: the weight 20{} is not"),
        ("{}\n20 \n", "shop.jsonl:2: the request is empty"),
    ])
    func `names the line that is at fault`(text: String, expected: String) {
        let fault = #expect(throws: MixFault.self) { try read(text) }
        #expect(fault?.description.hasPrefix(expected) == true, "\(fault?.description ?? "")")
    }

    @Test(arguments: ["/nowhere/mix.jsonl", "/", ""])
    func `names a file that cannot be read`(path: String) {
        let fault = #expect(throws: MixFault.self) { try Mix.read(path: path) }
        #expect(fault?.description.hasPrefix("\(path): cannot be read: ") == true)
        #expect(fault?.line == nil)
    }
}

@Suite struct `The mixes in the tree` {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Benchmarks/mixes")

    @Test(arguments: ["validate.jsonl", "checkout.jsonl"])
    func `can be read, and every request is a line of JSON`(name: String) throws {
        let mix = try Mix.read(path: Self.folder.appending(path: name).path)
        for (_, template) in mix.entries {
            let object = try JSONSerialization.jsonObject(with: Data(template.bytes))
            #expect(object is [String: Any])
        }
    }
}
