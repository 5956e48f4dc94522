import FlatStorage

// Bytes arrive in chunks that are lent for one call. A line may lie in one chunk, or begin in one
// and end in a later one. Whole lines are handed out where they lie in the chunk. Only an unfinished
// line is copied, and its memory is released when the line is done: a thousand quiet connections
// share one read buffer and own next to nothing.
//
// The caller calls `next` until it returns `needsMore`. To be fair to others it may stop earlier;
// then `keepRest` copies the rest of the chunk, and later calls continue there.

/// Cuts a stream of bytes into lines.
///
/// A line ends at `\n`; a `\r` before it is dropped. Lines of spaces and tabs only are skipped.
package struct LineBuffer: ~Copyable {
    /// The result of ``next(in:from:)``.
    package enum Found: Equatable, Sendable {
        /// A line at this range of the chunk.
        case line(Range<Int>)
        /// A line in ``heldLine``, good until the next call.
        case heldLine
        /// A line over the limit. It is reported once, at any length.
        case lineTooLong
        /// The chunk has no further complete line. An unfinished one is held.
        case needsMore
    }

    /// The most bytes of a line without its end.
    package let lineBytesMax: Int
    /// Bytes that arrived earlier. Those before `heldStart` have been handed out.
    private var held = ByteBuffer(capacity: 0)
    private var heldStart = 0
    /// `held` has no `\n` between `heldStart` and here.
    private var heldScanned = 0
    private var heldLineRange = 0..<0
    /// Whether the arriving line is over the limit and was reported. Then nothing is held.
    private var isSkipping = false

    package init(lineBytesMax: Int) { self.lineBytesMax = lineBytesMax }

    /// The line that ``Found/heldLine`` announced, without its end.
    package var heldLine: Span<UInt8> {
        @_lifetime(borrow self) get { held.bytes(in: heldLineRange) }
    }

    /// Bytes held because their line has not ended or has not been requested yet.
    package var heldByteCount: Int { held.count - heldStart }

    /// The next line at or after `position` of `chunk`. Lines held from earlier chunks come first.
    /// `position` moves past the bytes read.
    package mutating func next(in chunk: Span<UInt8>, from position: inout Int) -> Found {
        while true {
            if heldByteCount == 0 {
                releaseHeld()
                if isSkipping && !skip(in: chunk, from: &position) { return .needsMore }
                let end = chunk.firstNewline(from: position)
                if end == chunk.count { return hold(chunk, from: &position) }
                let line = withoutReturn(position..<end, in: chunk)
                position = end + 1
                if line.count > lineBytesMax { return .lineTooLong }
                if !chunk.isBlank(line) { return .line(line) }
            } else {
                let end = held.bytes.firstNewline(from: heldScanned)
                if end == held.count {
                    heldScanned = end
                    guard let found = finishHeld(with: chunk, from: &position) else { continue }
                    return found
                }
                let line = withoutReturn(heldStart..<end, in: held.bytes)
                heldStart = end + 1
                heldScanned = heldStart
                if line.count > lineBytesMax { return .lineTooLong }
                if !held.bytes.isBlank(line) {
                    heldLineRange = line
                    return .heldLine
                }
            }
        }
    }

    /// Copies the rest of a chunk whose lines are to be read later. `position` moves to its end.
    package mutating func keepRest(of chunk: Span<UInt8>, from position: inout Int) {
        if isSkipping && !skip(in: chunk, from: &position) { return }
        if heldByteCount == 0 { releaseHeld() }
        held.append(chunk.extracting(position..<chunk.count))
        position = chunk.count
    }

    /// Completes the line in `held` from the chunk. Nil if the line is blank.
    private mutating func finishHeld(with chunk: Span<UInt8>, from position: inout Int) -> Found? {
        let end = chunk.firstNewline(from: position)
        if end == chunk.count { return hold(chunk, from: &position) }
        let piece = position..<end
        position = end + 1
        // One byte over the limit may be a `\r`.
        if heldByteCount + piece.count > lineBytesMax + 1 {
            releaseHeld()
            return .lineTooLong
        }
        held.append(chunk.extracting(piece))
        let line = withoutReturn(heldStart..<held.count, in: held.bytes)
        heldStart = held.count
        heldScanned = heldStart
        if line.count > lineBytesMax { return .lineTooLong }
        if held.bytes.isBlank(line) { return nil }
        heldLineRange = line
        return .heldLine
    }

    /// Keeps the beginning of a line, to the end of the chunk, unless it is already too long.
    private mutating func hold(_ chunk: Span<UInt8>, from position: inout Int) -> Found {
        held.append(chunk.extracting(position..<chunk.count))
        position = chunk.count
        heldScanned = held.count
        guard heldByteCount > 0 else { return .needsMore }
        let mayEnd = held[held.count - 1] == UInt8(ascii: "\r")
        if heldByteCount - (mayEnd ? 1 : 0) > lineBytesMax {
            releaseHeld()
            isSkipping = true
            return .lineTooLong
        }
        return .needsMore
    }

    /// Skips the rest of a line that is too long. False if it does not end in this chunk.
    private mutating func skip(in chunk: Span<UInt8>, from position: inout Int) -> Bool {
        let end = chunk.firstNewline(from: position)
        isSkipping = end == chunk.count
        position = isSkipping ? end : end + 1
        return !isSkipping
    }

    private func withoutReturn(_ line: Range<Int>, in bytes: Span<UInt8>) -> Range<Int> {
        let endsInReturn = !line.isEmpty && bytes[line.upperBound - 1] == UInt8(ascii: "\r")
        return endsInReturn ? line.lowerBound..<line.upperBound - 1 : line
    }

    private mutating func releaseHeld() {
        if held.count > 0 { held = ByteBuffer(capacity: 0) }
        heldStart = 0
        heldScanned = 0
        heldLineRange = 0..<0
    }
}

extension Span where Element == UInt8 {
    /// Where the first `\n` at or after `start` is, or the end.
    fileprivate func firstNewline(from start: Int) -> Int {
        firstIndex(of: UInt8(ascii: "\n"), from: start) ?? count
    }

    /// Whether `range` has spaces and tabs only.
    fileprivate func isBlank(_ range: Range<Int>) -> Bool {
        for index in range
        where self[index] != UInt8(ascii: " ") && self[index] != UInt8(ascii: "\t") {
            return false
        }
        return true
    }
}
