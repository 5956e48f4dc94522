import Testing

@testable import FlatStorage

@Suite struct `A slab table` {
    /// A table and what it should hold.
    private struct Pair: ~Copyable {
        var table: SlabTable<UInt32>
        var model: [Int: (row: UInt32, bytes: [UInt8])] = [:]

        init(slabByteCount: Int) { table = SlabTable(slabByteCount: slabByteCount) }

        mutating func add(_ row: UInt32, _ bytes: [UInt8]) {
            let number = table.append(row, byteCount: bytes.count)
            table.write(bytes.span, at: 0, of: number)
            #expect(model[number] == nil)
            model[number] = (row, bytes)
        }

        mutating func remove(_ number: Int) {
            table.remove(number)
            model[number] = nil
        }

        mutating func gather() -> Bool {
            guard let number = table.nextToMove() else { return false }
            let moved = table.move(number)
            model[moved] = model.removeValue(forKey: number)
            return true
        }

        func check() {
            var walked = 0
            var next = table.next(after: nil)
            while let number = next {
                walked += 1
                guard let expected = model[number] else {
                    Issue.record("\(number) was removed")
                    return
                }
                let run = table.bytes(of: number, in: 0..<expected.bytes.count)
                let isSame = run.isEqual(to: expected.bytes.span) && table[number] == expected.row
                #expect(isSame)
                next = table.next(after: number)
            }
            let count = table.count
            #expect(walked == model.count && count == model.count)
        }
    }

    @Test(arguments: [1_024, 16_384])
    func `keeps rows and runs while others come and go`(slabByteCount: Int) {
        var generator = SeededGenerator(seed: chosenSeed(for: "slab table"))
        var pair = Pair(slabByteCount: slabByteCount)
        for step in 0..<20_000 {
            let length = Int.random(in: 0..<(step % 50 == 0 ? 3_000 : 120), using: &generator)
            if Int.random(in: 0..<20_000, using: &generator) > step / 2 || pair.model.isEmpty {
                pair.add(
                    UInt32(step),
                    (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) })
            } else if let number = pair.model.keys.min(by: { $0 % 97 < $1 % 97 }), step % 2 == 0 {
                pair.remove(number)
            }
            if step % 500 == 0 { pair.check() }
            if step % 3 == 0 { _ = pair.gather() }
        }
        pair.check()
        while pair.gather() {}
        pair.check()
        for number in Array(pair.model.keys) { pair.remove(number) }
        pair.check()
        // The open slab, at most.
        let left = pair.table.allocatedBytes
        #expect(left <= slabByteCount + 64)
    }

    @Test func `lengthens a run in place, or says that there is no room`() {
        var table = SlabTable<UInt8>(slabByteCount: 1_024)
        let first = table.append(1, byteCount: 100)
        table.write([5, 6, 7].span, at: 0, of: first)
        let other = table.append(2, byteCount: 100)
        let isLonger = table.lengthen(first, to: 200, keeping: 3)
        let kept = table.bytes(of: first, in: 0..<3).isEqual(to: [5, 6, 7].span)
        let capacities = [table.capacity(of: first), table.capacity(of: other)]
        #expect(isLonger && kept && capacities == [200, 100])
        let isTooLong = table.lengthen(first, to: 900, keeping: 3)
        #expect(!isTooLong)
    }

    @Test func `traps on a row that was removed, and on bytes outside a run`() async {
        await #expect(processExitsWith: .failure) {
            var table = SlabTable<UInt8>(slabByteCount: 1_024)
            let first = table.append(1, byteCount: 10)
            _ = table.append(2, byteCount: 10)
            table.remove(first)
            _ = table[first]
        }
        await #expect(processExitsWith: .failure) {
            var table = SlabTable<UInt8>(slabByteCount: 1_024)
            let first = table.append(1, byteCount: 10)
            _ = table.bytes(of: first, in: 5..<11)
        }
    }
}
