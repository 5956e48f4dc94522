import FlatStorage
import Testing

@Suite struct `A byte buffer` {
    private struct Refusal: Error, Equatable {}

    @Test func `keeps what was appended across growth`() {
        var buffer = ByteBuffer(capacity: 16)
        var expected: [UInt8] = []
        for number in 0..<1_000 {
            let run = bytes("run \(number);")
            buffer.append(run.span)
            buffer.append(UInt8(truncatingIfNeeded: number))
            buffer.append("literal")
            expected += run + [UInt8(truncatingIfNeeded: number)] + bytes("literal")
        }
        let isEqual = buffer.bytes.isEqual(to: expected.span)
        #expect(isEqual)
    }

    @Test func `writes integers with the lowest byte first`() {
        var buffer = ByteBuffer(capacity: 16)
        for _ in 0..<5 { buffer.append(0xFF) }
        buffer.appendLittleEndian(UInt32(0x0102_0304))
        buffer.appendLittleEndian(UInt64(0x1112_1314_1516_1718))
        buffer.appendLittleEndian(UInt8(0x21))
        buffer.setLittleEndian(UInt16(0xAABB), at: 1)
        let expected: [UInt8] = [
            0xFF, 0xBB, 0xAA, 0xFF, 0xFF, 4, 3, 2, 1, 0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12,
            0x11, 0x21,
        ]
        let isEqual = buffer.bytes.isEqual(to: expected.span)
        #expect(isEqual)
    }

    @Test func `is cut at either end`() {
        var buffer = ByteBuffer()
        buffer.append("abcdef")
        buffer.truncate(to: 5)
        buffer.removeFirst(2)
        let isEqual = buffer.bytes.isEqual(to: bytes("cde").span)
        #expect(isEqual)
        let middle = buffer.bytes(in: 1..<2)[0]
        #expect(middle == UInt8(ascii: "d"))
        buffer.removeAll()
        let count = buffer.count
        #expect(count == 0)
    }

    @Test func `takes bytes written straight into it`() throws {
        var buffer = ByteBuffer(capacity: 16)
        buffer.append("0123456789")
        buffer.append(addingCapacity: 100) { (output) in
            for _ in 0..<40 { output.append(7) }
        }
        let (count, last) = (buffer.count, buffer[49])
        #expect(count == 50 && last == 7)
    }

    @Test func `keeps nothing of a writing that failed`() {
        var buffer = ByteBuffer()
        buffer.append("kept")
        #expect(throws: Refusal()) {
            try buffer.append(addingCapacity: 8) { (output) throws(Refusal) in
                output.append(1)
                throw Refusal()
            }
        }
        let isEqual = buffer.bytes.isEqual(to: bytes("kept").span)
        #expect(isEqual)
    }

    @Test func `traps on an index outside`() async {
        await #expect(processExitsWith: .failure) {
            var buffer = ByteBuffer(capacity: 64)
            buffer.append(1)
            _ = buffer[1]
        }
        await #expect(processExitsWith: .failure) {
            var buffer = ByteBuffer(capacity: 64)
            buffer.append(1)
            buffer[-1] = 2
        }
    }

    @Test func `traps on a range outside`() async {
        await #expect(processExitsWith: .failure) {
            var buffer = ByteBuffer(capacity: 64)
            buffer.append("four")
            _ = buffer.bytes(in: 2..<5).count
        }
        await #expect(processExitsWith: .failure) {
            var buffer = ByteBuffer(capacity: 64)
            buffer.append("four")
            buffer.setLittleEndian(UInt32(1), at: 1)
        }
        await #expect(processExitsWith: .failure) {
            var buffer = ByteBuffer(capacity: 64)
            buffer.append("four")
            buffer.truncate(to: 5)
        }
        await #expect(processExitsWith: .failure) {
            var buffer = ByteBuffer(capacity: 64)
            buffer.append("four")
            buffer.removeFirst(5)
        }
    }
}

@Suite struct `A byte reader` {
    @Test(arguments: [0, 1, 0x7F, 0x80, 0x3FFF, 0x4000, 1 << 62, 1 << 63, UInt64.max])
    func `reads back every varint`(number: UInt64) {
        var buffer = ByteBuffer()
        buffer.appendVarint(number)
        var reader = ByteReader(buffer.bytes)
        let (read, remaining) = (reader.varint(), reader.remaining)
        #expect(read == number && remaining == 0)
    }

    @Test(
        arguments: [
            [],  // Nothing.
            [0x80],  // More is said to follow.
            [0x80, 0x00],  // 0 in two bytes.
            [0xFF, 0x80, 0x00],  // 127 in three.
            [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02],  // 65 bits.
            [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x81, 0x00],  // Eleven bytes.
        ] as [[UInt8]])
    func `refuses a varint that the buffer would not have written`(damaged: [UInt8]) {
        var reader = ByteReader(damaged.span)
        let read = reader.varint()
        #expect(read == nil)
    }

    @Test func `reads what was written, in order`() {
        var buffer = ByteBuffer()
        buffer.append(9)
        buffer.appendLittleEndian(UInt16(0x1234))
        buffer.appendCounted(bytes("text").span)
        buffer.appendCounted([UInt8]().span)
        buffer.appendLittleEndian(UInt64.max - 1)
        var reader = ByteReader(buffer.bytes)
        let byte = reader.byte(), short = reader.uint16()
        let text = reader.counted()?.isEqual(to: bytes("text").span)
        let empty = reader.counted()?.count
        let position = reader.position, long = reader.uint64()
        #expect(byte == 9 && short == 0x1234 && text == true && empty == 0)
        #expect(position == 9 && long == .max - 1)
        let end = reader.byte()
        #expect(end == nil)
    }

    @Test func `never reads past the end`() {
        let short: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 1, 2]
        var lengths = ByteReader(short.span)
        let isLong = lengths.counted() == nil
        #expect(isLong)
        var numbers = ByteReader(short.span)
        let wide = numbers.uint64()
        #expect(wide == nil)
        var runs = ByteReader(short.span)
        let (isTooLong, isNegative) = (runs.run(of: 8) == nil, runs.run(of: -1) == nil)
        #expect(isTooLong && isNegative)
    }
}
