import FlatStorage
import Testing

@Suite struct `A flat array` {
    @Test func `keeps its elements across growth and shrinking`() {
        var array = FlatArray<Int32>(capacity: 1)
        for number in 0..<10_000 { array.append(Int32(number)) }
        array[17] = -1
        let last = array.removeLast()
        array.shrinkToFit()
        let (count, capacity) = (array.count, array.capacity)
        #expect(last == 9_999 && count == 9_999 && capacity == 9_999)
        for index in array.indices where index != 17 {
            let element = array.span[index]
            #expect(element == Int32(index))
        }
        let replaced = array[17]
        #expect(replaced == -1)
    }

    @Test func `forgets what lies behind a place`() {
        var array = FlatArray<Int>()
        for number in 0..<10 { array.append(number) }
        array.truncate(to: 10)
        array.truncate(to: 4)
        array.append(7)
        #expect(array.indices.map { array[$0] } == [0, 1, 2, 3, 7])
        array.truncate(to: 0)
        #expect(array.count == 0)
    }

    @Test func `traps on an index outside`() async {
        await #expect(processExitsWith: .failure) {
            let array = FlatArray<Int>(capacity: 8)
            _ = array[0]
        }
        await #expect(processExitsWith: .failure) {
            var array = FlatArray<Int>(repeating: 1, count: 3)
            array[3] = 1
        }
        await #expect(processExitsWith: .failure) {
            var array = FlatArray<Int>(capacity: 8)
            _ = array.removeLast()
        }
        await #expect(processExitsWith: .failure) {
            var array = FlatArray<Int>(repeating: 1, count: 3)
            array.truncate(to: 4)
        }
    }
}

@Suite struct `A chunked array` {
    @Test func `keeps its rows, whose numbers are stable`() {
        var array = ChunkedArray<UInt32>()
        for number in 0..<10_000 {
            let row = array.append(UInt32(number))
            #expect(row == number)
        }
        array[9_999] = 7
        array[0] = 8
        let ends = (array[0], array[2_047], array[2_048], array[9_999])
        #expect(ends == (8, 2_047, 2_048, 7))
        let (count, allocated) = (array.count, array.allocatedBytes)
        #expect(count == 10_000 && allocated == 5 * 2_048 * 4)
    }

    @Test func `gives back its last row, and memory beyond one chunk`() {
        var array = ChunkedArray<Int>()
        for round in 0..<3 {
            for number in 0..<2_049 { array.append(number + round) }
            for number in (0..<2_049).reversed() {
                let last = array.removeLast()
                #expect(last == number + round)
            }
        }
        let (count, allocated) = (array.count, array.allocatedBytes)
        #expect(count == 0 && allocated == 2_048 * 8)
    }

    @Test func `traps on a row outside`() async {
        await #expect(processExitsWith: .failure) {
            var array = ChunkedArray<Int>()
            array.append(1)
            _ = array[1]
        }
        await #expect(processExitsWith: .failure) {
            var array = ChunkedArray<Int>()
            _ = array.removeLast()
        }
        await #expect(processExitsWith: .failure) {
            var array = ChunkedArray<Int>()
            array.append(1)
            array[-1] = 1
        }
    }
}

@Suite struct `A byte arena` {
    @Test func `keeps runs of any length where they were put`() {
        var arena = ByteArena(chunkSize: 64)
        var places: [(place: ByteArena.Place, run: [UInt8])] = []
        for number in 0..<500 {
            let run = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: number % 90)
            places.append((arena.append(run.span), run))
        }
        for (place, run) in places {
            let isEqual = arena.bytes(at: place, count: run.count).isEqual(to: run.span)
            #expect(isEqual)
        }
        let total = places.reduce(0) { $0 + $1.run.count }
        let used = arena.usedBytes
        #expect(used == total)
    }

    @Test func `leaves at most a quarter of a chunk unused`() {
        var arena = ByteArena(chunkSize: 4_096)
        let run = [UInt8](repeating: 1, count: 1_000)
        for _ in 0..<1_000 { _ = arena.append(run.span) }
        let (used, allocated) = (arena.usedBytes, arena.allocatedBytes)
        #expect(used == 1_000_000 && allocated * 3 <= used * 4 + 4 * 4_096)
    }

    @Test func `gives zeros to be written later, in pieces`() {
        var arena = ByteArena()
        let place = arena.allocate(6)
        arena.write(bytes("de").span, at: place.advanced(by: 3))
        let isWritten = arena.bytes(at: place, count: 6).isEqual(to: [0, 0, 0, 100, 101, 0].span)
        #expect(isWritten)
        let other = arena.allocate(4)
        arena.copy(2, from: place.advanced(by: 3), to: other.advanced(by: 1))
        let isCopied = arena.bytes(at: other, count: 4).isEqual(to: [0, 100, 101, 0].span)
        #expect(isCopied)
    }

    @Test func `traps on a run outside`() async {
        await #expect(processExitsWith: .failure) {
            var arena = ByteArena()
            let place = arena.append([1, 2, 3].span)
            _ = arena.bytes(at: place, count: 4).count
        }
        await #expect(processExitsWith: .failure) {
            var arena = ByteArena()
            let place = arena.append([1, 2, 3].span)
            arena.write([1, 2].span, at: place.advanced(by: 2))
        }
        await #expect(processExitsWith: .failure) {
            var arena = ByteArena()
            let place = arena.append([1, 2, 3].span)
            arena.copy(3, from: place, to: place.advanced(by: 1))
        }
    }
}
