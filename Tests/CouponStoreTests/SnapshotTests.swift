import CouponStore
import FlatStorage
import Glibc
import StoreSupport
import Testing

/// A state with so many orders, one counter of which began at 16.
func ledger(orders: Int) -> SketchLedger {
    var state = SketchLedger()
    _ = state.counter(.total, "default\0cou", startingAt: 16)
    for number in 0..<orders {
        state.record(
            .order(number % 3 == 2 ? .reserved : .applied, coupon: "cou\(number % 2)"),
            order: "o\(number)")
    }
    _ = state.ledger.redemptions.next(nowMilliseconds: 1_780_000_000_000)
    return state
}

private func encoded(orders: Int) -> [UInt8] {
    let state = ledger(orders: orders)
    let buffer = state.ledger.encodeSnapshot()
    return array(buffer.bytes)
}

/// What is wrong with a snapshot of these bytes, or nil.
private func problem(with snapshot: [UInt8]) -> SnapshotProblem? {
    do {
        _ = try Ledger.decoded(from: snapshot.span, seed: HashSeed(3), orderLimit: 10)
        return nil
    } catch {
        return error
    }
}

@Suite struct `A snapshot` {
    @Test(arguments: [0, 1, 5, 500])
    func `gives back the whole state, byte for byte`(orders: Int) throws {
        let original = ledger(orders: orders)
        let first = original.ledger.encodeSnapshot()
        let loaded = try Ledger.decoded(from: first.bytes, seed: HashSeed(9), orderLimit: 1)
        let isEqual = loaded.encodeSnapshot().bytes.isEqual(to: first.bytes)
        let totals = (loaded.totals, original.ledger.totals)
        let last = (loaded.redemptions.last, original.ledger.redemptions.last)
        let sequence = loaded.sequence
        #expect(isEqual && totals.0 == totals.1 && last.0 == last.1)
        #expect(sequence == UInt64(orders))
        for row in 0..<totals.0.counters {
            let id = CounterID(row: row)
            let held = (loaded.usage.held(id), original.ledger.usage.held(id))
            let carried = (loaded.usage.carried(id), original.ledger.usage.carried(id))
            #expect(held.0 == held.1 && carried.0 == carried.1)
        }
    }

    @Test func `is refused after any bit of it is flipped`() {
        let whole = encoded(orders: 2)
        for offset in whole.indices {
            for bit in 0..<8 {
                var damaged = whole
                damaged[offset] ^= 1 << bit
                if problem(with: damaged) == nil {
                    Issue.record("bit \(bit) of byte \(offset) was missed")
                }
            }
        }
        #expect(problem(with: whole) == nil)
    }

    @Test func `is refused at every length but its own`() {
        let whole = encoded(orders: 2)
        #expect(problem(with: []) == .empty)
        for length in 1..<48 {
            #expect(
                problem(with: Array(whole[..<length])) == .wrongLength(expected: nil, found: length)
            )
        }
        for length in 48..<whole.count {
            #expect(problem(with: Array(whole[..<length])) == .endsEarly(found: length))
        }
        #expect(
            problem(with: whole + [0])
                == .wrongLength(expected: UInt64(whole.count), found: whole.count + 1))
    }

    @Test func `is distinguished from other files and from later versions`() {
        var snapshot = encoded(orders: 1)
        #expect(problem(with: bytes("{\"coupons\":[]}")) == .foreign)
        #expect(problem(with: [UInt8](repeating: 0, count: 4_096)) == .foreign)
        for version in [0, 5, 255] as [UInt8] {
            snapshot[8] = version
            #expect(problem(with: snapshot) == .unknownVersion(UInt32(version)))
        }
    }

    /// A snapshot as the daemon wrote it before there was a journal, with an image from before it
    /// knew of releases. What the order does not account for is carried, and the order is given back
    /// as any other.
    @Test(arguments: [UInt8(1), 2])
    func `of a version before is read, and its orders change like others`(version: UInt8) throws {
        var state = SketchLedger()
        let image = smallImage(version: version, flags: version > 1 ? [17, 0] : [17])
        let snapshot = unjournalledSnapshot(
            version: version, coupons: ["s\0i"],
            counters: [([2, 0], "C", 41), ([1, 0], "", 7)], orders: [("default", "o", image)])
        state.ledger = try Ledger.decoded(
            from: snapshot.span, seed: HashSeed(2), orderLimit: 10)
        #expect(state.counts(.code, "s\0i", "C") == [41, 0])
        let code = state.counter(.code, "s\0i", "C"), total = state.counter(.total, "s\0i")
        let carried = [code, total].map { state.ledger.usage.carried($0) }
        let sequence = state.ledger.sequence, last = state.ledger.redemptions.last
        #expect(carried == [40, 7] && sequence == 0 && last == 99)
        let before = try #require(try state.sketch(of: "o"))
        try state.release("o", [true], at: 9)
        #expect(try state.sketch(of: "o") == before.givingBack([true], at: 9))
        #expect(state.counts(.code, "s\0i", "C") == [40, 0])
        try state.reload()
        #expect(state.counts(.code, "s\0i", "C") == [40, 0])
    }

    /// The bytes of such a snapshot, as their layout says. A counter is its kind, its coupon, its
    /// detail and its uses.
    private func unjournalledSnapshot(
        version: UInt8, coupons: [String], counters: [([UInt8], String, UInt8)],
        orders: [(String, String, [UInt8])]
    ) -> [UInt8] {
        var content = ByteBuffer()
        for coupon in coupons { content.appendCounted(bytes(coupon).span) }
        for (start, detail, uses) in counters {
            for byte in start { content.append(byte) }
            content.appendCounted(bytes(detail).span)
            content.append(uses)
        }
        for (store, order, image) in orders {
            content.appendCounted(bytes(store).span)
            content.appendCounted(bytes(order).span)
            content.appendCounted(image.span)
        }
        var snapshot = ByteBuffer()
        for byte in bytes("CPNDSNAP") + [version, 0, 0, 0, 0, 0, 0, 0] { snapshot.append(byte) }
        for number in [content.count, coupons.count, counters.count, orders.count, 99] {
            snapshot.appendLittleEndian(UInt64(number))
        }
        snapshot.appendLittleEndian(hash64(content.bytes, seed: 0))
        snapshot.appendLittleEndian(hash64(snapshot.bytes, seed: 0))
        snapshot.append(content.bytes)
        return array(snapshot.bytes)
    }

    @Test func `says whether the header or the content is damaged`() {
        let whole = encoded(orders: 1)
        var damaged = whole
        damaged[20] ^= 1
        #expect(problem(with: damaged) == .headerDamaged)
        for offset in [50, 100] {
            damaged = whole
            damaged[offset] ^= 1
            #expect(problem(with: damaged) == .contentDamaged)
        }
    }

    /// Checksums prove that bytes are those that were written, not that the writer was right. A
    /// content that contradicts itself is refused as well, not trapped on later.
    @Test func `is refused when its parts contradict each other, though its checksums hold`() {
        let whole = encoded(orders: 1)
        let pieces = SnapshotPieces(whole)
        #expect(pieces.contents.count == 3 && pieces.bytes == whole)
        for index in pieces.contents.indices {
            var changed = pieces
            changed.contents[index].itemCount += 1
            expectContradiction(in: changed)
        }
        var refused = 0
        for index in pieces.contents.indices {
            for offset in pieces.contents[index].bytes.indices {
                var changed = pieces
                changed.contents[index].bytes[offset] ^= 1
                if case .contradiction = problem(with: changed.bytes) { refused += 1 }
            }
        }
        #expect(refused > 20)
    }

    private func expectContradiction(in pieces: SnapshotPieces) {
        if case .contradiction = problem(with: pieces.bytes) { return }
        Issue.record("a contradiction was not seen")
    }

    @Test func `is refused when a name is longer than any order's`() {
        var pieces = SnapshotPieces(encoded(orders: 1))
        let name = String(repeating: "x", count: OrderTable.nameBytesMax + 1)
        var item = ByteBuffer()
        item.appendCounted(bytes("default").span)
        item.appendCounted(bytes(name).span)
        item.appendCounted(ImageSketch(state: .applied).encoded.span)
        pieces.contents[1].bytes += array(item.bytes)
        pieces.contents[1].itemCount += 1
        expectContradiction(in: pieces)
    }
}

@Suite struct `A snapshot of many pieces` {
    private let whole: [UInt8]
    private let pieces: SnapshotPieces

    init() {
        var state = SketchLedger()
        for number in 0..<700 {
            var order = ImageSketch.order(.applied, coupon: "cou\(number % 300)")
            order.metadata = [["note", String(repeating: "x", count: 3_000 + number)]]
            state.record(order, order: "o\(number)")
        }
        let encoded = state.ledger.encodeSnapshot()
        whole = array(encoded.bytes)
        pieces = SnapshotPieces(whole)
    }

    @Test func `has pieces of about a mebibyte, and gives back the whole state`() throws {
        #expect(pieces.contents.map(\.kind) == [1, 2, 2, 2, 3] && pieces.bytes == whole)
        for piece in pieces.contents[1...2] {
            #expect((1 << 20..<(1 << 20) + 5_000).contains(piece.bytes.count))
        }
        let loaded = try Ledger.decoded(from: whole.span, seed: HashSeed(9), orderLimit: 1)
        let again = loaded.encodeSnapshot()
        #expect(array(again.bytes) == whole)
    }

    /// From the disk, so that only a piece or two are in memory.
    @Test func `is refused after damage at the boundary of any piece`() throws {
        let disk = SimulatedDisk()
        disk["state/snapshot"] = whole
        func read() -> SnapshotProblem? {
            do {
                return try Ledger.read(
                    snapshotAt: "state/snapshot", on: disk, seed: HashSeed(1), orderLimit: 10)
                    == nil
                    ? .empty : nil
            } catch {
                return error
            }
        }
        #expect(read() == nil)
        for boundary in pieces.boundaries {
            for offset in [boundary - 1, boundary, boundary + 31, boundary + 32]
            where offset < whole.count {
                var damaged = whole
                damaged[offset] ^= 16
                disk["state/snapshot"] = damaged
                #expect(read() != nil, "\(offset)")
            }
            disk["state/snapshot"] = Array(whole[..<boundary])
            #expect(
                read() == (boundary == whole.count ? nil : .endsEarly(found: boundary)))
        }
    }

    @Test func `is refused when a piece is missing, comes twice or in another place`() {
        let frames = zip(pieces.boundaries, pieces.boundaries.dropFirst()).map { whole[$0..<$1] }
        let header = whole[..<48]
        for index in frames.indices {
            var others = frames
            others.remove(at: index)
            #expect(problem(with: Array(header + others.joined())) != nil)
            others = frames
            others.insert(frames[index], at: index)
            #expect(problem(with: Array(header + others.joined())) != nil)
            guard index > 0 else { continue }
            others = frames
            others.swapAt(index, index - 1)
            #expect(problem(with: Array(header + others.joined())) == .contentDamaged)
        }
        #expect(problem(with: Array(header + frames.joined())) == nil)
    }

    /// The checksums hold; what they hold together does not.
    @Test func `is refused when orders come before counters`() {
        var changed = pieces
        changed.contents.swapAt(0, 1)
        if case .contradiction = problem(with: changed.bytes) { return }
        Issue.record("orders came before the counters that they consume from")
    }
}
