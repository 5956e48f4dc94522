// Lines wait here until the log's thread has written them. What is full, slow or broken behind it
// must not stop the daemon, so there is a bound, and lines over it are counted instead.
//
// The count appears in the log where the lines are missing:
//
// - After a line that found no room, all later ones are refused, too, until the queue has emptied.
//   Then the count is written, behind every line that came before the gap.
// - A line that could not be written is counted in front of the next one. If the count cannot be
//   written either, the line behind it is lost, too.

/// The lines that wait for the log's thread, in their order.
struct LogQueue {
    /// What the log's thread does next.
    enum Step: Equatable {
        /// Writes how many lines are missing here, if any are, then the line, if there is one.
        case write(lostLines: Int, line: [UInt8]?)
        /// Goes on elsewhere.
        case move(LogMove)
    }

    private enum Entry {
        case line([UInt8])
        case move(LogMove)
    }

    private let byteCountMax: Int
    private var entries: [Entry] = []
    /// The entries before it were handed out.
    private var nextIndex = 0
    private var byteCount = 0
    /// Lines that found no room; behind all entries.
    private var refusedLines = 0
    /// Lines that could not be written; before all entries.
    private var failedLines = 0
    /// Missing lines in the count that is being written.
    private var reportedLines = 0

    init(byteCountMax: Int) { self.byteCountMax = byteCountMax }

    private var hasEntries: Bool { nextIndex < entries.count }

    /// Whether all lines and counts were handed out.
    var isEmpty: Bool { !hasEntries && refusedLines == 0 }

    /// Queues a line, or counts it as lost.
    ///
    /// - Returns: false if it found no room.
    @discardableResult
    mutating func append(_ line: [UInt8]) -> Bool {
        guard hasRoom(for: line) else {
            refusedLines += 1
            return false
        }
        entries.append(.line(line))
        byteCount += line.count
        return true
    }

    /// Whether ``append(_:)`` would take the line. An empty queue takes a line of any length.
    func hasRoom(for line: [UInt8]) -> Bool {
        refusedLines == 0 && (byteCount == 0 || byteCount + line.count <= byteCountMax)
    }

    /// Later lines go elsewhere. This is never refused: it may be the way out of a full disk.
    mutating func append(_ move: LogMove) { entries.append(.move(move)) }

    /// The next step; nil if nothing is left. Report its outcome before asking for the next one.
    mutating func next() -> Step? {
        guard hasEntries else {
            if refusedLines == 0 { return nil }
            reportedLines = failedLines + refusedLines
            (failedLines, refusedLines) = (0, 0)
            return .write(lostLines: reportedLines, line: nil)
        }
        switch takeEntry() {
        case .move(let move): return .move(move)
        case .line(let line):
            byteCount -= line.count
            reportedLines = failedLines
            failedLines = 0
            return .write(lostLines: reportedLines, line: line)
        }
    }

    private mutating func takeEntry() -> Entry {
        let entry = entries[nextIndex]
        nextIndex += 1
        // Not each time: the rest would move for every line.
        if nextIndex == entries.count || nextIndex >= 64 && nextIndex * 2 > entries.count {
            entries.removeFirst(nextIndex)
            nextIndex = 0
        }
        return entry
    }

    /// A step to write could not be completed.
    ///
    /// - Parameters:
    ///   - hasReported: whether the count of missing lines was written.
    ///   - hadLine: whether the step had a line.
    mutating func noteFailure(hasReported: Bool, hadLine: Bool) {
        if !hasReported { failedLines += reportedLines }
        if hadLine { failedLines += 1 }
        reportedLines = 0
    }
}
