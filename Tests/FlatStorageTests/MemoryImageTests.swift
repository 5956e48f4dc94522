import Testing

@testable import FlatStorage

/// A row with padding between and after its members.
private struct Row: BitwiseCopyable, Equatable {
    var small: UInt8
    var large: Int64
    var flag: Bool
}

@Suite struct `A table's image` {
    @Test(arguments: [0, 1, 2, 7, 10_000])
    func `brings back every row of an array`(count: Int) throws {
        var array = FlatArray<Row>()
        for number in 0..<count {
            array.append(
                Row(
                    small: UInt8(truncatingIfNeeded: number), large: Int64(number) << 20,
                    flag: number % 3 == 0))
        }
        var image = ByteBuffer()
        image.append("…")
        array.appendImage(to: &image)
        let (imageByteCount, appended) = (array.imageByteCount, image.count - 3)
        #expect(imageByteCount == appended)

        var reader = ByteReader(image.bytes(in: 3..<image.count))
        guard let copy = FlatArray<Row>(image: &reader) else {
            Issue.record("an image that was just written is read")
            return
        }
        let (copied, remaining) = (copy.count, reader.remaining)
        #expect(copied == count && remaining == 0)
        for index in 0..<count {
            let (row, expected) = (copy[index], array[index])
            #expect(row == expected)
        }
    }

    @Test func `brings back an array that grows again`() {
        var image = ByteBuffer()
        FlatArray<UInt32>(repeating: 7, count: 3).appendImage(to: &image)
        var reader = ByteReader(image.bytes)
        guard var copy = FlatArray<UInt32>(image: &reader) else {
            Issue.record("an image that was just written is read")
            return
        }
        for number in 0..<100 { copy.append(UInt32(number)) }
        let (first, last, count) = (copy[0], copy[102], copy.count)
        #expect(first == 7 && last == 99 && count == 103)
    }

    @Test(arguments: ["", "x", "some text of more bytes than a small buffer has"])
    func `brings back the bytes of a buffer`(text: String) {
        var buffer = ByteBuffer()
        buffer.append(text.utf8.span)
        var image = ByteBuffer()
        buffer.appendImage(to: &image)
        let (imageByteCount, appended) = (buffer.imageByteCount, image.count)
        #expect(imageByteCount == appended)
        var reader = ByteReader(image.bytes)
        guard let copy = ByteBuffer(image: &reader) else {
            Issue.record("an image that was just written is read")
            return
        }
        let isEqual = copy.bytes.isEqual(to: text.utf8.span)
        #expect(isEqual)
    }

    @Test(arguments: [0, 1, 1_000])
    func `brings back an index that finds every row`(count: Int) {
        var index = HashIndex(rowCount: count)
        for row in 0..<count { index.insert(row: row, hash: hash(of: row)) }
        var image = ByteBuffer()
        index.appendImage(to: &image)
        let (imageByteCount, appended) = (index.imageByteCount, image.count)
        #expect(imageByteCount == appended)
        var reader = ByteReader(image.bytes)
        guard let copy = HashIndex(image: &reader) else {
            Issue.record("an image that was just written is read")
            return
        }
        let copied = copy.count
        #expect(copied == count)
        for row in 0..<count + 10 {
            var probe = copy.probe(hash(of: row))
            var rows: [Int] = []
            while let found = copy.next(&probe) { rows.append(found) }
            #expect(rows.contains(row) == (row < count))
        }
    }

    private func hash(of row: Int) -> UInt64 { durableHash64("row \(row)".utf8.span) }

    // MARK: Refused

    @Test func `that is cut off anywhere is refused`() {
        var image = ByteBuffer()
        var index = HashIndex(rowCount: 3)
        for row in 0..<3 { index.insert(row: row, hash: hash(of: row)) }
        index.appendImage(to: &image)
        for length in 0..<image.count {
            var reader = ByteReader(image.bytes(in: 0..<length))
            let isRead = HashIndex(image: &reader) != nil
            #expect(!isRead, "\(length) bytes")
        }
    }

    @Test(arguments: [UInt64(4), 1 << 32, 1 << 61, 1 << 63, .max])
    func `that claims more than there is is refused without taking memory`(count: UInt64) {
        var image = ByteBuffer()
        image.appendLittleEndian(count)
        image.appendLittleEndian(UInt64(8))
        for _ in 0..<3 { image.appendLittleEndian(UInt64(0)) }
        var reader = ByteReader(image.bytes)
        let isArray = FlatArray<UInt64>(image: &reader) != nil
        #expect(!isArray)

        var bytes = ByteBuffer()
        bytes.appendLittleEndian(max(count, 5))
        bytes.append("four")
        reader = ByteReader(bytes.bytes)
        let isBuffer = ByteBuffer(image: &reader) != nil
        #expect(!isBuffer)
    }

    @Test func `of rows of another length is refused`() {
        var image = ByteBuffer()
        FlatArray<UInt32>(repeating: 7, count: 4).appendImage(to: &image)
        var reader = ByteReader(image.bytes)
        let isRead = FlatArray<UInt64>(image: &reader) != nil
        #expect(!isRead)
    }

    @Test func `of an index without a free slot is refused`() {
        var image = ByteBuffer()
        image.appendLittleEndian(UInt64(8))
        FlatArray<UInt32>(repeating: 1, count: 8).appendImage(to: &image)
        FlatArray<UInt16>(repeating: 1, count: 8).appendImage(to: &image)
        var reader = ByteReader(image.bytes)
        let isRead = HashIndex(image: &reader) != nil
        #expect(!isRead)
    }
}
