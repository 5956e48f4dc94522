import Testing

@testable import LoadGenerator

@Suite struct `Replies` {
    /// Everything that a stream hands out for bytes that come in these chunks.
    private func outcomes(
        _ framing: Framing, _ chunks: [ArraySlice<UInt8>]
    ) -> (found: [ReplyOutcome], isMalformed: Bool, complaint: String) {
        var stream = ReplyStream(framing)
        var found: [ReplyOutcome] = []
        for chunk in chunks {
            let chunk = Array(chunk)
            var position = 0
            reading: while true {
                switch stream.next(in: chunk.span, from: &position) {
                case .reply(let outcome): found.append(outcome)
                case .malformed: return (found, true, stream.complaint)
                case .needsMore: break reading
                }
            }
        }
        return (found, false, stream.complaint)
    }

    /// The bytes read whole, split in two at every place, and byte by byte.
    private func check(
        _ framing: Framing, _ bytes: [UInt8], _ expected: [ReplyOutcome],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for split in bytes.indices {
            let found = outcomes(framing, [bytes[..<split], bytes[split...]]).found
            #expect(found == expected, "split at \(split)", sourceLocation: sourceLocation)
        }
        let single = outcomes(framing, bytes.indices.map { bytes[$0...$0] }).found
        #expect(single == expected, sourceLocation: sourceLocation)
    }

    @Test func `as lines are distinguished by the first key after the id`() {
        let lines: [(String, ReplyOutcome)] = [
            (#"{"id":1,"valid":true,"discount":5}"#, .accepted),
            (#"{"id":1,"valid":false,"reason":"expired"}"#, .refused),
            (#"{"id":"a,\"b","valid":true}"#, .accepted),
            (#"{"id":"\\","valid":false}"#, .refused),
            (#"{"id":null,"error":{"code":"bad_json"}}"#, .failed),
            (#"{"error":{"code":"bad_json"}}"#, .failed),
            (#"{"valid":true}"#, .accepted),
            (#"{"id":1,"result":{"limits":[]}}"#, .other),
            (#"{"released":true,"codes":[]}"#, .other),
            // The echo of a request: what a shopper's text says does not count.
            (#"{"id":"\"error\":","op":"validate","code":"\"valid\":true"}"#, .other),
            (#"{"id":1}"#, .other), (#"{"id":"#, .other), (#"{"id":""#, .other), ("", .other),
            (#"{"valid":"#, .other), (#"{"valid":null}"#, .other), ("[]", .other),
        ]
        let bytes = lines.flatMap { Array($0.0.utf8) + [UInt8(ascii: "\n")] }
        check(.lines, bytes, lines.map(\.1))
    }

    @Test func `in RESP are distinguished by their first value`() {
        let replies: [(String, ReplyOutcome)] = [
            ("+OK\r\n", .other), ("-ERR no\r\n", .failed), (":1\r\n", .accepted),
            (":0\r\n", .refused), (":-1\r\n", .other), ("$3\r\n1,5\r\n", .accepted),
            ("$4\r\n0\r\nx\r\n", .refused), ("$0\r\n\r\n", .other), ("$-1\r\n", .other),
            ("_\r\n", .other), ("*-1\r\n", .other), ("*0\r\n", .other),
            ("*2\r\n:1\r\n$2\r\n0x\r\n", .accepted), ("*2\r\n$1\r\n0\r\n*1\r\n:1\r\n", .refused),
            ("*2\r\n*1\r\n:1\r\n*0\r\n", .accepted), ("*2\r\n:1\r\n-ERR\r\n", .failed),
        ]
        check(.resp, replies.flatMap { Array($0.0.utf8) }, replies.map(\.1))
    }

    @Test(arguments: ["HTTP/1.1 400\r\n", "$x\r\n", "$-2\r\n", "*1.5\r\n", "\r\n", "+\n", "$\r\n"])
    func `in RESP are not made of anything else`(text: String) {
        #expect(outcomes(.resp, [Array((":1\r\n" + text).utf8)[...]]).isMalformed)
    }

    @Test func `in RESP are not nested without end`() {
        let deep = String(repeating: "*1\r\n", count: 100) + ":1\r\n"
        #expect(outcomes(.resp, [Array(deep.utf8)[...]]).isMalformed)
    }

    /// A message of PostgreSQL.
    private func message(_ kind: Character, _ body: [UInt8]) -> [UInt8] {
        Postgres.message(kind.asciiValue ?? 0, body, body.count)
    }

    private func row(_ columns: [String?]) -> [UInt8] {
        message(
            "D",
            [0, UInt8(columns.count)]
                + columns.flatMap { column -> [UInt8] in
                    guard let column else { return [255, 255, 255, 255] }
                    return [0, 0, 0, UInt8(column.utf8.count)] + Array(column.utf8)
                })
    }

    @Test func `of PostgreSQL end when it is ready, and are distinguished by their first column`() {
        let ready = message("Z", [UInt8(ascii: "I")])
        let done = message("C", Array("SELECT 1\0".utf8))
        let fault = message("E", Array("SERROR\0Mno such function\0\0".utf8))
        let columns = message("T", [0, 0])
        let replies: [([UInt8], ReplyOutcome)] = [
            (columns + row(["t", "500"]) + done + ready, .accepted),
            (columns + row(["f", "used up"]) + done + ready, .refused),
            (columns + row(["t"]) + row(["f"]) + done + ready, .accepted),
            (columns + row([nil]) + done + ready, .other),
            (columns + row(["true"]) + done + ready, .other),
            (columns + row([]) + done + ready, .other),
            (done + ready, .other),
            (fault + ready, .failed),
            (columns + row(["t"]) + fault + ready, .failed),
            // The greeting of a server that trusts us, and of one that wants a password and waits.
            (message("R", [0, 0, 0, 0]) + message("S", Array("a\0b\0".utf8)) + ready, .other),
            (message("R", [0, 0, 0, 10]), .failed),
        ]
        check(.postgres, replies.flatMap(\.0), replies.map(\.1))
    }

    @Test(arguments: [[0, 0, 0, 0, 4], [90, 0, 0, 0, 3], [90, 255, 255, 255, 255]] as [[UInt8]])
    func `of PostgreSQL are not made of anything else`(bytes: [UInt8]) {
        #expect(outcomes(.postgres, [bytes[...]]).isMalformed)
    }

    @Test func `that are failures can be shown on one line`() {
        let found = outcomes(.lines, [Array("{\"id\":1,\"error\":{\"a\":\"b\tc\"}}\n".utf8)[...]])
        #expect(found.complaint == #"{"id":1,"error":{"a":"b c"}} "#)
        let long = "-" + String(repeating: "x", count: 5_000) + "\r\n"
        #expect(outcomes(.resp, [Array(long.utf8)[...]]).complaint.count == 1_001)
    }
}
