import FlatStorage

/// How the replies of a target follow each other in its stream, and how a good one differs from a
/// bad one.
package enum Framing: String, CaseIterable, Sendable {
    /// Lines of JSON, as coupond speaks. The first key after `id` decides: `error` is a failure,
    /// `valid` a verdict; any other line, such as the echo of a request, is just a reply.
    case lines
    /// RESP2, as Redis speaks. An error is a failure, also inside an array. A reply whose first value
    /// is an integer or a text that starts with `1` is accepted, with `0` refused.
    case resp
    /// The simple query protocol of PostgreSQL; a reply ends with ReadyForQuery. An ErrorResponse is
    /// a failure. A row whose first column is `t` is accepted, `f` refused.
    case postgres

    /// What the bytes from `start` on turn out to be. Bytes in, answer out: nothing is remembered,
    /// so a reply that arrived in part is looked at again, whole, when more has come.
    func reply(in bytes: Span<UInt8>, from start: Int) -> ReplyFound {
        switch self {
        case .lines: LineReply.find(in: bytes, from: start)
        case .resp: RespReply.find(in: bytes, from: start)
        case .postgres: PostgresReply.find(in: bytes, from: start)
        }
    }
}

/// What came back for a request.
enum ReplyOutcome: Equatable {
    case accepted
    case refused
    case failed
    /// Neither of them, such as the echo of a request.
    case other
}

/// What lies at the start of some bytes.
enum ReplyFound: Equatable {
    /// A whole reply, which ends before `end`.
    case reply(ReplyOutcome, end: Int)
    /// The beginning of a reply.
    case incomplete
    /// Nothing that the protocol knows.
    case malformed
}

enum LineReply {
    private static let idKey: [UInt8] = Array(#"{"id":"#.utf8)
    private static let validKey = Array(#""valid":"#.utf8).span.eightBytes(at: 0)
    private static let errorKey = Array(#""error":"#.utf8).span.eightBytes(at: 0)

    static func find(in bytes: Span<UInt8>, from start: Int) -> ReplyFound {
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n"), from: start) else {
            return .incomplete
        }
        return .reply(outcome(of: bytes.extracting(start..<end)), end: end + 1)
    }

    // Keys that shoppers' texts could imitate further on are not looked for: only the first counts.
    private static func outcome(of line: Span<UInt8>) -> ReplyOutcome {
        guard let key = firstKey(of: line), let word = line.eightBytes(at: key) else {
            return .other
        }
        if word == errorKey { return .failed }
        guard word == validKey, key + 8 < line.count else { return .other }
        return switch line[key + 8] {
        case UInt8(ascii: "t"): .accepted
        case UInt8(ascii: "f"): .refused
        default: .other
        }
    }

    /// Where the first key other than `id` starts.
    private static func firstKey(of line: Span<UInt8>) -> Int? {
        guard line.count > idKey.count else { return nil }
        for index in 0..<idKey.count where line[index] != idKey[index] { return 1 }
        var index = idKey.count
        if line[index] == UInt8(ascii: "\"") {
            index += 1
            while index < line.count, line[index] != UInt8(ascii: "\"") {
                index += line[index] == UInt8(ascii: "\\") ? 2 : 1
            }
        }
        guard index < line.count, let comma = line.firstIndex(of: UInt8(ascii: ","), from: index)
        else { return nil }
        return comma + 1
    }
}
