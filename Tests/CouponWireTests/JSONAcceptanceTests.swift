import CouponWire
import Foundation
import Testing

// The strictness of RFC 8259 on a fixed table. A value stands where `ping` has no field: then JSON is
// separated from what is not by `bad_request` and `bad_json`. Foundation is the second opinion.

private let accepted: [String] = [
    "0", "-0", "1", "-1", "1.5", "-0.5", "1e5", "1E+5", "1e-5", "0e0", "0.0e-0", "1e400", "-1e400",
    "1e-400", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
    "-9223372036854775809", "18446744073709551616", "123456789012345678901234567890",
    "0.1234567890123456789012345678901234567890", "1.7976931348623157e308",
    "true", "false", "null", "\"\"", "[]", "{}", "[[]]", "[{}]", #"{"":0}"#, #"{"a":{"a":{}}}"#,
    #""\"\\\/\b\f\n\r\t""#, #""\u0000""#, #""\u00e9""#, #""\uD83D\uDE00""#, #""\ud83d\ude00""#,
    "\"\u{7F}\"", "\"\u{2028}\u{2029}\"", "\"\u{10FFFF}\"", "\"é\"", " [ 1 , 2 ] ", "\t1\t",
    "[1\r,2]",
    #""\\u12""#, #""\\ud800""#, "[0,1,2,3,4,5,6,7,8,9]",
]

private let rejected: [String] = [
    "", "01", "-01", "00", "+1", "1.", ".5", "-", "-.5", "1e", "1e+", "1.e5", "0x10", "1_000", "1a",
    "NaN", "Infinity", "-Infinity", "1e400x", "1e400.5", "--1", "1-1", "1+1", "١",
    "True", "TRUE", "tru", "truee", "nul", "nulll", "undefined", "a", "'a'",
    "\"", "\"a", "a\"", #""\x41""#, #""\'""#, #""\u12""#, #""\u12G4""#, #""\U0041""#, #""\"#,
    #""\ud800""#, #""\udc00""#, #""\ud800\ud800""#, #""\ud800\u0041""#, #""\ud800x""#,
    #""\ude00\ud83d""#, #""\ud83d\\ude00""#,
    "\"\u{01}\"", "\"\t\"", "\"\r\"", "\"\u{1F}\"", "\u{0C}1", "1\u{0C}", "1\u{0B}", "\u{A0}1",
    "\u{FEFF}1",
    "\u{0}", "1\u{0}", "true\u{0}", "\"a\"\u{0}",
    "[", "]", "{", "}", "[1", "1]", "[1,]", "[,1]", "[1,,2]", "[1 2]", "[1]]", "{]", "[}",
    "{1:2}", "{a:1}", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{,"a":1}"#, #"{"a" 1}"#, #"{"a"::1}"#,
    #"{"a":1 "b":2}"#, "// c\n1", "/* c */1", "1 2", "\"a\" \"b\"", "{} {}", "1,", ":1",
]

/// What Foundation takes or leaves against the RFC, or where we are stricter on purpose: half a
/// surrogate pair is not text, and a number out of its range is a number. (Foundation on Linux takes a
/// comma before a closing bracket.)
private func foundationHasItsOwnMind(about value: String) -> Bool {
    value.hasSuffix(",]") || value.hasSuffix(",}") || value == "1," || value.contains("e400")
        || value == "1e-400" || value.contains(#"\ud800"#)
        || value.contains(#"\udc00"#) || value.contains(#"\ude00"#)
}

@Suite struct `The strictness of JSON` {
    private static func line(around value: String) -> String { #"{"op":"ping","x":\#(value)}"# }

    private static func foundationAccepts(_ line: String) -> Bool {
        do {
            _ = try JSONSerialization.jsonObject(with: Data(line.utf8))
            return true
        } catch {
            return false
        }
    }

    @Test(arguments: accepted)
    func `lets pass what the RFC has`(value: String) {
        let expected = Reading(error: .badRequest, field: "x", operation: .ping)
        #expect(read(Self.line(around: value)) == expected)
        if !foundationHasItsOwnMind(about: value) {
            #expect(Self.foundationAccepts(Self.line(around: value)))
        }
    }

    @Test(arguments: rejected)
    func `refuses what the RFC has not`(value: String) {
        #expect(read(Self.line(around: value)) == Reading(error: .badJSON, id: "null"))
        if !foundationHasItsOwnMind(about: value) {
            #expect(!Self.foundationAccepts(Self.line(around: value)))
        }
    }

    @Test(arguments: [
        "\u{FEFF}{\"op\":\"ping\"}", "{\"op\":\"ping\"}x", "{\"op\":\"ping\"}{}",
        "{\"op\":\"ping\"}\u{0}",
        "\u{0}{\"op\":\"ping\"}", "   ", "\t", "nothing", "{\"op\":\"ping\"},",
    ])
    func `holds around the object as well`(line: String) {
        #expect(read(line) == Reading(error: .badJSON, id: "null"))
    }

    @Test(
        arguments: [
            [0x80], [0xFF], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xE0, 0x80, 0x80], [0xE2, 0x82],
            [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80],
            [0xF4, 0x90, 0x80, 0x80],
            [0xF8, 0x88, 0x80, 0x80, 0x80],
        ] as [[UInt8]])
    func `refuses bytes that are not UTF-8, in texts and keys`(bytes: [UInt8]) {
        var parser = RequestParser(lineBytesMax: 100)
        for (before, after) in [(#"{"op":"ping","x":""#, "\"}"), (#"{"op":"ping",""#, "\":1}")] {
            let line = Array(before.utf8) + bytes + Array(after.utf8)
            #expect(parser.read(line) == Reading(error: .badJSON, id: "null"))
        }
    }

    @Test func `bounds the nesting without a word on the rest`() {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(read(Self.line(around: nested(20))).field == "x")
        let tooDeep = Reading(error: .badRequest, id: "null")
        #expect(read(Self.line(around: nested(40))) == tooDeep)
        #expect(read(Self.line(around: nested(30_000))) == tooDeep)
        // What does not end is not JSON, however deep it is.
        let notJSON = Reading(error: .badJSON, id: "null")
        #expect(read(String(repeating: "[", count: 65_536)) == notJSON)
        #expect(read(String(repeating: #"{"a":"#, count: 13_000)) == notJSON)
    }

    @Test func `names the field of a number out of range beside any other fault`() {
        check(
            #"{"op":"validate","code":"A","x":"1e400 \" 1e400","y":1e400}"#, isRefusedAt: "x")
        check(#"{"op":"reserve","code":"A","order":"o","ttl":1e400}"#, isRefusedAt: "ttl")
        check(
            #"{"op":"reserve","code":"A","order":"o","ttl":99999999999999999999}"#,
            isRefusedAt: "ttl")
        // The text that looks like a number is left alone, and so are numbers that fit.
        check(
            #"{"op":"validate","code":"1e400 \" 99999999999999999999","customer":99999999999999999999,"cart":{"currency":"USD","lines":[],"shipping":1234567890123456}}"#,
            is:
                #"validate codes=[1e400 " 99999999999999999999] customer=99999999999999999999<> cart=USD[] shipping=1234567890123456"#
        )
    }
}
