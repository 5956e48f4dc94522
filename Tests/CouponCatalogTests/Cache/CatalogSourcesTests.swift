@testable import Definitions
import Foundation
import Testing

@testable import CouponCatalog

/// A folder of definitions whose stamps a test sets as it likes.
private final class Shelf {
    let folder: TemporaryFolder
    var stamps: [String: FileStamp] = [:]
    /// Paths in the order in which they were asked for.
    private(set) var asked: [String] = []
    var paths: [String] { [folder.path + "/shop", folder.path + "/alone.yaml"] }

    static let now: Int64 = 1_800_000_000_000_000_000
    static let longAgo = now - 3_600_000_000_000

    init() throws {
        folder = try TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: folder.path + "/shop", withIntermediateDirectories: false)
        try write("shop/a.yaml", tenPercent("id: a, codes_file: codes.csv"))
        try write("shop/codes.csv", "code\nONE\nTWO\n")
        try write("shop/notes.txt", "no definitions")
        try write("alone.yaml", tenPercent("id: b, codes: [B]"))
    }

    func write(_ name: String, _ text: String) throws {
        let path = try folder.write(name, text)
        stamps[path] = FileStamp(
            byteCount: Int64(text.utf8.count), contentChangedAt: Self.longAgo,
            inodeChangedAt: Self.longAgo, inode: UInt64(stamps.count))
    }

    func stamp(_ path: String) -> FileStamp? {
        asked.append(path)
        return stamps[path]
    }

    /// Loads the definitions and returns what they were loaded from.
    func load(program: String = "1") throws -> CatalogSources {
        let recorder = SourceRecorder(program: program, paths: paths, now: Self.now) {
            self.stamp($0)
        }
        let catalog = try Catalog.load(paths: paths, recorder: recorder)
        let codeCount = catalog.codeCount
        #expect(codeCount == 3)
        return recorder.sources
    }

    func areUnchanged(_ sources: CatalogSources, program: String = "1") -> Bool {
        sources.areUnchanged(for: program, paths: paths) { self.stamp($0) }
    }
}

@Suite struct `What a catalog was compiled from` {
    @Test func `is every file that was read and every folder`() throws {
        let shelf = try Shelf()
        let sources = try shelf.load()
        let folder = shelf.folder.path
        #expect(
            sources.files.map(\.path)
                == ["/shop/a.yaml", "/alone.yaml", "/shop/codes.csv"].map { folder + $0 })
        #expect(sources.folders == [.init(path: folder + "/shop", names: ["a.yaml"])])
        #expect(sources.paths == shelf.paths && sources.isComplete)
    }

    @Test func `is unchanged while nothing changes`() throws {
        let shelf = try Shelf()
        let sources = try shelf.load()
        #expect(shelf.areUnchanged(sources))
        // What no definition is made of does not count.
        try shelf.write("shop/other.txt", "news")
        try shelf.write("shop/.hidden.yaml", "coupons: []")
        #expect(shelf.areUnchanged(sources))
    }

    @Test(arguments: ["shop/a.yaml", "shop/codes.csv", "alone.yaml"])
    func `is changed when anything of a file's stamp is`(name: String) throws {
        let shelf = try Shelf()
        let sources = try shelf.load()
        let path = shelf.folder.path + "/" + name
        let stamp = try #require(shelf.stamps[path])
        for change in [
            { $0.byteCount += 1 }, { $0.contentChangedAt += 1 }, { $0.inodeChangedAt += 1 },
            { $0.inode += 100 },
        ] as [(inout FileStamp) -> Void] {
            var changed = stamp
            change(&changed)
            shelf.stamps[path] = changed
            #expect(!shelf.areUnchanged(sources))
        }
        shelf.stamps[path] = nil
        #expect(!shelf.areUnchanged(sources))
        shelf.stamps[path] = stamp
        #expect(shelf.areUnchanged(sources))
    }

    @Test func `is changed when a folder has another definition file, or one less`() throws {
        let shelf = try Shelf()
        let sources = try shelf.load()
        let path = shelf.folder.path + "/shop/more.json"
        try Data(#"{"coupons": []}"#.utf8).write(to: URL(filePath: path))
        #expect(!shelf.areUnchanged(sources))
        try FileManager.default.removeItem(atPath: path)
        #expect(shelf.areUnchanged(sources))
        try FileManager.default.removeItem(atPath: shelf.folder.path + "/shop")
        #expect(!shelf.areUnchanged(sources))
    }

    @Test func `is changed for another program and for other paths`() throws {
        let shelf = try Shelf()
        let sources = try shelf.load(program: "1")
        #expect(!shelf.areUnchanged(sources, program: "2"))
        for paths in [[], Array(shelf.paths.reversed()), Array(shelf.paths.dropLast())] {
            #expect(!sources.areUnchanged(for: "1", paths: paths) { shelf.stamp($0) })
        }
    }

    /// Whether a file that keeps its stamp while its content changes is noticed.
    @Test(arguments: [
        (-2_000_000_001, false), (-2_000_000_000, true), (0, true), (3_600_000_000_000, true),
    ])
    func `is read again where a file was young`(age: Int64, isNoticed: Bool) throws {
        let shelf = try Shelf()
        for name in ["shop/codes.csv", "alone.yaml"] {
            let path = shelf.folder.path + "/" + name
            let stamp = try #require(shelf.stamps[path])
            shelf.stamps[path]?.contentChangedAt = Shelf.now + age
            let sources = try shelf.load()
            #expect(shelf.areUnchanged(sources))

            let text = try String(contentsOfFile: path, encoding: .utf8)
            let changed = text.replacing("ONE", with: "SIX").replacing("[B]", with: "[C]")
            #expect(changed != text)
            try Data(changed.utf8).write(to: URL(filePath: path))
            #expect(shelf.areUnchanged(sources) != isNoticed)
            try Data(text.utf8).write(to: URL(filePath: path))
            #expect(shelf.areUnchanged(sources))
            shelf.stamps[path] = stamp
        }
    }

    @Test func `is read again in pieces as it was read at first`() throws {
        let shelf = try Shelf()
        // A definition file and a codes file of several pieces each.
        let comment = String(repeating: "# padding\n", count: 250_000)
        let blank = String(repeating: "\n", count: ContentHash.pieceByteCount)
        try shelf.write("alone.yaml", comment + tenPercent("id: b, codes: [B]"))
        try shelf.write("shop/codes.csv", "code\n" + blank + "ONE\nTWO\n")
        for path in shelf.stamps.keys { shelf.stamps[path]?.contentChangedAt = Shelf.now }
        let sources = try shelf.load()
        #expect(shelf.areUnchanged(sources))
    }

    @Test func `is incomplete when a file had no stamp, or was read twice and differed`() throws {
        let shelf = try Shelf()
        let path = shelf.folder.path + "/alone.yaml"
        let stamp = shelf.stamps[path]
        shelf.stamps[path] = nil
        let unstamped = try shelf.load()
        shelf.stamps[path] = stamp
        #expect(!unstamped.isComplete && !shelf.areUnchanged(unstamped))

        let recorder = SourceRecorder(program: "1", paths: [], now: Shelf.now) { shelf.stamp($0) }
        for (text, isComplete) in [("one", true), ("one", true), ("two", false)] {
            recorder.noteFile(path)
            var hash = ContentHash()
            hash.addAll(text.utf8.span)
            recorder.noteContent(of: path, hash)
            #expect(recorder.sources.isComplete == isComplete)
        }
    }

    @Test func `is stamped before it is read`() throws {
        // The stamp function changes the file right after stamping it.
        let shelf = try Shelf()
        let path = shelf.folder.path + "/alone.yaml"
        let recorder = SourceRecorder(program: "1", paths: shelf.paths, now: Shelf.now) { asked in
            let stamp = shelf.stamp(asked)
            if asked == path {
                shelf.stamps[path]?.contentChangedAt += 1
                try? Data(tenPercent("id: b, codes: [NEW]").utf8).write(to: URL(filePath: path))
            }
            return stamp
        }
        let catalog = try Catalog.load(paths: shelf.paths, recorder: recorder)
        let owners = [catalog.owners("B"), catalog.owners("NEW")]
        #expect(owners == [[], ["b"]])
        #expect(!shelf.areUnchanged(recorder.sources))
    }

    @Test func `is stamped once when it is read twice`() throws {
        let shelf = try Shelf()
        try shelf.write(
            "alone.yaml",
            tenPercent(
                "id: b, codes_file: one.csv", "id: c, codes_file: one.csv",
                head: "code_scope: coupon\nstore: north"))
        try shelf.write("one.csv", "code\nX\n")
        let recorder = SourceRecorder(program: "1", paths: shelf.paths, now: Shelf.now) {
            shelf.stamp($0)
        }
        _ = try Catalog.load(paths: shelf.paths, recorder: recorder)
        #expect(shelf.asked.filter { $0.hasSuffix("/one.csv") }.count == 1)
    }
}
