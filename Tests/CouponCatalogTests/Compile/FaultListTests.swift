import CouponRules
import Definitions
import FlatStorage
import Foundation
import Testing

@testable import CouponCatalog

/// What loading `paths` finds wrong, a line each.
private func faultsLoading(_ paths: String...) -> [String] {
    do {
        _ = try Catalog.load(paths: paths)
        return []
    } catch {
        return error.faults.map(\.description)
    }
}

@Suite struct `Faults of a catalog` {
    @Test func `name the coupon whose codes file cannot be read`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(
            "shop.yaml",
            "coupons:\n- {id: a, type: comp}\n- id: b\n  type: comp\n  codes_file: nope.csv\n"
                + "- {id: c, type: comp, codes_file: .}\n")
        #expect(
            faultsLoading(path) == [
                "\(path):5: coupons[1].codes_file: The codes file \(folder.path)/nope.csv cannot be "
                    + "read. The file does not exist or cannot be reached.",
                "\(path):6: coupons[2].codes_file: The codes file \(folder.path)/. cannot be read. "
                    + "It is a folder, not a file.",
            ])
    }

    @Test func `stand on one line each, with any text that they quote`() {
        let faults = faultsCompiling(
            #"coupons: [{id: "a\nb: \e[31m\x7F\u2028c", type: comp, status: "x\ty"}]"#)
        #expect(faults.count == 2)
        #expect(faults.contains { $0.contains(#"`a\nb: \u{1B}[31m\u{7F}\u{2028}c`"#) })
        #expect(faults.contains { $0.contains(#"`x\u{9}y` is not one of active"#) })
        let isPlain = faults.joined().unicodeScalars.allSatisfy {
            $0.value >= 0x20 && $0.value != 0x7F && $0.value != 0x2028
        }
        #expect(isPlain)
    }

    @Test func `stand on one line each, also of a codes file's header`() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write("codes.csv", "code,\"max\nuses\u{1B}\"\nA,1\n")
        let path = try folder.write("shop.yaml", tenPercent("id: a, codes_file: codes.csv"))
        let faults = faultsLoading(path)
        #expect(faults.count == 1)
        #expect(
            faults[0].hasPrefix(
                #"\#(folder.path)/codes.csv:1: max\nuses\u{1B}: There is no column `max\nuses\u{1B}`"#
            ))
    }

    @Test func `are reported once for a codes file that two coupons have`() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write("codes.csv", "code,max_uses\nA,0\nB,1,2\n")
        let path = try folder.write(
            "shop.yaml",
            tenPercent("id: a, codes_file: codes.csv", "id: b, codes_file: codes.csv"))
        let faults = faultsLoading(path)
        #expect(faults.count == 2)
        #expect(faults.first?.hasPrefix("\(folder.path)/codes.csv:2:3: max_uses: ") == true)
        #expect(faults.last?.hasPrefix("\(folder.path)/codes.csv:3:1: ") == true)
    }

    @Test func `say of a file that it is given twice, and nothing else`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("shop.yaml", tenPercent("id: a, codes: [A]"))
        let link = folder.path + "/link.yaml"
        #expect(faultsLoading(path, path) == ["\(path): It is given twice."])
        #expect(faultsLoading(folder.path, folder.path) == ["\(folder.path): It is given twice."])
        #expect(
            faultsLoading(
                folder.path, folder.path + "/../\(folder.url.lastPathComponent)/shop.yaml"
            )
            .map { $0.hasSuffix("It is given twice: \(path) leads to the same file or folder.") }
                == [true])
        #expect(faultsLoading(path, folder.path) == ["\(path): It is given twice."])
        try FileManager.default.createSymbolicLink(
            atPath: link, withDestinationPath: path)
        #expect(
            faultsLoading(folder.path) == [
                "\(path): It is given twice: \(link) leads to the same file or folder."
            ])
    }
}

@Suite struct `Codes that clash by the thousand` {
    @Test func `are reported a hundred times for each file, and counted`() throws {
        let folder = try TemporaryFolder()
        let csv = try folder.write(
            "codes.csv", "code\nSAME\n" + String(repeating: "same\n", count: 49_999))
        let path = try folder.write(
            "shop.yaml", tenPercent("id: a, codes: [X, x], codes_file: codes.csv"))
        let faults = faultsLoading(path)
        #expect(faults.count == 102)
        #expect(faults.first?.hasPrefix("\(path):3: coupons[0].codes: The code “x” reads") == true)
        #expect(
            faults[1]
                == "\(csv):3: code: The code “same” reads the same as “SAME”, taken by the same "
                + "coupon at \(csv):2.")
        #expect(faults[100].hasPrefix("\(csv):102: code: The code “same” reads the same"))
        #expect(faults[101] == "\(csv):103: code: … and 49899 more.")
    }

    @Test func `are not walked row by row`() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write("codes.csv", "code\n" + String(repeating: "SAME\n", count: 100_000))
        let path = try folder.write("shop.yaml", tenPercent("id: a, codes_file: codes.csv"))
        let (files, _) = CatalogReader.read(paths: [path])
        let catalog = CatalogBuilder.catalog(of: files, faults: FaultList())
        var chain = 0
        let found = catalog.stores.store(named: "default".utf8.span)
        let store = try #require(found)
        var probe = catalog.codes.probe(CodeTable.hash(durableHash64("same".utf8.span), in: store))
        while catalog.codes.nextCandidate(&probe) != nil { chain += 1 }
        #expect(chain == 1)
    }

    @Test func `are those of the hundred and first coupon that shares one`() {
        let coupons = (0..<102).map { "- {id: c\($0), type: comp, codes: [Spring]}\n" }
        func faults(of count: Int) -> [String] {
            faultsCompiling("code_scope: coupon\ncoupons:\n" + coupons.prefix(count).joined())
        }
        #expect(faults(of: 100) == [])
        let message =
            "The code “Spring” belongs to 100 coupons already, and more may not share one."
        #expect(
            faults(of: 102) == [
                "1.yaml:103: coupons[100].codes: \(message)",
                "1.yaml:104: coupons[101].codes: \(message)",
            ])
    }
}
