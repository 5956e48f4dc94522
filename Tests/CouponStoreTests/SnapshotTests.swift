import CouponStore
import FlatStorage
import Glibc
import StoreSupport
import Testing

/// A state with so many orders, one counter of which began at 16.
private func ledger(orders: Int) -> SketchLedger {
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

@Suite struct `Writing a snapshot` {
    private let directory = "state"

    private func write(orders: Int, to disk: SimulatedDisk) throws(DiskFault) {
        let state = ledger(orders: orders)
        do throws(CompactionFault) {
            try Snapshot.write(
                state.ledger, over: disk["state/snapshot"] == nil ? .missing : .whole, to: disk,
                directory: directory)
        } catch {
            guard case .disk(let fault) = error else {
                Issue.record("\(error)")
                return
            }
            throw fault
        }
    }

    /// The orders of the snapshot that is found. Each of these states has as many records behind it
    /// as orders, and so is only taken where the journal goes on after so many.
    private func loadedOrders(from disk: SimulatedDisk) throws(RecoveryFault) -> Int {
        for orders in 0...4 {
            let next = SegmentHeader(
                generation: 1, salt: 1, continuesAfter: UInt64(orders), previousChecksum: 0)
            do {
                let state = try Recovery.recover(
                    from: disk, directory: directory, seed: HashSeed(1), orderLimit: 10,
                    continuedBy: next)
                let found = state.ledger.totals.orders
                #expect(found == orders && state.report.damagedSnapshot == nil)
                return found
            } catch {
                guard case .journal = error, orders < 4 else { throw error }
            }
        }
        return 0
    }

    @Test func `starts afresh where there was none`() throws {
        #expect(try loadedOrders(from: SimulatedDisk()) == 0)
    }

    @Test func `keeps the one before`() throws {
        let disk = SimulatedDisk()
        for orders in 1...3 { try write(orders: orders, to: disk) }
        #expect(disk.names == ["state/snapshot", "state/snapshot.previous"])
        #expect(try loadedOrders(from: disk) == 3)
        disk["state/snapshot"] = nil
        #expect(try loadedOrders(from: disk) == 2)
        #expect(disk.openFileCount == 0)
    }

    @Test func `replaces what a crash left over`() throws {
        let disk = SimulatedDisk()
        try write(orders: 1, to: disk)
        disk["state/snapshot.new"] = bytes("half a snap")
        #expect(try loadedOrders(from: disk) == 1)
        try write(orders: 2, to: disk)
        #expect(disk["state/snapshot.new"] == nil)
        #expect(try loadedOrders(from: disk) == 2)
    }

    @Test func `moves a damaged one aside, and never writes over what it moved there`() throws {
        let disk = SimulatedDisk()
        try write(orders: 1, to: disk)
        for number in 1...3 {
            let damaged = bytes("damaged \(number)")
            disk["state/snapshot"] = damaged
            let state = ledger(orders: 2)
            try Snapshot.write(state.ledger, over: .damaged, to: disk, directory: directory)
            #expect(disk["state/snapshot.damaged-\(number)"] == damaged)
            #expect(disk["state/snapshot.damaged-1"] == bytes("damaged 1"))
            #expect(try loadedOrders(from: disk) == 2)
        }
        #expect(disk.names.count == 4)
    }

    /// The device took the bytes, and gives others back.
    @Test func `gives nothing up for one that the device does not hold`() throws {
        let disk = LyingDisk()
        let first = ledger(orders: 1), second = ledger(orders: 2)
        try Snapshot.write(first.ledger, over: .missing, to: disk, directory: directory)
        disk.lies()
        let fault = DiskFault(.verify, path: "state/snapshot.new", errno: 0)
        #expect(throws: CompactionFault.disk(fault)) {
            try Snapshot.write(second.ledger, over: .whole, to: disk, directory: directory)
        }
        #expect(disk.disk.names == ["state/snapshot"] && disk.disk.openFileCount == 0)
        #expect(try loadedOrders(from: disk.disk) == 1)
    }

    /// Fails operation 1, 2, 3 … of a write until one completes. After each failure the last
    /// snapshot loads, nothing stays open, and the next attempt goes through.
    @Test(arguments: [EIO, ENOSPC, EROFS])
    func `survives the failure of any operation`(errno: CInt) throws {
        var failing = 1
        var isComplete = false
        while !isComplete {
            let disk = SimulatedDisk()
            try write(orders: 1, to: disk)
            try write(orders: 2, to: disk)
            disk.fail(operation: failing, with: errno)
            do {
                try write(orders: 3, to: disk)
                isComplete = true
            } catch {
                #expect(error.errno == errno)
            }
            disk.fail(operation: nil)
            // A rename that went through before the failure shows the new state already.
            let orders = try loadedOrders(from: disk)
            #expect(isComplete ? orders == 3 : orders == 2 || orders == 3)
            #expect(disk.openFileCount == 0)
            try write(orders: 4, to: disk)
            #expect(try loadedOrders(from: disk) == 4)
            #expect(disk.names == ["state/snapshot", "state/snapshot.previous"])
            failing += 1
        }
        // Examine, create, append, synchronize, close, drop, examine, read, rename twice, synchronize
        // directory.
        #expect(failing == 13)
    }

    /// Cuts the power after operation 1, 2, 3 …, with every number of name changes kept.
    @Test func `survives a power cut after any operation`() throws {
        var cutAfter = 0
        var isComplete = false
        while !isComplete {
            let disk = SimulatedDisk()
            try write(orders: 1, to: disk)
            try write(orders: 2, to: disk)
            // The operation after the cut fails, and so nothing after it is done.
            disk.fail(operation: cutAfter + 1)
            do {
                try write(orders: 3, to: disk)
                isComplete = true
            } catch {
                #expect(error.errno == EIO)
            }
            for kept in 0...disk.pendingNameChanges {
                let survivor = disk.afterCrash(keepingNameChanges: kept)
                let orders = try loadedOrders(from: survivor)
                #expect(isComplete ? orders == 3 : orders == 2 || orders == 3)
                try write(orders: 4, to: survivor)
                #expect(try loadedOrders(from: survivor) == 4)
            }
            cutAfter += 1
        }
        #expect(cutAfter == 12)
    }

    @Test func `says why a snapshot cannot be read`() throws {
        for failing in 1...3 {
            let disk = SimulatedDisk()
            try write(orders: 1, to: disk)
            disk.fail(operation: failing)
            let operations: [DiskFault.Operation] = [.list, .examine, .read]
            let path = failing == 1 ? "state" : "state/snapshot"
            let fault = DiskFault(operations[failing - 1], path: path, errno: EIO)
            let expected =
                failing == 1
                ? RecoveryFault.disk(fault)
                : .snapshot(SnapshotFault(path: path, problem: .unreadable(fault)))
            #expect(throws: expected) { try loadedOrders(from: disk) }
        }
    }
}
