import FlatStorage

/// Cuts what comes from a target into replies, wherever the stream was split.
struct ReplyStream: ~Copyable {
    enum Found: Equatable {
        case reply(ReplyOutcome)
        /// Everything was handed out, or is kept until the rest of it comes.
        case needsMore
        case malformed
    }

    /// What is shown of a reply.
    private static let shownBytesMax = 1_000

    private let framing: Framing
    /// A reply that has begun, and what came behind it, from `heldStart` on. Nearly always empty.
    private var held = ByteBuffer(capacity: 0)
    private var heldStart = 0
    /// The last reply that was a failure, or the bytes that were malformed; shortened, on one line.
    private(set) var complaint = ""

    init(_ framing: Framing) { self.framing = framing }

    /// Whether nothing is kept: the last reply was whole and nothing came behind it.
    var isAtStart: Bool { held.count == 0 }

    /// A reply that has begun and not ended, as it would be shown; nil if there is none.
    var begun: String? { isAtStart ? nil : Self.shown(held.bytes(in: heldStart..<held.count)) }

    /// The next reply at or after `position` of `chunk`, where what is kept from earlier chunks comes
    /// first. `position` moves behind what was read; call until it says that it needs more.
    mutating func next(in chunk: Span<UInt8>, from position: inout Int) -> Found {
        if held.count == 0 {
            switch framing.reply(in: chunk, from: position) {
            case .reply(let outcome, let end):
                if outcome == .failed { complaint = Self.shown(chunk.extracting(position..<end)) }
                position = end
                return .reply(outcome)
            case .incomplete:
                held.append(chunk.extracting(position..<chunk.count))
                position = chunk.count
                return .needsMore
            case .malformed:
                complaint = Self.shown(chunk.extracting(position..<chunk.count))
                return .malformed
            }
        }
        held.append(chunk.extracting(position..<chunk.count))
        position = chunk.count
        switch framing.reply(in: held.bytes, from: heldStart) {
        case .reply(let outcome, let end):
            if outcome == .failed { complaint = Self.shown(held.bytes(in: heldStart..<end)) }
            heldStart = end
            if heldStart == held.count { forget() }
            return .reply(outcome)
        case .incomplete:
            held.removeFirst(heldStart)
            heldStart = 0
            return .needsMore
        case .malformed:
            complaint = Self.shown(held.bytes(in: heldStart..<held.count))
            return .malformed
        }
    }

    /// Forgets the beginning of a reply that will not go on: its connection is no more.
    mutating func forget() {
        held.removeAll()
        heldStart = 0
    }

    private static func shown(_ bytes: Span<UInt8>) -> String {
        var shown: [UInt8] = []
        for index in 0..<min(bytes.count, shownBytesMax) {
            // Control bytes, line ends and lengths among them, would not print.
            shown.append(bytes[index] < 0x20 ? UInt8(ascii: " ") : bytes[index])
        }
        return String(decoding: shown, as: UTF8.self) + (bytes.count > shownBytesMax ? "…" : "")
    }
}
