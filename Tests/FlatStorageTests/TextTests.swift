import FlatStorage
import Testing

@Suite struct `Text for people and for JSON` {
    @Test(arguments: [
        0, 7, 9, 10, 99, 100, 12_345, 999_999_999_999, 9_999_999_999_999_999_999,
        10_000_000_000_000_000_000, UInt64.max,
    ])
    func `numbers are written in decimal`(number: UInt64) {
        var bytes = ByteBuffer(capacity: 1)
        bytes.append(digits: number)
        #expect(text(bytes.bytes) == "\(number)")
    }

    @Test func `numbers are written around every power of ten`() {
        var power: UInt64 = 1
        for _ in 1...19 {
            power *= 10
            for number in [power - 1, power, power + 1] {
                var bytes = ByteBuffer(capacity: 1)
                bytes.append(digits: number)
                #expect(text(bytes.bytes) == "\(number)")
            }
        }
    }

    @Test(arguments: [(0, 1, "0"), (0, 3, "000"), (7, 2, "07"), (123, 2, "123"), (5, 24, nil)])
    func `numbers are at least as wide as asked`(number: UInt64, width: Int, expected: String?) {
        var bytes = ByteBuffer(capacity: 1)
        bytes.append(UInt8(ascii: "x"))
        bytes.append(digits: number, width: width)
        let wanted = expected ?? String(repeating: "0", count: width - 1) + "\(number)"
        #expect(text(bytes.bytes) == "x" + wanted)
    }

    /// Every byte, at every place among plain ones, in texts around the eight bytes of one step.
    @Test func `only quotes, backslashes and control characters need escapes`() {
        for byte in UInt8.min...UInt8.max {
            let needsEscape =
                byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
            for count in [1, 7, 8, 9, 16, 19] {
                for place in 0..<count {
                    var bytes = [UInt8](repeating: UInt8(ascii: "~"), count: count)
                    bytes[place] = byte
                    #expect(
                        bytes.span.firstToEscape(from: 0) == (needsEscape ? place : count),
                        "byte \(byte) at \(place) of \(count)")
                }
            }
        }
    }

    @Test func `the search begins at the given place`() {
        let bytes = Array("\"a\"bcdefghijklmnop\\".utf8)
        #expect(bytes.span.firstToEscape(from: 1) == 2)
        #expect(bytes.span.firstToEscape(from: 3) == 18)
        #expect(bytes.span.firstToEscape(from: bytes.count) == bytes.count)
    }
}
