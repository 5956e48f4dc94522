import CouponWire
import Testing

// Valid requests with random damage: each line has exactly one outcome, the process
// goes on, and the next good line is read as if nothing had happened. The seed is printed; setting
// `seed` below to it replays a run.

private let originals = [
    #"{"id":1,"op":"validate","code":"SUMMER20","customer":{"id":"cus_7","groups":["vip"],"orders":0},"cart":{"currency":"USD","shipping":500,"lines":[{"product":"p1","quantity":2,"unit_price":2500,"category":["shoes"]}]}}"#,
    #"{"id":"\u00e9\ud83d\ude00","op":"apply","codes":["A",{"code":"B","amount":1,"context":{"event":["1",2]}}],"order":12345678901234567890,"metadata":{"a":"b"},"cart":null}"#,
    #"{"op":"reserve","auto":true,"ttl":60,"order":"o","hold_of":"h","booking_date":"2026-06-01T00:00:00+02:00","context":{"a":[],"b":1},"customer":{"email":"Ann@Exämple.com"}}"#,
    #"{"op":"coupon.create","set":{"a":[1.5e3,-0,true,false,null,{"b":{}}]}}"#,
    #"{"op":"release","store":7,"order":"o","code":"x","coupon":"c"}"#,
]

/// SplitMix64 (S. Vigna): small, and the same everywhere.
private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

private let pieces: [String] = [
    "\"", "\\", "{", "}", "[", "]", ",", ":", "\\u", "\\ud800", "1e999", "null",
    "99999999999999999999",
    "\"op\":", "\"id\":", "[[[[[[[[", "\0", "\u{FEFF}", "true", "-", ".", "\r", "{\"\":0}",
]

private func damage(_ line: [UInt8], by random: inout SeededGenerator) -> [UInt8] {
    var line = line
    for _ in 0..<Int.random(in: 1...4, using: &random) {
        let at = Int.random(in: 0...line.count, using: &random)
        let end = min(line.count, at + Int.random(in: 0...12, using: &random))
        switch Int.random(in: 0..<6, using: &random) {
        case 0: line.removeSubrange(at..<end)
        case 1 where at < line.count: line[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2 where at < line.count: line[at] = .random(in: .min ... .max, using: &random)
        case 3: line.insert(contentsOf: line[at..<end], at: at)
        case 4:
            line.insert(
                contentsOf: Array((pieces.randomElement(using: &random) ?? "").utf8), at: at)
        default: line.removeSubrange(at...)
        }
    }
    return line.filter { $0 != UInt8(ascii: "\n") }
}

@Suite struct `Damaged requests` {
    @Test func `have exactly one outcome each and no effect on the next`() {
        let seed = UInt64.random(in: .min ... .max)
        print("Damaged requests: seed \(seed)")
        var random = SeededGenerator(state: seed)
        var parser = RequestParser(lineBytesMax: 65_536)
        var outcomes: [ErrorCode?: Int] = [:]
        for round in 0..<20_000 {
            let original = Array(originals[round % originals.count].utf8)
            let damaged = damage(original, by: &random)
            let reading = parser.read(damaged)
            outcomes[reading.error, default: 0] += 1
            if reading.error == nil {
                // Every text of what was accepted can be read.
                #expect(describe(parser).hasPrefix("\(parser.request.operation.name)"))
            } else {
                #expect(reading.error != .badJSON || reading.id == "null", "seed \(seed)")
            }
            #expect(parser.read(original).error == nil, "seed \(seed), round \(round)")
        }
        // The damage is of all kinds: some lines survive it, some are not JSON, some not a request.
        for outcome in [nil, .badJSON, .badRequest, .unknownOperation] as [ErrorCode?] {
            #expect(outcomes[outcome, default: 0] > 0, "seed \(seed)")
        }
        #expect(outcomes.values.reduce(0, +) == 20_000)
    }
}
