import Foundation
import Testing

/// The files of a state directory, by name.
struct StateFiles: Equatable {
    private(set) var contents: [String: Data] = [:]

    /// The present files, without the lock and the catalog's cache: those are not part of the
    /// state.
    init(in directory: String) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: directory)
        where name != "lock" && !name.hasPrefix("catalog.cache") {
            contents[name] = try Data(contentsOf: URL(filePath: "\(directory)/\(name)"))
        }
    }

    /// The journal's segments, the oldest first.
    var segments: [String] {
        contents.keys.filter { $0.hasPrefix("journal-") && $0.hasSuffix(".log") }.sorted()
    }

    subscript(name: String) -> Data? {
        get { contents[name] }
        set { contents[name] = newValue }
    }

    /// Puts exactly these files into `directory`.
    func write(to directory: String) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: directory) {
            try FileManager.default.removeItem(atPath: "\(directory)/\(name)")
        }
        for (name, content) in contents {
            try content.write(to: URL(filePath: "\(directory)/\(name)"))
        }
    }
}

extension StateFiles {
    /// Changes the content of an existing file.
    mutating func edit(
        _ name: String, sourceLocation: SourceLocation = #_sourceLocation,
        _ change: (inout Data) throws -> Void
    ) throws {
        var content = try #require(contents[name], "\(name)", sourceLocation: sourceLocation)
        try change(&content)
        contents[name] = content
    }

    /// Changes one bit of a file.
    mutating func flip(_ name: String, at offset: Int) throws {
        try edit(name) { $0[offset] ^= 1 }
    }

    mutating func cut(_ name: String, to count: Int) throws {
        try edit(name) { $0.removeSubrange(count...) }
    }

    /// Exchanges the contents of two files.
    mutating func swap(_ first: String, _ second: String) {
        (contents[first], contents[second]) = (contents[second], contents[first])
    }
}

extension StateFiles {
    /// How often the segments mention `text`.
    func mentions(of text: String) -> Int {
        let sought = Data(text.utf8)
        var count = 0
        for name in segments {
            guard let content = contents[name] else { continue }
            var rest = content.startIndex..<content.endIndex
            while let found = content.range(of: sought, in: rest) {
                count += 1
                rest = found.upperBound..<content.endIndex
            }
        }
        return count
    }
}

extension Shop {
    func stateFiles() throws -> StateFiles { try StateFiles(in: state) }
}
