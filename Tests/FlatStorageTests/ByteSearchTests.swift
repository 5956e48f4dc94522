import FlatStorage
import Testing

@Suite struct `A search in bytes` {
    @Test func `finds the first place at or after its start, as a plain loop does`() {
        let bytes = (0..<200).map { UInt8(truncatingIfNeeded: $0 * $0 % 23) }
        for start in 0...bytes.count {
            for byte in 0..<24 as Range<UInt8> {
                #expect(
                    bytes.span.firstIndex(of: byte, from: start)
                        == bytes[start...].firstIndex(of: byte))
            }
        }
    }

    @Test func `finds nothing in no bytes`() {
        let empty: [UInt8] = []
        #expect(empty.span.firstIndex(of: 0, from: 0) == nil)
        #expect(empty.span.eightBytes(at: 0) == nil)
    }

    @Test func `starts inside its bytes`() async {
        await #expect(processExitsWith: .failure) {
            let bytes: [UInt8] = [1]
            _ = bytes.span.firstIndex(of: 1, from: 2)
        }
    }

    @Test func `takes eight bytes for one number`() {
        let bytes: [UInt8] = Array(0..<10)
        #expect(bytes.span.eightBytes(at: 0) == 0x0706_0504_0302_0100)
        #expect(bytes.span.eightBytes(at: 2) == 0x0908_0706_0504_0302)
        for offset in [-1, 3, 10, .max, .min] {
            #expect(bytes.span.eightBytes(at: offset) == nil)
        }
    }
}
