import Definitions
import CouponCatalog
import CouponStore
import FlatStorage
import Foundation
import Logging
import Testing

@testable import coupond

/// A folder with definitions and a state directory, removed after the test.
private func withShelf(_ body: (String) throws -> Void) throws {
    let path = "/tmp/cpn-\(UInt32.random(in: 0...UInt32.max))"
    try FileManager.default.createDirectory(
        atPath: path + "/state", withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data("coupons: [{id: a, codes: [A], type: comp}]".utf8).write(
        to: URL(filePath: path + "/c.yaml"))
    try body(path)
}

@Suite struct `A file's stamp` {
    @Test func `has the size, times and inode of the file`() throws {
        try withShelf { folder in
            let path = folder + "/c.yaml"
            let date = Date(timeIntervalSince1970: 1_700_000_000.5)
            try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path)
            let stamp = try #require(FileStamp(ofFileAt: path))
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(stamp.byteCount == 42)
            #expect(stamp.contentChangedAt == 1_700_000_000_500_000_000)
            #expect(stamp.inodeChangedAt > stamp.contentChangedAt)
            #expect(attributes[.systemFileNumber] as? UInt64 == stamp.inode)
        }
    }

    @Test func `follows a link, and is nil for a missing file`() throws {
        try withShelf { folder in
            try FileManager.default.createSymbolicLink(
                atPath: folder + "/link", withDestinationPath: "c.yaml")
            #expect(
                FileStamp(ofFileAt: folder + "/link") == FileStamp(ofFileAt: folder + "/c.yaml"))
            #expect(FileStamp(ofFileAt: folder + "/none") == nil)
            #expect(FileStamp(ofFileAt: folder + "/c.yaml/none") == nil)
        }
    }

    @Test func `changes even if a changed time is set back`() throws {
        try withShelf { folder in
            let path = folder + "/c.yaml"
            let date = Date(timeIntervalSince1970: 1_700_000_000)
            try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path)
            let stamp = try #require(FileStamp(ofFileAt: path))
            // The clock of the file system advances in steps, so this may take several attempts.
            var next = stamp
            while next == stamp {
                try Data("coupons: [{id: a, codes: [B], type: comp}]".utf8).write(
                    to: URL(filePath: path))
                try FileManager.default.setAttributes(
                    [.modificationDate: date], ofItemAtPath: path)
                next = try #require(FileStamp(ofFileAt: path))
            }
            #expect(next.contentChangedAt == stamp.contentChangedAt)
            #expect(next.byteCount == stamp.byteCount && next.inode == stamp.inode)
        }
    }
}

@Suite struct `The cache of a catalog` {
    private func write(_ cache: CatalogCache, paths: [String]) throws {
        let recorder = CatalogCache.recorder(of: paths, Logger(to: LogOutput(), level: .error))
        let catalog = try Catalog.load(paths: paths, recorder: recorder)
        let byteCount = try cache.write(catalog, madeFrom: recorder.sources)
        let size = try FileManager.default.attributesOfItem(atPath: cache.path)[.size] as? Int
        #expect(size == byteCount)
    }

    @Test func `is empty until it is written`() throws {
        try withShelf { folder in
            let cache = CatalogCache(in: folder + "/state")
            let isEmpty = try cache.unchangedCatalog(at: []) == nil
            let hasNoneLeft = try cache.lastGoodCatalog() == nil
            #expect(isEmpty && hasNoneLeft)
        }
    }

    @Test func `is current only for the same paths and files, and the last good catalog for all`()
        throws
    {
        try withShelf { folder in
            let cache = CatalogCache(in: folder + "/state")
            let path = folder + "/c.yaml"
            try write(cache, paths: [path])
            func counts() throws -> [Int?] {
                [
                    try cache.unchangedCatalog(at: [path])?.catalog.codeCount,
                    try cache.unchangedCatalog(at: [folder])?.catalog.codeCount,
                    try cache.lastGoodCatalog()?.catalog.codeCount,
                ]
            }
            #expect(try counts() == [1, nil, 1])
            try FileManager.default.removeItem(atPath: path)
            #expect(try counts() == [nil, nil, 1])
        }
    }

    @Test func `keeps the old catalog if the new one cannot be written`() throws {
        try withShelf { folder in
            let cache = CatalogCache(in: folder + "/state")
            let path = folder + "/c.yaml"
            try write(cache, paths: [path])
            try FileManager.default.createDirectory(
                atPath: cache.path + ".new/full", withIntermediateDirectories: true)
            let fault = try #require(throws: DiskFault.self) { try write(cache, paths: [path]) }
            #expect(fault.operation == .remove && fault.path == cache.path + ".new")
            let count = try cache.unchangedCatalog(at: [path])?.catalog.codeCount
            #expect(count == 1)
        }
    }

    @Test(arguments: [
        (CatalogCacheFault.unreadable(DiskFault(.read, path: "c", errno: EIO)), "cannot be read: "),
        (.unusable(.foreign), "is not a compiled catalog"),
        (.unusable(.otherFormat(7)), "has version 7"),
        (.unusable(.otherLayout), "is of another build"),
        (.unusable(.wrongLength(expected: nil, found: 9)), "after 9 bytes"),
        (.unusable(.wrongLength(expected: 90, found: 9)), "has 9 bytes where it should have 90"),
        (.unusable(.headerDamaged), "damaged header"),
        (.unusable(.contentDamaged), "its checksum does not match"),
        (.unusable(.contradiction(offset: 50)), "contradicts itself at byte 50"),
    ])
    func `explains a fault`(fault: CatalogCacheFault, part: String) {
        #expect(fault.explanation.contains(part))
    }
}
