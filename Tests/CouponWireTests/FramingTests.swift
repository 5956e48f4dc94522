import CouponWire
import Testing

/// What came out of a stream: lines as text, and `too long`.
private struct Cutter: ~Copyable {
    var lines: LineBuffer
    var found: [String] = []

    init(lineBytesMax: Int) { lines = LineBuffer(lineBytesMax: lineBytesMax) }

    /// Reads a chunk to its end, or at most `countMax` lines of it, keeping the rest.
    mutating func read(_ chunk: [UInt8], countMax: Int = .max) {
        var position = 0
        for _ in 0..<countMax {
            switch lines.next(in: chunk.span, from: &position) {
            case .line(let range): found.append(copy(chunk.span.extracting(range)))
            case .heldLine: found.append(copy(lines.heldLine))
            case .lineTooLong: found.append("too long")
            case .needsMore:
                #expect(position == chunk.count)
                return
            }
        }
        lines.keepRest(of: chunk.span, from: &position)
        #expect(position == chunk.count)
    }
}

/// Cuts a stream that arrives in these chunks.
private func cut(_ chunks: [[UInt8]], lineBytesMax: Int = 8) -> [String] {
    var cutter = Cutter(lineBytesMax: lineBytesMax)
    for chunk in chunks { cutter.read(chunk) }
    return cutter.found
}

private func cut(_ text: String, lineBytesMax: Int = 8) -> [String] {
    cut([Array(text.utf8)], lineBytesMax: lineBytesMax)
}

@Suite struct `A stream of bytes` {
    @Test(
        arguments: [
            ("", []), ("a", []), ("a\n", ["a"]), ("a\r\n", ["a"]), ("a\nb\n", ["a", "b"]),
            ("\n\r\n\na\n\n", ["a"]), (" \t\r\n a\n\t", [" a"]), ("\r", []), ("a\r\r\n", ["a\r"]),
            ("a\rb\n", ["a\rb"]), (" \n", []),
            ("12345678\n", ["12345678"]), ("12345678\r\n", ["12345678"]),
            ("123456789\n", ["too long"]),
            ("12345678\r\r\n", ["too long"]), ("123456789", ["too long"]), ("12345678\r", []),
            ("12345678\rx\n", ["too long"]), ("a\n1234567890\nb\n", ["a", "too long", "b"]),
            ("1234567890\n1234567890\nb\n", ["too long", "too long", "b"]),
            ("12345678901234567890\n\nb\r\n", ["too long", "b"]),
        ] as [(String, [String])])
    func `is cut into lines, in chunks of any size`(stream: String, lines: [String]) {
        let bytes = Array(stream.utf8)
        #expect(cut(stream) == lines)
        #expect(cut(bytes.map { [$0] }) == lines)
        for first in 0...bytes.count {
            for second in first...bytes.count {
                let chunks = [bytes[..<first], bytes[first..<second], bytes[second...]]
                #expect(cut(chunks.map(Array.init)) == lines)
            }
        }
    }

    @Test(arguments: 0...5)
    func `may be left and taken up again after any line`(countMax: Int) {
        let stream = Array("a\nbb\r\n\nccc\n1234567890\ndddd\neeeee\n".utf8)
        let lines = ["a", "bb", "ccc", "too long", "dddd", "eeeee"]
        for split in 0...stream.count {
            var cutter = Cutter(lineBytesMax: 8)
            cutter.read(Array(stream[..<split]), countMax: countMax)
            cutter.read(Array(stream[split...]), countMax: countMax)
            #expect(cutter.found.count <= 2 * countMax)
            // Without new bytes, what is held is handed out.
            for _ in 0..<10 { cutter.read([], countMax: max(countMax, 1)) }
            #expect(cutter.found == lines)
            #expect(cutter.lines.heldByteCount == 0)
        }
    }

    @Test func `owns bytes only while they are part of a line`() {
        var cutter = Cutter(lineBytesMax: 8)
        for (chunk, heldByteCount) in [
            ("a\nb\n", 0), ("a\nbcd", 3), ("e", 4), ("\n", 0), ("x", 1), ("y\nz\n", 0),
            ("1234567890", 0), ("123", 0), ("4\n5", 1), ("\n\n\n", 0),
        ] {
            cutter.read(Array(chunk.utf8))
            #expect(cutter.lines.heldByteCount == heldByteCount)
        }
    }

    @Test(arguments: [1, 7, 4_096, 65_536, 65_537, 200_000])
    func `may have lines of exactly the limit and no more`(chunkByteCount: Int) {
        let line = String(repeating: "x", count: 65_536)
        let stream = Array("\(line)\n\(line)\r\n\(line)y\n\(line)\(line)\(line)\r\ngood\n".utf8)
        var chunks: [[UInt8]] = []
        var start = 0
        while start < stream.count {
            let end = min(start + chunkByteCount, stream.count)
            chunks.append(Array(stream[start..<end]))
            start = end
        }
        #expect(
            cut(chunks, lineBytesMax: 65_536) == [line, line, "too long", "too long", "good"])
    }

    @Test func `of requests means the same in any two pieces`() {
        let requests = [
            #"{"id":1,"op":"ping"}"#, "not json", #"{"id":"é","op":"validate","code":"A\n"}"#, "",
            #"{"id":2,"op":"release","order":7}"#,
        ]
        let stream = Array(requests.joined(separator: "\r\n").utf8) + [UInt8(ascii: "\n")]
        let whole = readings(of: [stream])
        #expect(whole.map(\.error) == [nil, .badJSON, nil, nil])
        for split in 0...stream.count {
            #expect(readings(of: [Array(stream[..<split]), Array(stream[split...])]) == whole)
        }
    }

    private func readings(of chunks: [[UInt8]]) -> [Reading] {
        var parser = RequestParser(lineBytesMax: 65_536)
        return cut(chunks, lineBytesMax: 65_536).map { parser.read(Array($0.utf8)) }
    }
}
