import Testing

@testable import coupond

@Suite struct `The lines that wait for the log's thread` {
    private var queue = LogQueue(byteCountMax: 10)

    private static func line(_ text: String, after lostLines: Int = 0) -> LogQueue.Step {
        .write(lostLines: lostLines, line: Array(text.utf8))
    }

    private mutating func append(_ texts: String...) {
        for text in texts { queue.append(Array(text.utf8)) }
    }

    /// All steps, as a log that can be written takes them.
    private mutating func drain() -> [LogQueue.Step] {
        var steps: [LogQueue.Step] = []
        while let step = queue.next() { steps.append(step) }
        return steps
    }

    @Test mutating func `leave in their order`() {
        append("a", "b")
        #expect(queue.next() == Self.line("a"))
        append("c")
        #expect(drain() == [Self.line("b"), Self.line("c")])
        #expect(queue.isEmpty)
    }

    @Test mutating func `stay in their order while some leave and others come`() {
        var queue = LogQueue(byteCountMax: 10_000)
        var expected = 0
        for number in 0..<1_000 {
            queue.append(Array("\(number)".utf8))
            if number % 3 == 0 { continue }
            #expect(queue.next() == Self.line("\(expected)"))
            expected += 1
        }
        while let step = queue.next() {
            #expect(step == Self.line("\(expected)"))
            expected += 1
        }
        #expect(expected == 1_000)
    }

    @Test mutating func `are counted where they find no room`() {
        append("12345", "67890", "lost", "x")
        #expect(queue.next() == Self.line("12345"))
        // There is room, but the line would come before the gap.
        append("y")
        #expect(queue.next() == Self.line("67890"))
        #expect(!queue.isEmpty)
        #expect(queue.next() == .write(lostLines: 3, line: nil))
        append("z")
        #expect(drain() == [Self.line("z")])
        #expect(queue.isEmpty)
    }

    @Test mutating func `may be of any length if no other waits`() {
        append("much longer than the bound")
        #expect(drain() == [Self.line("much longer than the bound")])
        append("1")
        #expect(!queue.hasRoom(for: Array("0123456789".utf8)))
        #expect(queue.hasRoom(for: Array("012345678".utf8)))
    }

    @Test mutating func `count those that could not be written before the next one`() {
        append("a", "b", "c")
        _ = queue.next()
        queue.noteFailure(hasReported: true, hadLine: true)
        #expect(queue.next() == Self.line("b", after: 1))
        // Not even the count could be written.
        queue.noteFailure(hasReported: false, hadLine: true)
        #expect(queue.next() == Self.line("c", after: 2))
        // The count was written, and the line was not.
        queue.noteFailure(hasReported: true, hadLine: true)
        append("d", "e")
        #expect(drain() == [Self.line("d", after: 1), Self.line("e")])
    }

    @Test mutating func `add up those without room and those that could not be written`() {
        append("1234567890", "lost", "lost")
        _ = queue.next()
        queue.noteFailure(hasReported: true, hadLine: true)
        #expect(queue.next() == .write(lostLines: 3, line: nil))
        // The reader has gone: it is not tried again before there is something to write.
        queue.noteFailure(hasReported: false, hadLine: false)
        #expect(queue.next() == nil && queue.isEmpty)
        append("a")
        #expect(drain() == [Self.line("a", after: 3)])
    }

    @Test mutating func `let an operator's wish through, in its place`() {
        append("1234567890", "lost")
        queue.append(.reopen(level: .info))
        #expect(queue.next() == Self.line("1234567890"))
        #expect(queue.next() == .move(.reopen(level: .info)))
        #expect(drain() == [.write(lostLines: 1, line: nil)])
    }
}
