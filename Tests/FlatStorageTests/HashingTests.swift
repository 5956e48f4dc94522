import FlatStorage
import Testing

@Suite struct `Hashing` {
    /// Published by the xxHash project, or printed by its `xxhsum -H3`.
    @Test(
        arguments: [
            ("", 0, 0x2D06_8005_38D3_94C2),
            ("a", 0, 0xE6C6_32B6_1E96_4E1F),
            ("abc", 0, 0x78AF_5F94_892F_3950),
        ] as [(String, UInt64, UInt64)])
    func `is XXH3 with 64 bits`(text: String, seed: UInt64, expected: UInt64) {
        let text = bytes(text)
        #expect(hash64(text.span, seed: seed) == expected)
    }

    @Test func `fingerprints are XXH3 with 128 bits`() {
        let empty: [UInt8] = []
        #expect(
            fingerprint(of: empty.span)
                == Fingerprint(low: 0x6001_C324_468D_497F, high: 0x99AA_06D3_0147_98D8))
    }

    @Test func `changes with the seed`() {
        let text = bytes("SUMMER20")
        #expect(hash64(text.span, seed: 1) != hash64(text.span, seed: 2))
    }

    @Test func `combines two hashes so that neither order nor swap collides`() {
        var seen: Set<UInt64> = []
        for first in 0..<200 as Range<UInt64> {
            for second in 0..<200 as Range<UInt64> { seen.insert(combine(first, second)) }
        }
        #expect(seen.count == 40_000)
    }

    @Test(arguments: [("", "", true), ("a", "", false), ("ab", "ab", true), ("ab", "ac", false)])
    func `compares spans byte by byte`(left: String, right: String, expected: Bool) {
        let (left, right) = (bytes(left), bytes(right))
        #expect(left.span.isEqual(to: right.span) == expected)
    }
}
