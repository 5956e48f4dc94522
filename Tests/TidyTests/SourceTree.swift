import Foundation

/// The checkout that these tests look at, and what they read from it.
enum SourceTree {
    /// The folder that holds `Package.swift`.
    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// Paths of the files below `folder` with one of `extensions`, relative to the root, sorted.
    static func files(below folder: String, _ extensions: Set<String>) -> [String] {
        let start = root.appending(path: folder)
        let found = FileManager.default.enumerator(at: start, includingPropertiesForKeys: nil)
        let prefix = root.path + "/"
        var paths: [String] = []
        while let url = found?.nextObject() as? URL {
            if extensions.contains(url.pathExtension) {
                paths.append(String(url.path.dropFirst(prefix.count)))
            }
        }
        return paths.sorted()
    }

    /// The text of the one file in `Sources` that has this name, in any folder.
    static func textOfFile(named name: String) throws -> String {
        let paths = files(below: "Sources", ["swift"]).filter { $0.hasSuffix("/" + name) }
        guard let path = paths.first, paths.count == 1 else {
            throw DocumentationPage.Missing(what: "one file \(name)", path: "Sources")
        }
        return try text(path)
    }

    static var swiftFiles: [String] {
        ["Sources", "Tests", "Benchmarks"].flatMap { files(below: $0, ["swift"]) }
    }
}
