import CouponRules
import Definitions
import Foundation
import Testing

@testable import CouponCatalog

/// What loading `path` on 1 June 2026 warns of, a line each.
private func warnings(_ path: String) throws -> [String] {
    let now = try instant("2026-06-01T00:00:00Z")
    let recorder = SourceRecorder(
        program: "", paths: [path], now: now.millisecondsSinceEpoch * 1_000_000
    ) { _ in nil }
    _ = try Catalog.load(paths: [path], recorder: recorder)
    #expect(recorder.sources.warningCount >= recorder.warnings.count)
    return recorder.warnings.map(\.warning)
}

@Suite struct `Warnings of a catalog` {
    @Test func `name each row of a codes file that repeats another exactly`() throws {
        let folder = try TemporaryFolder()
        let csv = try folder.write(
            "codes.csv", "code,max_uses\nA,\nB,2\nA,\nC,\nB,2\n A ,\n")
        let path = try folder.write(
            "shop.yaml", tenPercent("id: a, codes_file: codes.csv") + "\n")
        #expect(
            try warnings(path) == [
                "\(csv):4: warning: code: The row repeats the code “A” of line 2.",
                "\(csv):6: warning: code: The row repeats the code “B” of line 3.",
                "\(csv):7: warning: code: The row repeats the code “A” of line 2.",
            ])
        let catalog = try Catalog.load(paths: [path])
        for code in ["a", "b", "c"] { #expect(catalog.matches(code).count == 1) }
    }

    @Test(arguments: ["A,2", "a,"])
    func `do not stand for a row that repeats only the code`(row: String) throws {
        let folder = try TemporaryFolder()
        _ = try folder.write("codes.csv", "code,max_uses\nA,\n\(row)\n")
        let path = try folder.write("shop.yaml", tenPercent("id: a, codes_file: codes.csv"))
        let faults = #expect(throws: CatalogFaults.self) { _ = try Catalog.load(paths: [path]) }
        #expect(faults?.faults.count == 1)
    }

    @Test func `name a codes file without codes`() throws {
        let folder = try TemporaryFolder()
        let csv = try folder.write("codes.csv", "code\n")
        let path = try folder.write("shop.yaml", tenPercent("id: a, codes_file: codes.csv") + "\n")
        #expect(try warnings(path) == ["\(csv):1: warning: No row follows the header."])
    }

    @Test func `name definitions that are over`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(
            "shop.yaml",
            """
            currency: USD
            coupons:
            - id: a
              type: comp
              ends_at: 2026-05-31
            - {id: b, type: comp, ends_at: 2026-06-01}
            gift_cards:
            - {code: G, amount: 5, expires_at: 2026-05-30}

            """)
        #expect(
            try warnings(path) == [
                "\(path):5: warning: coupons[0].ends_at: It is over already: no customer can use it.",
                "\(path):8:3: warning: gift_cards[0].expires_at: It is over already: no customer can "
                    + "use it.",
            ])
    }

    @Test func `are counted beyond the first thousand`() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write("codes.csv", "code\n" + String(repeating: "A\n", count: 1_500))
        let path = try folder.write("shop.yaml", tenPercent("id: a, codes_file: codes.csv") + "\n")
        let recorder = SourceRecorder(program: "", paths: [path], now: 0) { _ in nil }
        _ = try Catalog.load(paths: [path], recorder: recorder)
        #expect(recorder.warnings.count == 1_000)
        #expect(recorder.sources.warningCount == 1_499)
    }
}

@Suite struct `A catalog that shrinks` {
    private func catalog(_ files: String...) throws -> Catalog {
        try Catalog.compile(
            files.enumerated().map { index, text in
                let read = CatalogReader.read(text: text, path: "\(index).yaml", format: .yaml)
                #expect(read.faults == [])
                return try #require(read.file)
            })
    }

    private func shop(_ store: String, coupons: Int, codes: Int, cards: Int = 0) -> String {
        let codesEach = coupons == 0 ? 0 : codes / coupons
        let list = (0..<coupons).map { coupon in
            let codes = (0..<codesEach).map { "\(store)\(coupon)-\($0)" }
            return "{id: c\(coupon), type: comp, codes: [\(codes.joined(separator: ", "))]}"
        }
        let cardList = (0..<cards).map { "{code: \(store)G\($0), amount: 5, currency: USD}" }
        return "store: \(store)\ncoupons: [\(list.joined(separator: ", "))]\n"
            + "gift_cards: [\(cardList.joined(separator: ", "))]\n"
    }

    @Test func `is compared store by store, coupons and codes each`() throws {
        let old = try catalog(
            shop("a", coupons: 4, codes: 8), shop("b", coupons: 2, codes: 2, cards: 6),
            shop("c", coupons: 1, codes: 1))
        let next = try catalog(
            shop("a", coupons: 9, codes: 9), shop("b", coupons: 2, codes: 2, cards: 1))
        let shrunk = next.shrinkage(from: old)
        #expect(
            shrunk == [
                StoreShrinkage(store: "b", part: .codes, before: 8, after: 3),
                StoreShrinkage(store: "c", part: .coupons, before: 1, after: 0),
                StoreShrinkage(store: "c", part: .codes, before: 1, after: 0),
            ])
        #expect(next.shrinkage(from: next) == [])
    }

    @Test(arguments: [
        (10, 5, 50, false), (10, 4, 50, true), (2, 1, 50, false), (1, 0, 50, true),
        (3, 1, 50, true), (3, 0, 100, false), (100, 99, 0, true), (Int.max, 0, 99, true),
    ])
    func `is too small beyond the percentage`(
        before: Int, after: Int, percent: Int64, isTooSmall: Bool
    ) {
        let shrinkage = StoreShrinkage(store: "s", part: .codes, before: before, after: after)
        #expect(shrinkage.exceeds(percent: percent) == isTooSmall)
    }
}

@Suite struct `A loading with a deadline` {
    @Test func `is given up wherever it is, and says why`() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write("codes.csv", "code\n" + (0..<3_000).map { "C\($0)\n" }.joined())
        let coupons = (0..<40).map { "- {id: c\($0), type: comp}\n" }.joined()
        let path = try folder.write(
            "shop.yaml", "coupons:\n- {id: a, type: comp, codes_file: codes.csv}\n" + coupons)
        var sparedLooks = 0
        var isComplete = false
        while !isComplete {
            var looks = 0
            var rules = LoadingRules(now: Instant(millisecondsSinceEpoch: 0))
            rules.deadline = LoadingDeadline(seconds: 9) {
                looks += 1
                return looks > sparedLooks
            }
            let recorder = SourceRecorder(program: "", paths: [path], now: 0, rules: rules) { _ in
                nil
            }
            do {
                let catalog = try Catalog.load(paths: [path], recorder: recorder)
                #expect(catalog.couponCount == 41 && catalog.codeCount == 3_000)
                isComplete = true
            } catch {
                #expect(looks == sparedLooks + 1)
                #expect(error.faults.count == 1)
                #expect(
                    error.faults.first?.description
                        == "\(path): Reading and compiling took longer than the 9 seconds of "
                        + "`reload.timeout_seconds`; it was given up.")
            }
            sparedLooks += 1
        }
        // Files, pieces of the tree, coupons, pieces of the codes, the index.
        #expect(sparedLooks > 45)
    }
}
