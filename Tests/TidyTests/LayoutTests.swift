import Foundation
import Testing

@Suite struct `The tree` {
    @Test func `has the agreed top level and nothing more`() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: SourceTree.root.path)
        let visible = Set(names.filter { !$0.hasPrefix(".") && $0 != "Package.resolved" })
        #expect(
            visible == ["Package.swift", "Sources", "Tests", "README.md", "Benchmarks", "config"])
    }

    @Test(arguments: SourceTree.swiftFiles)
    func `has files that hold one idea`(path: String) throws {
        let lines = try SourceTree.text(path).split(
            separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count <= 401, "\(path) has \(lines.count - 1) lines")
    }

    /// The modules that each target may import, besides the standard library.
    static let allowedImports: [String: Set<String>] = [
        "CouponRules": [],
        "FlatStorage": ["CXXHash", "Glibc", "Synchronization"],
        "Definitions": ["CouponRules", "FlatStorage", "Foundation", "CYaml"],
        "CouponCatalog": ["CouponRules", "Definitions", "FlatStorage", "Foundation"],
        "CouponStore": ["FlatStorage", "Glibc"],
        "StoreSalvage": ["CouponStore", "FlatStorage", "Glibc"],
        "CouponWire": ["CouponRules", "FlatStorage", "CJSONLine"],
        "CouponService": [
            "CouponRules", "CouponCatalog", "CouponStore", "CouponWire", "Definitions",
            "FlatStorage",
        ],
        "UVLoop": ["CUv", "Glibc", "Synchronization"],
        "Posix": ["CPosix", "Glibc"],
        "CouponClient": ["Foundation", "Glibc", "Synchronization"],
    ]

    @Test(arguments: allowedImports.keys.sorted())
    func `imports in one direction only`(target: String) throws {
        let allowed = Self.allowedImports[target] ?? []
        for path in SourceTree.files(below: "Sources/\(target)", ["swift"]) {
            for line in try SourceTree.text(path).split(separator: "\n") {
                guard let name = line.split(separator: "import ", maxSplits: 1).last,
                    line.hasPrefix("import ") || line.hasPrefix("internal import ")
                        || line.hasPrefix("public import ") || line.hasPrefix("package import ")
                else { continue }
                #expect(allowed.contains(String(name)), "\(path) imports \(name)")
            }
        }
    }
}

@Suite struct `Unsafe code` {
    /// The only places that may say `unsafe`.
    static func isFenced(_ path: String) -> Bool {
        path.hasPrefix("Sources/UVLoop/") || path.hasPrefix("Sources/Posix/")
            || path.hasPrefix("Sources/FlatStorage/")
            || [
                "Sources/CouponStore/Disk/PosixDisk.swift",
                "Sources/CouponWire/Requests/JSONLineParser.swift",
                "Sources/Definitions/Syntax/YAMLEvents.swift",
                "Sources/CouponClient/UnixStream.swift",
            ].contains(path)
    }

    static func saysUnsafe(_ text: String) -> Bool {
        text.split(separator: "\n").contains { line in
            let code = line.prefix(upTo: line.firstRange(of: "//")?.lowerBound ?? line.endIndex)
            return code.split { !$0.isLetter && $0 != "_" }.contains("unsafe")
                || code.contains("@unchecked Sendable")
                || code.contains("nonisolated(unsafe)")
        }
    }

    @Test(arguments: SourceTree.files(below: "Sources", ["swift"]))
    func `stays behind its fence and gives its reason`(path: String) throws {
        let text = try SourceTree.text(path)
        guard Self.saysUnsafe(text) else { return }
        #expect(Self.isFenced(path), "\(path) is outside the fence")
        #expect(text.contains("SAFETY:"), "\(path) gives no reason")
    }

    @Test func `would be noticed`() {
        #expect(Self.saysUnsafe("let x = unsafe base[0]"))
        #expect(Self.saysUnsafe("extension A: @unchecked Sendable {}"))
        #expect(!Self.saysUnsafe("// unsafe is only a word here"))
    }
}

@Suite struct `What is committed` {
    /// Marks of unfinished work, and the crashes that the style rules out.
    static let unwelcome = ["TO" + "DO", "FIX" + "ME", "try" + "!", "as" + "!", "X" + "XX"]

    @Test(arguments: SourceTree.swiftFiles)
    func `is finished`(path: String) throws {
        let text = try SourceTree.text(path)
        for mark in Self.unwelcome {
            #expect(!text.contains(mark), "\(path) has \(mark)")
        }
    }
}
