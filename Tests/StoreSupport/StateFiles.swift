import CouponStore
import StoreSalvage
import Foundation

/// The files of a state directory, to look at and to damage.
package struct StateFiles {
    package let directory: String

    package init(_ directory: String) { self.directory = directory }

    /// Paths of the segments, the oldest first.
    package var segments: [String] {
        get throws {
            try JournalFiles.segments(on: PosixDisk(), directory: directory)
                .map { "\(directory)/\($0.text)" }
        }
    }

    /// Everything in the directory, by name.
    package var contents: [String: Data] {
        get throws {
            var contents: [String: Data] = [:]
            for name in try FileManager.default.contentsOfDirectory(atPath: directory) {
                contents[name] = try Data(contentsOf: URL(filePath: "\(directory)/\(name)"))
            }
            return contents
        }
    }

    /// Offsets of the batches of a segment, and of what follows the last one.
    package static func batches(of path: String) throws -> [Int] {
        let bytes = Array(try Data(contentsOf: URL(filePath: path)))
        guard let name = SegmentName(URL(filePath: path).lastPathComponent) else { return [] }
        let survey = SegmentSurvey(bytes.span, named: name)
        return survey.parts.compactMap { part in
            if case .batch(let batch, _) = part { batch.offset } else { nil }
        } + [survey.endOffset]
    }

    /// Changes one bit of a file.
    package static func flip(_ path: String, at offset: Int) throws {
        try change(path) { $0[offset] ^= 1 }
    }

    /// Writes zeros over a part of a file.
    package static func wipe(_ path: String, _ range: Range<Int>) throws {
        try change(path) { bytes in
            for offset in range { bytes[offset] = 0 }
        }
    }

    package static func change(_ path: String, _ change: (inout [UInt8]) throws -> Void) throws {
        var bytes = Array(try Data(contentsOf: URL(filePath: path)))
        try change(&bytes)
        try Data(bytes).write(to: URL(filePath: path))
    }
}
