import Definitions
import Foundation
import Testing

/// SplitMix64: small, and the same on every machine for the same seed.
private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

/// Reading any bytes ends, and either reports a fault or gives a file.
@Suite struct `Damaged definition files` {
    private let deadline = ContinuousClock.now + .seconds(4)

    /// `READING_FUZZ_SEED=… swift test --filter Damaged` runs the same again.
    private let seed: UInt64 =
        ProcessInfo.processInfo.environment["READING_FUZZ_SEED"].flatMap { UInt64($0) }
        ?? UInt64.random(in: 0 ... .max)

    private func damage(_ bytes: inout [UInt8], with random: inout SeededGenerator) {
        let telling = Array("{}[]\"':,#&*!|>-?%@`~\n\t \\0\u{FEFF}é".utf8)
        for _ in 0..<Int.random(in: 1...6, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: bytes.indices, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes[place] = telling.randomElement(using: &random) ?? 0
            case 2: bytes.insert(telling.randomElement(using: &random) ?? 0, at: place)
            case 3: bytes.removeSubrange(place..<min(place + 40, bytes.count))
            default:
                let copied = bytes[place..<min(place + 200, bytes.count)]
                bytes.insert(
                    contentsOf: Array(copied), at: Int.random(in: bytes.indices, using: &random))
            }
        }
    }

    @Test func `never crash the reader`() throws {
        print("READING_FUZZ_SEED=\(seed)")
        var random = SeededGenerator(state: seed)
        let config = packageFolder.appendingPathComponent("config")
        let original = Array(try Data(contentsOf: config.appendingPathComponent("coupons.yaml")))
        // Halves of the file, so that more rounds fit into the time.
        let lines = original.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        var rounds = 0
        while rounds < 300 && ContinuousClock.now < deadline {
            let first = Int.random(in: 0..<lines.count, using: &random)
            var bytes = Array(
                lines[first..<min(first + 60, lines.count)].joined(separator: [UInt8(ascii: "\n")]))
            if rounds.isMultiple(of: 10) { bytes = original }
            damage(&bytes, with: &random)
            let text = String(decoding: bytes, as: UTF8.self)
            for format in [CatalogReader.Format.yaml, .json] {
                let (file, faults) = read(text, as: format)
                #expect(file != nil || !faults.isEmpty, "seed \(seed), round \(rounds)")
            }
            rounds += 1
        }
        #expect(rounds > 0)
    }

    @Test func `never crash the reader of codes files`() throws {
        print("READING_FUZZ_SEED=\(seed)")
        var random = SeededGenerator(state: seed)
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("codes.csv")
        let config = packageFolder.appendingPathComponent("config")
        let original = Array(
            try Data(contentsOf: config.appendingPathComponent("summer-codes.csv")))
        var rounds = 0
        while rounds < 500 && ContinuousClock.now < deadline {
            var bytes = original
            damage(&bytes, with: &random)
            try Data(bytes).write(to: file)
            let pieceBytes = Int.random(in: 1...64, using: &random)
            var lastLine = 0
            let faults = try CodesFileReader.read(at: file.path, piecesOf: pieceBytes) { row in
                #expect(row.line > lastLine, "seed \(seed), round \(rounds)")
                #expect((1...255).contains(row.code.count), "seed \(seed), round \(rounds)")
                lastLine = row.line
            }
            #expect(
                faults.allSatisfy { $0.place.line <= bytes.count + 1 },
                "seed \(seed), round \(rounds)")
            rounds += 1
        }
        #expect(rounds > 0)
    }
}
