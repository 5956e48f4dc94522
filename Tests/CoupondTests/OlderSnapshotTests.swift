import CouponStore
import FlatStorage
import Foundation
import Testing

@Suite struct `A snapshot from before the journal` {
    /// An empty state as version 2 wrote it: without the sequence, which is 8 bytes before the
    /// checksums of content and header.
    private static func version2() -> Data {
        var header = Array("CPNDSNAP".utf8) + [2]
        header += [UInt8](repeating: 0, count: 56 - header.count)
        let content = durableHash64(Span())
        header += (0..<8).map { UInt8(truncatingIfNeeded: content >> (8 * $0)) }
        let checksum = hash64(header.span, seed: 0)
        header += (0..<8).map { UInt8(truncatingIfNeeded: checksum >> (8 * $0)) }
        return Data(header)
    }

    private func recover(_ files: [String: Data]) throws -> RecoveryReport {
        let folder = "/tmp/cpn-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, content) in files {
            try content.write(to: URL(filePath: "\(folder)/\(name)"))
        }
        return try Recovery.recover(
            from: PosixDisk(), directory: folder, seed: HashSeed(1), orderLimit: 1
        ).report
    }

    @Test func `is read`() throws {
        #expect(try recover(["snapshot": Self.version2()]).damagedSnapshot == nil)
        #expect(try recover(["snapshot.previous": Self.version2()]).damagedSnapshot == nil)
    }

    /// No journal holds the records between the two.
    @Test func `does not replace a newer one that is damaged`() throws {
        let fault = try #require(throws: RecoveryFault.self) {
            try recover(["snapshot": Data("damaged".utf8), "snapshot.previous": Self.version2()])
        }
        guard case .snapshot(let fault) = fault else {
            Issue.record("\(fault)")
            return
        }
        #expect(fault.path.hasSuffix("/snapshot") && fault.problem == .foreign)
    }
}
