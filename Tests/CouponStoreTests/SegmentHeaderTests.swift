import CouponStore
import FlatStorage
import Testing

@Suite struct `A segment's header` {
    private let header = SegmentHeader(
        generation: 0x0102_0304, salt: 0xA1A2_A3A4_A5A6_A7A8, continuesAfter: 0x10_0000_0001,
        previousChecksum: 0xC1C2_C3C4_C5C6_C7C8)

    private func encoded(_ header: SegmentHeader) -> [UInt8] {
        var buffer = ByteBuffer()
        header.encode(into: &buffer)
        return array(buffer.bytes)
    }

    private func problem(with bytes: [UInt8]) -> SegmentHeaderProblem? {
        do throws(SegmentHeaderProblem) {
            _ = try SegmentHeader(bytes.span)
            return nil
        } catch {
            return error
        }
    }

    @Test func `lies on the disk as its layout says`() {
        var expected = bytes("CPNDJRNL") + [1, 0, 0, 0, 0, 0, 0, 0]
        expected += [4, 3, 2, 1, 0, 0, 0, 0]
        expected += [0xA8, 0xA7, 0xA6, 0xA5, 0xA4, 0xA3, 0xA2, 0xA1]
        expected += [2, 0, 0, 0, 0x10, 0, 0, 0, 1, 0, 0, 0, 0x10, 0, 0, 0]
        expected += [0xC8, 0xC7, 0xC6, 0xC5, 0xC4, 0xC3, 0xC2, 0xC1]
        expected += [0, 2, 0, 0, 1, 0, 0, 0]
        var header = header
        header.fileByteCount = 0x1_0000_0200
        let checksum = hash64(expected.span, seed: 0)
        expected += (0..<8).map { UInt8(truncatingIfNeeded: checksum >> (8 * $0)) }
        expected += [UInt8](repeating: 0, count: 440)
        #expect(encoded(header) == expected)
        #expect(header.checksum == checksum)
    }

    @Test func `is read back with any bytes after it`() throws {
        let last = SegmentHeader(
            generation: .max - 1, salt: 0, continuesAfter: .max - 1, previousChecksum: .max)
        let first = SegmentHeader(
            generation: 1, salt: 7, continuesAfter: 0, previousChecksum: 0)
        for header in [header, first, last] {
            let bytes = encoded(header) + [1, 2, 3]
            #expect(try SegmentHeader(bytes.span) == header)
        }
        #expect(first.firstSequence == 1)
    }

    @Test func `is appended to what a buffer holds`() {
        var buffer = ByteBuffer()
        buffer.append("before")
        header.encode(into: &buffer)
        #expect(array(buffer.bytes) == bytes("before") + encoded(header))
    }

    @Test func `is refused with any bit flipped`() {
        let whole = encoded(header)
        for bit in 0..<(whole.count * 8) {
            var changed = whole
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            let expected: SegmentHeaderProblem
            switch bit / 8 {
            case ..<8: expected = .foreign
            case ..<12: expected = .unknownVersion(1 ^ 1 << UInt32(bit - 64))
            default: expected = .damaged
            }
            #expect(problem(with: changed) == expected, "bit \(bit)")
        }
    }

    @Test func `is refused at any length that is not the whole`() {
        let whole = encoded(header)
        for count in 0..<whole.count {
            #expect(problem(with: Array(whole[..<count])) == .short, "\(count) bytes")
        }
        #expect(problem(with: bytes("CPNDSNAP")) == .foreign)
        #expect(problem(with: [UInt8](repeating: 0, count: 512)) == .foreign)
    }

    @Test func `is refused when its numbers contradict each other under a right checksum`() {
        check(contradiction: { $0.setLittleEndian(UInt64(5), at: 32) })
        check(contradiction: { $0.setLittleEndian(UInt64(5), at: 40) })
        check(contradiction: { $0.setLittleEndian(UInt32(5), at: 12) })
        check(contradiction: { $0.setLittleEndian(UInt64.max, at: 16) })
        check(contradiction: {
            $0.setLittleEndian(UInt64.max, at: 40)
            $0.setLittleEndian(UInt64(0), at: 32)
        })
    }

    private func check(contradiction: (inout ByteBuffer) -> Void) {
        var buffer = ByteBuffer()
        header.encode(into: &buffer)
        contradiction(&buffer)
        let checksum = hash64(buffer.bytes(in: 0..<56), seed: 0)
        buffer.setLittleEndian(checksum, at: 56)
        #expect(problem(with: array(buffer.bytes)) == .damaged)
    }
}

@Suite struct `A segment's name` {
    @Test func `is its generation and its first sequence`() {
        let header = SegmentHeader(
            generation: 0x1F, salt: 1, continuesAfter: 0xABCE, previousChecksum: 2)
        #expect(header.name.text == "journal-000000000000001f-000000000000abcf.log")
        #expect(SegmentName(header.name.text) == header.name)
        let last = SegmentName(generation: .max - 1, firstSequence: .max)
        #expect(SegmentName(last.text) == last)
    }

    @Test(arguments: [
        "", "journal-", ".log", "journal-.log", "snapshot", "journal-next.tmp",
        "journal-000000000000001f.log",
        "journal-000000000000001f-000000000000abcf",
        "journal-000000000000001F-000000000000abcf.log",
        "journal-ffffffffffffffff-000000000000abcf.log",
        "journal-1f-abcf.log",
        "journal-+00000000000001f-000000000000abcf.log",
        "journal-000000000000001f-000000000000abcf-0.log",
        "journal-0000000000000001f-000000000000abcf.log",
        "Journal-000000000000001f-000000000000abcf.log",
    ])
    func `has one spelling`(text: String) {
        #expect(SegmentName(text) == nil)
    }

    @Test func `is in the order of the journal, as text too`() {
        let names = [(1, 9), (1, 10), (2, 3), (10, 1), (16, 0), (255, 4)].map {
            SegmentName(generation: $0.0, firstSequence: $0.1)
        }
        #expect(names.reversed().sorted() == names)
        #expect(names.map(\.text).sorted() == names.map(\.text))
    }
}
