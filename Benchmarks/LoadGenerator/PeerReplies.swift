// The replies of Redis and PostgreSQL, as far as a load needs to understand them: where one ends, and
// whether it says yes, no or "error". Every function looks at bytes that may end anywhere.

/// A reply in RESP2.
enum RespReply {
    /// Nested deeper than any function's reply; deeper is malformed, so that no peer's bytes decide
    /// how deep this recursion goes.
    private static let depthMax = 16

    static func find(in bytes: Span<UInt8>, from start: Int) -> ReplyFound {
        var position = start
        return value(in: bytes, at: &position, depth: 0)
    }

    /// Reads the value at `position` and moves behind it.
    private static func value(
        in bytes: Span<UInt8>, at position: inout Int, depth: Int
    ) -> ReplyFound {
        guard position < bytes.count else { return .incomplete }
        guard let newline = bytes.firstIndex(of: UInt8(ascii: "\n"), from: position) else {
            return .incomplete
        }
        let kind = bytes[position]
        // Between the kind and `\r\n`.
        guard newline - position >= 2, bytes[newline - 1] == UInt8(ascii: "\r") else {
            return .malformed
        }
        let text = bytes.extracting((position + 1)..<(newline - 1))
        position = newline + 1
        switch kind {
        case UInt8(ascii: "+"), UInt8(ascii: ":"):
            return .reply(outcome(of: text), end: position)
        case UInt8(ascii: "-"):
            return .reply(.failed, end: position)
        case UInt8(ascii: "_"):
            return .reply(.other, end: position)
        case UInt8(ascii: "$"):
            guard let byteCount = count(text) else { return .malformed }
            if byteCount < 0 { return .reply(.other, end: position) }
            let body = position
            guard byteCount <= bytes.count - 2 - body else { return .incomplete }
            position += byteCount + 2
            return .reply(outcome(of: bytes.extracting(body..<(body + byteCount))), end: position)
        case UInt8(ascii: "*"):
            guard let elements = count(text), depth < depthMax else { return .malformed }
            return array(of: elements, in: bytes, at: &position, depth: depth + 1)
        default:
            return .malformed
        }
    }

    private static func array(
        of elements: Int, in bytes: Span<UInt8>, at position: inout Int, depth: Int
    ) -> ReplyFound {
        var outcome = ReplyOutcome.other
        for index in 0..<max(0, elements) {
            switch value(in: bytes, at: &position, depth: depth) {
            case .reply(let found, _):
                if index == 0 || found == .failed { outcome = found }
            case let other: return other
            }
        }
        return .reply(outcome, end: position)
    }

    private static func outcome(of text: Span<UInt8>) -> ReplyOutcome {
        if text.isEmpty { return .other }
        return switch text[0] {
        case UInt8(ascii: "1"): .accepted
        case UInt8(ascii: "0"): .refused
        default: .other
        }
    }

    /// A length: -1 for null, else 0 or more.
    private static func count(_ text: Span<UInt8>) -> Int? {
        if text.count == 2, text[0] == UInt8(ascii: "-"), text[1] == UInt8(ascii: "1") {
            return -1
        }
        // Nine digits are enough for the 512 MiB of the largest value.
        guard (1...9).contains(text.count) else { return nil }
        var count = 0
        for index in text.indices {
            let digit = text[index] &- UInt8(ascii: "0")
            if digit > 9 { return nil }
            count = count * 10 + Int(digit)
        }
        return count
    }
}

/// A reply of PostgreSQL: messages up to ReadyForQuery.
enum PostgresReply {
    /// A kind and a length.
    private static let headByteCount = 5

    static func find(in bytes: Span<UInt8>, from start: Int) -> ReplyFound {
        var position = start
        var outcome = ReplyOutcome.other
        while position <= bytes.count - headByteCount {
            let kind = bytes[position]
            guard let length = int32(in: bytes, at: position + 1), length >= 4 else {
                return .malformed
            }
            let (body, end) = (position + headByteCount, position + 1 + length)
            guard end <= bytes.count else { return .incomplete }
            switch kind {
            case UInt8(ascii: "Z"):
                return .reply(outcome, end: end)
            case UInt8(ascii: "E"):
                outcome = .failed
            case UInt8(ascii: "D") where outcome == .other:
                outcome = verdict(ofRow: bytes.extracting(body..<end))
            case UInt8(ascii: "R") where int32(in: bytes, at: body) != 0:
                // The server asks for a password and waits for it: there will be no more.
                return .reply(.failed, end: end)
            case UInt8(ascii: "A")...UInt8(ascii: "z"):
                break
            default:
                return .malformed
            }
            position = end
        }
        return .incomplete
    }

    /// The row's columns: their number, then each with its length before it.
    private static func verdict(ofRow row: Span<UInt8>) -> ReplyOutcome {
        guard let length = int32(in: row, at: 2), length == 1, row.count > 6 else { return .other }
        return switch row[6] {
        case UInt8(ascii: "t"): .accepted
        case UInt8(ascii: "f"): .refused
        default: .other
        }
    }

    private static func int32(in bytes: Span<UInt8>, at offset: Int) -> Int? {
        guard offset <= bytes.count - 4 else { return nil }
        var number: UInt32 = 0
        for index in offset..<(offset + 4) { number = number << 8 | UInt32(bytes[index]) }
        return Int(Int32(bitPattern: number))
    }
}
