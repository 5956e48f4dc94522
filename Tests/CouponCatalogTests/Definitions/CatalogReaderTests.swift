import CouponRules
import Definitions
import Foundation
import Testing

@Suite struct `Reading paths` {
    private let comp = "coupons: [{id: a, type: comp}]"

    @Test func `takes a folder's definition files by name`() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write("b.yml", comp)
        _ = try folder.write("a.yaml", comp)
        _ = try folder.write("c.json", #"{"coupons": [{"id": "a", "type": "comp"}]}"#)
        _ = try folder.write(".hidden.yaml", "broken: [")
        _ = try folder.write("notes.txt", "no catalog")
        try FileManager.default.createDirectory(
            at: folder.url.appendingPathComponent("below.yaml.d"),
            withIntermediateDirectories: false)
        let (files, faults) = CatalogReader.read(paths: [folder.path])
        #expect(faults == [])
        #expect(
            files.map(\.path) == ["a.yaml", "b.yml", "c.json"].map { "\(folder.path)/\($0)" })
        #expect(files.allSatisfy { $0.coupons.map(\.id) == ["a"] })
    }

    @Test func `takes an empty folder only if it may be empty`() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write("notes.txt", "no catalog")
        let path = folder.path + "/"
        let (files, faults) = CatalogReader.read(paths: [path])
        #expect(files == [])
        expectOneFault(faults, line: 0, field: "", "The folder has no definition files")
        let forced = CatalogReader.read(paths: [path], recorder: .acceptingEmpty([path]))
        #expect(forced.files == [] && forced.faults == [])
    }

    @Test(arguments: [
        ("", "The file is empty"), ("# coupons\n", "The file is empty"),
        ("store: s\ncurrency: USD\n", "has neither `coupons` nor `gift_cards`"),
        ("store: s\ncoupons:\n", "has neither `coupons` nor `gift_cards`"), ("{}\n", "neither"),
    ])
    func `takes a file that defines nothing only if it may be empty`(
        text: String, fragment: String
    ) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("shop.yaml", text)
        let faults = CatalogReader.read(paths: [path]).faults
        #expect(faults.count == 1 && faults[0].message.contains(fragment), "\(faults)")
        let forced = CatalogReader.read(paths: [path], recorder: .acceptingEmpty([path]))
        #expect(forced.files.count == 1 && forced.faults == [])
        #expect(read("coupons: []").faults == [])
        #expect(read("gift_cards: []").faults == [])
    }

    @Test(arguments: ["shop.yaml", "shop.json"])
    func `warns of a last line without its end`(name: String) throws {
        let folder = try TemporaryFolder()
        let text = #"{"coupons": [],\#n"gift_cards": []}"#
        let path = try folder.write(name, text)
        let recorder = SourceRecorder(program: "", paths: [path], now: 0) { _ in
            FileStamp(byteCount: 0, contentChangedAt: 0, inodeChangedAt: 0, inode: 1)
        }
        #expect(CatalogReader.read(paths: [path], recorder: recorder).faults == [])
        #expect(
            recorder.warnings.map(\.warning) == [
                "\(path):2:18: warning: The last line has no line end: the file may have been cut "
                    + "off here."
            ])
        #expect(recorder.sources.warningCount == 1)
        #expect(recorder.sources.files.map(\.lacksLineEnd) == [true])
        _ = try folder.write(name, text + "\n")
        let whole = SourceRecorder(program: "", paths: [path], now: 0) { _ in nil }
        #expect(CatalogReader.read(paths: [path], recorder: whole).faults == [])
        #expect(whole.warnings == [])
    }

    @Test(arguments: [String.Encoding.utf16, .utf16LittleEndian, .utf16BigEndian])
    func `recognizes UTF-16, with a mark and without`(encoding: String.Encoding) throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/shop.yaml"
        let bytes = try #require("coupons: []\n".data(using: encoding))
        try bytes.write(to: URL(fileURLWithPath: path))
        expectOneFault(CatalogReader.read(paths: [path]).faults, line: 0, field: "", "It is UTF-16")
    }

    @Test func `ends when its time is over`() throws {
        let folder = try TemporaryFolder()
        let coupons = (0..<5_000).map { "- {id: c\($0), type: comp}\n" }.joined()
        let path = try folder.write("shop.yaml", "coupons:\n" + coupons)
        var looks = 0
        var rules = LoadingRules(now: Instant(millisecondsSinceEpoch: 0))
        rules.deadline = LoadingDeadline(seconds: 7) {
            looks += 1
            return looks > 3
        }
        let recorder = SourceRecorder(program: "", paths: [path], now: 0, rules: rules) { _ in nil }
        let files = CatalogReader.read(paths: [path], recorder: recorder).files
        #expect(files.isEmpty)
        #expect(looks == 4)
        #expect(rules.deadline?.fault([path]).description.contains("than the 7 seconds of") == true)
    }

    @Test func `reports each path that cannot be read, and reads the others`() throws {
        let folder = try TemporaryFolder()
        let good = try folder.write("good.yaml", comp)
        let text = try folder.write("notes.txt", comp)
        let latin = folder.url.appendingPathComponent("latin.yaml")
        try Data([0x61, 0x3A, 0x20, 0xE9]).write(to: latin)
        let missing = folder.path + "/missing.yaml"
        let (files, faults) = CatalogReader.read(paths: [missing, text, latin.path, good])
        #expect(files.map(\.path) == [good])
        #expect(faults.map(\.place.file) == [missing, text, latin.path])
        #expect(faults.map(\.place.line) == [0, 0, 0])
        #expect(faults[0].message.contains("does not exist"))
        #expect(faults[1].message.contains(".yaml, .yml or .json"))
        #expect(faults[2].message.contains("not UTF-8"))
        #expect(faults[0].description.hasPrefix("\(missing): The file or folder"))
    }

    @Test func `seeks a codes file beside the file that names it`() throws {
        let folder = try TemporaryFolder()
        let yaml =
            "coupons:\n- {id: a, type: comp, codes_file: codes.csv}\n"
            + "- {id: b, type: comp, codes_file: /srv/codes.csv}\n"
        let path = try folder.write("shop.yaml", yaml)
        let files = CatalogReader.read(paths: [path]).files
        #expect(
            files.first?.coupons.map(\.codesFile)
                == ["\(folder.path)/codes.csv", "/srv/codes.csv"])
        #expect(files.first?.coupons.map(\.codesFileLine) == [2, 3])
    }

    @Test func `loads the catalog that is delivered`() throws {
        let config = packageFolder.appendingPathComponent("config")
        let path = config.appendingPathComponent("coupons.yaml").path
        let (files, faults) = CatalogReader.read(paths: [path])
        #expect(faults == [])
        let coupons = try #require(files.first).coupons
        let codesFiles = coupons.compactMap(\.codesFile)
        #expect(codesFiles == [config.appendingPathComponent("summer-codes.csv").path])
        for codesFile in codesFiles {
            var rowCount = 0
            #expect(try CodesFileReader.read(at: codesFile) { _ in rowCount += 1 } == [])
            #expect(rowCount == 6)
        }
        // It shows each kind of coupon and of discount.
        let kinds = coupons.compactMap(\.discount?.kind) + coupons.flatMap(\.discounts).map(\.kind)
        #expect(Set(kinds) == Set(Discount.Kind.named))
        #expect(Set(coupons.map { "\($0.kind)" }).count == 7)
    }
}

@Suite struct `A file's own rules` {
    @Test(arguments: [
        ("stor: x\ncoupons: []", 1, "stor", "Did you mean `store`?"),
        ("code_scope: shop\ncoupons: []", 1, "code_scope", "not one of store, coupon"),
        ("coupons: {id: a}", 1, "coupons", "Found a map where a list is expected."),
        ("coupons:\n- a", 2, "coupons[0]", "where a map is expected"),
        ("coupons:\n- {type: comp}", 2, "coupons[0]", "needs an `id`, or a code"),
        ("coupons:\n- {type: comp, codes: []}", 2, "coupons[0]", "needs an `id`, or a code"),
        ("coupons:\n- {type: comp, codes_file: x}", 2, "coupons[0]", "all in a file"),
        (
            "coupons:\n- id: a\n  discount:\n    kind: fixed_amount\n    amount: 15", 5,
            "coupons[0].discount.amount", "write {USD: 15}"
        ),
        ("currency: dollars", 1, "currency", "is not a currency"),
        ("gift_cards: [{amount: 1, currency: USD}]", 1, "gift_cards[0]", "`code` is missing"),
        ("gift_cards: [{code: a, currency: USD}]", 1, "gift_cards[0]", "`amount` is missing"),
        ("gift_cards: [{code: a, amount: 1}]", 1, "gift_cards[0]", "`currency` is missing"),
        (
            "currency: USD\ngift_cards: [{code: a, amount: 0}]", 2, "gift_cards[0].amount",
            "at least 1"
        ),
        (
            "currency: USD\ngift_cards: [{code: a, amount: 1, balance: 2}]", 2,
            "gift_cards[0].balance", "More is left (2) than was paid in (1)."
        ),
        (
            "currency: USD\ngift_cards:\n- {code: a, amount: 1, created_at: 2026-02-01,\n"
                + "  expires_at: 2026-01-01}", 4, "gift_cards[0].expires_at", "after `created_at`"
        ),
        (
            "currency: USD\ngift_cards: [{code: a, amount: 1, status: used}]", 2,
            "gift_cards[0].status", "not one of active, inactive"
        ),
    ])
    func `are reported with line, field and reason`(
        yaml: String, line: Int, field: String, fragment: String
    ) {
        expectOneFault(read(yaml).faults, line: line, field: field, fragment)
    }

    @Test func `are all reported at once, by line`() {
        let yaml = """
            gift_cards: [{code: a}]
            curency: USD
            coupons:
            - id: a
              limits: {total: 0}
              codes: [X, {code: Y, max_uses: 0}]
              discount: {kind: percent, percent: 120}
            - nonsense
            - id: c
              type: discont
              starts_at: 2026-13-01
              timezone: Europe/Berln
            """
        let (file, faults) = read(yaml)
        #expect(
            faults.map { "\($0.place.line) \($0.field)" } == [
                "1 gift_cards[0]", "1 gift_cards[0]", "2 curency", "5 coupons[0].limits.total",
                "6 coupons[0].codes[1].max_uses", "7 coupons[0].discount.kind",
                "7 coupons[0].discount.percent", "8 coupons[1]",
                "10 coupons[2].type", "11 coupons[2].starts_at", "12 coupons[2].timezone",
            ])
        // What could be read is there, so that clashes can be reported at the same time.
        #expect(file?.coupons.map(\.id) == ["a", "c"])
        #expect(file?.coupons.first?.codes.map(\.text) == ["X", "Y"])
    }
}

extension SourceRecorder {
    /// A recorder of a forced loading.
    fileprivate static func acceptingEmpty(_ paths: [String]) -> SourceRecorder {
        var rules = LoadingRules(now: Instant(millisecondsSinceEpoch: 0))
        rules.acceptsEmpty = true
        return SourceRecorder(program: "", paths: paths, now: 0, rules: rules) { _ in nil }
    }
}
