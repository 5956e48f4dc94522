import CouponStore
import FlatStorage
import Testing

@Suite struct `The history of a journal's segments` {
    /// Two segments in good order: 1 2 3 and a seal, then 4 5, of which 4 is known to be durable.
    private static var pair: [SegmentSketch] {
        var first = SegmentSketch()
        first.append(["1", "2"], mark: 0)
        first.append(["3"], mark: 2)
        var second = SegmentSketch(after: first)
        first.seal()
        second.append(["4"], mark: 3)
        second.append(["5"], mark: 4)
        second.appendUnwritten()
        return [first, second]
    }

    /// The records after the durable ones, from the last segment.
    private func renewed(_ history: JournalHistory, _ last: SegmentSketch) -> [String] {
        var log = RecordLog()
        history.renew(from: last.content.span, into: &log)
        var texts: [String] = []
        var records = log.records
        while let record = records.next() { texts.append(text(record)) }
        return texts
    }

    @Test func `is empty without a segment`() throws {
        let history = try judge([]).get()
        #expect(history.lastSequence == 0 && history.durableSequence == 0)
        #expect(history.durableChecksum == 0 && history.segments.isEmpty && history.tail == nil)
        let missing = JournalCorruption(
            segment: nil, offset: 0, sequence: 8, reason: .missingBefore)
        #expect(try judge([], after: 7).corruption == missing)
    }

    @Test func `goes on from segment to segment`() throws {
        let pair = Self.pair
        let history = try judge(pair).get()
        #expect(history.segments == pair.map(\.header.name))
        #expect(history.lastSequence == 5 && history.tail == nil)
        #expect(history.durableSequence == 4)
        #expect(history.durableChecksum == pair[1].batches[0].checksum)
        #expect(renewed(history, pair[1]) == ["5"])
    }

    @Test func `holds what its snapshot holds to be durable`() throws {
        let history = try judge(Self.pair, after: 5).get()
        #expect(history.durableSequence == 5 && renewed(history, Self.pair[1]) == [])
    }

    /// A daemon that ended without a seal: the next one goes on where its records were durable, and
    /// writes the others again. What the old segment has beyond that counts no more, be it whole or
    /// damaged.
    @Test(arguments: 0..<3)
    func `forgets what lies beyond the continuation`(remains: Int) throws {
        var old = SegmentSketch()
        old.append(["1", "2"], mark: 0)
        var new = SegmentSketch(after: old)
        old.append(["3"], mark: 2)
        if remains > 0 { old.append(["lost"], mark: 2) }
        if remains > 1 { old.content[old.batches[1].offset] ^= 1 }
        new.append(["3", "4"], mark: 2)
        let history = try judge([old, new]).get()
        #expect(history.lastSequence == 4 && history.durableSequence == 2)
        #expect(history.durableChecksum == new.header.previousChecksum)
        #expect(renewed(history, new) == ["3", "4"])
    }

    @Test func `goes through segments without batches`() throws {
        var first = SegmentSketch()
        var second = SegmentSketch(after: first)
        first.seal()
        let third = SegmentSketch(after: second, salt: 9)
        second.seal()
        let history = try judge([first, second, third]).get()
        #expect(history.lastSequence == 0 && history.durableSequence == 0)
        #expect(history.durableChecksum == third.header.previousChecksum)
        #expect(renewed(history, third) == [])
    }

    @Test func `does not need the seal of a segment whose successor is there`() throws {
        var pair = Self.pair
        for offset in pair[0].content.count - 512..<pair[0].content.count {
            pair[0].content[offset] = 0
        }
        #expect(try judge(pair).get().lastSequence == 5)
    }

    @Test func `refuses a sealed segment without its successor`() throws {
        let first = Self.pair[0], second = Self.pair[1].header.name
        let expected = JournalCorruption(
            segment: first.header.name, offset: 512 * 3, sequence: 4,
            reason: .missingAfter(second))
        #expect(try judge([first]).corruption == expected)
    }

    @Test func `refuses a gap between its segments`() throws {
        var pair = Self.pair
        let third = SegmentSketch(after: pair[1], salt: 9)
        pair[1].seal()
        #expect(try judge(pair + [third]).get().lastSequence == 5)
        let expected = JournalCorruption(
            segment: third.header.name, offset: 0, sequence: 4, reason: .missingBefore)
        #expect(try judge([pair[0], third]).corruption == expected)
    }

    /// The missing segment held nothing, so that only the checksums show it.
    @Test func `refuses a gap that takes no sequence with it`() throws {
        var first = SegmentSketch()
        first.append(["1"], mark: 0)
        let second = SegmentSketch(after: first)
        first.seal()
        let third = SegmentSketch(after: second, salt: 9)
        let expected = JournalCorruption(
            segment: third.header.name, offset: 0, sequence: 2, reason: .missingBefore)
        #expect(try judge([first, third]).corruption == expected)
    }

    @Test func `begins at the snapshot, and not after it`() throws {
        let second = Self.pair[1]
        for base in [UInt64(3), 4] {
            #expect(try judge([second], after: base).get().lastSequence == 5)
        }
        let expected = JournalCorruption(
            segment: second.header.name, offset: 0, sequence: 3, reason: .missingBefore)
        #expect(try judge([second], after: 2).corruption == expected)
    }

    @Test func `refuses a journal that ends before its snapshot`() throws {
        let expected = JournalCorruption(
            segment: Self.pair[1].header.name, offset: 512 * 3, sequence: 6,
            reason: .damage(.unwritten))
        #expect(try judge(Self.pair, after: 6).corruption == expected)
    }

    @Test func `refuses damage before the continuation of the next segment`() throws {
        var pair = Self.pair
        // No seal: that all of it was durable is known from the next segment alone.
        pair[0].content.removeLast(512)
        pair[0].content[512 * 2 + 64] ^= 1
        var expected = JournalCorruption(
            segment: pair[0].header.name, offset: 512 * 2, sequence: 3,
            reason: .damage(.damaged(.damaged)))
        #expect(try judge(pair).corruption == expected)
        pair[0].content.removeLast(512)
        expected.reason = .damage(.unwritten)
        #expect(try judge(pair).corruption == expected)
    }

    @Test func `refuses a segment whose header cannot be read`() throws {
        for index in 0..<2 {
            var pair = Self.pair
            pair[index].content[20] ^= 1
            let name = pair[index].header.name
            let expected = JournalCorruption(
                segment: name, offset: 0, sequence: name.firstSequence,
                reason: .header(.damaged))
            #expect(try judge(pair).corruption == expected)
        }
    }

    /// A mark says that a start found these records, so the next segment continues after them.
    @Test func `refuses a mark beyond the continuation`() throws {
        var old = SegmentSketch()
        old.append(["1"], mark: 0)
        var new = SegmentSketch(after: old)
        old.append(["2"], mark: 1)
        old.append((3...31).map { "\($0)" }, mark: 2)
        old.append([String](), mark: 31)
        new.append((2...40).map { "\($0)" }, mark: 1)
        let expected = JournalCorruption(
            segment: old.header.name, offset: old.batches[2].offset, sequence: 2,
            reason: .markedBeyond(new.header.name))
        #expect(try judge([old, new]).corruption == expected)
        // A snapshot that holds all of it does not make that a journal that was ever written.
        #expect(try judge([old, new], after: 40).corruption == expected)

        // Behind a place where the chain breaks a mark says the same.
        old.content[old.batches[2].offset + 30] ^= 1
        let broken = JournalCorruption(
            segment: old.header.name, offset: old.batches[2].offset, sequence: 2,
            reason: .markedBeyond(new.header.name))
        #expect(try judge([old, new]).corruption == broken)
    }

    /// A start whose device showed the records and not the mark: it has logged them again.
    @Test func `accepts a mark up to what the next segment has logged again`() throws {
        for (count, isWhole) in [(3, true), (2, true), (1, false)] {
            var old = SegmentSketch()
            old.append(["1"], mark: 0)
            var new = SegmentSketch(after: old)
            old.append(["2", "3", "4"], mark: 1)
            old.append([String](), mark: 3)
            new.append((2...(count + 1)).map { "\($0)" }, mark: 1, isRenewed: true)
            new.append((count + 2...9).map { "\($0)" }, mark: 1)
            let history = try judge([old, new])
            #expect((history.corruption == nil) == isWhole, "\(count)")
        }
    }

    // MARK: - The anchor

    /// The pair, with headers that say that there is an anchor.
    private func anchoredPair() -> [SegmentSketch] {
        var first = SegmentSketch(isAnchored: true)
        first.append(["1", "2"], mark: 0)
        var second = SegmentSketch(after: first, isAnchored: true)
        second.append(["3"], mark: 2)
        return [first, second]
    }

    private func anchor(
        of segment: SegmentSketch, _ change: (inout JournalAnchor) -> Void = { _ in }
    ) -> FoundAnchor {
        var anchor = JournalAnchor(segment.header)
        change(&anchor)
        return .whole(anchor)
    }

    @Test func `ends with the segment that the anchor names, or with a newer one`() throws {
        let pair = anchoredPair()
        for anchor in [anchor(of: pair[1]), anchor(of: pair[0]), .whole(.beforeTheFirst)] {
            #expect(try judge(pair, anchor: anchor).get().lastSequence == 3)
        }
        // What the first version wrote has none, and what it left may get one.
        #expect(try judge(Self.pair).get().lastSequence == 5)
        #expect(try judge(Self.pair, anchor: .whole(.beforeTheFirst)).get().lastSequence == 5)
        #expect(try judge([], anchor: .whole(.beforeTheFirst)).get().lastSequence == 0)
    }

    @Test func `refuses to end before the segment that the anchor names`() throws {
        let pair = anchoredPair(), second = pair[1].header.name
        var expected = JournalCorruption(
            segment: pair[0].header.name, offset: 1_024, sequence: 3,
            reason: .missingNewest(second))
        #expect(try judge([pair[0]], anchor: anchor(of: pair[1])).corruption == expected)
        // A snapshot may hold all of it; no one knows.
        #expect(try judge([pair[0]], after: 2, anchor: anchor(of: pair[1])).corruption == expected)
        expected = JournalCorruption(
            segment: nil, offset: 0, sequence: 1, reason: .missingNewest(second))
        #expect(try judge([], anchor: anchor(of: pair[1])).corruption == expected)
    }

    @Test func `refuses another segment in place of the one that the anchor names`() throws {
        let pair = anchoredPair()
        let expected = JournalCorruption(
            segment: pair[1].header.name, offset: 1_024, sequence: 3, reason: .notAnchored)
        let salted = anchor(of: pair[1]) { $0.salt ^= 1 }
        #expect(try judge(pair, anchor: salted).corruption == expected)
        let named = anchor(of: pair[1]) { $0.firstSequence = 4 }
        #expect(try judge(pair, anchor: named).corruption?.reason == .notAnchored)
    }

    @Test func `refuses to be without its anchor`() throws {
        let pair = anchoredPair()
        var expected = JournalCorruption(
            segment: pair[1].header.name, offset: 1_024, sequence: 4, reason: .anchorMissing)
        #expect(try judge(pair).corruption == expected)
        expected.reason = .anchorDamaged(.damaged)
        #expect(try judge(pair, anchor: .damaged(.damaged)).corruption == expected)
    }
}
