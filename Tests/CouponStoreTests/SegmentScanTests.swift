import CouponStore
import FlatStorage
import Testing

/// What must be said of ``SegmentSketch/sample`` when only some of its batches are whole: the last
/// sequence, and whether it is a tail that was lost or something that was promised.
private func check(
    _ segment: SegmentSketch, isWhole: (Int) -> Bool, isTailSeen: Bool, _ change: String
) throws {
    let batches = segment.batches
    let first = batches.indices.first { !isWhole($0) } ?? batches.count
    let lastSequence = first == 0 ? 0 : batches[first - 1].lastSequence
    let mark = batches.indices.filter(isWhole).map { batches[$0].mark }.max() ?? 0
    let offset = first < batches.count ? batches[first].offset : 512 * 6
    switch try judge([segment]) {
    case .success(let history):
        #expect(mark <= lastSequence, "\(change)")
        #expect(history.lastSequence == lastSequence, "\(change)")
        #expect(history.durableSequence == mark, "\(change)")
        let tail = history.tail
        #expect((tail != nil) == isTailSeen, "\(change)")
        #expect(tail.map { $0.offset } ?? offset == offset, "\(change)")
        #expect(tail.map { $0.sequence } ?? lastSequence + 1 == lastSequence + 1, "\(change)")
    case .failure(let corruption):
        #expect(mark > lastSequence, "\(change)")
        #expect(corruption.offset == offset, "\(change)")
        #expect(corruption.sequence == lastSequence + 1, "\(change)")
    }
}

/// A batch's block, written by hand as the layout says.
private func handMade(
    version: UInt32 = 1, flags: UInt32 = 0, salt: UInt64 = 0x5A17, firstSequence: UInt64 = 1,
    count: UInt32 = 0, mark: UInt64 = 0, previous: UInt64, content: [UInt8] = []
) -> [UInt8] {
    var buffer = ByteBuffer()
    buffer.append("CPNDBTCH")
    buffer.appendLittleEndian(version)
    buffer.appendLittleEndian(flags)
    buffer.appendLittleEndian(salt)
    buffer.appendLittleEndian(firstSequence)
    buffer.appendLittleEndian(count)
    buffer.appendLittleEndian(UInt32(content.count))
    buffer.appendLittleEndian(mark)
    buffer.appendLittleEndian(previous)
    buffer.appendLittleEndian(hash64(content.span, seed: hash64(buffer.bytes, seed: 0)))
    buffer.append(content.span)
    while buffer.count < 512 { buffer.append(0) }
    return array(buffer.bytes)
}

@Suite struct `The scan of a segment` {
    @Test func `finds the batches one after the other`() throws {
        let segment = SegmentSketch.sample
        let scan = try segment.scan()
        #expect(scan.batches.map(\.offset) == segment.batches.map(\.offset))
        #expect(scan.batches.map(\.checksum) == segment.batches.map(\.checksum))
        #expect(scan.batches.map(\.recordCount) == [2, 1, 0, 2])
        #expect(scan.end == .unwritten && scan.endOffset == 512 * 6)
        #expect(scan.lastSequence == 5 && scan.durableMark == 3)
        var records: [String] = []
        for batch in scan.batches {
            var frames = batch.records(in: segment.content.span)
            while let record = frames.next() { records.append(text(record)) }
        }
        #expect(records == ["one", "two", String(repeating: "3", count: 600), "four", ""])
    }

    @Test func `reads what the layout says, byte for byte`() throws {
        var segment = SegmentSketch()
        segment.append(["ab", ""], mark: 0)
        let block = handMade(
            count: 2, previous: segment.header.checksum, content: [2, 0x61, 0x62, 0])
        #expect(Array(segment.content[512...]) == block)

        var sealed = SegmentSketch()
        sealed.seal()
        var successor: [UInt8] = [2, 0, 0, 0, 0, 0, 0, 0]
        successor += [1, 0, 0, 0, 0, 0, 0, 0]
        let seal = handMade(flags: 1, previous: sealed.header.checksum, content: successor)
        #expect(Array(sealed.content[512...]) == seal)
    }

    @Test func `ends at the seal, which names the next segment`() throws {
        var segment = SegmentSketch()
        segment.append(["one", "two"], mark: 0)
        segment.seal()
        segment.appendUnwritten()
        let scan = try segment.scan()
        #expect(scan.end == .sealed(successor: SegmentName(generation: 2, firstSequence: 3)))
        #expect(scan.isSealed && scan.batches.count == 1)
        #expect(scan.durableMark == 2 && scan.endOffset == 1_024)
    }

    /// A file that ends early has lost batches from its end, and with them what they say of the
    /// others, so that is always a tail. A header that is cut is none.
    @Test func `judges every truncation`() throws {
        let whole = SegmentSketch.sample
        for length in 0..<whole.content.count {
            var segment = whole
            segment.content = Array(whole.content[..<length])
            if length < 512 {
                let corruption = try #require(try judge([segment]).corruption)
                #expect(corruption.reason == .header(.short), "\(length)")
                continue
            }
            let cut = whole.batches.first { $0.contentEnd > length }
            try check(
                segment, isWhole: { whole.batches[$0].contentEnd <= length },
                isTailSeen: length > cut?.offset ?? .max, "cut at \(length)")
        }
    }

    /// Padding means nothing; anything else that changes costs its batch.
    @Test func `judges every flip of a bit`() throws {
        let whole = SegmentSketch.sample
        for offset in whole.content.indices {
            for bit in 0..<8 {
                var segment = whole
                segment.content[offset] ^= 1 << bit
                let change = "byte \(offset) bit \(bit)"
                if offset < 512 {
                    let corruption = try #require(try judge([segment]).corruption)
                    #expect(corruption.offset == 0 && corruption.sequence == 1, "\(change)")
                    continue
                }
                let hit = whole.batches.firstIndex {
                    ($0.offset..<$0.contentEnd).contains(offset)
                }
                let isBeyond = offset >= 512 * 6
                try check(
                    segment, isWhole: { $0 != hit }, isTailSeen: hit != nil || isBeyond, change)
            }
        }
    }

    /// What was not synchronized may be lost in any combination. A lost batch is seen where a whole
    /// one follows.
    @Test func `judges every set of lost batches`() throws {
        let whole = SegmentSketch.sample
        for lost in 0..<16 {
            var segment = whole
            let isWhole = { (index: Int) in lost >> index & 1 == 0 }
            for (index, batch) in whole.batches.enumerated() where !isWhole(index) {
                for offset in batch.offset..<batch.contentEnd { segment.content[offset] = 0 }
            }
            let first = (0..<4).first { !isWhole($0) } ?? 4
            try check(
                segment, isWhole: isWhole, isTailSeen: (first..<4).contains(where: isWhole),
                "lost \(lost)")
        }
    }

    @Test func `takes no batch of another segment, and believes nothing that it says`() throws {
        var segment = SegmentSketch()
        segment.append(["one"], mark: 0)
        segment.append(["two"], mark: 1, salt: 7)
        segment.append(["three"], mark: 2, salt: 7)
        let scan = try segment.scan()
        #expect(scan.end == .damaged(.otherSalt) && scan.endOffset == 1_024)
        #expect(scan.lastSequence == 1 && scan.durableMark == 0)
    }

    @Test func `takes no batch that does not follow, but believes its mark`() throws {
        var segment = SegmentSketch()
        segment.append(["one"], mark: 0)
        segment.append(["two"], mark: 1, previousChecksum: 7)
        let scan = try segment.scan()
        #expect(scan.end == .damaged(.outOfChain) && scan.endOffset == 1_024)
        #expect(scan.lastSequence == 1 && scan.durableMark == 1)

        var skipping = SegmentSketch()
        skipping.content += handMade(firstSequence: 2, previous: skipping.checksum)
        #expect(try skipping.scan().end == .damaged(.outOfChain))
    }

    @Test func `takes no batch that contradicts itself under a checksum that holds`() throws {
        let previous = SegmentSketch().checksum
        let generation: [UInt8] = [2, 0, 0, 0, 0, 0, 0, 0]
        let last = [UInt8](repeating: 0xFF, count: 8)
        let one: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0], two: [UInt8] = [2, 0, 0, 0, 0, 0, 0, 0]
        let blocks: [([UInt8], BatchProblem)] = [
            (handMade(version: 2, previous: previous), .unknownVersion),
            (handMade(flags: 3, previous: previous), .contradiction),
            (handMade(flags: 4, previous: previous), .contradiction),
            (handMade(firstSequence: 0, previous: previous), .contradiction),
            (handMade(mark: 1, previous: previous), .contradiction),
            (
                handMade(firstSequence: .max, count: 1, previous: previous, content: [0]),
                .contradiction
            ),
            // Fewer records than it says, more, and one that is longer than the content.
            (handMade(count: 1, previous: previous), .contradiction),
            (handMade(count: 1, previous: previous, content: [0, 0]), .contradiction),
            (handMade(count: 1, previous: previous, content: [2, 0x61]), .contradiction),
            // Seals: without a name, with half of one, with too much, of no generation, of another
            // sequence, and with a record.
            (handMade(flags: 1, previous: previous), .contradiction),
            (handMade(flags: 1, previous: previous, content: generation), .contradiction),
            (
                handMade(flags: 1, previous: previous, content: generation + one + [0]),
                .contradiction
            ),
            (handMade(flags: 1, previous: previous, content: last + one), .contradiction),
            (handMade(flags: 1, previous: previous, content: generation + two), .contradiction),
            (
                handMade(flags: 1, count: 1, previous: previous, content: generation + one),
                .contradiction
            ),
        ]
        for (index, (block, problem)) in blocks.enumerated() {
            var segment = SegmentSketch()
            segment.content += block
            let scan = try segment.scan()
            #expect(scan.end == .damaged(problem), "\(index)")
            #expect(scan.batches.isEmpty && scan.durableMark == 0, "\(index)")
        }
    }

    @Test func `is refused under another segment's name`() throws {
        let segment = SegmentSketch.sample
        let name = SegmentName(generation: 2, firstSequence: 1)
        #expect(
            throws: JournalCorruption(segment: name, offset: 0, sequence: 1, reason: .name)
        ) {
            try SegmentScan(segment.content.span, named: name)
        }
    }
}
